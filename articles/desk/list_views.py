"""The list of the desk: the stories of a view, and the views to choose from."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from articles.models import Article, ArticleQuerySet, SavedView, Topic
from articles.models.desk import VIEW_NAME_MAX, VIEW_QUERY_MAX
from articles.rules.counts import short_count
from articles.suggestions.listing import LIKELY_MAX, number_waiting

from .actions import EDIT, REASONS, permitted_actions
from .filters import SLOW_FILTERS, DeskFilters, filtered_queue
from .queues import COUNT_MAX, QUEUES, Queue, Viewer, after_cursor, queue_counts, queue_of
from .rows import LARGE_COLUMNS, build_rows, with_row_columns
from .shortcuts import shortcuts_for_page
from .view_helpers import DeskRequest, desk_view, is_htmx_fragment, parse_id, render_admin, safe_next_url

PAGE_SIZE = 50
EXCERPTS_COOKIE = "desk-excerpts"  # says "yes" in browsers whose rows show excerpts
YEAR = 365 * 24 * 3600  # seconds


@require_safe
@desk_view()
def article_list(request: DeskRequest) -> HttpResponseBase:
    """Show the stories of a view; htmx gets the list without the page around it."""
    viewer = Viewer(request.user.pk, timezone.now())
    queue = queue_of(request.GET)
    is_fragment = is_htmx_fragment(request)
    topics = [] if is_fragment else list(Topic.objects.only("name", "slug").order_by("name"))
    filters = DeskFilters(request.GET, topics)
    cursor = request.GET.get("after", "")
    articles, has_more = _page_of(filtered_queue(queue, viewer, filters, is_first_page=not cursor), queue, cursor)
    permitted = permitted_actions(request.user)
    context = {
        "queue": queue,
        "rows": build_rows(articles, permitted, viewer.now),
        "more": articles[-1].pk if has_more else None,
        "query": view_query(request.GET),
        "filters": filters,
        "chosen": filters.choices,
        "excerpts": request.COOKIES.get(EXCERPTS_COOKIE) == "yes",
        "has_filters": bool(filters.choices.keys() - {"q"}),
        "actions": permitted,
        "reasons": REASONS,
        "here": request.get_full_path(),
        "title": queue.label,
    }
    # Before the page, not inside it: CPython 3.11 takes memory from the system, and frees it, at each call that crosses
    # certain depths of the stack. Below the blocks of all base templates, that was two fifths of the page's time.
    listed = render_to_string("desk/_list.html", context, request)
    if is_fragment:
        return HttpResponse(listed)
    context["list"] = listed
    shown = None
    if filters.choices:  # what has the words is counted by their index, in no order
        order = () if "q" in filters.choices else queue.order
        shown = filtered_queue(queue, viewer, filters, is_complete=True).order_by(*order)
    context |= _views(viewer, queue, shown, count_all="counts" in request.GET)
    context |= {"topics": topics, "keys": shortcuts_for_page()}
    return render_admin(request, "desk/desk.html", context)


def _page_of(articles: ArticleQuerySet, queue: Queue, cursor: str) -> tuple[list[Article], bool]:
    """Return the stories of a page, and whether there are more."""
    if parse_id(cursor):
        last = Article.objects.defer(*LARGE_COLUMNS).filter(pk=parse_id(cursor)).first()
        articles = after_cursor(articles, queue.order, last) if last else articles
    page = list(with_row_columns(articles).order_by(*queue.order)[: PAGE_SIZE + 1])
    return page[:PAGE_SIZE], len(page) > PAGE_SIZE


def _views(
    viewer: Viewer, current: Queue | None, filtered: ArticleQuerySet | None = None, *, count_all: bool
) -> dict[str, Any]:
    """Return the views that the editor may choose, with their counts, in four queries.

    `view_number` is that of the stories shown: of `current`, or `filtered` where filters narrow it. Saved views with
    slow filters take queries of their own, so they show “…” unless `count_all`.
    """
    saved = list(SavedView.objects.filter(Q(owner=viewer.user_id) | Q(shared=True)).select_related("owner"))
    querysets: dict[str, QuerySet[Any]] = {
        queue.key: queue.articles(viewer).order_by(*queue.order) for queue in QUEUES.values()
    }
    for view in saved:
        query = QueryDict(view.query)
        if count_all or not any(query.get(name) for name in SLOW_FILTERS):
            queue = queue_of(query)
            articles = filtered_queue(queue, viewer, DeskFilters(query), is_complete=True)
            querysets[f"saved-{view.pk}"] = articles.order_by(*queue.order)
    if filtered is not None:
        querysets["filtered"] = filtered
    numbers = queue_counts(querysets)
    shown = numbers.get("filtered", numbers.get(current.key, 0) if current else 0)
    counts = {name: short_count(number, COUNT_MAX) for name, number in numbers.items()}
    return {
        "suggested": short_count(number_waiting(), LIKELY_MAX),
        "queues": [(queue, counts[queue.key]) for queue in QUEUES.values()],
        "saved": [(view, counts.get(f"saved-{view.pk}", "…")) for view in saved],
        "uncounted": any(f"saved-{view.pk}" not in counts for view in saved),
        "current": current,
        "view_number": f"{shown:,}" if shown <= COUNT_MAX else "",
    }


@require_safe
@desk_view()
def queue_counts_fragment(request: DeskRequest) -> HttpResponseBase:
    """Return the list of views with their present counts."""
    viewer = Viewer(request.user.pk, timezone.now())
    context = _views(viewer, QUEUES.get(request.GET.get("view", "")), count_all=True)
    return render(request, "desk/_views.html", context | {"query": view_query(request.GET)})


@require_POST
@desk_view()
def choose_excerpts(request: DeskRequest) -> HttpResponseBase:
    """Show or hide the excerpts of all rows in this browser from now on."""
    response = HttpResponseRedirect(safe_next_url(request))
    if "show" in request.POST:
        response.set_cookie(
            EXCERPTS_COOKIE,
            "yes",
            max_age=YEAR,
            path=reverse("desk"),
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    else:
        response.delete_cookie(EXCERPTS_COOKIE, path=reverse("desk"))
    return response


@require_POST
@desk_view()
def save_view(request: DeskRequest) -> HttpResponseBase:
    """Save the present view with its filters under a name."""
    name = request.POST.get("name", "").strip()[:VIEW_NAME_MAX].replace("\0", "")
    query = view_query(QueryDict(request.POST.get("query", "")))
    if not name:
        messages.error(request, _("A view needs a name."))
    elif len(query) > VIEW_QUERY_MAX:
        messages.error(request, _("The filters are too long to be saved. Shorten their words."))
    else:
        values = {"query": query, "shared": "shared" in request.POST and request.user.has_perm(EDIT)}
        _view, is_new = SavedView.objects.update_or_create(owner=request.user, name=name, defaults=values)
        text = _("View “%(name)s” saved.") if is_new else _("View “%(name)s” saved in place of the former one.")
        messages.success(request, text % {"name": name})
    return HttpResponseRedirect(f"{reverse('desk')}?{query}")


@require_POST
@desk_view()
def delete_view(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Delete one of the editor's own views."""
    view = get_object_or_404(SavedView, pk=pk, owner=request.user)
    view.delete()
    messages.success(request, _("View “%(name)s” deleted. Its stories are unchanged.") % {"name": view.name})
    return HttpResponseRedirect(reverse("desk"))


def view_query(query: QueryDict) -> str:
    """Return the query string of a view: queue and filters, without the page."""
    kept = QueryDict(mutable=True)
    for name, values in query.lists():
        if name in {"view", *DeskFilters.base_fields}:
            kept.setlist(name, [value for value in values if value])
    return kept.urlencode()
