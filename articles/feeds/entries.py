"""What a feed says of each story: text as text, whole addresses, and our own copy of its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone

from articles.audit_log.last_modified import modified_at, with_last_modified
from articles.db.compiled_queries import CompiledQuery, to_datetime
from articles.models import Article, ArticleQuerySet
from articles.public.cards import copy_from, copy_of
from articles.public.media import media_address
from articles.public.story_page import subjects_from, subjects_json
from articles.public.text import http_url
from articles.public.xml import xml_text

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
    pk: int
    name: str
    title: str
    excerpt: str
    published_at: Any
    web_url: str
    original_url: str
    provider_name: str
    provider_domain: str
    subjects: Any
    copy: Any
    created_at: Any
    publish_at: Any
    logged_at: Any
    covered_at: Any


def entries_of(articles: ArticleQuerySet, site: str) -> list[Entry]:
    """Return the newest of `articles`, as a feed tells them to readers of the site at the address `site`.

    Two queries whatever their number.
    """
    newest = list(articles.newest_first().values_list("pk", flat=True)[:ENTRIES])
    rows = {row.pk: row for row in ENTRY_ROWS.rows(newest)}
    now = timezone.now()
    return [_entry(rows[pk], site, now) for pk in newest if pk in rows]  # one may just have been deleted


def _entry(row: _Row, site: str, now: datetime) -> Entry:
    copy = copy_from(row.copy)
    times = {name: value and to_datetime(value) for name, value in row._asdict().items() if name.endswith("_at")}
    row = row._replace(**times)
    return Entry(
        page=site + reverse("story", args=[row.name]),
        source=http_url(row.web_url or row.original_url),
        title=xml_text(row.title) or row.name,
        excerpt=xml_text(row.excerpt),
        published_at=row.published_at,
        modified_at=modified_at(row, now),
        outlet=xml_text(row.provider_name) or row.provider_domain,
        outlet_page=site + reverse("provider", args=[row.provider_domain]),
        topics=[xml_text(subject.name) for subject in subjects_from(row.subjects)],
        picture=Attachment(site + media_address(copy.file), copy.bytes, "image/jpeg") if copy else None,
    )


def _build_rows(ids: Sequence[int]) -> QuerySet[Any, Any]:
    return (
        with_last_modified(Article.objects.filter(pk__in=ids))
        .order_by()
        .annotate(
            provider_name=F("provider__name"),
            provider_domain=F("provider__domain"),
            subjects=subjects_json(),
            copy=copy_of("pk"),
        )
    )


ENTRY_ROWS = CompiledQuery(_Row, _build_rows)
