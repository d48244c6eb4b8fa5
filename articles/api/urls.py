"""The addresses of the API, each with a view that answers HEAD as it does GET, as the static files did."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase
from django.urls import register_converter
from django.urls.converters import IntConverter

View = Callable[..., HttpResponseBase]


class NumberConverter(IntConverter):
    """A page's number, from 1, written as numbers are; no feed has more pages than this has digits for."""

    regex = "[1-9][0-9]{0,8}"


register_converter(NumberConverter, "number")

from .views import api  # noqa: E402  its addresses need the converter


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
