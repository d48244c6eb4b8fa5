"""The addresses of the desk, under /admin/desk/."""

from __future__ import annotations

from django.urls import URLPattern, path

from . import preview

urlpatterns: list[URLPattern] = [
    path("articles/<int:pk>/preview/", preview.preview, name="desk_preview"),
    path("articles/<int:pk>/preview/link/", preview.make_link, name="desk_preview_link"),
]
