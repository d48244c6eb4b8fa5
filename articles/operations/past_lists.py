"""Lists of articles as the log has them: topics by the names, and outlets by the keys, that they had at the time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from articles.audit_log.events import DELETED
from articles.models import Event, Operation, Topic
from providers.models import Provider

from .renames import topic_renames

TOPICS, COVERAGE = "topics", "related"


def use_present_names(operation: Operation, events: Iterable[Event]) -> None:
    """Let events of the operation name topics as they are called now. Nothing is saved."""
    renames = topic_renames(operation)
    for event in events if renames else ():
        if event.field == TOPICS:
            event.before, event.after = (_renamed(names, renames) for names in (event.before, event.after))
        elif event.field == DELETED:
            event.before["lists"][TOPICS] = _renamed(event.before["lists"][TOPICS], renames)


def obstacles(lists: Sequence[tuple[str, Sequence[Any]]]) -> list[str]:
    """Return of each list, with its name, why it can't be as it was: something in it was deleted. Empty if it can.

    Two queries.
    """
    names = {name for field, values in lists if field == TOPICS for name in values}
    outlets = {value["provider_id"] for field, values in lists if field == COVERAGE for value in values}
    names -= set(Topic.objects.filter(name__listed=names).values_list("name", flat=True)) if names else set()
    outlets -= Provider.objects.only("pk").in_bulk(outlets).keys()

    def reason(field: str, values: Sequence[Any]) -> str:
        if field == TOPICS and (missing := [name for name in values if name in names]):
            return _("the topic “%(topic)s” was deleted since") % {"topic": missing[0]}
        if field == COVERAGE and any(value["provider_id"] in outlets for value in values):
            return _("an outlet of this coverage was deleted since")
        return ""

    return [reason(*each) for each in lists]


def obstacle(field: str, values: Sequence[Any] | None) -> str:
    """Return the same of one list."""
    return obstacles([(field, values or [])])[0]


def _renamed(names: Sequence[str] | None, renames: Mapping[str, str]) -> list[str]:
    return [renames.get(name, name) for name in names or ()]
