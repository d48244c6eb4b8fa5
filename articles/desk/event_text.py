"""Events as words for editors: "heat 40 → 65", "topics: + AI, − Health". Pure but for the site's time zone.

What only a document's form asks for is left out. Nothing here is markup: templates escape it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateformat import format as format_date

from articles.audit_log.events import CREATED, DELETED, PIN_PREFIX
from articles.models import Event, Operation, Subject, Verb
from articles.rules import permissions

from .text_diff import Segment, differences, shortened

NOTHING = "–"
MINUS = "\u2212"
ITEMS_SHOWN = 8  # of what came to a list or went
VALUE_SHOWN = 200  # characters of one value
# Of no interest to editors: the form of documents, and what follows.
UNTOLD = {"dialect", "extra", "layout", "engagement", "pairings", "registry_id", "registry_name"}
TEXTS = {"title", "excerpt", "body", "featured_content"}
ADDRESSES = {"web_url", "original_url", "amp_url", "cdn_amp_url"}
TIMES = {"published_at", "publish_at", "unpublish_at", "pick_until"}
NAMED = {"lead_id": "articles", "provider_id": "providers", "parent_id": "topics"}  # fields that hold a key
LISTS = {"images": "pictures", "logos": "logos", "related": "coverage"}
WORDS = {"topics": "topics", "tags": "places", "keywords": "keywords", "hashtags": "hashtags", "services": "services"}
LABELS = {
    **LISTS,
    **WORDS,
    "published_at": "publication time",
    "provider_id": "outlet",
    "parent_id": "parent",
    "lead_id": "story",
    "web_url": "address",
    "original_url": "original address",
    "amp_url": "AMP address",
    "cdn_amp_url": "AMP cache address",
    "publish_at": "on the site from",
    "unpublish_at": "on the site until",
    "pick_until": "editor's pick until",
    "spike_reason": "reason",
    "lead": "story",
}
KINDS: dict[str, str] = {Subject.PROVIDER: "an outlet", Subject.TOPIC: "a topic"}
FLAGS = {
    "removed": ("rejected by its source", "no longer rejected by its source"),
    "missing": ("withdrawn: its document is missing", "its document is there again"),
    "stale": ("its document has lost its scores", "its document has scores again"),
    "ambiguous": ("several leads claim it", "no longer claimed by several leads"),
}
# What restoring a field asks for, as in the admin's form; a state asks for the right to what it becomes.
RESTORABLE = {
    **dict.fromkeys(
        (*TEXTS, *ADDRESSES, "published_at", "provider_id", "type", "category", "tags", "topics"),
        permissions.PERMISSION_BY_ACTION["edit"],
    ),
    "quality": permissions.SCORE,
    "heat": permissions.SCORE,
    "state": permissions.SCORE,
    "spike_reason": permissions.SCORE,
    "publish_at": permissions.PUBLISH,
    "unpublish_at": permissions.PUBLISH,
    "pick_until": permissions.PUBLISH,
    "removed": permissions.PUBLISH,
    "lead_id": permissions.FOLD,
    "images": "articles.change_articleimage",
    "related": "articles.change_relatedlink",
}


@dataclass(slots=True)
class Names:
    """What the keys in events are called now. A key that is missing here names something that is gone."""

    articles: Mapping[int, str] = field(default_factory=dict)
    providers: Mapping[int, str] = field(default_factory=dict)
    topics: Mapping[int, str] = field(default_factory=dict)

    def of(self, column: str, pk: Any) -> str:
        kind = NAMED[column]
        gone = {"articles": "an article that is gone", "providers": "an outlet that is gone"}
        return getattr(self, kind).get(pk) or gone.get(kind, "a topic that is gone")


@dataclass(frozen=True, slots=True)
class Told:
    """A change in words. `words` say all of it, except that `segments` show how a text changed, word by word.

    `event` and `needs` are for restoring: the event that is named, and the permission; empty if it can't be restored.
    """

    event: int
    field: str
    label: str
    words: str
    segments: Sequence[Segment] = ()
    needs: str = ""

    @property
    def is_text(self) -> bool:
        return bool(self.segments)


def told(events: Sequence[Event], names: Names, verb: str = "") -> list[Told]:
    """Return what the events of one operation say about one row, in the order in which editors think of it."""
    by_field = {event.field: event for event in events}
    lines = [_line(event, by_field, names, verb) for event in events if not _is_idle(event, by_field)]
    lines += _pins([event for event in events if event.field.startswith(PIN_PREFIX)])
    order = {name: place for place, name in enumerate((CREATED, DELETED, "state", "title", "excerpt", "lead_id"))}
    return sorted(lines, key=lambda line: order.get(line.field, len(order) + line.field.startswith(PIN_PREFIX)))


def keys_of(events: Iterable[Event]) -> dict[str, set[int]]:
    """Return the keys whose names these events need, by the names of `Names`."""
    found: dict[str, set[int]] = {kind: set() for kind in NAMED.values()}
    for event in events:
        if event.field in NAMED:
            found[NAMED[event.field]].update(key for key in (event.before, event.after) if isinstance(key, int))
    return found


def label_of(name: str) -> str:
    """Return what editors call a field."""
    if name.startswith(PIN_PREFIX):
        return f"pin of {label_of(_pinned(name))}"
    return LABELS.get(name) or name.removesuffix("_id").replace("_", " ")


def kind_of(subject: str) -> str:
    """Return what editors call a kind of rows."""
    return "outlet" if subject == Subject.PROVIDER else Subject(subject).label


def deed(operation: Operation, subject: str = "") -> str:
    """Return what was done as a clause without its subject: "scored 3 articles". `subject` tells of what kind."""
    number = operation.articles
    some = f"{number} article{'' if number == 1 else 's'}" if number else ""
    some = some or KINDS.get(subject, "")
    match operation.verb:
        case Verb.DELETE if subject in KINDS:
            return f"deleted {KINDS[subject]}; {some} changed" if number else f"deleted {KINDS[subject]}"
        case Verb.TAKE_OUT:
            return f"took {some} out of {'its story' if number == 1 else 'their stories'}"
        case Verb.MAKE_LEAD:
            return f"made a lead; {some} changed"
        case Verb.MERGE:
            return f"merged two stories of {some}"
        case Verb.TAKE_DOWN:
            return f"took a picture of {some} down for good"
        case Verb.POLICY:
            return f"changed the policy; {some} followed" if some else "changed the policy"
        case Verb.UNDO:
            undone = f"undid operation {operation.undoes_id}" if operation.undoes_id else "undid an operation"
            return f"{undone}: {some}" if some else undone
    return f"{operation.get_verb_display()} {some}".strip()


def _is_idle(event: Event, by_field: Mapping[str, Event]) -> bool:
    """Whether the event says nothing to editors, or another one says it better."""
    if event.field in UNTOLD or event.field.startswith(PIN_PREFIX):
        return True
    if event.field == "published":
        return "state" in by_field
    return event.field == "spike_reason" and "state" in by_field


def _line(event: Event, by_field: Mapping[str, Event], names: Names, verb: str) -> Told:
    words = _words(event, by_field, names, verb)
    segments: list[Segment] = []
    if event.field in TEXTS:
        segments = shortened(differences(_text(event.before), _text(event.after)))
    return Told(event.pk, event.field, label_of(event.field), words, segments, needs(event))


def _words(event: Event, by_field: Mapping[str, Event], names: Names, verb: str) -> str:
    name = event.field
    if name == CREATED:
        return "came back" if verb == Verb.UNDO else "came in"
    if name == DELETED:
        return "deleted"
    before, after = event.before, event.after
    if name == "state":
        return _state(before, after, by_field.get("spike_reason"))
    if name == "picture":
        return f"picture taken down for good: {before}"
    if name == "lead_id":
        return _story(before, after, names)
    if name in FLAGS:
        return FLAGS[name][0 if after else 1]
    if name in LISTS:
        return _items(label_of(name), _entries(before), _entries(after))
    if name in WORDS:
        return _set(label_of(name), _strings(before), _strings(after))
    return f"{label_of(name)} {_value(name, before, names)} → {_value(name, after, names)}"


def _state(before: Any, after: Any, reason: Event | None) -> str:
    was = f"{before}: {reason.before}" if reason and reason.before else str(before)
    now = f"{after}: {reason.after}" if reason and reason.after else str(after)
    return f"{now} (was {was})"


def _story(before: Any, after: Any, names: Names) -> str:
    if after is None:
        return f"no longer folded under “{names.of('lead_id', before)}”"
    moved = f" instead of “{names.of('lead_id', before)}”" if before is not None else ""
    return f"folded under “{names.of('lead_id', after)}”{moved}"


def _pins(events: Sequence[Event]) -> list[Told]:
    """Tell the pins of one act in one line for those that came, and one for those that went."""
    lines = []
    for verb, those in (
        ("pinned", [event for event in events if event.before is None]),
        ("unpinned", [event for event in events if event.after is None]),
    ):
        if those:
            words = f"{verb} {', '.join(label_of(_pinned(event.field)) for event in those)}"
            lines.append(Told(those[0].pk, those[0].field, verb, words))
    for event in events:
        if event.before is not None and event.after is not None:
            label = f"what its document wants as {label_of(_pinned(event.field))}"
            wishes = [
                _plain(each.get("wish") if isinstance(each, dict) else each) for each in (event.before, event.after)
            ]
            lines.append(Told(event.pk, event.field, label, f"{label}: {wishes[0]} → {wishes[1]}"))
    return lines


def _pinned(name: str) -> str:
    pinned = name.removeprefix(PIN_PREFIX)
    return "state" if pinned == "published" else pinned


def needs(event: Event) -> str:
    """Return the permission that restoring what was before an event asks for; empty if it can't be restored."""
    if event.subject != Subject.ARTICLE:
        return ""
    if event.field == "state" and event.before == "published":
        return permissions.PUBLISH
    return RESTORABLE.get(event.field, "")


def _value(name: str, value: Any, names: Names) -> str:
    if value is None or value == "":
        return NOTHING
    if name in NAMED:
        return f"“{names.of(name, value)}”"
    if name in TIMES:
        return _moment(value)
    return f"“{_plain(value)}”" if name in TEXTS else _plain(value)


def _plain(value: Any) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value).replace("-", MINUS)
    if isinstance(value, list):
        return _cut(", ".join(_strings(value))) or NOTHING
    return _cut(str(value))


def _moment(value: Any) -> str:
    try:
        local = timezone.localtime(datetime.fromisoformat(value))
    except (TypeError, ValueError, OverflowError):
        return _plain(value)
    return format_date(local, "j M Y, H:i T")


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _strings(value: Any) -> list[str]:
    """Return the words of a list, whatever an event holds; pairs as "code name"."""
    items = value if isinstance(value, list) else []
    return [" ".join(map(str, item)) if isinstance(item, list) else str(item) for item in items]


def _set(label: str, before: list[str], after: list[str]) -> str:
    """Tell what came to a list of words and what went; if nothing did, its new order."""
    came = [item for item in after if item not in set(before)]
    went = [item for item in before if item not in set(after)]
    if not came and not went:
        return f"{label} in a new order: {_some(after)}"
    moved = [f"+ {item}" for item in came] + [f"{MINUS} {item}" for item in went]
    return f"{label}: {_some(moved)}"


def _entries(value: Any) -> dict[str, tuple[str, Any]]:
    """Return the entries of a list by what makes them the same, with their titles."""
    found = {}
    for item in value if isinstance(value, list) else []:
        entry = item if isinstance(item, dict) else {"title": str(item)}
        key = str(entry.get("web_url") or entry.get("url") or entry.get("title") or entry.get("file"))
        if "file" in entry:  # a logo: one address may name several sizes
            key = f"{key} {entry.get('width')}×{entry.get('height')}"
        title = f"“{_cut(str(entry['title']))}”" if entry.get("title") else _cut(key)
        found[key] = (title, {name: each for name, each in entry.items() if name != "target_id"})
    return found


def _items(label: str, before: dict[str, tuple[str, Any]], after: dict[str, tuple[str, Any]]) -> str:
    came = [title for key, (title, _) in after.items() if key not in before]
    went = [title for key, (title, _) in before.items() if key not in after]
    other = [title for key, (title, entry) in after.items() if key in before and before[key][1] != entry]
    parts = [
        f"{len(titles)} {what} ({_some(titles)})"
        for what, titles in (("came", came), ("went", went), ("changed", other))
        if titles
    ]
    return f"{label}: {', '.join(parts)}" if parts else f"{label} in a new order"


def _some(items: Sequence[str]) -> str:
    shown = ", ".join(_cut(item) for item in items[:ITEMS_SHOWN])
    more = len(items) - ITEMS_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _cut(text: str) -> str:
    return text if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]} …"
