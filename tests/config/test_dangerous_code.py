"""What the code of a site may do that is dangerous elsewhere, as docs/security.md says it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT = settings.BASE_DIR
PACKAGES = (
    *("accounts", "articles", "backups", "config", "fetching", "monitoring", "pictures", "providers", "sandbox"),
    *("sources", "website"),
)
CONNECTING = {"socket", "http.client", "urllib.request", "urllib3", "requests", "smtplib", "ftplib", "asyncio"}
# Where modules that can connect are used: the client, the hub that the operator named, a free port of this machine, and
# the outlets that the demo plays on this machine.
CONNECTS = {
    "articles/feeds/websub.py",
    "articles/management/demo_feeds.py",
    "articles/management/demo_schedule.py",
    "config/free_port.py",
}


def modules() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def imported(text: str) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@pytest.mark.slow
def test_only_fetching_connects_to_servers_that_others_name():
    connecting = {name for name, text in modules() if imported(text) & CONNECTING}
    assert {name for name in connecting if not name.startswith("fetching/")} == CONNECTS


def test_the_linters_exceptions_are_those_that_the_security_page_names():
    section = (
        Path(ROOT, "docs", "security.md").read_text(encoding="utf-8").partition("rules against dangerous calls")[2]
    )
    named = set(re.findall(r"`(S\d{3})`", section.partition("\n\n")[0]))
    used = {
        code for _, text in modules() for line in re.findall(r"# noqa: ([A-Z0-9, ]+)", text) for code in line.split()
    }
    used = {code.strip(",") for code in used if re.fullmatch(r"S\d{3},?", code)}
    per_file = re.search(r"per-file-ignores\]\n(.*?)\n\n", Path(ROOT, "pyproject.toml").read_text(), re.DOTALL)
    assert per_file
    for line in per_file[1].splitlines():
        if not line.startswith(('"tests', '"benchmarks')):
            used |= set(re.findall(r'"(S\d{3})"', line))
    assert used == named
