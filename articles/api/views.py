"""The addresses of the API. Those of the static files answer with and without their `index.json`, as file servers do.

Each answers with bytes of its own; the schemas only describe them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import NinjaAPI, Query
from ninja.errors import ValidationError

from articles.models import Topic

from . import items, pages, queries, schemas
from .changes import Change, Gone, changes_since
from .converters import NAME, NUMBER
from .cursor import Cursor
from .problems import Problem, json_response

api = NinjaAPI(
    title=f"{settings.SITE_NAME}: published news",
    version="1",
    description="What is published, in the shape of this format's static files, and what has changed since. Read-only.",
    urls_namespace="api",
    openapi_url="/openapi.json",
    docs_url=None,  # its pages would fetch their scripts from elsewhere
)


def file(folder: str, response: Any, *, name: str, aliases: Sequence[str] = ()) -> Callable[[Any], Any]:
    """Mark the view of a static file `folder/index.json`, also at `folder/` and in the folders `aliases`."""

    def mark(view: Any) -> Any:
        told = {200: response, 404: schemas.Problem, 429: schemas.Problem}
        for each in (folder, *aliases):
            for path in (f"{each}index.json", each):
                is_first = path == f"{folder}index.json"
                api.get(path, response=told, include_in_schema=is_first, url_name=name if is_first else None)(view)
        return view

    return mark


@file("/news/", schemas.Page, name="news")
def news(request: HttpRequest) -> HttpResponse:
    """The first page of all that is published."""
    return _site_page(1)


@file("/topics/", schemas.Topics, name="topics")
def topics(request: HttpRequest) -> HttpResponse:
    """The registry of topics, in its order."""
    return json_response(items.listed(items.topics(queries.registered_topics())))


@file(f"/news/page/{NUMBER}/", schemas.Page, name="news_page", aliases=[f"/news/page{NUMBER}/"])
def news_page(request: HttpRequest, number: int) -> HttpResponse:
    """A page of all that is published."""
    return _site_page(number)


@file(f"/news/{NAME}/", schemas.Page | schemas.Item, name="news_of")
def news_of(request: HttpRequest, name: str) -> HttpResponse:
    """An article by the name of its document, or the first page of a topic by its id."""
    row = queries.row_of(name) if "\0" not in name else None
    if row is not None:
        return json_response(items.compact(items.item(row, queries.edition())))
    return _topic_page(name, 1)


@file(f"/news/{NAME}/page/{NUMBER}/", schemas.Page, name="topic_page", aliases=[f"/news/{NAME}/page{NUMBER}/"])
def topic_page(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """A page of what is published about a topic."""
    return _topic_page(name, number)


@api.get(
    "/changes",
    url_name="changes",
    response={200: schemas.Changes, 400: schemas.Problem, 410: schemas.Problem, 429: schemas.Problem},
)
def changes(request: HttpRequest, asked: Query[schemas.ChangesAsked]) -> HttpResponse:
    """What has been published, changed or withdrawn since an earlier answer; without `since`, all that is published."""
    for name in request.GET:
        if name not in schemas.ChangesAsked.model_fields:
            raise Problem(400, name, "is no parameter of this address", "Leave it out: there are `since` and `limit`.")
    cursor = Cursor.parse(asked.since) if asked.since else None
    if asked.since and cursor is None:
        raise Problem(400, "since", "is not the `next` of an answer of ours", "Leave it out to start anew.")
    try:
        told = changes_since(cursor, asked.limit, timezone.now())
    except Gone:
        raise Problem(410, "since", "belongs to a state that is lost", "Leave it out to start anew.") from None
    edition = queries.edition()
    value = [_change(change, edition) for change in told.changes]
    return json_response(items.compact({"changes": value, "next": str(told.cursor), "more": told.more}))


def _change(change: Change, edition: items.Edition) -> dict[str, Any]:
    at = items.written_time(change.at) if change.at else None
    told = {"name": change.name, "withdrawn": change.row is None, "at": at}
    return told | ({"item": items.item(change.row, edition)} if change.row else {})


def _site_page(number: int) -> HttpResponse:
    found = pages.site_page(number, settings.API_PAGE_SIZE, timezone.now())
    return _page(found, number, is_there=number == 1)


def _topic_page(slug: str, number: int) -> HttpResponse:
    """Answer with a page of a topic; one that no registry tells of is there as long as something is published on it."""
    topic = Topic.objects.filter(slug=slug).first() if "\0" not in slug else None
    if topic is None:
        raise Http404
    found = pages.topic_page(topic, number, settings.API_TOPIC_PAGE_SIZE, timezone.now())
    return _page(found, number, is_there=number == 1 and bool(topic.registry_name))


def _page(found: pages.Page, number: int, *, is_there: bool) -> HttpResponse:
    if not found.rows and not is_there:
        raise Http404
    edition = queries.edition()
    value = [items.item(row, edition) for row in found.rows]
    return json_response(items.listed(items.page(number, value, has_next=found.has_next)))


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return Problem(404, request.path_info).response()


@api.exception_handler(ValidationError)
def misunderstood(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Tell the first parameter that is wrong: where, what, and what may be asked instead."""
    first = error.errors[0]
    return Problem(400, str(first["loc"][-1]), first["msg"].lower()).response()


@api.exception_handler(Problem)
def refused(request: HttpRequest, problem: Problem) -> HttpResponse:
    return problem.response()
