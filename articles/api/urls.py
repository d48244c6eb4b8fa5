"""The addresses of the API, each with a view that answers HEAD as it does GET, as file servers do."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase

from articles.page_cache.cacheable import cacheable

from .views import api

View = Callable[..., HttpResponseBase]


def with_head(view: View) -> View:
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        method = request.method
        request.method = "GET" if method == "HEAD" else method
        try:
            return view(request, *args, **kwargs)
        finally:
            request.method = method

    return answer


ITSELF = ("openapi-json", "api-root")  # what tells of the API itself
app_name = api.urls_namespace
urlpatterns: list[Any] = api.urls[0]
for pattern in urlpatterns:
    view = with_head(cast(View, pattern.callback))
    if pattern.name == "changes":
        view = cacheable("limit", strict=True)(view)  # those since a place are asked for once
    elif pattern.name not in ITSELF:
        view = cacheable()(view)  # a file's parameters mean nothing
    pattern.callback = view
