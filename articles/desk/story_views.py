"""One story at the desk: its members, why its numbers are what they are, and what can be done with all of it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from articles import operations
from articles.models import Article, Subject, Topic
from articles.operations.results import ActionError
from articles.rules.scoring import FOLDED_HEAT
from articles.rules.states import State
from articles.search import matching
from articles.stories import explanation
from articles.stories.rescoring import Neighbourhood

from . import presence, queues
from .commands import REASONS
from .history_queries import timeline
from .restore_field import granted
from .rows import HEAVY, Allowed, rows_of, with_rows
from .view_helpers import by, came_from, desk_view, is_fragment, key, page

HISTORY_SHOWN = 10  # operations beside a story
FOUND_MAX = 12  # stories that the type-ahead offers
SHOWN_MAX = 200  # stories of a page whose visitors are told


@require_safe
@desk_view()
def story(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show a story with its members, why its numbers are what they are, and its history."""
    article = get_object_or_404(with_rows(Article.objects.all()).select_related("provider", "lead"), pk=pk)
    now = timezone.now()
    presence.note(request.user, article.pk, now)
    lead = article.lead if article.is_folded and article.lead else article
    members = list(
        Article.objects.filter(lead=lead).select_related("provider").defer(*HEAVY).order_by("-quality", "file_name")
    )
    context = {
        "article": article,
        "row": rows_of([article], now)[0],
        "lead": lead,
        "members": members,
        "coverage": lead.related_links.filter(target=None).select_related("provider"),
        "claims": _claims(article) if article.ambiguous else [],
        "pictures": article.images.pictures().with_copies(),
        "why": explanation.explanation_lines(article),
        "entries": timeline(Subject.ARTICLE, article.pk, HISTORY_SHOWN),
        "granted": granted(request.user),
        "others": presence.others(request.user, [article.pk], now).get(article.pk, []),
        "allowed": Allowed.to(request.user),
        "reasons": REASONS,
        "now": now,
        "here": request.get_full_path(),
        "topics": Topic.objects.only("name").order_by("name"),
        "title": article.title,
    }
    template = "desk/_story.html" if is_fragment(request) else "desk/story.html"
    return render(request, template, context) if is_fragment(request) else page(request, template, context)


def _claims(article: Article) -> list[Article]:
    """Return the leads that claim a folded article, the one that it is under first."""
    claims = Neighbourhood([article.pk]).lead_candidates(article.pk)
    found = Article.objects.select_related("provider").in_bulk([claim.lead_id for claim in claims])
    return sorted(found.values(), key=lambda lead: (lead.pk != article.lead_id, -(lead.quality or 0)))


@require_safe
@desk_view("articles.fold")
def find_story(request: HttpRequest) -> HttpResponseBase:
    """Offer recent stories to fold into, by words of their titles."""
    words = request.GET.get("q", "")[:200]
    rows = matching(queues.stories().filter(heat__gt=FOLDED_HEAT), words).exclude(state=State.SPIKED)
    but = request.GET.get("but", "")
    found = rows.exclude(pk=key(but)).select_related("provider").defer(*HEAVY).newest_first()[:FOUND_MAX]
    context = {"found": found, "words": words, "but": but, "verb": request.GET.get("verb", "fold")}
    context["next"] = came_from(request)
    context["source"] = Article.objects.filter(pk=key(but)).defer(*HEAVY).first()
    if is_fragment(request):
        return render(request, "desk/_fold_targets.html", context)
    return page(request, "desk/find.html", context | {"title": "Fold into which story?"})


@require_safe
@desk_view("articles.fold")
def merge(request: HttpRequest) -> HttpResponseBase:
    """Show two stories side by side, and what merging them would give: tried, and taken back."""
    one = get_object_or_404(Article.objects.select_related("provider"), pk=key(request.GET.get("one", "")))
    other = get_object_or_404(Article.objects.select_related("provider"), pk=key(request.GET.get("other", "")))
    if one == other:
        raise Http404
    into, story = (other, one) if request.GET.get("into") == "other" else (one, other)
    context = {"into": into, "story": story, "title": "Merge two stories", "here": request.get_full_path()}
    context["sides"] = [(each, _members(each)) for each in (into, story)]
    try:
        context["result"] = _tried(story, into, request)
    except ActionError as refused:
        context["refusal"] = f"“{story}” {refused}."
    return page(request, "desk/merge.html", context | {"next": reverse("desk_story", args=[into.pk])})


def _members(lead: Article) -> list[Article]:
    return list(Article.objects.filter(lead=lead).select_related("provider").order_by("-quality", "file_name"))


def _tried(story: Article, into: Article, request: HttpRequest) -> dict[str, Any]:
    """Return what the merged story would be."""
    with transaction.atomic():
        operations.merge(Article(pk=story.pk), Article(pk=into.pk), by=by(request))
        lead = Article.objects.get(pk=into.pk)
        found = {
            "lead": lead,
            "heat": lead.heat,
            "topics": [place.tag.name for place in lead.article_topics.select_related("tag")],
            "members": _members(lead),
            "sources": lead.related_links.count() + 1,
            "is_shown": lead.is_shown(),
            "address": lead.get_absolute_url(),
        }
        transaction.set_rollback(True)
    return found


@require_POST
@desk_view()
def ping(request: HttpRequest) -> HttpResponseBase:
    """Note which story the editor has open, and return who else is on the stories of the page."""
    now = timezone.now()
    open_one = key(request.POST.get("open", ""))
    if open_one and Article.objects.filter(pk=open_one).exists():
        presence.note(request.user, open_one, now, dirty="dirty" in request.POST)
    shown = [key(text) for text in request.POST.get("shown", "").split(",")[:SHOWN_MAX]]
    context = {"others": presence.others(request.user, [pk for pk in shown if pk], now).items()}
    return render(request, "desk/_presence.html", context)
