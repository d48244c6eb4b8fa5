"""The keyboard shortcuts of the desk: those of the actions and those of the page, for its help and `keymap.js`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from .actions import ACTIONS


@dataclass(frozen=True)
class Shortcut:
    """A key and what it does. Neighbours with the same help share a line of it."""

    action: str  # as `keys.js` names it
    key: str  # the usual one: editors can choose others
    help: str


SHORTCUTS = (
    Shortcut("next", "j", "next, previous story; the open story follows"),
    Shortcut("previous", "k", "next, previous story; the open story follows"),
    Shortcut("open", "o", "open the story beside the list"),
    Shortcut("select", "x", "select; with Shift, j and k extend the selection"),
    Shortcut("undo", "u", "undo your last operation"),
    *(Shortcut(action.name, action.key, action.help) for action in ACTIONS.values() if action.key),
    Shortcut("raise_quality", "+", "quality up, down by 5"),
    Shortcut("lower_quality", "-", "quality up, down by 5"),
    Shortcut("raise_heat", "]", "heat up, down by 5"),
    Shortcut("lower_heat", "[", "heat up, down by 5"),
    Shortcut("preview", "v", "preview as a reader"),
    Shortcut("view", "g", "then i h p s: undecided, hot, published, scheduled"),
    Shortcut("search", "/", "search in this view"),
    Shortcut("help", "?", "this help"),
)
VIEW_KEYS = {"i": "undecided", "h": "hot", "p": "published", "s": "scheduled"}  # after the key of "view"


def shortcuts_for_page() -> dict[str, Any]:
    """Return what `keys.js` reads from the page."""
    return {"shortcuts": [asdict(shortcut) for shortcut in SHORTCUTS], "views": VIEW_KEYS}
