"""The permissions of the groups that migrations create on a new site."""

from articles.rules.permissions import (
    ADD_SOURCE,
    CHANGE_LOOK,
    CHANGE_POLICY,
    CHANGE_SOURCE,
    FOLD,
    PUBLISH,
    RUN_IMPORT,
    SCORE,
    VIEW_SOURCE,
)

_VIEW = (
    "articles.view_article",
    "articles.view_operation",
    "articles.view_topic",
    "articles.view_sitepolicy",
    "providers.view_provider",
    VIEW_SOURCE,
)
_EDIT_TEXT = (
    "articles.add_article",
    "articles.change_article",
    "articles.add_articletopic",
    "articles.change_articletopic",
    "articles.delete_articletopic",
    "articles.view_articletopic",
)
_EDIT_LISTS = tuple(
    f"articles.{action}_{model}"
    for model in ("articleimage", "relatedlink")
    for action in ("view", "add", "change", "delete")
)
_EDITOR = (*_EDIT_TEXT, *_EDIT_LISTS, SCORE, FOLD)
GROUPS: dict[str, tuple[str, ...]] = {
    "contributor": (*_VIEW, *_EDIT_TEXT),
    "editor": (*_VIEW, *_EDITOR),
    "publisher": (
        *_VIEW,
        *_EDITOR,
        PUBLISH,
        CHANGE_POLICY,
        "articles.delete_article",
        "articles.add_topic",
        "articles.change_topic",
        "providers.add_provider",
        "providers.change_provider",
        ADD_SOURCE,
        CHANGE_SOURCE,
        *(f"website.{action}_sitepage" for action in ("view", "add", "change", "delete")),
        "website.view_sitelook",
        CHANGE_LOOK,
    ),
    "importer": (*_VIEW, RUN_IMPORT),
}
