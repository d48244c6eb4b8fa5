"""The addresses of the API, each with a view that answers HEAD as it does GET, as file servers do."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase

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


app_name = api.urls_namespace
urlpatterns = api.urls[0]
for pattern in urlpatterns:
    pattern.callback = with_head(cast(View, pattern.callback))
