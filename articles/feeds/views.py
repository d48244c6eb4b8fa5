"""The addresses of the feeds: which list, which format. What is not public has none."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.encoding import iri_to_uri
from django.views.decorators.http import require_safe

from articles import search
from articles.models import Article, ArticleQuerySet
from articles.page_cache.cacheable import cacheable
from articles.public.pagination import newest_about
from articles.public.search_page import Asked, narrowed
from articles.public.site_url import site_address
from articles.public.topic_tree import TopicTree
from articles.public.xml import xml_text
from providers.models import Provider

from .entries import ENTRIES, entries_of
from .formats import FORMATS, Channel


@cacheable()
@require_safe
def latest(request: HttpRequest, form: str) -> HttpResponse:
    about = (settings.SITE_NAME, f"{settings.SITE_TAGLINE}.", reverse("latest"))
    return _feed(request, form, Article.objects.public(), *about)


@cacheable()
@require_safe
def topic(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    """Answer with the stories of a topic and of all below it."""
    tree = TopicTree.load()
    found = tree.find(slug)
    told = tree.told_in(found) if found else set()
    if found is None or not told:
        raise Http404
    newest = newest_about([below.pk for below in tree.subtree(found) if below.pk in told], ENTRIES)
    stories = Article.objects.public().filter(pk__in=[row.article_id for row in newest])
    description = f"Stories about {found.name}, newest first, each event once."
    return _feed(request, form, stories, _titled(found.name), description, found.address)


@cacheable()
@require_safe
def provider(request: HttpRequest, domain: str, form: str) -> HttpResponse:
    """Answer with the stories of a domain, under whatever name."""
    told = Article.objects.public().filter(provider=OuterRef("pk"))
    outlets = list(Provider.objects.for_domain(domain).filter(Exists(told)))
    if not outlets:
        raise Http404
    stories = Article.objects.public().filter(provider__in=outlets)
    name = outlets[0].name if len(outlets) == 1 else domain
    description = f"Published stories from {domain}, newest first."
    return _feed(request, form, stories, _titled(name), description, outlets[0].get_absolute_url())


@cacheable("q", "topic", "provider", "from", "to")
@require_safe
def found(request: HttpRequest, form: str) -> HttpResponse:
    """Answer with the stories that the search page finds; without anything to look for there is nothing to follow."""
    asked = Asked.read(request.GET)
    if not asked:
        raise Http404
    tree = TopicTree.load() if asked.topic else TopicTree([])
    stories = search.matching(narrowed(asked, tree), asked.q, newest=True)
    told = f"Stories that match: {asked.title}"
    response = _feed(request, form, stories, _titled(asked.title), told, reverse("search"), f"?{asked.query}")
    response["X-Robots-Tag"] = "noindex"
    return response


def _titled(name: str) -> str:
    return f"{name} – {settings.SITE_NAME}"


def _feed(
    request: HttpRequest,
    form: str,
    stories: ArticleQuerySet,
    title: str,
    description: str,
    page: str,
    query: str = "",
) -> HttpResponse:
    """Answer with a feed of `stories`; `page` is the path of the list that they stand on, `query` what both ask for."""
    site = site_address(request)
    match = request.resolver_match
    address = site + reverse(match.view_name, kwargs=match.captured_kwargs) + query
    write, content_type = FORMATS[form]
    hub = "" if query else iri_to_uri(settings.WEBSUB_HUB)  # nobody can tell of every search
    channel = Channel(xml_text(title), xml_text(description), site + page + query, address, hub)
    body = write(channel, entries_of(stories, site), to_source=settings.HEADLINE_TARGET != "story")
    response = HttpResponse(body, content_type=content_type)
    if hub:
        response["Link"] = f'<{hub}>; rel="hub", <{address}>; rel="self"'
    return response
