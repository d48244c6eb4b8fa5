"""The addresses of the desk, under the admin's path."""

from django.urls import path

from . import deeds, history, listing, pictures, preview, story

urlpatterns = [
    path("", listing.desk, name="desk"),
    path("act/", deeds.act, name="desk_act"),
    path("undo/", deeds.undo_last, name="desk_undo_last"),
    path("views/", listing.counts, name="desk_views"),
    path("views/save/", listing.save_view, name="desk_save_view"),
    path("views/<int:pk>/delete/", listing.delete_view, name="desk_delete_view"),
    path("find/", story.find_story, name="desk_find"),
    path("merge/", story.merge, name="desk_merge"),
    path("presence/", story.ping, name="desk_presence"),
    path("articles/<int:pk>/", story.story, name="desk_story"),
    path("articles/<int:pk>/preview/", preview.preview, name="desk_preview"),
    path("articles/<int:pk>/preview/link/", preview.make_link, name="desk_preview_link"),
    path("articles/<int:pk>/pictures/<int:image>/take-down/", pictures.take_down, name="desk_take_down"),
    path("articles/<int:pk>/history/", history.article, name="desk_article_history"),
    path("articles/<int:pk>/restore/<int:event_id>/", history.restore, name="desk_restore"),
    path("providers/<int:pk>/history/", history.provider, name="desk_provider_history"),
    path("history/", history.site, name="desk_history"),
    path("operations/<int:pk>/", history.operation, name="desk_operation"),
    path("operations/<int:pk>/undo/", history.undo, name="desk_undo"),
]
