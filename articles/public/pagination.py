"""Keyset pagination: a page starts after the article that ended the previous one, so every page costs the same.

The cursor is that article's place in the list: when it was listed, when it was published, and its name. It is readable
in the URL: `20200610T080000Z-20200609T123700Z-2020-06-09-some-words`, or with one time where both are the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar, NamedTuple

from django.db.models import DateTimeField, F, Q
from django.db.models.functions import Coalesce

from articles.db.bulk import chunked
from articles.db.compiled_queries import (
    CURSOR_LISTED_PARAM,
    CURSOR_NAME_PARAM,
    CURSOR_PUBLISHED_PARAM,
    NOW,
    SINCE_PARAM,
    CompiledQuery,
    Position,
)
from articles.models import Article, ArticlePlace, ArticleQuerySet, ArticleTopic, RelatedLink, shown_to_readers

LATEST_FIRST = "2 DESC, 3 DESC, 5"  # the columns of `ListedRow` by position
UNION_MAX = 200  # SQLite joins at most 500 SELECTs
MIN_TIME = datetime(1, 1, 2, tzinfo=UTC)
_POSITION_PARAMS = (CURSOR_LISTED_PARAM, CURSOR_PUBLISHED_PARAM, CURSOR_NAME_PARAM)
PAGE_SIZE = 25  # as in this format's site feeds (docs/api.md#pages)


@dataclass(frozen=True)
class PageCursor:
    listed_at: datetime
    published_at: datetime
    name: str

    PATTERN: ClassVar = re.compile(r"([0-9T.]{15,22}Z)-(?:([0-9T.]{15,22}Z)-)?([^\0]+)", re.DOTALL)

    def __str__(self) -> str:
        times = dict.fromkeys(map(format_time, (self.listed_at, self.published_at)))
        return "-".join([*times, self.name])

    @property
    def position(self) -> Position:
        return self.listed_at, self.published_at, f"{self.name}.md"

    @classmethod
    def parse(cls, text: str) -> PageCursor | None:
        """Return the cursor that `text` represents; None for anything else."""
        match = cls.PATTERN.fullmatch(text)
        if match is None:
            return None
        try:
            return cls(parse_time(match[1]), parse_time(match[2] or match[1]), match[3])
        except ValueError:
            return None


@dataclass(frozen=True)
class ArticlePage:
    """The keys of some articles, latest first. They start after `cursor`; the next page starts after `older`."""

    ids: list[int]
    cursor: PageCursor | None
    older: PageCursor | None


class ListedRow(NamedTuple):
    """An article in a list of the latest ones."""

    article_id: int
    listed_at: datetime
    published_at: datetime
    name: str
    file_name: str


def paginate(articles: ArticleQuerySet, before: str, size: int = PAGE_SIZE) -> ArticlePage:
    """Return the page after the cursor `before`; the first page if that is empty or invalid. One query."""
    cursor = PageCursor.parse(before)
    if cursor:
        articles = articles.filter(after_listed_position(*cursor.position))
    listed_at = Coalesce("listed_at", "published_at", output_field=DateTimeField())
    rows = articles.latest_first().values_list("pk", listed_at, "published_at", "name", "file_name")[: size + 1]
    return _to_page([ListedRow(*row) for row in rows], cursor, size)


def paginate_by_publication(articles: ArticleQuerySet, before: str) -> ArticlePage:
    """Return the same of a list that goes by the time of publication, newest first, as days of the archive do."""
    cursor = PageCursor.parse(before)
    if cursor:
        _, published_at, file_name = cursor.position
        articles = articles.filter(after_position(published_at, file_name))
    rows = articles.newest_first().values_list("pk", "published_at", "published_at", "name", "file_name")[
        : PAGE_SIZE + 1
    ]
    return _to_page([ListedRow(*row) for row in rows], cursor, PAGE_SIZE)


def page_for_topics(topic_ids: Sequence[int], before: str, size: int = PAGE_SIZE) -> ArticlePage:
    """Return a page of the public articles with any of these topics. Two queries, whatever the topics."""
    cursor = PageCursor.parse(before)
    return _to_page(latest_for_topics(topic_ids, size + 1, cursor), cursor, size)


def page_for_place(code: str, before: str, size: int = PAGE_SIZE) -> ArticlePage:
    """Return a page of the public articles about this place. One query."""
    cursor = PageCursor.parse(before)
    return _to_page(_latest(_place_query, [code], size + 1, cursor), cursor, size)


def page_for_providers(provider_ids: Sequence[int], before: str, size: int = PAGE_SIZE) -> ArticlePage:
    """Return a page of the stories that any of these providers reports, as the lead or as coverage.

    Two queries, or four for several providers.
    """
    cursor = PageCursor.parse(before)
    return _to_page(_latest_for_providers(provider_ids, size + 1, cursor), cursor, size)


def latest_for_topics(topic_ids: Sequence[int], size: int, after: PageCursor | None = None) -> list[ListedRow]:
    """Return the latest public articles with any of these topics; put the topic with most articles first.

    Two queries: if the first topic alone fills the list, the others need reading only as far back as its last article.
    """
    return _latest(_topic_query, topic_ids, size, after)


def after_position(published_at: datetime, file_name: str, *, including: bool = False) -> Q:
    """Return the condition that an article comes after this place in a list by publication, or stands there.

    The first half follows from the second, but lets both databases start in the index: 0.1 instead of 35 ms on
    page 5,000 of a million articles.
    """
    tied = Q(published_at=published_at, **{f"file_name__{'gte' if including else 'gt'}": file_name})
    return Q(published_at__lte=published_at) & (Q(published_at__lt=published_at) | tied)


def after_listed_position(listed_at: datetime, published_at: datetime, file_name: str, prefix: str = "") -> Q:
    """Return the condition that an article comes after this place in a list of the latest first.

    `prefix` leads to the article's file name. The first half is for the index, as in `after_position`.
    """
    tied = Q(published_at__lt=published_at) | Q(published_at=published_at, **{f"{prefix}file_name__gt": file_name})
    return Q(listed_at__lte=listed_at) & (Q(listed_at__lt=listed_at) | Q(listed_at=listed_at) & tied)


def _latest_for_providers(provider_ids: Sequence[int], size: int, after: PageCursor | None) -> list[ListedRow]:
    rows = {row for query in (_provider_query, _coverage_query) for row in _latest(query, provider_ids, size, after)}
    return sorted(rows, key=_sort_key)[:size]


def _latest(
    query_for: Callable[[int, bool], CompiledQuery[ListedRow]],
    keys: Sequence[Any],
    size: int,
    after: PageCursor | None,
) -> list[ListedRow]:
    query = query_for(size, after is not None)
    position = after.position if after else None

    def latest_of(keys: Sequence[Any], since: datetime) -> list[ListedRow]:
        return query.union_rows(keys, LATEST_FIRST, size, since, position)

    first = latest_of(keys[:1], MIN_TIME)
    since = first[-1].listed_at if len(first) == size else MIN_TIME
    rows = set(first)
    for chunk in chunked(keys[1:], UNION_MAX):
        rows.update(latest_of(chunk, since))
    return sorted(rows, key=_sort_key)[:size]


def _sort_key(row: ListedRow) -> tuple[float, float, bytes]:
    return -row.listed_at.timestamp(), -row.published_at.timestamp(), row.file_name.encode()


def _to_page(rows: Sequence[ListedRow], cursor: PageCursor | None, size: int) -> ArticlePage:
    shown = rows[:size]
    last = shown[-1] if len(rows) > size else None
    older = PageCursor(last.listed_at, last.published_at, last.name) if last else None
    return ArticlePage([row.article_id for row in shown], cursor, older)


@cache
def _topic_query(size: int, is_later: bool) -> CompiledQuery[ListedRow]:
    """Return the query for the latest articles with one topic, by the times stored in the topic lists."""
    listed = ArticleTopic.objects.filter(_is_listed(is_later, "content_object__"))
    rows = listed.annotate(
        article_id=F("content_object"), name=F("content_object__name"), file_name=F("content_object__file_name")
    ).order_by("-listed_at", "-published_at", "content_object__file_name")
    return CompiledQuery(ListedRow, lambda keys: rows.filter(tag__in=keys)[:size])


@cache
def _place_query(size: int, is_later: bool) -> CompiledQuery[ListedRow]:
    """Return the query for the latest articles about one place, by the times stored with their places."""
    listed = ArticlePlace.objects.filter(_is_listed(is_later, "article__"))
    rows = listed.annotate(name=F("article__name"), file_name=F("article__file_name"))
    ordered = rows.order_by("-listed_at", "-published_at", "article__file_name")
    return CompiledQuery(ListedRow, lambda codes: ordered.filter(code__in=codes)[:size])


@cache
def _provider_query(size: int, is_later: bool) -> CompiledQuery[ListedRow]:
    rows = Article.objects.filter(_is_listed(is_later)).latest_first().annotate(article_id=F("pk"))
    return CompiledQuery(ListedRow, lambda keys: rows.filter(provider__in=keys)[:size])


@cache
def _coverage_query(size: int, is_later: bool) -> CompiledQuery[ListedRow]:
    """Return the query for the latest articles that list coverage by one provider."""
    rows = Article.objects.filter(_is_listed(is_later)).latest_first().annotate(article_id=F("pk"))

    def build(keys: Sequence[int]) -> ArticleQuerySet:
        coverage = RelatedLink.objects.coverage().filter(provider__in=keys).order_by()
        return rows.filter(pk__in=coverage.values("article"))[:size]

    return CompiledQuery(ListedRow, build)


def _is_listed(is_later: bool, prefix: str = "") -> Q:
    """Return the condition that a row is of a public article, from SINCE_PARAM on, and on later pages after the cursor.

    `prefix` leads to the article.
    """
    condition = after_listed_position(*_POSITION_PARAMS, prefix) if is_later else Q()
    return condition & shown_to_readers(prefix, at=NOW) & Q(listed_at__gte=SINCE_PARAM)


def format_time(time: datetime) -> str:
    """Return a time as URLs of lists have it: 20200609T123700Z."""
    moment = time.astimezone(UTC)
    fraction = f".{moment.microsecond:06}" if moment.microsecond else ""
    return f"{moment.year:04}{moment:%m%dT%H%M%S}{fraction}Z"


def parse_time(text: str) -> datetime:
    """Return the time that `format_time` wrote. Raises ValueError."""
    form = "%Y%m%dT%H%M%S.%fZ" if "." in text else "%Y%m%dT%H%M%SZ"
    return datetime.strptime(text, form).replace(tzinfo=UTC)
