"""The addresses of the sitemaps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from articles.audit_log.last_modified import modified_at
from articles.feeds.formats import LANGUAGE
from articles.models import Article
from articles.page_cache.cacheable import cacheable
from articles.public.site_url import site_address
from articles.public.topic_tree import TopicTree
from articles.public.xml import xml_text
from providers.models import Provider

from .sections import LIMIT, recent_stories, sections, stories_of

NEWS_HOURS = timedelta(hours=48)
NEWS_LIMIT = 1000  # both by Google's rules for news sitemaps
XML = "application/xml; charset=utf-8"


@cacheable()
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    context = {"site": site_address(request), "sections": sections()[: LIMIT - 1]}
    return render(request, "articles/sitemap_index.xml", context, content_type=XML)


@cacheable()
@require_safe
def stories(request: HttpRequest, section: str) -> HttpResponse:
    """Answer with the stories of a month, or of a day; there is none without stories."""
    now, site = timezone.now(), site_address(request)
    rows = stories_of(section).values_list("name", "created_at", "publish_at", "logged_at", "covered_at", named=True)
    pages = [(site + reverse("story", args=[row.name]), modified_at(row, now)) for row in rows]
    if not pages:
        raise Http404
    return render(request, "articles/sitemap.xml", {"pages": pages}, content_type=XML)


@cacheable()
@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    """Answer with the pages that are lists. They change with any of their stories, so none has a `lastmod`."""
    site = site_address(request)
    pages = [(site + path, None) for path in _lists()][:LIMIT]
    return render(request, "articles/sitemap.xml", {"pages": pages}, content_type=XML)


@cacheable()
@require_safe
def news(request: HttpRequest) -> HttpResponse:
    """Answer with the stories of the last 48 hours."""
    site = site_address(request)
    pages = [
        (site + article.get_absolute_url(), article.published_at, xml_text(article.title) or article.name)
        for article in recent_stories(NEWS_HOURS, NEWS_LIMIT).only("name", "title", "published_at")
    ]
    context = {"pages": pages, "name": settings.SITE_NAME, "language": LANGUAGE}
    return render(request, "articles/news_sitemap.xml", context, content_type=XML)


def _lists() -> Iterator[str]:
    for name in ("front", "latest", "topics", "providers"):
        yield reverse(name)
    for topic in TopicTree.load().told():
        yield topic.address
    told = Article.objects.public().filter(provider=OuterRef("pk"))
    outlets = Provider.objects.filter(Exists(told)).order_by("domain").values_list("domain", flat=True).distinct()
    for domain in outlets:
        yield reverse("provider", args=[domain])
