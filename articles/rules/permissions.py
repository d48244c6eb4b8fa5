"""The permission that each action needs.

Admin and desk ask `can()` before they show a button and again before they run the action.
"""

from __future__ import annotations

from typing import Protocol

SCORE, FOLD, PUBLISH = "articles.score", "articles.fold", "articles.publish"
ADD_SOURCE, CHANGE_SOURCE, VIEW_SOURCE = "sources.add_source", "sources.change_source", "sources.view_source"
CHANGE_POLICY, RUN_IMPORT = "articles.change_policy", "articles.run_import"
CHANGE_LOOK = "website.change_sitelook"

PERMISSION_BY_ACTION: dict[str, str] = {
    "add": "articles.add_article",
    **dict.fromkeys(("edit", "claim", "hand_over", "release"), "articles.change_article"),
    "delete": "articles.delete_article",
    **dict.fromkeys(("score", "rescore", "pin", "unpin", "hold", "spike", "reopen"), SCORE),
    **dict.fromkeys(("publish", "unpublish", "schedule"), PUBLISH),
    **dict.fromkeys(("pick", "end_pick", "place", "keep_off", "allow_on"), PUBLISH),
    "take_down": PUBLISH,
    "story_down": PUBLISH,  # and to delete: see may_take_down_stories
    **dict.fromkeys(("fold", "take_out", "make_lead", "merge", "keep_apart"), FOLD),
    "import": RUN_IMPORT,
    "intake": CHANGE_SOURCE,
    "policy": CHANGE_POLICY,
}


class HasPermissions(Protocol):
    """The part of a user that is needed here."""

    def has_perm(self, perm: str) -> bool: ...


def can(user: HasPermissions, action: str) -> bool:
    """Return whether `user` may run the action. Undo has rules of its own: `undo_permissions`."""
    permission = PERMISSION_BY_ACTION.get(action)
    return permission is not None and user.has_perm(permission)


def may_take_down_stories(user: HasPermissions) -> bool:
    """Return whether `user` may take stories down, which withdraws and deletes them for good."""
    return can(user, "story_down") and can(user, "delete")
