"""Paging by key: a page starts after the article that ended the one before, so every page costs the same.

The cursor is that article's time and name, readable in the address: `20200609T123700Z-2020-06-09-some-words`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

from django.db.models import F, Q

from articles.db.bulk import chunked
from articles.db.compiled_queries import (
    CURSOR_NAME_PARAM,
    CURSOR_TIME_PARAM,
    NOW,
    SINCE_PARAM,
    CompiledQuery,
    to_datetime,
)
from articles.models import Article, ArticleQuerySet, ArticleTopic, shown_to_readers

NEWEST_FIRST = "2 DESC, 4"  # the columns of `Newest` by position
KEYS_AT_ONCE = 200  # SQLite joins at most 500 SELECTs
EVER = datetime(1, 1, 2, tzinfo=UTC)
PAGE_SIZE = 25  # as in this format's site feeds (docs/api.md#pages)


@dataclass(frozen=True)
class Cursor:
    published_at: datetime
    name: str

    def __str__(self) -> str:
        moment = self.published_at.astimezone(UTC)
        fraction = f".{moment.microsecond:06}" if moment.microsecond else ""
        return f"{moment.year:04}{moment:%m%dT%H%M%S}{fraction}Z-{self.name}"

    @property
    def file_name(self) -> str:
        return f"{self.name}.md"

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


class Newest(NamedTuple):
    """An article in a list of the newest ones."""

    article_id: int
    published_at: datetime
    name: str
    file_name: str


def page_of(articles: ArticleQuerySet, before: str, size: int = PAGE_SIZE) -> Page:
    """Return the page after the cursor `before`; the first one if that is empty or nonsense. One query."""
    cursor = Cursor.parse(before)
    if cursor:
        articles = articles.filter(_after(cursor.published_at, cursor.file_name))
    found = articles.newest_first().values_list("pk", "published_at", "name", "file_name")[: size + 1]
    return _page([Newest(*row) for row in found], cursor, size)


def page_about(topics: Sequence[int], before: str, size: int = PAGE_SIZE) -> Page:
    """Return such a page of the public articles with any of these topics. Two queries, the same for any topic."""
    cursor = Cursor.parse(before)
    return _page(newest_about(topics, size + 1, cursor), cursor, size)


def page_by(outlets: Sequence[int], before: str, size: int = PAGE_SIZE) -> Page:
    """Return such a page of the public articles of any of these outlets. One query, two if they are several."""
    cursor = Cursor.parse(before)
    return _page(_newest(_by_outlet, outlets, size + 1, cursor), cursor, size)


def newest_about(topics: Sequence[int], size: int, after: Cursor | None = None) -> list[Newest]:
    """Return the newest public articles with any of these topics, best known by the first.

    Two queries: a list that the first topic fills alone tells how far back one has to look at the others.
    """
    return _newest(_by_topic, topics, size, after)


def _newest(
    query_for: Callable[[int, bool], CompiledQuery[Newest]], keys: Sequence[int], size: int, after: Cursor | None
) -> list[Newest]:
    query = query_for(size, after is not None)
    position = (after.published_at, after.file_name) if after else None

    def newest_of(keys: Sequence[int], since: datetime) -> list[Newest]:
        rows = query.union_rows(keys, NEWEST_FIRST, size, since, position)
        return [row._replace(published_at=to_datetime(row.published_at)) for row in rows]

    first = newest_of(keys[:1], EVER)
    since = first[-1].published_at if len(first) == size else EVER
    found = set(first)
    for chunk in chunked(keys[1:], KEYS_AT_ONCE):
        found.update(newest_of(chunk, since))
    return sorted(found, key=lambda row: (-row.published_at.timestamp(), row.file_name.encode()))[:size]


def _page(articles: Sequence[Newest], cursor: Cursor | None, size: int) -> Page:
    shown = articles[:size]
    older = Cursor(shown[-1].published_at, shown[-1].name) if len(articles) > size else None
    return Page([article.article_id for article in shown], cursor, older)


def _after(moment: datetime, file_name: str, prefix: str = "") -> Q:
    """Return the condition that an article stands after this time and file name.

    The first half follows from the second, but lets both databases start in the index: 0.1 instead of 35 ms on
    page 5,000 of a million articles.
    """
    tied = Q(published_at=moment, **{f"{prefix}file_name__gt": file_name})
    return Q(published_at__lte=moment) & (Q(published_at__lt=moment) | tied)


@cache
def _by_topic(size: int, is_later: bool) -> CompiledQuery[Newest]:
    """Return the query for the newest articles with one topic, by the times in the topic lists themselves."""
    condition = _after(CURSOR_TIME_PARAM, CURSOR_NAME_PARAM, "content_object__") if is_later else Q()
    told = ArticleTopic.objects.filter(
        condition, shown_to_readers("content_object__", at=NOW), published_at__gte=SINCE_PARAM
    )
    named = told.annotate(
        article_id=F("content_object"),
        name=F("content_object__name"),
        file_name=F("content_object__file_name"),
    ).order_by("-published_at", "content_object__file_name")
    return CompiledQuery(Newest, lambda topics: named.filter(tag__in=topics)[:size])


@cache
def _by_outlet(size: int, is_later: bool) -> CompiledQuery[Newest]:
    """Return the query for the newest articles of one outlet."""
    condition = _after(CURSOR_TIME_PARAM, CURSOR_NAME_PARAM) if is_later else Q()
    told = Article.objects.filter(condition, shown_to_readers(at=NOW), published_at__gte=SINCE_PARAM).newest_first()
    named = told.annotate(article_id=F("pk"))
    return CompiledQuery(Newest, lambda outlets: named.filter(provider__in=outlets)[:size])
