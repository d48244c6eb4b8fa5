"""Taking a story down for good: what disappears and what stays, asked twice because it can't be undone."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from articles import operations
from articles.models import Article, Event, PreviewLink, Subject, TakenDownStories
from articles.operations.results import ActionError, ChecksFailedError, reader_changes, succession_sentences
from articles.operations.taking_down import links_to, traces_of
from articles.rules import permissions

from .view_helpers import DeskRequest, actor, desk_view, parse_id, render_admin, safe_next_url, sent_reason


@require_http_methods(["GET", "HEAD", "POST"])
@desk_view(permissions.PERMISSION_BY_ACTION["story_down"])
def take_down_story(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Ask whether to take a story down, and do it once there is a reason and the box is ticked."""
    if not permissions.may_take_down_stories(request.user):
        raise PermissionDenied
    article = Article.objects.select_related("provider").filter(pk=pk).first()
    if article is None:
        return _already_down(request, pk)
    if request.method != "POST":
        return _page(request, article)
    try:
        reason = sent_reason(request)
        if not reason:
            return _page(request, article, _("Type a reason: the log and the next import of its document show it."))
        if "sure" not in request.POST:
            return _page(request, article, _("Tick the box: this can’t be undone."))
        return _run(request, article, reason)
    except ChecksFailedError as failed:
        return _page(request, article, failed=failed)
    except ActionError as error:
        if not Article.objects.filter(pk=pk).exists():
            return _already_down(request, pk)
        return _page(request, article, error.sentence)


def _chosen_successors(request: DeskRequest) -> set[int]:
    return {parse_id(text) for text in request.POST.getlist("in_place")}


def _already_down(request: DeskRequest, pk: int) -> HttpResponse:
    """Say who took a story down before, as after a double click: browsers show only the second response."""
    story = TakenDownStories.load().by_id.get(pk)
    if story is None:
        raise Http404
    messages.info(request, f"{story} {story.refusal}.")
    return redirect("desk")


def _run(request: DeskRequest, article: Article, reason: str) -> HttpResponse:
    result = operations.take_down_story(article, by=actor(request, reason), in_place=_chosen_successors(request))
    messages.success(request, _("The story was taken down for good."))
    seen = reader_changes(result.appeared, result.disappeared, result.done)
    for sentence in [*seen, *succession_sentences(result.operation)]:
        messages.info(request, sentence)
    return redirect(reverse("desk"))


def _page(
    request: DeskRequest, article: Article, problem: str = "", failed: ChecksFailedError | None = None
) -> HttpResponse:
    traces = traces_of(article)
    events = Event.objects.filter(subject=Subject.ARTICLE, subject_id__in=traces.ids)
    context = {
        "title": _("Take this story down for good?"),
        "article": article,
        "problem": problem,
        "reason": request.POST.get("reason_text", ""),
        "changes": events.order_by().values("operation").distinct().count(),
        "holders": len({link.article_id for link in links_to(traces)}),
        "pictures": article.images.pictures().count(),
        "preview_links": PreviewLink.objects.filter(article=article).count(),
        "preview": operations.preview_deletion(article),
        "checks": operations.failed_preview(failed) if failed else None,
        "in_place": _chosen_successors(request),
        "twins": Article.objects.filter(url_key=article.url_key).exclude(pk=article.pk) if article.url_key else [],
        "next": safe_next_url(request, reverse("desk_story", args=[article.pk])),
    }
    return render_admin(request, "desk/take_down_story.html", context)
