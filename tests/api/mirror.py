"""A client that keeps a copy of the site by the changes of the API."""

from __future__ import annotations

from typing import Any

from articles.api import items, queries
from articles.models import Article
from tests.record import record_built_articles


class Mirror:
    """A client that keeps the published articles by the changes alone."""

    def __init__(self, client: Any, limit: int = 100) -> None:
        self.client = client
        self.limit = limit
        self.since = ""
        self.items: dict[str, Any] = {}
        self.changes: list[dict[str, Any]] = []
        record_built_articles()

    def ask(self) -> dict[str, Any]:
        """Ask once and apply the response; start again if the cursor has expired."""
        since = {"since": self.since} if self.since else {}
        response = self.client.get("/api/changes", {"limit": self.limit} | since)
        if response.status_code == 410:
            self.since, self.items = "", {}
            return self.ask()
        assert response.status_code == 200, response.content
        page = response.json()
        for change in page["changes"]:
            assert change["withdrawn"] is ("item" not in change)
            if change["withdrawn"]:
                self.items.pop(change["name"], None)
            else:
                self.items[change["name"]] = change["item"]
        self.changes += page["changes"]
        self.since = page["next"]
        return page

    def catch_up(self) -> list[dict[str, Any]]:
        """Ask as long as there is more; return all changes."""
        self.changes = []
        for _ in range(1000):
            if not self.ask()["more"]:
                return self.changes
        raise AssertionError("there is always more")


def published() -> dict[str, Any]:
    edition = queries.load_edition()
    rows = queries.load_rows(Article.objects.public().order_by("pk"))
    return {row.name: items.item(row, edition) for row in rows}
