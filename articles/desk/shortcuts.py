"""The keyboard shortcuts of the desk: those of the actions and those of the page, for its help and `keymap.js`."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from .actions import ACTIONS

VIEW_KEYS = {"i": "undecided", "h": "hot", "p": "published", "s": "scheduled"}  # after the key of "view"


def shortcuts_for_page() -> dict[str, Any]:
    """Return what `keys.js` reads from the page."""
    shortcuts = [{"action": name, "key": key, "help": text} for name, key, text in _shortcuts()]
    return {"shortcuts": shortcuts, "views": VIEW_KEYS}


def _shortcuts() -> list[tuple[str, str, str]]:
    """Return action as `keys.js` names it, usual key, which editors can change, and help.

    Neighbours with the same help share a line.
    """
    return [
        ("next", "j", _("next, previous story; the open story follows")),
        ("previous", "k", _("next, previous story; the open story follows")),
        ("open", "o", _("open the story beside the list")),
        ("select", "x", _("select; with Shift, j and k extend the selection")),
        ("undo", "u", _("undo your last operation")),
        *((action.name, action.key, action.help) for action in ACTIONS.values() if action.key),
        ("title", "i", _("edit the headline; Enter saves it")),
        ("reason", "y", _("give a reason first, in words; Enter goes back to the story")),
        ("raise_quality", "+", _("quality up, down by 5")),
        ("lower_quality", "-", _("quality up, down by 5")),
        ("raise_heat", "]", _("heat up, down by 5")),
        ("lower_heat", "[", _("heat up, down by 5")),
        ("preview", "v", _("preview as a reader")),
        ("view", "g", _("then i h p s: undecided, hot, published, scheduled")),
        ("add_story", "n", _("add a story by its URL")),
        ("search", "/", _("search in this view")),
        ("help", "?", _("this help")),
    ]
