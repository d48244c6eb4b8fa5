"""The URLs of version 2, and of the page that describes it to people."""

from __future__ import annotations

from typing import Any, cast

from django.urls import path
from ninja import Schema

from articles.api.urls import View, allow_head
from articles.page_cache.cacheable import cacheable

from .reference import reference
from .schemas import NamesAsked, SearchAsked, StoriesAsked
from .views import api

PARAMETERS: dict[str, type[Schema]] = {
    "stories": StoriesAsked,
    "search": SearchAsked,
    "outlets": NamesAsked,
    "topics": NamesAsked,
}
ROOT = "api-root"  # django-ninja's name of the URL that its description is relative to

app_name = api.urls_namespace
patterns: list[Any] = api.urls[0]
urlpatterns = [pattern for pattern in patterns if pattern.name != ROOT]
for pattern in urlpatterns:
    view = allow_head(cast(View, pattern.callback))
    if pattern.name != "openapi-json":
        asked = PARAMETERS.get(pattern.name)
        view = cacheable(*(asked.model_fields if asked else ()), strict=True)(view)
    pattern.callback = view
urlpatterns.append(path("", reference, name=ROOT))
