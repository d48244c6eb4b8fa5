"""Events in words for editors: "heat 40 → 65", "topics: + AI, − Health".

No I/O; it depends only on its arguments and the site's time zone. Fields that only describe the form of a document are
left out. Nothing here is markup: templates escape it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from articles.audit_log.events import CREATED, DELETED, PIN_PREFIX, RULES, TAKEN_DOWN
from articles.models import Event, Operation, Subject, Verb
from articles.models.field_labels import field_label
from articles.operations.results import number_of_articles, number_of_stories
from articles.rules import permissions
from articles.rules.scoring import FOLDED_HEAT
from articles.rules.states import SPIKE_REASON_LABELS, decision_label
from articles.rules.undo_permissions import MODEL_BY_LIST, PERMISSION_BY_FIELD, list_permissions
from config.times import format_time
from website.links import SECTIONS, LinkEntry, row_of

from .text_diff import Segment, abbreviate, diff_words

NOTHING = "–"
MINUS = "\u2212"
ITEMS_MAX = 8  # of those added to a list or removed from it
VALUE_MAX = 200  # characters
# Of no interest to editors: the form of documents, and derived values.
HIDDEN_FIELDS = {
    "dialect",
    "extra",
    "layout",
    "document_scores",
    "pairings",
    "refusals",
    "registry_id",
    "registry_name",
}
TEXT_FIELDS = {"title", "excerpt", "body", "featured_content", "note", "footer_text"}
URL_FIELDS = {"web_url", "original_url", "amp_url", "cdn_amp_url"}
TIME_FIELDS = {"published_at", "publish_at", "unpublish_at", "pick_until"}
SubjectKey = tuple[str, int]  # subject and primary key of a row
Names = Mapping[SubjectKey, str]  # the present names of rows that events refer to; one that is missing was deleted
DELETED_NOUNS: dict[str, Promise] = {
    Subject.ARTICLE: gettext_lazy("a deleted article"),
    Subject.PROVIDER: gettext_lazy("a deleted outlet"),
    Subject.TOPIC: gettext_lazy("a deleted topic"),
    Subject.PAGE: gettext_lazy("a deleted page"),
}
# Fields that hold the key of a row.
FOREIGN_KEYS = {"lead_id": Subject.ARTICLE, "provider_id": Subject.PROVIDER, "parent_id": Subject.TOPIC}
LINK_LABELS = {"menu": gettext_lazy("menu"), "footer_links": gettext_lazy("links in the footer")}
PICTURE_LABELS = {"logo": gettext_lazy("logo"), "icon": gettext_lazy("icon")}  # of the site
LIST_LABELS = {"images": gettext_lazy("pictures"), "logos": gettext_lazy("logos"), "related": gettext_lazy("coverage")}
WORD_LIST_LABELS = {
    "topics": gettext_lazy("topics"),
    "tags": gettext_lazy("places"),
    "keywords": gettext_lazy("keywords"),
    "hashtags": gettext_lazy("hashtags"),
    "services": gettext_lazy("services"),
}
LABELS = {
    **LIST_LABELS,
    **LINK_LABELS,
    "accent": gettext_lazy("accent colour"),
    "accent_dark": gettext_lazy("accent colour on the dark background"),
    **WORD_LIST_LABELS,
    "published_at": gettext_lazy("publication time"),
    "provider_id": gettext_lazy("outlet"),
    "parent_id": gettext_lazy("parent"),
    "lead_id": gettext_lazy("story"),
    "previous_lead": gettext_lazy("previous lead"),
    "same_event_as": gettext_lazy("awaited answer"),
    "web_url": gettext_lazy("URL"),
    "original_url": gettext_lazy("original URL"),
    "amp_url": gettext_lazy("AMP URL"),
    "cdn_amp_url": gettext_lazy("AMP cache URL"),
    "publish_at": gettext_lazy("time to publish"),
    "unpublish_at": gettext_lazy("time to unpublish"),
    "pick_until": gettext_lazy("end of the pick"),
    "pick_place": gettext_lazy("place on the front page"),
    "spike_reason": gettext_lazy("reason"),
    "claim": gettext_lazy("claim"),
    "lead": gettext_lazy("story"),
}
SUBJECT_NOUNS: dict[str, str | Promise] = {
    Subject.PROVIDER: gettext_lazy("an outlet"),
    Subject.TOPIC: gettext_lazy("a topic"),
    Subject.PAGE: gettext_lazy("a page"),
    Subject.LOOK: gettext_lazy("the look of the site"),
}
# Decided on stories at the desk, which counts them as stories.
STORY_VERBS = {
    Verb.PUBLISH, Verb.HOLD, Verb.UNPUBLISH, Verb.SPIKE, Verb.REOPEN, Verb.SCHEDULE, Verb.SCORE,
    Verb.PICK, Verb.END_PICK, Verb.PLACE, Verb.KEEP_OFF, Verb.ALLOW_ON, Verb.CLAIM, Verb.HAND_OVER, Verb.RELEASE,
}  # fmt: skip
# What was done by verbs that don't stand before the number alone.
OPERATION_TEXTS: dict[str, Promise] = {
    Verb.MAKE_LEAD: gettext_lazy("made a lead; %(some)s changed"),
    Verb.MERGE: gettext_lazy("merged stories (%(some)s)"),
    Verb.TAKE_DOWN: gettext_lazy("took down a picture of %(some)s for good"),
    Verb.TAKE_DOWN_STORY: gettext_lazy("took a story down for good"),
    Verb.END_PICK: gettext_lazy("ended the pick of %(some)s"),
    Verb.KEEP_OFF: gettext_lazy("kept %(some)s off the front page"),
    Verb.ALLOW_ON: gettext_lazy("allowed %(some)s on the front page"),
    Verb.INTAKE: gettext_lazy("took in %(some)s"),
}
FLAG_TEXTS = {
    "removed": (gettext_lazy("removed by its source"), gettext_lazy("no longer removed by its source")),
    "missing": (gettext_lazy("withdrawn: its document is missing"), gettext_lazy("its document is there again")),
    "stale": (gettext_lazy("its document has lost its scores"), gettext_lazy("its document has scores again")),
    "off_front": (gettext_lazy("kept off the front page"), gettext_lazy("allowed on the front page again")),
    "ambiguous": (gettext_lazy("listed by several leads"), gettext_lazy("no longer listed by several leads")),
}
# What is said while such a value is set, and once it is no longer.
WAITING_TEXTS = {
    "previous_lead": (
        gettext_lazy("leads the story since “%(value)s” was withdrawn, and waits for an editor"),
        gettext_lazy("no longer waits for an editor in place of a withdrawn lead"),
    ),
    "same_event_as": (
        gettext_lazy("waits for an answer: is it the same event as “%(value)s”?"),
        gettext_lazy("no longer waits for an answer about another story"),
    ),
    "claim": (gettext_lazy("claimed by %(value)s"), gettext_lazy("no longer claimed")),
}
RESTORABLE_FIELDS = (
    *TEXT_FIELDS, *URL_FIELDS, *TIME_FIELDS, "provider_id", "type", "category", "language", "tags", "topics", "quality",
    "heat", "state", "spike_reason", "removed", "pick_place", "off_front", "lead_id",
)  # fmt: skip
# The permission to restore each field, as in the admin's form; restoring "published" takes another one.
RESTORE_PERMISSIONS = {
    **{name: PERMISSION_BY_FIELD.get(name, permissions.PERMISSION_BY_ACTION["edit"]) for name in RESTORABLE_FIELDS},
    "images": "articles.change_articleimage",
    "related": "articles.change_relatedlink",
}


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One change in words; of a text, `segments` show how it changed word by word.

    To restore the former value: the key of the event, and the permission, empty if it can't be restored.
    """

    event: int
    field: str
    label: str
    words: str
    segments: Sequence[Segment] = ()
    restore_permission: str = ""


def describe_changes(events: Sequence[Event], names: Names, verb: str = "") -> list[ChangeLine]:
    """Return the changes of one operation to one row, the most important fields first."""
    forgotten = [event for event in events if event.field != DELETED and event.is_forgotten]
    if forgotten:
        return [ChangeLine(forgotten[0].pk, "", "", _("Its words were removed when the story was taken down."))]
    by_field = {event.field: event for event in events}
    lines = [_change_line(event, by_field, names, verb) for event in events if not _is_redundant(event, by_field)]
    lines += _pin_lines([event for event in events if event.field.startswith(PIN_PREFIX)])
    order = {name: place for place, name in enumerate((CREATED, DELETED, "state", "title", "excerpt", "lead_id"))}
    return sorted(lines, key=lambda line: order.get(line.field, len(order) + line.field.startswith(PIN_PREFIX)))


def referenced_keys(events: Iterable[Event]) -> set[SubjectKey]:
    """Return the rows whose names these events need."""
    keys: set[SubjectKey] = set()
    for event in events:
        values = (event.before, event.after)
        if event.field in LINK_LABELS:
            rows = [row_of(entry["target"]) for entries in values for entry in _links(entries)]
            keys.update(row for row in rows if row)
        if event.field in FOREIGN_KEYS:
            keys.update((FOREIGN_KEYS[event.field], pk) for pk in values if isinstance(pk, int))
    return keys


def label_of(name: str) -> str:
    """Return what editors call a field."""
    return str(LABELS.get(name) or field_label(name))


def pin_label(name: str) -> str:
    """Return what editors call a pinned field."""
    return label_of("state" if name == "published" else name)


def describe_operation(operation: Operation, subject: str = "", direct: int = 0) -> str:
    """Return what was done to rows of this subject, as in "spiked 3 stories".

    `direct` is the number of articles that it was done to; others only changed as a result. 0: it isn't known.
    """
    verb, number = operation.get_verb_display(), operation.articles
    if 0 < direct < number:
        text = _("%(verb)s %(what)s; %(others)s more changed")
        return text % {"verb": verb, "what": count_text(operation.verb, direct), "others": f"{number - direct:,}"}
    noun = str(SUBJECT_NOUNS.get(subject, ""))
    some = count_text(operation.verb, number) if number else noun
    if operation.verb in OPERATION_TEXTS:
        return OPERATION_TEXTS[operation.verb] % {"some": some}
    match operation.verb:
        case Verb.ADD if subject == Subject.LOOK:  # a page was added, and put into the footer
            return _("edited %(noun)s") % {"noun": noun}
        case Verb.DELETE if noun:
            text = _("deleted %(noun)s; %(some)s changed") if number else _("deleted %(noun)s")
            return text % {"noun": noun, "some": some}
        case Verb.TAKE_OUT:
            text = ngettext(
                "took %(number)s article out of its story", "took %(number)s articles out of their stories", number
            )
            return text % {"number": f"{number:,}"}
        case Verb.POLICY:
            return _("changed the policy; %(some)s changed") % {"some": some} if some else _("changed the policy")
        case Verb.PLACE if number > 1:
            return _("put %(some)s in order on the front page") % {"some": some}
        case Verb.PLACE:
            return _("placed %(some)s on the front page") % {"some": some}
        case Verb.UNDO:
            undone = _("undid an operation")
            if operation.undoes_id:
                undone = _("undid operation %(number)s") % {"number": operation.undoes_id}
            return _("%(undone)s: %(some)s") % {"undone": undone, "some": some} if some else undone
    return (_("%(verb)s %(what)s") % {"verb": verb, "what": some}).strip()


def reason_text(spike_reason: str, words: str) -> str:
    """Return why something was done: the reason that stories were spiked for, if they were, and the words given."""
    return ": ".join(filter(None, (str(SPIKE_REASON_LABELS.get(spike_reason, spike_reason)), words)))


def count_text(verb: str, number: int) -> str:
    """Return the number of what an operation of this kind was done to, as in "3 stories"."""
    return number_of_stories(number) if verb in STORY_VERBS else number_of_articles(number)


def _is_redundant(event: Event, by_field: Mapping[str, Event]) -> bool:
    """Return whether the event says nothing to editors, or another one of the operation says it better."""
    if event.field in HIDDEN_FIELDS or event.field.startswith(PIN_PREFIX):
        return True
    if event.field == "published":
        return "state" in by_field
    if event.field == RULES:  # of a story that was taken down, it says nothing any more
        return event.before is None and event.after is None
    return event.field == "spike_reason" and "state" in by_field


def _change_line(event: Event, by_field: Mapping[str, Event], names: Names, verb: str) -> ChangeLine:
    words = _describe(event, by_field, names, verb)
    segments: list[Segment] = []
    if event.field in TEXT_FIELDS:
        segments = abbreviate(diff_words(str(event.before or ""), str(event.after or "")))
    return ChangeLine(event.pk, event.field, label_of(event.field), words, segments, restore_permission(event))


def _describe(event: Event, by_field: Mapping[str, Event], names: Names, verb: str) -> str:
    name = event.field
    if name == CREATED:
        return _("restored") if verb == Verb.UNDO else _("added")
    if name == DELETED:
        return _("deleted")
    if name == TAKEN_DOWN:
        return _("taken down for good")
    before, after = event.before, event.after
    if name == RULES:
        return (
            _("rules applied: %(rules)s") % {"rules": "; ".join(_strings(after))} if after else _("no rule applies now")
        )
    if name == "state":
        reason = by_field.get("spike_reason")
        was = f"{before}: {reason.before}" if reason and reason.before else str(before)
        now = f"{after}: {reason.after}" if reason and reason.after else str(after)
        return _("%(now)s (was %(before)s)") % {"now": decision_label(now), "before": decision_label(was)}
    if name == "picture":
        return _("picture taken down for good: %(url)s") % {"url": before}
    if name == "lead_id" and after is None:
        return _("no longer folded under “%(lead)s”") % {"lead": _name(names, FOREIGN_KEYS[name], before)}
    if name == "lead_id":
        if before is None:
            return _("folded under “%(lead)s”") % {"lead": _name(names, FOREIGN_KEYS[name], after)}
        values = {"lead": _name(names, FOREIGN_KEYS[name], after), "former": _name(names, FOREIGN_KEYS[name], before)}
        return _("folded under “%(lead)s” instead of “%(former)s”") % values
    if name in FLAG_TEXTS:
        return str(FLAG_TEXTS[name][0 if after else 1])
    if name in LIST_LABELS:
        return _describe_items(label_of(name), _by_identity(before), _by_identity(after))
    if name in WORD_LIST_LABELS:
        return _describe_words(label_of(name), _strings(before), _strings(after))
    if name in LINK_LABELS:
        return _describe_words(label_of(name), _link_names(before, names), _link_names(after, names))
    if name in PICTURE_LABELS:
        done = _("replaced") if before and after else _("added") if after else _("removed")
        return _("%(picture)s %(done)s") % {"picture": PICTURE_LABELS[name], "done": done}
    if name in WAITING_TEXTS and not (before and after):
        text = WAITING_TEXTS[name][0 if after else 1]
        return text % {"value": after}
    return _describe_value(label_of(name), _display_value(name, before, names), _display_value(name, after, names))


def _describe_value(label: str, before: str, after: str) -> str:
    """Return how a single value changed, was set, or was removed."""
    values = {"field": label, "before": before, "after": after}
    if before == NOTHING and after != NOTHING:
        return _("%(field)s set to %(after)s") % values
    if after == NOTHING and before != NOTHING:
        return _("%(field)s removed (was %(before)s)") % values
    return _("%(field)s %(before)s → %(after)s") % values


def _pin_lines(events: Sequence[Event]) -> list[ChangeLine]:
    """Return one line for all pins that were set, one for those removed, and one for each changed incoming value."""
    lines: dict[str, ChangeLine] = {}
    for event in events:
        name = pin_label(event.field.removeprefix(PIN_PREFIX))
        if event.before is not None and event.after is not None:
            label = _("%(field)s in its document") % {"field": name}
            before, after = (
                _display(value.get("wish") if isinstance(value, dict) else value)
                for value in (event.before, event.after)
            )
            words = f"{label}: {before} → {after}"
        else:
            label = _("pinned") if event.before is None else _("unpinned")
            words = f"{lines[label].words}, {name}" if label in lines else f"{label} {name}"
        lines[label] = ChangeLine(event.pk, event.field, label, words)
    return list(lines.values())


def restore_permission(event: Event) -> str:
    """Return the permission to restore the value before an event; empty if it can't be restored.

    Restoring pictures or coverage may need more than one: `restore_field.required_permissions` has all.
    """
    if event.subject != Subject.ARTICLE:
        return ""
    if event.field == "state" and event.before == "published":
        return permissions.PUBLISH
    if event.field in MODEL_BY_LIST:
        before, after = ([row for row in rows or [] if isinstance(row, dict)] for rows in (event.before, event.after))
        return min(list_permissions(event.field, before, after))
    return RESTORE_PERMISSIONS.get(event.field, "")


def _display_value(name: str, value: Any, names: Names) -> str:
    if value is None or value == "":
        return NOTHING
    if name in FOREIGN_KEYS:
        return f"“{_name(names, FOREIGN_KEYS[name], value)}”"
    if name in TIME_FIELDS:
        with suppress(TypeError, ValueError, OverflowError):  # whatever an event contains
            return format_time(datetime.fromisoformat(value))
    if name == "heat" and value == FOLDED_HEAT:
        return _("folded")
    return f"“{_display(value)}”" if name in TEXT_FIELDS else _display(value)


def _display(value: Any) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return str(value).replace("-", MINUS)
    return _truncate(", ".join(_strings(value)) if isinstance(value, list) else str(value)) or NOTHING


def _strings(value: Any) -> list[str]:
    """Return the words of a list, whatever an event contains; pairs as "code name"."""
    items = value if isinstance(value, list) else []
    return [" ".join(map(str, item)) if isinstance(item, list) else str(item) for item in items]


def _link_names(entries: Any, names: Names) -> list[str]:
    return [_link_name(entry, names) for entry in _links(entries)]


def _links(entries: Any) -> list[Any]:
    """Return the entries of a menu, whatever an event contains."""
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _link_name(entry: LinkEntry, names: Names) -> str:
    target = entry["target"]
    row = row_of(target)
    return entry["label"] or (_name(names, *row) if row else str(SECTIONS.get(target, target)))


def _name(names: Names, subject: str, pk: int) -> str:
    return names.get((subject, pk)) or str(DELETED_NOUNS[subject])


def _describe_words(label: str, before: list[str], after: list[str]) -> str:
    """Return which words were added and removed; if none, the new order."""
    added = [item for item in after if item not in set(before)]
    removed = [item for item in before if item not in set(after)]
    if not added and not removed:
        return _("%(label)s in a new order: %(items)s") % {"label": label, "items": _first_items(after)}
    moved = [f"+ {item}" for item in added] + [f"{MINUS} {item}" for item in removed]
    return f"{label}: {_first_items(moved)}"


def _by_identity(value: Any) -> dict[str, tuple[str, Any]]:
    """Return the entries of a list by what identifies them, each with its title."""
    entries = {}
    for item in value if isinstance(value, list) else []:
        entry = item if isinstance(item, dict) else {"title": str(item)}
        key = str(entry.get("web_url") or entry.get("url") or entry.get("title") or entry.get("file"))
        if "file" in entry:  # a logo: one URL may have several sizes
            key = f"{key} {entry.get('width')}×{entry.get('height')}"
        title = f"“{_truncate(str(entry['title']))}”" if entry.get("title") else _truncate(key)
        entries[key] = (title, {name: value for name, value in entry.items() if name != "target_id"})
    return entries


def _describe_items(label: str, before: dict[str, tuple[str, Any]], after: dict[str, tuple[str, Any]]) -> str:
    added = [title for key, (title, _entry) in after.items() if key not in before]
    removed = [title for key, (title, _entry) in before.items() if key not in after]
    changed = [title for key, (title, entry) in after.items() if key in before and before[key][1] != entry]
    counts = [(_("added"), added), (_("removed"), removed), (_("changed"), changed)]
    parts = [f"{len(titles)} {what} ({_first_items(titles)})" for what, titles in counts if titles]
    return f"{label}: {', '.join(parts)}" if parts else _("%(label)s in a new order") % {"label": label}


def _first_items(items: Sequence[str]) -> str:
    shown = ", ".join(_truncate(item) for item in items[:ITEMS_MAX])
    more = len(items) - ITEMS_MAX
    return _("%(shown)s and %(more)s more") % {"shown": shown, "more": more} if more > 0 else shown


def _truncate(text: str) -> str:
    return text if len(text) <= VALUE_MAX else f"{text[:VALUE_MAX]} …"
