"""The views of the feeds. What is not public has no feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.encoding import iri_to_uri
from django.utils.formats import date_format as format_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from articles import search
from articles.models import Article, ArticleQuerySet
from articles.page_cache.cacheable import cacheable
from articles.public.archive import published_between
from articles.public.cards import CoverageLink, load_reports
from articles.public.front_page import front_page
from articles.public.pagination import latest_for_topics, page_for_place, page_for_providers
from articles.public.places import Place
from articles.public.providers import find_domain
from articles.public.search_page import SearchQuery, filter_articles
from articles.public.site_url import site_url
from articles.public.story_page import load_stories, public_id, shown_lead
from articles.public.top import PERIODS, hottest, of_period
from articles.public.topic_tree import TopicTree
from articles.public.xml import xml_text
from website.models import SiteLook

from .entries import ENTRIES_MAX, FeedEntry, load_entries, report_entries
from .formats import FORMATS, FeedMetadata


@cacheable()
@require_safe
def latest(request: HttpRequest, form: str) -> HttpResponse:
    look = SiteLook.current()
    tagline = f"{look.site_tagline}." if look.site_tagline else ""
    return _feed(request, form, Article.objects.public(), look.site_name, tagline, reverse("latest"))


@cacheable()
@require_safe
def front(request: HttpRequest, form: str) -> HttpResponse:
    """Return the stories of the front page. Like all feeds they are in the order in which they came."""
    stories = Article.objects.public().filter(pk__in=front_page("").ids)
    title, description = _with_site_name(_("Top stories")), _("The biggest and most recent events.")
    return _feed(request, form, stories, title, description, reverse("front"), has_hub=False)


@cacheable()
@require_safe
def top(request: HttpRequest, period: str, form: str) -> HttpResponse:
    """Return the hottest stories of the past day, week or month, or of yesterday."""
    stories = Article.objects.public().filter(pk__in=hottest(of_period(period)))
    title, page = str(PERIODS[period]), reverse("top", args=[period])
    return _feed(request, form, stories, _with_site_name(title), f"{title}.", page, has_hub=False)


@cacheable()
@require_safe
def day(request: HttpRequest, day: date, form: str) -> HttpResponse:
    """Return what was published on a day of the archive; a day without stories has no feed."""
    stories = Article.objects.public().filter(published_between(day, day + timedelta(days=1)))
    if not stories.exists():
        raise Http404
    title = format_date(day, _("j F Y"))
    description = _("What was published on %(day)s.") % {"day": title}
    page = reverse("archive", args=[day])
    return _feed(request, form, stories, _with_site_name(title), description, page, has_hub=False)


@cacheable()
@require_safe
def story(request: HttpRequest, name: str, form: str) -> HttpResponse:
    """Return the reports of a story, the newest first; that of a folded article leads to its lead."""
    pk = public_id(name)
    if pk is None:
        if not (lead := shown_lead(name)):
            raise Http404
        response = HttpResponseRedirect(reverse("story_feed", args=[lead, form]))
        response["Cache-Control"] = "no-cache"  # editors may unfold it again
        return response
    (story,) = load_stories([pk])
    title, page = xml_text(story.title) or name, reverse("story", args=[name])
    entries = report_entries(story, site_url(request))
    description = _("All reports of this story, the newest first.")
    return _response(request, form, entries, _with_site_name(title), description, page, has_hub=False)


@cacheable()
@require_safe
def topic(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    """Return the stories of a topic and of all topics below it."""
    tree = TopicTree.load()
    topic = tree.find(slug)
    published_ids = tree.published_ids(topic) if topic else []
    if topic is None or not published_ids:
        raise Http404
    latest = latest_for_topics(published_ids, ENTRIES_MAX)
    stories = Article.objects.public().filter(pk__in=[row.article_id for row in latest])
    description = _("Stories about %(name)s, newest first, each event once.") % {"name": topic.name}
    return _feed(request, form, stories, _with_site_name(topic.name), description, topic.url)


@cacheable()
@require_safe
def place(request: HttpRequest, code: str, form: str) -> HttpResponse:
    """Return the stories about a place, and for a country those about its regions."""
    page = page_for_place(code, "", ENTRIES_MAX)
    if not page.ids:
        raise Http404
    place = Place(code)
    description = _("Stories about %(name)s, newest first, each event once.") % {"name": place.name}
    stories = Article.objects.public().filter(pk__in=page.ids)
    return _feed(request, form, stories, _with_site_name(place.name), description, place.url)


@cacheable()
@require_safe
def provider(request: HttpRequest, domain: str, form: str) -> HttpResponse:
    """Return what a domain reports, under all its names: stories that it leads, and its coverage of others."""
    provider = find_domain(domain)
    if provider is None:
        raise Http404
    latest = page_for_providers(provider.keys, "", ENTRIES_MAX)
    stories = Article.objects.public().filter(pk__in=latest.ids)
    led_by_others = Article.objects.filter(pk__in=latest.ids).exclude(provider__in=provider.keys).order_by()
    reports = load_reports(list(led_by_others.values_list("pk", flat=True)), provider.keys)
    description = _("Stories that %(name)s reports, newest first.") % {"name": provider.title}
    page = reverse("provider", args=[domain])
    title = _with_site_name(provider.title)
    return _feed(
        request, form, stories, title, description, page, reports={pk: links[0] for pk, links in reports.items()}
    )


@cacheable("q", "topic", "provider", "from", "to")
@require_safe
def search_results(request: HttpRequest, form: str) -> HttpResponse:
    """Return the stories that the search page finds; an empty search has no feed."""
    query = SearchQuery.read(request.GET)
    if not query:
        raise Http404
    tree = TopicTree.load() if query.topic else TopicTree([])
    stories = search.matching(filter_articles(query, tree), query.q, newest=True)
    title = _with_site_name(query.title)
    description = _("Stories that match: %(words)s") % {"words": query.title}
    response = _feed(request, form, stories, title, description, reverse("search"), f"?{query.query}")
    response["X-Robots-Tag"] = "noindex"
    return response


def _with_site_name(name: str) -> str:
    return f"{name} – {SiteLook.current().site_name}"


def _feed(
    request: HttpRequest,
    form: str,
    stories: ArticleQuerySet,
    title: str,
    description: str,
    page: str,
    query: str = "",
    reports: Mapping[int, CoverageLink] | None = None,
    *,
    has_hub: bool = True,
) -> HttpResponse:
    """Return a feed of `stories`; `page` is the path of their list, `query` the query string of both.

    `reports` has the coverage that stands for some of the stories.
    """
    entries = load_entries(stories, site_url(request), reports or {})
    return _response(request, form, entries, title, description, page, query, has_hub=has_hub and not query)


def _response(
    request: HttpRequest,
    form: str,
    entries: Sequence[FeedEntry],
    title: str,
    description: str,
    page: str,
    query: str = "",
    *,
    has_hub: bool,
) -> HttpResponse:
    """Return a feed of `entries`. The hub can be notified of those that `changed_feeds` finds, not of all others."""
    site = site_url(request)
    match = request.resolver_match
    url = site + reverse(match.view_name, kwargs=match.captured_kwargs) + query
    write, content_type = FORMATS[form]
    hub = iri_to_uri(settings.WEBSUB_HUB) if has_hub else ""
    icon = site + reverse("home_screen_icon")  # leads to the publisher's icon, or to ours
    metadata = FeedMetadata(xml_text(title), xml_text(description), site + page + query, url, icon, hub)
    body = write(metadata, entries, to_source=settings.HEADLINE_TARGET != "story")
    response = HttpResponse(body, content_type=content_type)
    if hub:
        response["Link"] = f'<{hub}>; rel="hub", <{url}>; rel="self"'
    return response
