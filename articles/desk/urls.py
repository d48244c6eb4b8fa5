"""The addresses of the desk, under /admin/desk/."""

from __future__ import annotations

from django.urls import URLPattern, path

from . import history, preview

urlpatterns: list[URLPattern] = [
    path("articles/<int:pk>/preview/", preview.preview, name="desk_preview"),
    path("articles/<int:pk>/preview/link/", preview.make_link, name="desk_preview_link"),
    path("history/", history.site, name="desk_history"),
    path("operations/<int:pk>/", history.operation, name="desk_operation"),
    path("operations/<int:pk>/undo/", history.undo, name="desk_undo"),
    path("articles/<int:pk>/history/", history.article, name="desk_article_history"),
    path("articles/<int:pk>/restore/<int:event_id>/", history.restore, name="desk_restore"),
    path("providers/<int:pk>/history/", history.provider, name="desk_provider_history"),
]
