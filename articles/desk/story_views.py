"""One story at the desk: its page, folding and merging it, and which editors have it open."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.defaults import page_not_found

from accounts import lockout
from articles import operations
from articles.models import Article, ArticleQuerySet, Operation, PreviewLink, Subject, Topic, Verb
from articles.models.preview_link import PERMISSION as SHARE_PERMISSION
from articles.models.related import outlet_count
from articles.operations.claiming import LIFETIME
from articles.operations.results import ActionError, ActionResult
from articles.rules import permissions
from articles.rules.scoring import FOLDED_HEAT
from articles.rules.states import State
from articles.search import matching
from articles.stories import explanation
from articles.stories.neighbourhood import Neighbourhood

from . import presence
from .actions import ACTIONS, permitted_actions
from .event_text import pin_label
from .history_queries import HistoryEntry, timeline
from .restore_field import restore_permissions
from .rows import LARGE_COLUMNS, build_rows
from .source_list import has_changed_at_source
from .suggestion_views import suggested_leads, suggestions_of
from .view_helpers import DeskRequest, actor, desk_view, is_htmx_fragment, parse_id, render_admin, safe_next_url

HISTORY_SIZE = 10  # operations beside a story
SUGGESTIONS_MAX = 12  # stories that the type-ahead offers
COLLEAGUES_MAX = 200  # to choose from
PRESENCE_MAX = 200  # stories of a page whose other editors are shown


@require_safe
@desk_view()
def story(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Show a story with its members, why its numbers are what they are, and its history."""
    article = get_object_or_404(Article.objects.select_related("provider", "lead").defer(*LARGE_COLUMNS), pk=pk)
    now = timezone.now()
    presence.record(request.user, article.pk, now)
    lead = article.lead if article.is_folded and article.lead else article
    permitted = permitted_actions(request.user)
    entries = timeline(Subject.ARTICLE, article.pk, HISTORY_SIZE)
    context = {
        "article": article,
        "row": build_rows([article], permitted, now)[0],
        "lead": lead,
        "members": list(_members(lead).defer(*LARGE_COLUMNS)),
        "coverage": lead.related_links.filter(target=None).select_related("provider"),
        "dead_coverage": set(lead.related_links.with_dead_links().values_list("pk", flat=True)),
        "suggested": suggestions_of(article),
        "claims": _lead_candidates(article) if article.ambiguous else [],
        "pictures": article.images.pictures().with_copies(),
        "preview_links": PreviewLink.objects.active_for(article) if request.user.has_perm(SHARE_PERMISSION) else [],
        "incoming": article.incoming_words() if has_changed_at_source(article.pk) else {},
        "pinned": ", ".join(pin_label(name) for name in article.pins),
        "explanation": explanation.explanation_lines(article),
        "entries": entries,
        "decided": _decision(article, entries, now),
        "restorable": restore_permissions(request.user),
        "colleagues": presence.colleagues().exclude(pk=request.user.pk).only("username")[:COLLEAGUES_MAX],
        "claim_hours": LIFETIME // timedelta(hours=1),
        "others": presence.other_editors(request.user, [article.pk], now).get(article.pk, []),
        "actions": permitted,
        "may_take_down": permissions.can(request.user, "take_down"),
        "may_take_down_story": permissions.may_take_down_stories(request.user),
        "now": now,
        "here": request.get_full_path(),
        "topics": Topic.objects.only("name").order_by("name"),
        "title": article.title,
    }
    if is_htmx_fragment(request):
        return render(request, "desk/_story.html", context)
    return render_admin(request, "desk/story.html", context)


@require_safe
@never_cache
def edit_link(request: HttpRequest, name: str) -> HttpResponse:
    """Lead from the public URL of a story to its page at the desk, which asks those to sign in who are signed out.

    Browsers in which nobody has signed in get the page for what isn't found: a redirect would tell where the admin is.
    No story is looked up, so nobody learns which exist.
    """
    has_session = settings.SESSION_COOKIE_NAME in request.COOKIES  # others get no `Vary: Cookie`
    if lockout.is_known_browser(request) or (has_session and admin.site.has_permission(request)):
        return redirect("desk_story_by_name", name)
    return page_not_found(request, Http404())


@require_safe
@desk_view()
def story_by_name(request: DeskRequest, name: str) -> HttpResponse:
    """Redirect to the page of a story at the desk."""
    return redirect("desk_story", get_object_or_404(Article.objects.only("pk"), name=name).pk)


def _decision(article: Article, entries: Iterable[HistoryEntry], now: datetime) -> Operation | None:
    """Return the operation that gave the article its state, or its later time to be published, if it is among these."""
    if article.state == State.UNDECIDED:
        return None
    is_scheduled = article.publish_at is not None and article.publish_at > now
    for entry in entries:
        if entry.operation.at == article.state_since:
            return entry.operation
        if is_scheduled and entry.operation.verb == Verb.SCHEDULE and not entry.undone_by:
            return entry.operation
    return None


def _lead_candidates(article: Article) -> list[Article]:
    """Return the leads that claim a folded article, its present one first."""
    claims = Neighbourhood([article.pk]).lead_candidates(article.pk)
    leads = Article.objects.select_related("provider").in_bulk([claim.lead_id for claim in claims])
    return sorted(leads.values(), key=lambda lead: (lead.pk != article.lead_id, -(lead.quality or 0)))


@require_safe
@desk_view("articles.fold")
def find_story(request: DeskRequest) -> HttpResponseBase:
    """Suggest recent stories to fold into, by words of their titles."""
    words = request.GET.get("q", "")[:200]
    but = request.GET.get("but", "")
    leads = Article.objects.standalone().filter(heat__gt=FOLDED_HEAT)
    leads = matching(leads, words).exclude(state=State.SPIKED).exclude(pk=parse_id(but))
    source = Article.objects.filter(pk=parse_id(but)).defer(*LARGE_COLUMNS).first()
    targets = suggested_leads(source) if source and not words.strip() else []
    known = {lead.pk for lead, _article in targets}
    newest = leads.select_related("provider").defer(*LARGE_COLUMNS).newest_first()[:SUGGESTIONS_MAX]
    context = {
        "targets": [*targets, *((lead, "") for lead in newest if lead.pk not in known)],
        "source": source,
        "words": words,
        "but": but,
        "next": safe_next_url(request),
    }
    if is_htmx_fragment(request):
        return render(request, "desk/_fold_targets.html", context)
    return render_admin(request, "desk/find.html", context | {"title": _("Fold into which story?")})


@require_safe
@desk_view("articles.fold")
def merge(request: DeskRequest) -> HttpResponseBase:
    """Show two stories side by side, and what merging them would give."""
    one, other = (
        get_object_or_404(Article.objects.select_related("provider"), pk=parse_id(request.GET.get(name, "")))
        for name in ("one", "other")
    )
    if one == other:
        raise Http404
    into, story = (other, one) if request.GET.get("into") == "other" else (one, other)
    context = {"into": into, "story": story, "title": _("Merge two stories"), "here": request.get_full_path()}
    context |= {"sides": [(side, _members(side)) for side in (into, story)], "action": ACTIONS["merge"]}
    context["now"] = timezone.now()
    try:
        context["result"] = _merge_preview(story, into, request)
    except ActionError as error:
        context["refusal"] = error.about(f"“{story}”")
    return render_admin(request, "desk/merge.html", context | {"next": reverse("desk_story", args=[into.pk])})


def _members(lead: Article) -> ArticleQuerySet:
    return Article.objects.filter(lead=lead).select_related("provider").order_by("-quality", "file_name")


def _merge_preview(story: Article, into: Article, request: DeskRequest) -> dict[str, Any]:
    """Return what the merged story would be: merge in a transaction that is rolled back."""

    def run() -> ActionResult:
        return operations.merge(
            Article(pk=story.pk),
            Article(pk=into.pk),
            by=operations.preview_actor(actor(request)),
            announced=[story.pk, into.pk],
        )

    with transaction.atomic():
        changes = operations.preview_action(run)
        run()
        lead = Article.objects.annotate(outlets=outlet_count()).get(pk=into.pk)
        preview = {
            "lead": lead,
            "topics": [place.tag.name for place in lead.article_topics.select_related("tag")],
            "members": list(_members(lead)),
            "changes": changes,
            "announced": ",".join(map(str, changes.appeared)),
        }
        transaction.set_rollback(True)
    return preview


@require_POST
@desk_view()
def heartbeat(request: DeskRequest) -> HttpResponseBase:
    """Record which story the editor has open, and return the other editors of the stories on the page."""
    now = timezone.now()
    article_id = parse_id(request.POST.get("open", ""))
    if article_id and Article.objects.filter(pk=article_id).exists():
        presence.record(request.user, article_id, now, dirty="dirty" in request.POST)
    shown = [parse_id(text) for text in request.POST.get("shown", "").split(",")[:PRESENCE_MAX]]
    context = {"others": presence.other_editors(request.user, [pk for pk in shown if pk], now).items()}
    return render(request, "desk/_presence.html", context)
