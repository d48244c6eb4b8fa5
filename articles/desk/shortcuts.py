"""The keyboard shortcuts of the desk: those of the actions and those of the page, for its help and `keymap.js`."""

from __future__ import annotations

from typing import Any

from .actions import ACTIONS

# Action as `keys.js` names it, usual key (editors can change it), help. Neighbours with the same help share a line.
SHORTCUTS = (
    ("next", "j", "next, previous story; the open story follows"),
    ("previous", "k", "next, previous story; the open story follows"),
    ("open", "o", "open the story beside the list"),
    ("select", "x", "select; with Shift, j and k extend the selection"),
    ("undo", "u", "undo your last operation"),
    *((action.name, action.key, action.help) for action in ACTIONS.values() if action.key),
    ("title", "i", "edit the headline; Enter saves it"),
    ("reason", "y", "give a reason first, in words; Enter goes back to the story"),
    ("raise_quality", "+", "quality up, down by 5"),
    ("lower_quality", "-", "quality up, down by 5"),
    ("raise_heat", "]", "heat up, down by 5"),
    ("lower_heat", "[", "heat up, down by 5"),
    ("preview", "v", "preview as a reader"),
    ("view", "g", "then i h p s: undecided, hot, published, scheduled"),
    ("add_story", "n", "add a story by its URL"),
    ("search", "/", "search in this view"),
    ("help", "?", "this help"),
)
VIEW_KEYS = {"i": "undecided", "h": "hot", "p": "published", "s": "scheduled"}  # after the key of "view"


def shortcuts_for_page() -> dict[str, Any]:
    """Return what `keys.js` reads from the page."""
    shortcuts = [{"action": name, "key": key, "help": text} for name, key, text in SHORTCUTS]
    return {"shortcuts": shortcuts, "views": VIEW_KEYS}
