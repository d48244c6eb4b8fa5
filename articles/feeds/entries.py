"""What a feed says of each story: text as text, whole addresses, and our own copy of its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from articles.audit_log.last_modified import modified_at, with_log
from articles.db.compiled_queries import Statement, time_of
from articles.models import Article, ArticleQuerySet
from articles.public.cards import copy_from, copy_of
from articles.public.media import media_address
from articles.public.story_page import subjects_from, subjects_json
from articles.public.xml import xml_text
from articles.templatetags.newsfold import web_address

ENTRIES = 50


@dataclass(frozen=True)
class Attachment:
    """Our own copy of a picture; `size` in bytes."""

    address: str
    size: int
    type: str


@dataclass(frozen=True)
class Entry:
    """One story in a feed. `page` is ours and its identity; `source` is the outlet's, empty where there is none."""

    page: str
    source: str
    title: str
    excerpt: str
    published_at: datetime
    modified_at: datetime
    outlet: str
    outlet_page: str
    topics: Sequence[str]
    picture: Attachment | None


class _Row(NamedTuple):
    """An article as the database tells of it."""

    pk: int
    name: str
    title: str
    excerpt: str
    published_at: datetime
    source: str
    outlet: str
    domain: str
    topics: Any
    picture: Any
    created_at: datetime
    publish_at: datetime | None
    logged_at: datetime | None
    covered_at: datetime | None


def entries_of(articles: ArticleQuerySet, site: str) -> list[Entry]:
    """Return the newest of `articles`, as a feed tells them to readers of the site at the address `site`.

    Two queries whatever their number.
    """
    newest = list(articles.newest_first().values_list("pk", flat=True)[:ENTRIES])
    rows = {row[0]: _row(row) for row in TOLD.rows(newest)}
    now = timezone.now()
    return [_entry(rows[pk], site, now) for pk in newest if pk in rows]  # one may just have been deleted


def _row(values: Sequence[Any]) -> _Row:
    pk, name, title, excerpt, at, web, original, outlet, domain, topics, picture, *moments = values
    times = [value and time_of(value) for value in moments]
    return _Row(pk, name, title, excerpt, time_of(at), web or original, outlet, domain, topics, picture, *times)


def _entry(row: _Row, site: str, now: datetime) -> Entry:
    copy = copy_from(row.picture)
    return Entry(
        page=site + reverse("story", args=[row.name]),
        source=web_address(row.source),
        title=xml_text(row.title) or row.name,
        excerpt=xml_text(row.excerpt),
        published_at=row.published_at,
        modified_at=modified_at(row, now),
        outlet=xml_text(row.outlet) or row.domain,
        outlet_page=site + reverse("provider", args=[row.domain]),
        topics=[xml_text(subject.name) for subject in subjects_from(row.topics)],
        picture=Attachment(site + media_address(copy.file), copy.bytes, "image/jpeg") if copy else None,
    )


def _build_told(ids: Sequence[int]) -> QuerySet[Any, Any]:
    return (
        with_log(Article.objects.filter(pk__in=ids))
        .order_by()
        .values_list(
            "pk",
            "name",
            "title",
            "excerpt",
            "published_at",
            "web_url",
            "original_url",
            "provider__name",
            "provider__domain",
            subjects_json(),
            copy_of("pk"),
            "created_at",
            "publish_at",
            "logged_at",
            "covered_at",
        )
    )


TOLD = Statement(_build_told)
