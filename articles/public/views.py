"""The views of the public pages. Nothing unpublished is on any of them."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from django.contrib import admin
from django.core.files.storage import default_storage
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotFound,
    HttpResponseNotModified,
    HttpResponsePermanentRedirect,
)
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.html import strip_tags
from django.views.decorators.http import require_safe

from articles.models import Article, Policies, TakenDownStory
from articles.page_cache.cacheable import cacheable
from articles.rules.ranking import HOURS_PER_TENFOLD_HEAT, LIMITED_PLACES, MAX_PER_PROVIDER
from website.models import ABOUT, SitePage

from .cards import Card, group_by_day, load_cards, load_cards_of_providers
from .front_page import SECONDARY_STORIES, FrontPage, front_page
from .media import media_type
from .media_access import is_shown_to_readers
from .pagination import ArticlePage, page_for_place, page_for_providers, page_for_topics, paginate
from .places import Place, countries
from .providers import OTHER_LETTERS, find_domain, list_items, logo_providers, published_domains
from .recent import recent_period
from .since import new_for_front_page, newest_of, only_new, read_since, visit_context
from .story_facts import with_facts
from .story_page import public_id, shown_lead, story_context
from .top import PERIODS, hottest, of_period
from .topic_tree import TopicTree

PROVIDERS_PER_PAGE = 60
WORDS_MAX = 100  # characters of a search for outlets
# Browsers keep a file for good, because its content never changes; shared caches ask again, like for pages, because it
# may no longer be published.
PUBLIC_FILE = {"Cache-Control": "public, max-age=31536000, s-maxage=60, immutable"}
PRIVATE_FILE = {"Cache-Control": "no-store, private"}


@cacheable("before", "since")
@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """Show the top stories; from the second page on only headlines by day, and since a visit what is new."""
    since = read_since(request)
    if since:
        ids, has_more = new_for_front_page(since)
        new = load_cards(ids)
        context = {"cards": new, "has_more": has_more} | visit_context(since, newest_of(new))
        return render(request, "articles/front_since.html", context)
    page = front_page(request.GET.get("before", ""))
    if page.cursor:
        return render(
            request,
            "articles/front_later.html",
            {"page": page, "days": group_by_day(load_cards(page.ids), "ranked_at")},
        )
    return render(request, "articles/front.html", front_context(page))


def front_context(page: FrontPage) -> dict[str, object]:
    """Return the context of the first page of the front page."""
    cards = load_cards(page.ids, with_headlines=1 + SECONDARY_STORIES)
    cards = [card._replace(is_pick=card.pk in page.picks) for card in cards]
    # Headlines by day begin after the places that are limited per provider.
    context = {
        "page": page,
        "top": cards[0] if cards else None,
        "briefs": cards[1 : 1 + SECONDARY_STORIES],
        "row": cards[1 + SECONDARY_STORIES : LIMITED_PLACES],
        "days": group_by_day(cards[LIMITED_PLACES:], "ranked_at"),
        "today": timezone.localdate(),
    }
    return context | visit_context(None, newest_of(cards))


@cacheable("before", "since")
@require_safe
def latest(request: HttpRequest) -> HttpResponse:
    page = paginate(Article.objects.public(), request.GET.get("before", ""))
    return render(request, "articles/latest.html", _list_context(request, page))


@cacheable()
@require_safe
def topics(request: HttpRequest) -> HttpResponse:
    period = recent_period()
    context = {"branches": TopicTree.load().branches(period.since), "period": period}
    return render(request, "articles/topics.html", context)


@cacheable("before", "since")
@require_safe
def topic(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a topic that has public stories. Others have no page: their names could reveal what isn't published."""
    tree = TopicTree.load()
    topic = tree.find(slug)
    published_ids = tree.published_ids(topic) if topic else []
    if topic is None or not published_ids:
        raise Http404
    page = page_for_topics(published_ids, request.GET.get("before", ""))
    context = {
        "topic": topic,
        "parent": tree.parent(topic),
        "children": [
            child for child in tree.children(topic) if any(below.pk in published_ids for below in tree.subtree(child))
        ],
    }
    return render(request, "articles/topic.html", _list_context(request, page) | context)


@cacheable()
@require_safe
def places(request: HttpRequest) -> HttpResponse:
    period = recent_period()
    return render(request, "articles/places.html", {"countries": countries(period.since), "period": period})


@cacheable("before", "since")
@require_safe
def place(request: HttpRequest, code: str) -> HttpResponse:
    """Show the stories about a place, and for a country those about its regions; without stories it has no page."""
    page = page_for_place(code, request.GET.get("before", ""))
    if not page.ids:
        raise Http404
    country = code.partition("-")[0]
    context = {"place": Place(code), "country": Place(country) if country != code else None}
    return render(request, "articles/place.html", _list_context(request, page) | context)


@cacheable("after", "letter", "q")
@require_safe
def providers(request: HttpRequest) -> HttpResponse:
    """Show the outlets by name, all of them or those of a letter or with some words in their name."""
    everything = published_domains()
    letters = sorted({domain.letter for domain in everything}, key=lambda letter: (letter == OTHER_LETTERS, letter))
    words, letter = (request.GET.get(name, "").strip()[:WORDS_MAX] for name in ("q", "letter"))
    letter = letter if letter in letters and not words else ""
    domains = [domain for domain in everything if domain.has_words(words) and letter in ("", domain.letter)]
    after = request.GET.get("after", "")
    start = next((place for place, domain in enumerate(domains, start=1) if domain.domain == after), 0)
    shown = domains[start : start + PROVIDERS_PER_PAGE]
    more = {"after": shown[-1].domain} if len(domains) > start + PROVIDERS_PER_PAGE else {}
    chosen = {name: value for name, value in (("letter", letter), ("q", words)) if value}
    period = recent_period()
    context = {
        "providers": list_items(shown, period.since),
        "period": period,
        "count": len(domains),
        "letters": letters if len(everything) > PROVIDERS_PER_PAGE else [],
        "letter": letter,
        "words": words,
        "first": f"?{urlencode(chosen)}" if start else "",
        "more": f"?{urlencode(chosen | more)}" if more else "",
        "robots": "noindex,follow" if words else "",
    }
    return render(request, "articles/providers.html", context)


@cacheable("before", "since")
@require_safe
def provider(request: HttpRequest, domain: str) -> HttpResponse:
    """Show what a domain reports, under all its names; domains that report no public story have no page."""
    provider = find_domain(domain)
    if provider is None:
        raise Http404
    page = page_for_providers(provider.keys, request.GET.get("before", ""))
    context = {"provider": provider, "logo_provider": logo_providers([provider])[domain]}
    cards = load_cards_of_providers(page.ids, provider.keys)
    return render(request, "articles/provider.html", _list_context(request, page, cards) | context)


@cacheable()
@require_safe
def story(request: HttpRequest, name: str) -> HttpResponseBase:
    pk = public_id(name)
    if pk is not None:
        return render(request, "articles/story.html", with_facts(story_context(pk)))
    if TakenDownStory.objects.filter(name=name, was_shown=True).exists():
        return render(request, "410.html", status=410)
    return _redirect_to_lead(name)


@cacheable()
@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """Say what this site is and how stories are ordered, with the current numbers.

    The publisher's page with this slug takes the place of the introduction.
    """
    context = {
        "page": SitePage.objects.published().filter(slug=ABOUT).first(),
        "policy": Policies.load().site,
        "hours": int(HOURS_PER_TENFOLD_HEAT),
        "per_provider": MAX_PER_PROVIDER,
        "limited_places": LIMITED_PLACES,
    }
    return render(request, "articles/about.html", context)


@cacheable()
@require_safe
def site_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a published page of the publisher."""
    page = SitePage.objects.published().filter(slug=slug).first()
    if page is None:
        raise Http404
    if slug == ABOUT:
        return redirect(page)
    return render(request, "articles/site_page.html", {"page": page, "description": strip_tags(page.html)})


@require_safe
def look_stylesheet(request: HttpRequest, light: str, dark: str) -> HttpResponse:
    """Return the stylesheet with these accent colours; its content never changes."""
    css = f":root {{ --accent: #{light}; }}\n@media (prefers-color-scheme: dark) {{ :root {{ --accent: #{dark}; }} }}\n"
    return HttpResponse(css, content_type="text/css; charset=utf-8", headers=PUBLIC_FILE)


@cacheable()
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """Say what the site does for people who read it in other ways than most."""
    return render(request, "articles/accessibility.html")


@cacheable()
@require_safe
def top(request: HttpRequest, period: str) -> HttpResponse:
    """Show the hottest stories of the past day, week or month, or of yesterday."""
    context = {"period": period, "title": str(PERIODS[period]), "cards": load_cards(hottest(of_period(period)))}
    return render(request, "articles/top.html", context)


@cacheable()
@require_safe
def follow(request: HttpRequest) -> HttpResponse:
    """Explain feeds and list them."""
    return render(request, "articles/follow.html", {"topics": TopicTree.load().published_topics(), "tops": PERIODS})


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Send one of Newsfold's copies that something published shows; staff get the others too."""
    if media_type(path) is None:
        raise Http404
    if is_shown_to_readers(path):
        return send_file(request, path, PUBLIC_FILE)
    if not admin.site.has_permission(request):
        return HttpResponseNotFound("Not found.\n", content_type="text/plain; charset=utf-8", headers=PRIVATE_FILE)
    return send_file(request, path, PRIVATE_FILE)


def send_file(request: HttpRequest, name: str, caching: dict[str, str]) -> HttpResponseBase:
    """Send a stored picture or logo, or 304 to browsers that have it: its content never changes."""
    try:
        file = default_storage.open(name)
    except FileNotFoundError:
        raise Http404 from None
    etag = f'"{name}"'
    headers = caching | {"ETag": etag, "Content-Security-Policy": "default-src 'none'"}
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None and unchanged.status_code == 304:
        file.close()
        return HttpResponseNotModified(headers=headers)
    headers["X-Content-Type-Options"] = "nosniff"
    return FileResponse(file, content_type=media_type(name), headers=headers)


def _list_context(request: HttpRequest, page: ArticlePage, cards: Sequence[Card] | None = None) -> dict[str, object]:
    """Return the context of a list of the latest stories, since a visit if the URL names one."""
    since = read_since(request)
    page, new = only_new(page, load_cards(page.ids) if cards is None else cards, since)
    newest = None if page.cursor else newest_of(new)
    return {"page": page, "days": group_by_day(new, "listed_at")} | visit_context(since, newest)


def _redirect_to_lead(name: str) -> HttpResponsePermanentRedirect:
    """Send visitors of a folded article to its place on its lead's page. Raises Http404 if the lead isn't public."""
    lead = shown_lead(name)
    if not lead:
        raise Http404
    response = HttpResponsePermanentRedirect(f"{reverse('story', args=[lead])}#{quote(name)}")
    response["Cache-Control"] = "no-cache"  # editors may unfold it again
    return response
