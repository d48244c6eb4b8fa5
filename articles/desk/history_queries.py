"""Read the audit log for editors: operations with their changes, in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from django.db.models import Count, Min, Model, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from articles.audit_log.events import DELETED
from articles.models import Article, Event, Operation, Subject, Topic, Verb
from providers.models import Provider
from website.models import SitePage

from .event_text import (
    ChangeLine,
    Names,
    SubjectKey,
    describe_changes,
    describe_operation,
    reason_text,
    referenced_keys,
)

PAGE_SIZE = 50
COUNTED_VERBS = {Verb.DELETE, Verb.PUBLISH, Verb.HOLD, Verb.SPIKE, Verb.REOPEN, Verb.SCORE, Verb.EDIT, Verb.FOLD}
COUNTED_MAX = 100  # articles of an operation
EVENTS_READ = 24  # events of an operation that a list reads
ROWS_PER_ENTRY = 3  # rows of an operation that a list names
NAMED_MODELS: dict[str, tuple[type[Model], str]] = {  # with the column of the name
    Subject.ARTICLE: (Article, "title"),
    Subject.PROVIDER: (Provider, "name"),
    Subject.TOPIC: (Topic, "name"),
    Subject.PAGE: (SitePage, "title"),
}
HISTORY_URLS: dict[str, str] = {
    Subject.ARTICLE: "desk_article_history",
    Subject.PROVIDER: "desk_provider_history",
    Subject.PAGE: "desk_page_history",
    Subject.LOOK: "desk_look_history",
}


@dataclass(frozen=True, slots=True)
class SubjectChanges:
    """An article, outlet, topic or page, the policy or the look, and what one operation changed of it."""

    subject: str
    pk: int
    label: str
    changes: Sequence[ChangeLine]
    exists: bool = True

    @property
    def kind(self) -> str:
        """What editors call it."""
        return _("outlet") if self.subject == Subject.PROVIDER else str(Subject(self.subject).label)

    @property
    def is_gone(self) -> bool:
        """Whether another operation deleted it."""
        return not self.exists and not any(line.field == DELETED for line in self.changes)

    @property
    def history_url(self) -> str:
        """The URL of its history; empty if it has none."""
        return reverse(HISTORY_URLS[self.subject], args=[self.pk]) if self.subject in HISTORY_URLS else ""


@dataclass(slots=True)
class HistoryEntry:
    """One operation in a list. `more` is how many articles it changed besides those in `rows`."""

    operation: Operation
    rows: list[SubjectChanges] = field(default_factory=list)
    more: int = 0
    direct: int = 0  # articles that it was done to, if that was counted
    spike_reason: str = ""  # of many stories; of a single one, its change says it

    @property
    def summary(self) -> str:
        return describe_operation(self.operation, self.rows[0].subject if self.rows else "", self.direct)

    @property
    def reason(self) -> str:
        return reason_text(self.spike_reason, self.operation.reason)

    @property
    def day(self) -> date:
        return timezone.localdate(self.operation.at)

    @property
    def undone_by(self) -> Operation | None:
        return undone_by(self.operation)

    @property
    def changes(self) -> list[ChangeLine]:
        return [line for row in self.rows for line in row.changes]


def timeline(subject: str, pk: int, limit: int = 20, before: int = 0) -> list[HistoryEntry]:
    """Return what was done to one row, newest first, in a fixed number of queries. `before` is an operation's key."""
    of_row = Event.objects.filter(subject=subject, subject_id=pk)
    earlier = of_row.filter(operation__lt=before) if before else of_row
    newest = earlier.order_by("-operation_id").values("operation_id").distinct()[:limit]
    of_newest = of_row.filter(operation__in=newest).select_related("operation")
    events = list(of_newest.prefetch_related("operation__undone_by").order_by("-operation_id", "pk"))
    names = lookup_names(events)
    by_operation: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        by_operation[event.operation_id].append(event)
    entries = []
    for operation_events in by_operation.values():
        first = operation_events[0]
        lines = describe_changes(operation_events, names, first.operation.verb)
        entries.append(HistoryEntry(first.operation, [SubjectChanges(subject, pk, first.label, lines)]))
    return entries


def undone_by(operation: Operation) -> Operation | None:
    """Return the last operation that undid this one."""
    return next(iter(operation.undone_by.all()), None)


def recent_operations(operations: QuerySet[Operation], size: int = PAGE_SIZE) -> list[HistoryEntry]:
    """Return the first operations, each with the names of some rows, or with all changes if it is a single row."""
    first = Event.objects.filter(operation=OuterRef("pk")).order_by().values("operation").annotate(first=Min("pk"))
    operations = operations.prefetch_related("undone_by")
    listed = list(operations.annotate(first_event=Subquery(first.values("first")))[:size])
    # The events of an operation are written together, so the keys after its first one are likely its own.
    starts = [operation.first_event for operation in listed if operation.first_event is not None]
    near = [pk for start in starts for pk in range(start, start + EVENTS_READ)]
    light = Event.objects.filter(pk__in=near, operation__in=[operation.pk for operation in listed]).order_by("pk")
    by_operation: dict[int, dict[SubjectKey, list[Event]]] = defaultdict(dict)
    for event in light.defer("before", "after"):  # the event of a deletion contains the whole article
        by_operation[event.operation_id].setdefault((event.subject, event.subject_id), []).append(event)
    single = [
        event.pk for rows in by_operation.values() if len(rows) == 1 for events in rows.values() for event in events
    ]
    spiked = {
        operation.pk: event.pk
        for operation in listed
        if operation.verb == Verb.SPIKE and len(by_operation[operation.pk]) > 1
        for events in by_operation[operation.pk].values()
        for event in events
        if event.field == "spike_reason" and not event.derived
    }
    whole = Event.objects.exclude(field=DELETED).in_bulk([*single, *spiked.values()])
    keys = [key for rows in by_operation.values() for key in rows]
    names = lookup_names(whole.values(), keys)
    direct = direct_numbers(listed)
    entries = []
    for operation in listed:
        rows = by_operation[operation.pk]
        shown = []
        for key, events in islice(rows.items(), ROWS_PER_ENTRY):
            changes: Sequence[ChangeLine] = ()
            if len(rows) == 1:
                changes = describe_changes([whole.get(event.pk, event) for event in events], names, operation.verb)
            shown.append(SubjectChanges(*key, events[-1].label, changes, exists(names, *key)))
        more = operation.articles - sum(row.subject == Subject.ARTICLE for row in shown)
        spike_reason = str(whole[spiked[operation.pk]].after) if operation.pk in spiked else ""
        entries.append(HistoryEntry(operation, shown, max(more, 0), direct.get(operation.pk, 0), spike_reason))
    return entries


def direct_numbers(operations: Iterable[Operation]) -> dict[int, int]:
    """Return the number of articles that each operation was for, where others may have changed as a result.

    Operations on many articles are left out, because counting their events takes long. One query.
    """
    counted = [operation.pk for operation in operations if _is_counted(operation)]
    events = Event.objects.filter(operation__in=counted, subject=Subject.ARTICLE, derived=False).order_by()
    done_to = events.exclude(operation__verb=Verb.FOLD, field="related")  # of the story that they were folded into
    rows = done_to.values_list("operation").annotate(number=Count("subject_id", distinct=True))
    return dict(rows)


def _is_counted(operation: Operation) -> bool:
    return operation.verb in COUNTED_VERBS and 1 < operation.articles <= COUNTED_MAX


def changes_by_subject(
    operation: Operation, after: SubjectKey | None
) -> tuple[list[SubjectChanges], SubjectKey | None]:
    """Return what an operation changed, row by row after the key `after`, and the key before the next page."""
    events = operation.events.order_by("subject", "subject_id")
    if after is not None:
        events = events.filter(Q(subject__gt=after[0]) | Q(subject=after[0], subject_id__gt=after[1]))
    keys = list(events.values_list("subject", "subject_id").distinct()[: PAGE_SIZE + 1])
    shown = keys[:PAGE_SIZE]
    by_row: dict[SubjectKey, list[Event]] = {key: [] for key in shown}
    if shown:
        subjects, ids = {subject for subject, _ in shown}, {pk for _, pk in shown}
        for event in operation.events.filter(subject__in=subjects, subject_id__in=ids).order_by("pk"):
            by_row.get((event.subject, event.subject_id), []).append(event)
    names = lookup_names((event for events in by_row.values() for event in events), shown)
    rows = [
        SubjectChanges(*key, events[-1].label, describe_changes(events, names, operation.verb), exists(names, *key))
        for key, events in by_row.items()
    ]
    return rows, shown[-1] if len(keys) > PAGE_SIZE else None


def lookup_names(events: Iterable[Event], subject_keys: Iterable[SubjectKey] = ()) -> Names:
    """Return the present names of the rows and of those in events, in one query for each kind that occurs."""
    keys = referenced_keys(events).union(subject_keys)
    names: dict[SubjectKey, str] = {}
    for subject, (model, column) in NAMED_MODELS.items():
        if ids := [pk for kind, pk in keys if kind == subject]:
            rows = model._default_manager.filter(pk__in=ids).order_by().values_list("pk", column)
            names |= {(subject, pk): name for pk, name in rows}
    return names


def exists(names: Names, subject: str, pk: int) -> bool:
    """Return whether a row that was looked up still exists."""
    return subject not in NAMED_MODELS or (subject, pk) in names
