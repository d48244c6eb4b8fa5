"""The public pages: fetch, call, render. What is not public is on none of them."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import quote

from django.core.files.storage import default_storage
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponsePermanentRedirect,
)
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from articles.models import Article, ArticleQuerySet, Policies
from articles.page_cache.cacheable import cacheable
from articles.rules.ranking import HOURS_PER_TENFOLD_HEAT, LIMITED_PLACES, MAX_PER_PROVIDER

from . import providers as outlets
from .cards import cards_of, days_of
from .dates import midnight
from .front_page import BESIDE, front_page
from .media import media_type
from .pagination import page_about, page_by, page_of
from .story_page import shown, story_context
from .topic_tree import TopicTree

OUTLETS_PAGE = 200
# What tells whether readers see an article, or its lead instead.
SEEN = ("name", "public", "publish_at", "unpublish_at", "heat", "removed", "missing", "staged")
LEAD_SEEN = tuple(f"lead__{name}" for name in SEEN)


@cacheable("before")
@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """Show what is hottest; from the second page on the river alone."""
    page = front_page(request.GET.get("before", ""))
    if page.cursor:
        context: dict[str, object] = {"page": page, "days": days_of(cards_of(page.ids))}
        return render(request, "articles/front_later.html", context)
    found = cards_of(page.ids, 1 + BESIDE)
    cards = [card._replace(is_pick=pk in page.picks) for pk, card in zip(page.ids, found, strict=True)]
    # The river, which goes by days, begins after the places that outlets share.
    top, beside = cards[:1], cards[1 : 1 + BESIDE]
    below, river = cards[1 + BESIDE : LIMITED_PLACES], cards[LIMITED_PLACES:]
    context = {"page": page, "top": top[0] if top else None, "briefs": beside, "row": below, "days": days_of(river)}
    return render(request, "articles/front.html", context | {"today": timezone.localdate()})


@cacheable("before")
@require_safe
def latest(request: HttpRequest) -> HttpResponse:
    return render(request, "articles/latest.html", _list_context(request, Article.objects.public()))


@cacheable("before")
@require_safe
def archive(request: HttpRequest, day: date) -> HttpResponse:
    """Show what was published on a day of the site's time zone; a day without stories has no page."""
    start, end = midnight(day), midnight(day + timedelta(days=1))
    public = Article.objects.public()
    page = page_of(public.filter(published_at__gte=start, published_at__lt=end), request.GET.get("before", ""))
    if not page.ids:
        raise Http404
    times = public.values_list("published_at", flat=True)
    earlier = times.filter(published_at__lt=start).order_by("-published_at").first()
    later = times.filter(published_at__gte=end).order_by("published_at").first()
    context = {"day": day, "page": page, "days": days_of(cards_of(page.ids))}
    around = {"earlier": earlier and timezone.localdate(earlier), "later": later and timezone.localdate(later)}
    return render(request, "articles/archive.html", context | around)


@cacheable()
@require_safe
def topics(request: HttpRequest) -> HttpResponse:
    return render(request, "articles/topics.html", {"branches": TopicTree.load().branches()})


@cacheable("before")
@require_safe
def topic(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a topic that has public stories; no other is on the site, lest its name tell of what isn't published."""
    tree = TopicTree.load()
    found = tree.find(slug)
    told = tree.told_in(found) if found else set()
    if found is None or not told:
        raise Http404
    children = [child for child in tree.children(found) if told & {below.pk for below in tree.subtree(child)}]
    page = page_about([below.pk for below in tree.subtree(found) if below.pk in told], request.GET.get("before", ""))
    context = {"page": page, "days": days_of(cards_of(page.ids))}
    context |= {"topic": found, "parent": tree.parent(found), "children": children}
    return render(request, "articles/topic.html", context)


@cacheable("after")
@require_safe
def providers(request: HttpRequest) -> HttpResponse:
    domains = outlets.told_domains()
    after = request.GET.get("after", "")
    start = next((place for place, each in enumerate(domains, start=1) if each.domain == after), 0)
    shown = domains[start : start + OUTLETS_PAGE]
    more = shown[-1].domain if len(domains) > start + OUTLETS_PAGE else ""
    context = {"outlets": outlets.listed(shown), "start": start, "more": more}
    return render(request, "articles/providers.html", context)


@cacheable("before")
@require_safe
def provider(request: HttpRequest, domain: str) -> HttpResponse:
    """Show a domain with all the names under which public stories of it came; no other is on the site."""
    found = outlets.find(domain)
    if found is None:
        raise Http404
    page = page_by(found.keys, request.GET.get("before", ""))
    context = {"page": page, "days": days_of(cards_of(page.ids)), "outlet": found}
    return render(request, "articles/provider.html", context | {"face": outlets.faces([found])[domain]})


@cacheable()
@require_safe
def story(request: HttpRequest, name: str) -> HttpResponseBase:
    pk = shown(name)
    return _redirect_to_lead(name) if pk is None else render(request, "articles/story.html", story_context(pk))


@cacheable()
@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """Tell what this site is and why stories stand where they do, with the numbers that hold at present."""
    context = {
        "policy": Policies.load().site,
        "hours": int(HOURS_PER_TENFOLD_HEAT),
        "per_outlet": MAX_PER_PROVIDER,
        "mixed_places": LIMITED_PLACES,
    }
    return render(request, "articles/about.html", context)


@require_safe
def media(request: HttpRequest, path: str) -> FileResponse:
    """Send one of our own copies; nothing else in the storage has an address."""
    content_type = media_type(path)
    if content_type is None:
        raise Http404
    try:
        file = default_storage.open(path)
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(file, content_type=content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'"
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _list_context(request: HttpRequest, articles: ArticleQuerySet) -> dict[str, object]:
    page = page_of(articles, request.GET.get("before", ""))
    return {"page": page, "days": days_of(cards_of(page.ids))}


def _redirect_to_lead(name: str) -> HttpResponsePermanentRedirect:
    """Send readers of a folded article to its place under its lead. Raises Http404 if there is none to be seen."""
    article = get_object_or_404(Article.objects.select_related("lead").only(*SEEN, *LEAD_SEEN), name=name)
    is_shown = article.is_folded and not article.removed and not article.missing and article.staged is None
    if not (is_shown and article.lead and article.lead.is_shown()):
        raise Http404
    response = HttpResponsePermanentRedirect(f"{article.lead.get_absolute_url()}#{quote(article.name)}")
    response["Cache-Control"] = "no-cache"  # editors may take it out again
    return response
