"""The views of the sitemaps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from articles.audit_log.last_modified import modified_at
from articles.models import Event, Subject
from articles.models.languages import text_language
from articles.page_cache.cacheable import cacheable
from articles.public.archive import years
from articles.public.places import published_codes
from articles.public.providers import published_domains
from articles.public.site_url import site_url
from articles.public.topic_tree import TopicTree
from articles.public.xml import xml_text
from articles.rules.languages import sitemap_language
from website.models import SiteLook, SitePage, SitePageQuerySet

from .sections import LIMIT, recent_stories, sections, stories_of

NEWS_PERIOD = timedelta(hours=48)
NEWS_LIMIT = 1000  # both by Google's rules for news sitemaps
XML = "application/xml; charset=utf-8"


@cacheable()
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    site = site_url(request)
    context = {
        "lists": site + reverse("sitemap_lists"),
        "sections": [
            (site + reverse("sitemap_stories", args=[section.name]), section.modified_at)
            for section in sections()[: LIMIT - 1]
        ],
    }
    return render(request, "articles/sitemap_index.xml", context, content_type=XML)


@cacheable()
@require_safe
def stories(request: HttpRequest, section: str) -> HttpResponse:
    """List the stories of a month or a day; without stories it has no page."""
    now, site = timezone.now(), site_url(request)
    rows = stories_of(section).values_list("name", "created_at", "publish_at", "logged_at", "covered_at", named=True)
    pages = [(site + reverse("story", args=[row.name]), modified_at(row, now)) for row in rows]
    if not pages:
        raise Http404
    return render(request, "articles/sitemap.xml", {"pages": pages}, content_type=XML)


@cacheable()
@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    """List the publisher's own pages, and the lists, which have no `lastmod` as each story changes them."""
    site = site_url(request)
    pages = [(site + page.get_absolute_url(), page.logged_at) for page in _own_pages()]
    pages += [(site + path, None) for path in _list_paths()]
    return render(request, "articles/sitemap.xml", {"pages": pages[:LIMIT]}, content_type=XML)


@cacheable()
@require_safe
def news(request: HttpRequest) -> HttpResponse:
    """List the stories of the last 48 hours."""
    site = site_url(request)
    stories = recent_stories(NEWS_PERIOD, NEWS_LIMIT).annotate(lang=text_language())
    pages = [
        (
            site + reverse("story", args=[row.name]),
            row.published_at,
            xml_text(row.title) or row.name,
            sitemap_language(row.lang or settings.LANGUAGE_CODE),
        )
        for row in stories.values_list("name", "title", "published_at", "lang", named=True)
    ]
    context = {"pages": pages, "name": SiteLook.current().site_name}
    return render(request, "articles/news_sitemap.xml", context, content_type=XML)


def _own_pages() -> SitePageQuerySet:
    """Return the published pages with the time of their last change. One query."""
    events = Event.objects.filter(subject=Subject.PAGE, subject_id=OuterRef("pk")).order_by("-pk")
    logged_at = Subquery(events.values("operation__at")[:1])
    return SitePage.objects.published().defer("body").order_by("slug").annotate(logged_at=logged_at)


def _list_paths() -> Iterator[str]:
    for name in ("front", "latest", "topics", "providers"):
        yield reverse(name)
    archived = years()
    if archived:
        yield reverse("archive_index")
    for year in archived:
        yield reverse("archive_year", args=[year])
    for topic in TopicTree.load().published_topics():
        yield topic.url
    codes = published_codes()
    if codes:
        yield reverse("places")
    for code in codes:
        yield reverse("place", args=[code])
    for domain in sorted(domain.domain for domain in published_domains()):
        yield reverse("provider", args=[domain])
