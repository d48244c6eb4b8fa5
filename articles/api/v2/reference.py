"""The page that describes version 2 to people, with examples of what is on the site now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from ninja import Schema

from articles.models import Article
from articles.page_cache.cacheable import cacheable
from articles.public.pagination import paginate
from articles.public.site_url import site_url
from articles.public.story_page import StoryView, load_stories
from articles.search.query import split_words

from . import schemas
from .items import Writer

OBJECTS = (schemas.Story, schemas.Report, schemas.Picture, schemas.Outlet, schemas.Topic)


class Endpoint(NamedTuple):
    """A URL of the API with what it returns, its parameters and, if the site has something to show, an example."""

    path: str
    content: str
    parameters: list[tuple[str, str]]
    example: str


class Described(NamedTuple):
    """An object that responses hold, with its keys that need explaining."""

    name: str
    purpose: str
    keys: list[tuple[str, str]]


@cacheable()
@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    writer = Writer(site_url(request))
    newest = load_stories(paginate(Article.objects.public(), "").ids)
    story = next((story for story in newest if story.links), next(iter(newest), None))
    context = {
        "endpoints": list(_endpoints(writer, story)),
        "story": json.dumps(writer.story(story), indent=2, ensure_ascii=False) if story else "",
        "objects": [
            Described(schema.__name__.lower(), schema.__doc__ or "", list(_described(schema))) for schema in OBJECTS
        ],
        "story_url": writer.url("api-v2:story", story.name) if story else "",
    }
    return render(request, "articles/api.html", context)


def _endpoints(writer: Writer, story: StoryView | None) -> Iterator[Endpoint]:
    """Yield the endpoints; the examples name this story, its outlet and its first topic."""
    name, domain = (story.name, story.provider_domain) if story else ("", "")
    slug = story.topic_list[0].slug if story and story.topic_list else ""
    url = writer.url
    word = max(split_words(story.title), key=len, default="") if story else ""
    examples = {
        "stories/": url("api-v2:stories", **({"outlet": domain, "limit": "5"} if domain else {})),
        "stories/<name>/": url("api-v2:story", name) if name else "",
        "outlets/": url("api-v2:outlets"),
        "outlets/<domain>/": url("api-v2:outlet", domain) if domain else "",
        "topics/": url("api-v2:topics"),
        "topics/<slug>/": url("api-v2:topic", slug) if slug else "",
        "search/": url("api-v2:search", q=word) if word else "",
        "openapi.json": url("api-v2:openapi-json"),
    }
    contents: dict[str, tuple[str, type[Schema]]] = {
        "stories/": ("stories with their coverage, the latest first or as on the front page", schemas.StoriesAsked),
        "stories/<name>/": ("one story; the name of a folded article leads to its story", Schema),
        "outlets/": ("the outlets that report these stories, by domain", schemas.NamesAsked),
        "outlets/<domain>/": ("one outlet", Schema),
        "topics/": ("the topics of these stories, by slug", schemas.NamesAsked),
        "topics/<slug>/": ("one topic", Schema),
        "search/": ("the stories that contain all these words", schemas.SearchAsked),
        "openapi.json": ("this description for programs (OpenAPI)", Schema),
    }
    for path, (content, asked) in contents.items():
        yield Endpoint(path, content, list(_described(asked)), examples[path])


def _described(schema: type[Schema]) -> Iterator[tuple[str, str]]:
    """Yield the keys of a schema with their descriptions, if they have one."""
    for name, field in schema.model_fields.items():
        if field.description:
            yield name, field.description
