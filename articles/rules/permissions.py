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
    "edit": "articles.change_article",
    "claim": "articles.change_article",
    "hand_over": "articles.change_article",
    "release": "articles.change_article",
    "score": SCORE,
    "rescore": SCORE,
    "pin": SCORE,
    "unpin": SCORE,
    "hold": SCORE,
    "spike": SCORE,
    "reopen": SCORE,
    "publish": PUBLISH,
    "unpublish": PUBLISH,
    "schedule": PUBLISH,
    "pick": PUBLISH,
    "end_pick": PUBLISH,
    "place": PUBLISH,
    "keep_off": PUBLISH,
    "allow_on": PUBLISH,
    "fold": FOLD,
    "take_out": FOLD,
    "make_lead": FOLD,
    "merge": FOLD,
    "keep_apart": FOLD,
    "delete": "articles.delete_article",
    "take_down": PUBLISH,
    "story_down": PUBLISH,  # and to delete: see may_take_down_stories
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
