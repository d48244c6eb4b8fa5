"""The URLs of the desk, under the admin's path."""

from django.urls import path

from . import (
    action_views,
    add_story_views,
    history_views,
    import_views,
    list_views,
    picture_views,
    preview_views,
    source_views,
    story_views,
)

urlpatterns = [
    path("", list_views.article_list, name="desk"),
    path("act/", action_views.run_action, name="desk_act"),
    path("undo/", action_views.undo_last, name="desk_undo_last"),
    path("views/", list_views.queue_counts_fragment, name="desk_views"),
    path("views/save/", list_views.save_view, name="desk_save_view"),
    path("views/<int:pk>/delete/", list_views.delete_view, name="desk_delete_view"),
    path("find/", story_views.find_story, name="desk_find"),
    path("merge/", story_views.merge, name="desk_merge"),
    path("presence/", story_views.heartbeat, name="desk_presence"),
    path("articles/<int:pk>/", story_views.story, name="desk_story"),
    path("articles/<int:pk>/preview/", preview_views.preview, name="desk_preview"),
    path("articles/<int:pk>/preview/link/", preview_views.make_link, name="desk_preview_link"),
    path("articles/<int:pk>/preview/links/<int:link>/revoke/", preview_views.revoke_link, name="desk_revoke_link"),
    path("articles/<int:pk>/pictures/<int:image>/take-down/", picture_views.take_down, name="desk_take_down"),
    path("articles/<int:pk>/history/", history_views.article, name="desk_article_history"),
    path("articles/<int:pk>/restore/<int:event_id>/", history_views.restore, name="desk_restore"),
    path("providers/<int:pk>/history/", history_views.provider, name="desk_provider_history"),
    path("stories/add/", add_story_views.add_story_page, name="desk_add_story"),
    path("sources/", source_views.source_list, name="desk_sources"),
    path("sources/add/", source_views.add_source, name="desk_add_source"),
    path("sources/<int:pk>/", source_views.source, name="desk_source"),
    path("sources/<int:pk>/act/", source_views.source_act, name="desk_source_act"),
    path("history/", history_views.history, name="desk_history"),
    path("imports/", import_views.import_runs, name="desk_imports"),
    path("imports/problems/", import_views.import_problems, name="desk_import_problems"),
    path("imports/<int:pk>/", import_views.import_run, name="desk_import"),
    path("operations/<int:pk>/", history_views.operation, name="desk_operation"),
    path("operations/<int:pk>/undo/", history_views.undo, name="desk_undo"),
]
