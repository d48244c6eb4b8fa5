"""What axe has against a page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SHOWN = 5  # elements of a violation that a failure spells out


def violations(page: Page, options: dict | None = None) -> list[str]:
    """Return the violations that axe reports, one per element."""
    problems = []
    for violation in Axe().run(page, options={"resultTypes": ["violations"]} | (options or {})).response["violations"]:
        for node in violation["nodes"][:SHOWN]:
            why = " ".join(check["message"] for check in [*node["any"], *node["all"], *node["none"]])
            problems.append(f"{violation['id']}: {violation['help']}\n    {node['html'][:200]}\n    {why[:300]}")
        if len(violation["nodes"]) > SHOWN:
            problems.append(f"{violation['id']}: and {len(violation['nodes']) - SHOWN} more")
    return problems
