"""Context for every public template."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from .site_look import load_site


def site(request: HttpRequest) -> dict[str, object]:
    return {"site": SimpleLazyObject(load_site)}  # no query on pages without it
