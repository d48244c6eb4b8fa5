"""The views of version 2. Each returns its own bytes; the schemas only describe them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from ninja import Query, Schema

from articles.api.described import DescribedApi
from articles.api.items import dump_document
from articles.api.problems import json_response
from articles.public.providers import find_domain, list_items, published_domains
from articles.public.site_url import site_url
from articles.public.story_page import load_stories, public_id, shown_lead
from articles.public.topic_tree import TopicBranch, TopicTree

from . import lists, schemas
from .items import Writer
from .problems import ProblemError

ERRORS = {400: schemas.Problem, 404: schemas.Problem, 429: schemas.Problem}
Branches = Sequence[TopicBranch]


api = DescribedApi(
    ProblemError,
    title="stories",
    version="2",
    description="Stories with their coverage, outlets, topics and search. Read-only. Later releases may add keys.",
    urls_namespace="api-v2",
)


@api.get("/stories/", url_name="stories", response={200: schemas.Stories} | ERRORS)
def stories(request: HttpRequest, asked: Query[schemas.StoriesAsked]) -> HttpResponse:
    """Published stories with their coverage: the latest first, or as on the front page."""
    _refuse_others(request, schemas.StoriesAsked)
    if asked.order == "latest":
        return _story_page(request, lists.latest(asked))
    for name in (*asked.filters(), *(["limit"] if "limit" in request.GET else [])):
        raise ProblemError(400, name, "can't be combined with order=front", "Leave it out, or ask for order=latest.")
    return _story_page(request, lists.front(asked))


@api.get("/stories/{segment:name}/", url_name="story", response={200: schemas.Story, 301: None} | ERRORS)
def story(request: HttpRequest, name: str) -> HttpResponse:
    """A published story. The name of a folded article leads to its story."""
    _refuse_others(request, Schema)
    writer = _writer(request)
    pk = public_id(name)
    found = load_stories([pk]) if pk is not None else []
    if found:
        return json_response(dump_document(writer.story(found[0])))
    lead = shown_lead(name)
    if not lead:
        raise Http404
    response = HttpResponsePermanentRedirect(writer.url("api-v2:story", lead))
    response["Cache-Control"] = "no-cache"  # editors may unfold it again
    return response


@api.get("/search/", url_name="search", response={200: schemas.Stories} | ERRORS)
def search(request: HttpRequest, asked: Query[schemas.SearchAsked]) -> HttpResponse:
    """Published stories in whose words, outlets, topics or coverage all words stand."""
    _refuse_others(request, schemas.SearchAsked)
    return _story_page(request, lists.found(asked))


@api.get("/outlets/", url_name="outlets", response={200: schemas.Outlets} | ERRORS)
def outlets(request: HttpRequest, asked: Query[schemas.NamesAsked]) -> HttpResponse:
    """The outlets that report published stories, by domain."""
    _refuse_others(request, schemas.NamesAsked)
    later = sorted(domain for domain in published_domains() if domain.domain > asked.cursor)
    shown, writer = later[: asked.limit], _writer(request)
    more = shown[-1].domain if len(later) > asked.limit else ""
    return _page(request, "outlets", map(writer.outlet, list_items(shown)), more)


@api.get("/outlets/{segments:domain}/", url_name="outlet", response={200: schemas.Outlet} | ERRORS)
def outlet(request: HttpRequest, domain: str) -> HttpResponse:
    """An outlet that reports published stories."""
    _refuse_others(request, Schema)
    found = find_domain(domain)
    if found is None:
        raise Http404
    return json_response(dump_document(_writer(request).outlet(list_items([found])[0])))


@api.get("/topics/", url_name="topics", response={200: schemas.Topics} | ERRORS)
def topics(request: HttpRequest, asked: Query[schemas.NamesAsked]) -> HttpResponse:
    """The topics that have published stories, by slug."""
    _refuse_others(request, schemas.NamesAsked)
    branches = [pair for pair in _walk(TopicTree.load().branches()) if pair[0].topic.slug > asked.cursor]
    branches.sort(key=lambda pair: pair[0].topic.slug)
    shown, writer = branches[: asked.limit], _writer(request)
    more = shown[-1][0].topic.slug if len(branches) > asked.limit else ""
    return _page(request, "topics", (writer.topic(*pair) for pair in shown), more)


@api.get("/topics/{segment:slug}/", url_name="topic", response={200: schemas.Topic} | ERRORS)
def topic(request: HttpRequest, slug: str) -> HttpResponse:
    """A topic that has published stories of its own or below it."""
    _refuse_others(request, Schema)
    for branch, parent in _walk(TopicTree.load().branches()):
        if branch.topic.slug == slug:
            return json_response(dump_document(_writer(request).topic(branch, parent)))
    raise Http404


def _walk(branches: Branches, parent: TopicBranch | None = None) -> Iterator[tuple[TopicBranch, TopicBranch | None]]:
    """Yield all branches of a tree, each with the one above."""
    for branch in branches:
        yield branch, parent
        yield from _walk(branch.branches, branch)


def _story_page(request: HttpRequest, page: lists.StoryPage) -> HttpResponse:
    return _page(request, "stories", map(_writer(request).story, page.stories), page.next)


def _page(request: HttpRequest, name: str, values: Iterable[Any], cursor: str) -> HttpResponse:
    """Return a page of a list; the URL of the next one has this request's parameters and the cursor."""
    parameters = urlencode(request.GET.dict() | {"cursor": cursor})
    following = f"{site_url(request)}{request.path}?{parameters}" if cursor else None
    return json_response(dump_document({name: list(values), "next": following}))


def _writer(request: HttpRequest) -> Writer:
    return Writer(site_url(request))


def _refuse_others(request: HttpRequest, asked: type[Schema]) -> None:
    """Refuse parameters that this URL doesn't have, so that a misspelt one doesn't count as absent."""
    names = list(asked.model_fields)
    for name in request.GET:
        if name not in names:
            hint = f"Use {', '.join(names)}." if names else "Leave it out."
            raise ProblemError(400, name, "is not a parameter of this URL", hint)
