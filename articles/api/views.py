"""The views of the API. URLs of static files work with and without their `index.json`, as on a file server.

Each view returns its own bytes; the schemas only describe them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query

from articles.models import Topic
from articles.public import converters  # noqa: F401  registers the converters

from . import items, queries, schemas
from .changes import ArticleChange, CursorExpiredError, changes_since
from .cursor import ChangesCursor, OldCursorError
from .described import DescribedApi
from .problems import ApiError, json_response

api = DescribedApi(
    ApiError,
    title="published news",
    version="1",
    description="What is published, in the shape of this format's static files, and what has changed since. Read-only.",
    urls_namespace="api",
)


def static_file_route(folder: str, response: Any, *, name: str, aliases: Sequence[str] = ()) -> Callable[[Any], Any]:
    """Route a view to the static file `folder/index.json`, also at `folder/` and in the folders `aliases`."""

    def mark(view: Any) -> Any:
        responses = {200: response, 404: schemas.Problem, 429: schemas.Problem}
        for alias in (folder, *aliases):
            for path in (f"{alias}index.json", alias):
                is_first = path == f"{folder}index.json"
                api.get(path, response=responses, include_in_schema=is_first, url_name=name if is_first else None)(view)
        return view

    return mark


@static_file_route("/news/", schemas.Page, name="news")
def news(request: HttpRequest) -> HttpResponse:
    """The first page of all that is published."""
    return _site_page(1)


@static_file_route("/topics/", schemas.Topics, name="topics")
def topics(request: HttpRequest) -> HttpResponse:
    """The registry of topics, in its order."""
    return json_response(items.dump_list(items.topics(queries.load_registered_topics())))


@static_file_route(
    "/news/page/{page_number:number}/", schemas.Page, name="news_page", aliases=["/news/page{page_number:number}/"]
)
def news_page(request: HttpRequest, number: int) -> HttpResponse:
    """A page of all that is published."""
    return _site_page(number)


@static_file_route("/news/{str:name}/", schemas.Page | schemas.Item, name="news_of")
def news_of(request: HttpRequest, name: str) -> HttpResponse:
    """An article by the name of its document, or the first page of a topic by its id."""
    row = queries.load_row(name) if "\0" not in name else None
    if row is not None:
        return json_response(items.dump_document(items.item(row, queries.load_edition())))
    return _topic_page(name, 1)


@static_file_route(
    "/news/{str:name}/page/{page_number:number}/",
    schemas.Page,
    name="topic_page",
    aliases=["/news/{str:name}/page{page_number:number}/"],
)
def topic_page(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """A page of what is published about a topic."""
    return _topic_page(name, number)


@api.get(
    "/changes",
    url_name="changes",
    response={200: schemas.Changes, 400: schemas.Problem, 410: schemas.Problem, 429: schemas.Problem},
)
def changes(request: HttpRequest, params: Query[schemas.ChangesAsked]) -> HttpResponse:
    """What has been published, changed or withdrawn since an earlier answer; without `since`, all that is published."""
    for name in request.GET:
        if name not in schemas.ChangesAsked.model_fields:
            raise ApiError(400, name, "is not a parameter of this URL", "Use only `since` and `limit`.")
    try:
        cursor = ChangesCursor.parse(params.since) if params.since else None
        if params.since and cursor is None:
            raise ApiError(400, "since", "is not the `next` of a response of this site", "Leave it out to start again.")
        page = changes_since(cursor, params.limit, timezone.now())
    except OldCursorError:
        raise ApiError(410, "since", "was written by an older release", "Leave it out to start again.") from None
    except CursorExpiredError:
        raise ApiError(410, "since", "belongs to a state that is lost", "Leave it out to start again.") from None
    edition = queries.load_edition()
    value = [_to_json_change(change, edition) for change in page.changes]
    return json_response(items.dump_document({"changes": value, "next": str(page.cursor), "more": page.more}))


def _to_json_change(change: ArticleChange, edition: items.ApiEdition) -> dict[str, Any]:
    at = items.format_time(change.at) if change.at else None
    value = {"name": change.name, "withdrawn": change.row is None, "at": at}
    return value | ({"item": items.item(change.row, edition)} if change.row else {})


def _site_page(number: int) -> HttpResponse:
    page = queries.site_page(number, settings.API_PAGE_SIZE, timezone.now())
    return _page_response(page, number, is_there=number == 1)


def _topic_page(slug: str, number: int) -> HttpResponse:
    """Return a page of a topic. One without a registry entry exists while something is published about it."""
    topic = Topic.objects.filter(slug=slug).first() if "\0" not in slug else None
    if topic is None:
        raise Http404
    page = queries.topic_page(topic, number, settings.API_TOPIC_PAGE_SIZE, timezone.now())
    return _page_response(page, number, is_there=number == 1 and bool(topic.registry_name))


def _page_response(page: queries.RowPage, number: int, *, is_there: bool) -> HttpResponse:
    if not page.rows and not is_there:
        raise Http404
    edition = queries.load_edition()
    value = [items.item(row, edition) for row in page.rows]
    return json_response(items.dump_list(items.page(number, value, has_next=page.has_next)))
