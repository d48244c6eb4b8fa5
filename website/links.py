"""The entries of the menu and of the footer: where each leads, and what it is called.

An entry is stored as {"target", "label", "url"}. The target is one of SECTIONS, `page:7` or `topic:7` with the key of
the row, or `url`. An empty label stands for the name of what it leads to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, TypedDict

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from articles.rules.values import InvalidValueError, check_line, check_url

LINKS_MAX = 30
LABEL_MAX = 60
URL_TARGET = "url"
# Lists of the site that any menu may name, by the names of their URLs.
SECTIONS: dict[str, Any] = {
    "front": gettext_lazy("Top stories"),
    "latest": pgettext_lazy("stories", "Latest"),
    "topics": gettext_lazy("All topics"),
    "places": gettext_lazy("Places"),
    "providers": gettext_lazy("Outlets"),
    "archive_index": gettext_lazy("Archive"),
    "search": gettext_lazy("Search"),
    "follow": gettext_lazy("Follow"),
    "about": gettext_lazy("About"),
    "accessibility": gettext_lazy("Accessibility"),
}
_ROW_PATTERN = re.compile(r"(page|topic):([1-9][0-9]{0,17})", re.ASCII)


class LinkEntry(TypedDict):
    target: str
    label: str
    url: str


def row_of(target: str) -> tuple[str, int] | None:
    """Return the kind and key of the page or topic that an entry leads to; None for other entries."""
    match = _ROW_PATTERN.fullmatch(target)
    return (match[1], int(match[2])) if match else None


def keys_of(entries: Iterable[LinkEntry], kind: str) -> set[int]:
    """Return the keys of the pages, or of the topics, to which entries lead."""
    rows = (row_of(entry["target"]) for entry in entries)
    return {row[1] for row in rows if row is not None and row[0] == kind}


def check_links(entries: Any) -> None:
    """Accept the entries of a menu. Raises InvalidValueError, which says the row."""
    if not isinstance(entries, list):
        raise InvalidValueError(_("must be a list"))
    if len(entries) > LINKS_MAX:
        raise InvalidValueError(_("has more than %(most)d entries; remove some") % {"most": LINKS_MAX})
    for number, entry in enumerate(entries, start=1):
        try:
            _check_entry(entry)
        except InvalidValueError as invalid:
            raise InvalidValueError(
                _("has a fault in row %(number)d: it %(fault)s") % {"number": number, "fault": invalid}
            ) from None


def _check_entry(entry: Any) -> None:
    if not isinstance(entry, dict) or entry.keys() != LinkEntry.__annotations__.keys():
        raise InvalidValueError(_("must have a target, a label and a URL"))
    if not all(isinstance(value, str) for value in entry.values()):
        raise InvalidValueError(_("must be text"))
    if entry["label"]:
        check_line(entry["label"], LABEL_MAX)
    if entry["target"] == URL_TARGET:
        if not entry["url"]:
            raise InvalidValueError(_("needs a URL, such as https://shop.example/"))
        if not entry["label"]:
            raise InvalidValueError(_("needs a label, which is what readers see of the link"))
        check_url(entry["url"], site_relative=True)
    elif entry["url"]:
        raise InvalidValueError(_("has a URL, but leads to a page of this site: remove one of them"))
    elif entry["target"] not in SECTIONS and row_of(entry["target"]) is None:
        raise InvalidValueError(_("leads nowhere: choose what it leads to"))
