"""The keyboard shortcuts of the desk, declared once: the page shows them as help and hands them to `keymap.js`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


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
    Shortcut("publish", "p", "publish, or hold what is published"),
    Shortcut("hold", "w", "hold"),
    Shortcut("spike", "e", "spike; then 1 to 6 for the reason, or Enter for none"),
    Shortcut("reopen", "r", "reopen"),
    Shortcut("undo", "u", "undo your last operation"),
    Shortcut("quality", "q", "type a quality, a heat; Enter sets it"),
    Shortcut("heat", "h", "type a quality, a heat; Enter sets it"),
    Shortcut("raise_quality", "+", "quality up, down by 5"),
    Shortcut("lower_quality", "-", "quality up, down by 5"),
    Shortcut("raise_heat", "]", "heat up, down by 5"),
    Shortcut("lower_heat", "[", "heat up, down by 5"),
    Shortcut("topics", "t", "topics"),
    Shortcut("schedule", "s", "schedule"),
    Shortcut("merge", "m", "merge the two selected stories, or fold into another"),
    Shortcut("make_lead", "l", "make the story the lead, take it out of its story"),
    Shortcut("take_out", "d", "make the story the lead, take it out of its story"),
    Shortcut("preview", "v", "preview as a reader"),
    Shortcut("view", "g", "then i h p s: undecided, hot, published, scheduled"),
    Shortcut("search", "/", "search in this view"),
    Shortcut("help", "?", "this help"),
)
VIEW_KEYS = {"i": "undecided", "h": "hot", "p": "published", "s": "scheduled"}  # after the key of "view"


def keys_for_page() -> dict[str, Any]:
    """Return what `keys.js` reads from the page."""
    return {"shortcuts": [asdict(shortcut) for shortcut in SHORTCUTS], "views": VIEW_KEYS}
