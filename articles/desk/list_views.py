"""The list of the desk: the stories of a view, and the views themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from articles.models import Article, ArticleQuerySet, SavedView, Topic
from articles.search import matching

from .commands import REASONS
from .filters import FilterForm, narrow
from .queues import COUNT_MAX, DEFAULT, NEWEST, QUEUES, Queue, Seen, after, count_each
from .rows import HEAVY, Allowed, rows_of, with_rows
from .shortcuts import keys_for_page
from .view_helpers import desk_view, is_fragment, key, page

PAGE = 50
ASKING = ("q", "topic", "outlet")  # filters that look something up before they narrow


@require_safe
@desk_view()
def desk(request: HttpRequest) -> HttpResponseBase:
    """Show the stories of a view. A request by htmx gets the list alone."""
    seen = Seen(request.user.pk, timezone.now())
    queue = QUEUES.get(request.GET.get("view", ""), QUEUES[DEFAULT])
    form = FilterForm(request.GET)
    chosen = form.chosen()
    cursor = request.GET.get("after", "")
    rows, more = _page_of(narrowed(queue, seen, chosen, first_page=not cursor), queue, cursor)
    context = {
        "queue": queue,
        "rows": rows_of(rows, seen.now),
        "more": rows[-1].pk if more else None,
        "query": query_of(request.GET),
        "filters": form,
        "chosen": chosen,
        "allowed": Allowed.to(request.user),
        "reasons": REASONS,
        "here": request.get_full_path(),
        "title": queue.label,
    }
    if is_fragment(request):
        return render(request, "desk/_list.html", context)
    context |= _views(request, seen, queue, count_all="counts" in request.GET)
    context["topics"] = Topic.objects.only("name", "slug").order_by("name")
    context["keys"] = keys_for_page()
    return page(request, "desk/desk.html", context)


def narrowed(queue: Queue, seen: Seen, chosen: Mapping[str, Any], *, first_page: bool = False) -> ArticleQuerySet:
    """Return the stories of a queue that agree with the choices of a FilterForm."""
    rows = narrow(queue.rows(seen), dict(chosen))
    return matching(rows, chosen["q"], newest=first_page and queue.order == NEWEST) if "q" in chosen else rows


def _page_of(rows: ArticleQuerySet, queue: Queue, cursor: str) -> tuple[list[Article], bool]:
    """Return the stories of a page, and whether there are more."""
    if key(cursor):
        last = Article.objects.defer(*HEAVY).filter(pk=key(cursor)).first()
        rows = after(rows, queue.order, last) if last else rows
    found = list(with_rows(rows).order_by(*queue.order)[: PAGE + 1])
    return found[:PAGE], len(found) > PAGE


def _views(
    request: HttpRequest, seen: Seen, current: Queue | None = None, *, count_all: bool = False
) -> dict[str, Any]:
    """Return the views that the editor may choose, with their counts. Two queries.

    Saved views that search take queries of their own, so they are counted only for `count_all`; else they show “…”.
    """
    saved = list(SavedView.objects.seen_by(request.user.pk).select_related("owner"))
    wanted = {queue.key: queue.rows(seen).order_by(*queue.order) for queue in QUEUES.values()}
    for view in saved:
        given = QueryDict(view.query)
        if not count_all and any(given.get(name) for name in ASKING):
            continue
        queue = QUEUES.get(given.get("view", ""), QUEUES[DEFAULT])
        wanted[f"saved-{view.pk}"] = narrowed(queue, seen, FilterForm(given).chosen()).order_by(*queue.order)
    counts = {key: f"{COUNT_MAX}+" if n > COUNT_MAX else str(n) for key, n in count_each(wanted).items()}
    return {
        "queues": [(queue, counts[queue.key]) for queue in QUEUES.values()],
        "saved": [(view, counts.get(f"saved-{view.pk}", "…")) for view in saved],
        "uncounted": any(f"saved-{view.pk}" not in counts for view in saved),
        "current": current,
    }


@require_safe
@desk_view()
def counts(request: HttpRequest) -> HttpResponseBase:
    """Return the list of views anew, after something was decided."""
    current = QUEUES.get(request.GET.get("view", ""))
    query = query_of(request.GET)
    seen = Seen(request.user.pk, timezone.now())
    context = _views(request, seen, current, count_all=True) | {"query": query}
    return render(request, "desk/_views.html", context)


@require_POST
@desk_view()
def save_view(request: HttpRequest) -> HttpResponseBase:
    """Keep the filter that the editor looks at under a name."""
    name = request.POST.get("name", "").strip()[:60].replace("\0", "")
    query = query_of(QueryDict(request.POST.get("query", "")))[:1000]
    if not name:
        messages.error(request, "A view needs a name.")
    else:
        shared = "shared" in request.POST and Allowed.to(request.user).share
        SavedView.objects.update_or_create(owner=request.user, name=name, defaults={"query": query, "shared": shared})
        messages.success(request, f"The view “{name}” is kept.")
    return HttpResponseRedirect(f"{reverse('desk')}?{query}")


@require_POST
@desk_view()
def delete_view(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Forget one of the editor's own views."""
    view = get_object_or_404(SavedView, pk=pk, owner=request.user)
    view.delete()
    messages.success(request, f"The view “{view.name}” is gone; its stories are where they were.")
    return HttpResponseRedirect(reverse("desk"))


def query_of(given: QueryDict) -> str:
    """Return the query string of a view: what it shows, without where a page begins."""
    kept = QueryDict(mutable=True)
    for name, values in given.lists():
        if name in {"view", *FilterForm.base_fields}:
            kept.setlist(name, [value for value in values if value])
    return kept.urlencode()
