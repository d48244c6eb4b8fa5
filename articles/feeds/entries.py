"""Load the entries of a feed: plain text, absolute URLs, and our own copies of pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple
from urllib.parse import quote

from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from articles.audit_log.last_modified import modified_at, with_last_modified
from articles.db.compiled_queries import CompiledQuery
from articles.models import Article, ArticleQuerySet
from articles.models.languages import text_language
from articles.models.related import outlet_count
from articles.public.cards import CoverageLink, picture_from_json, picture_subquery
from articles.public.media import StoredPicture, media_url
from articles.public.story_page import StoryLink, StoryView, incoming_title, topics_from_json, topics_subquery
from articles.public.text import http_url
from articles.public.topic_tree import TopicNode
from articles.public.xml import xml_text
from articles.rules.headlines import outlets_headline

ENTRIES_MAX = 50


@dataclass(frozen=True)
class FeedPicture:
    """Our own copy of a picture; `size` in bytes."""

    url: str
    size: int
    type: str = "image/jpeg"


@dataclass(frozen=True)
class FeedEntry:
    """One story. `page` is ours and its identity; `source` is the provider's, empty if there is none.

    `outlets_title` is the provider's own headline if `title` is ours; `published_at` is the time by which the site
    lists it.
    """

    page: str
    source: str
    title: str
    excerpt: str
    published_at: datetime
    modified_at: datetime
    provider_name: str
    provider_page: str
    topics: Sequence[str]
    picture: FeedPicture | None
    outlets: int  # that report the story
    outlets_title: str
    lang: str  # of its words; empty if it isn't known


class _Row(NamedTuple):
    pk: int
    name: str
    title: str
    excerpt: str
    published_at: datetime
    listed_at: datetime | None
    web_url: str
    original_url: str
    provider_name: str
    provider_domain: str
    topic_list: tuple[TopicNode, ...]
    picture: StoredPicture | None
    created_at: datetime
    publish_at: datetime | None
    logged_at: datetime | None
    covered_at: datetime | None
    outlets: int
    lang: str | None
    incoming_title: str | None


def load_entries(articles: ArticleQuerySet, site: str, reports: Mapping[int, CoverageLink]) -> list[FeedEntry]:
    """Return the entries of the latest of `articles`; `site` is the base of their URLs. Two queries.

    The articles in `reports` are shown by that coverage, as part of their story.
    """
    latest = list(articles.latest_first().values_list("pk", flat=True)[:ENTRIES_MAX])
    rows = {row.pk: row for row in ENTRY_ROWS.rows(latest)}
    now = timezone.now()
    entries = {pk: _to_entry(rows[pk], site, now) for pk in latest if pk in rows}  # one may just have been deleted
    return [_to_report(entry, reports[pk], site) if pk in reports else entry for pk, entry in entries.items()]


def report_entries(story: StoryView, site: str) -> list[FeedEntry]:
    """Return an entry for each report of a story, the newest first, at most ENTRIES_MAX. No query."""
    page = site + reverse("story", args=[story.name])
    lead = _report_entry(story, page, site, story.outlets)
    lead = replace(lead, outlets_title=xml_text(story.outlets_title))
    others = [_report_entry(link, f"{page}#{quote(link.anchor)}", site, story.outlets) for link in story.coverage]
    return sorted([lead, *others], key=attrgetter("published_at"), reverse=True)[:ENTRIES_MAX]


def _report_entry(report: StoryView | StoryLink, page: str, site: str, outlets: int) -> FeedEntry:
    return FeedEntry(
        page=page,
        source=http_url(report.source_url),
        title=xml_text(report.title) or report.provider_name,
        excerpt=xml_text(report.excerpt),
        published_at=report.published_at,
        modified_at=report.published_at,
        provider_name=xml_text(report.provider_name) or report.provider_domain,
        provider_page=site + report.provider.url,
        topics=(),
        picture=None,
        outlets=outlets,
        outlets_title="",
        lang=report.lang or "",
    )


def _to_entry(row: _Row, site: str, now: datetime) -> FeedEntry:
    picture = row.picture
    return FeedEntry(
        page=site + reverse("story", args=[row.name]),
        source=http_url(row.web_url or row.original_url),
        title=xml_text(row.title) or row.name,
        excerpt=xml_text(row.excerpt),
        published_at=row.listed_at or row.published_at,
        modified_at=modified_at(row, now),
        provider_name=xml_text(row.provider_name) or row.provider_domain,
        provider_page=site + reverse("provider", args=[row.provider_domain]),
        topics=[xml_text(topic.name) for topic in row.topic_list],
        picture=FeedPicture(site + media_url(picture.file), picture.bytes) if picture else None,
        outlets=row.outlets,
        lang=row.lang or "",
        outlets_title=xml_text(outlets_headline(row.title, row.incoming_title)),
    )


def _to_report(story: FeedEntry, report: CoverageLink, site: str) -> FeedEntry:
    return replace(
        story,
        source=http_url(report.url),
        title=xml_text(report.title) or story.title,
        outlets_title="",
        lang=report.lang or "",
        excerpt=_("Part of: %(title)s") % {"title": story.title},
        provider_name=xml_text(report.provider_name) or report.provider_domain,
        provider_page=site + reverse("provider", args=[report.provider_domain]),
        picture=None,
    )


def _build_rows(ids: Sequence[int]) -> QuerySet[Any, Any]:
    articles = with_last_modified(Article.objects.filter(pk__in=ids)).order_by()
    return articles.annotate(
        provider_name=F("provider__name"),
        provider_domain=F("provider__domain"),
        topic_list=topics_subquery(),
        picture=picture_subquery("pk"),
        outlets=outlet_count(),
        lang=text_language(),
        incoming_title=incoming_title(),
    )


ENTRY_ROWS = CompiledQuery(_Row, _build_rows, topic_list=topics_from_json, picture=picture_from_json)
