"""The URLs of the API. Every view answers HEAD as it does GET, as file servers do."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase

from articles.page_cache.cacheable import cacheable

from .views import api

View = Callable[..., HttpResponseBase]


def allow_head(view: View) -> View:
    @wraps(view)
    def with_head(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        method = request.method
        request.method = "GET" if method == "HEAD" else method
        try:
            return view(request, *args, **kwargs)
        finally:
            request.method = method

    return with_head


SCHEMA_ROUTES = ("openapi-json", "api-root")
app_name = api.urls_namespace
urlpatterns: list[Any] = api.urls[0]
for pattern in urlpatterns:
    view = allow_head(cast(View, pattern.callback))
    if pattern.name == "changes":
        view = cacheable("limit", strict=True)(view)  # with `since`, each URL is requested once
    elif pattern.name not in SCHEMA_ROUTES:
        view = cacheable()(view)  # parameters of a static file mean nothing
    pattern.callback = view
