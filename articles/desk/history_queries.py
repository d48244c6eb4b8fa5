"""The log, read for editors: operations with what they did, in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from django.db.models import Min, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone

from articles.audit_log.events import DELETED
from articles.models import Article, Event, Operation, Subject, Topic, Via
from providers.models import Provider

from .event_text import Names, Told, deed, keys_of, kind_of, told

PAGE_SIZE = 50
PEEK = 24  # events of an operation that a list looks at
TITLES = 3  # rows of an operation that a list names
MODELS = {"articles": (Article, "title"), "providers": (Provider, "name"), "topics": (Topic, "name")}
KINDS = {Subject.ARTICLE: "articles", Subject.PROVIDER: "providers", Subject.TOPIC: "topics"}
Key = tuple[str, int]  # of a row: its subject and its key
PAGES = {Subject.ARTICLE: "desk_article_history", Subject.PROVIDER: "desk_provider_history"}


@dataclass(frozen=True, slots=True)
class Row:
    """An article, an outlet, a topic or the policy, and what one operation did to it."""

    subject: str
    pk: int
    label: str
    told: Sequence[Told]
    exists: bool = True

    @property
    def kind(self) -> str:
        """What it is, as editors call it."""
        return kind_of(self.subject)

    @property
    def is_gone(self) -> bool:
        """Whether it was deleted by somebody else than the operation that this tells of."""
        return not self.exists and not any(line.field == DELETED for line in self.told)

    @property
    def history(self) -> str:
        """The address of its history, where it has one."""
        return reverse(PAGES[self.subject], args=[self.pk]) if self.subject in PAGES else ""


@dataclass(slots=True)
class Entry:
    """One operation in a list. `more` is how many articles it changed beside those of `rows`."""

    operation: Operation
    rows: list[Row] = field(default_factory=list)
    more: int = 0

    @property
    def deed(self) -> str:
        return deed(self.operation, self.rows[0].subject if self.rows else "")

    @property
    def day(self) -> date:
        return timezone.localdate(self.operation.at)

    @property
    def undone_by(self) -> int | None:
        """The operation that took this one back."""
        return self.operation.undone_pk

    @property
    def undone_who(self) -> str:
        return self.operation.undone_name or Via(self.operation.undone_via).label

    @property
    def told(self) -> list[Told]:
        return [line for row in self.rows for line in row.told]


def timeline(subject: str, pk: int, limit: int = 20, before: int | None = None) -> list[Entry]:
    """Return what was done to one row, newest first: at most three queries. `before` is an operation's key."""
    own = Event.objects.filter(subject=subject, subject_id=pk)
    if before is not None:
        own = own.filter(operation__lt=before)
    acts = own.order_by("-operation_id").values("operation_id").distinct()[:limit]
    rows = Event.objects.filter(subject=subject, subject_id=pk, operation__in=acts).select_related("operation")
    events = list(rows.annotate(**_undone("operation")).order_by("-operation_id", "pk"))
    names = names_in(events)
    by_operation: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        by_operation[event.operation_id].append(event)
    entries = []
    for own_events in by_operation.values():
        first = own_events[0]
        for name in _undone("operation"):
            setattr(first.operation, name, getattr(first, name))
        lines = told(own_events, names, first.operation.verb)
        entries.append(Entry(first.operation, [Row(subject, pk, first.label, lines)]))
    return entries


def operations_with_undoing() -> QuerySet[Operation]:
    """Return operations that know which other one took them back."""
    return Operation.objects.annotate(**_undone("pk")).select_related("undoes")


def recent(operations: QuerySet[Operation], size: int = PAGE_SIZE) -> list[Entry]:
    """Return the first operations with the names of some rows; with all that changed where it is a single row."""
    first = Event.objects.filter(operation=OuterRef("pk")).order_by().values("operation").annotate(first=Min("pk"))
    found = list(operations.annotate(first_event=Subquery(first.values("first")))[:size])
    # Events of an operation are written together: the keys after its first one are its own.
    starts = [each.first_event for each in found if each.first_event is not None]
    near = [pk for start in starts for pk in range(start, start + PEEK)]
    light = Event.objects.filter(pk__in=near, operation__in=[each.pk for each in found]).order_by("pk")
    by_operation: dict[int, dict[Key, list[Event]]] = defaultdict(dict)
    for event in light.defer("before", "after"):  # a deletion holds a whole article
        by_operation[event.operation_id].setdefault((event.subject, event.subject_id), []).append(event)
    single = [event.pk for rows in by_operation.values() if len(rows) == 1 for own in rows.values() for event in own]
    whole = Event.objects.exclude(field=DELETED).in_bulk(single)
    keys = [key for rows in by_operation.values() for key in rows]
    names = names_in(whole.values(), keys)
    entries = []
    for operation in found:
        rows = by_operation[operation.pk]
        shown = [
            Row(*key, own[-1].label, _lines(own, whole, names, operation, len(rows)), is_there(names, *key))
            for key, own in islice(rows.items(), TITLES)
        ]
        more = operation.articles - sum(row.subject == Subject.ARTICLE for row in shown)
        entries.append(Entry(operation, shown, max(more, 0)))
    return entries


def rows_of(operation: Operation, after: Key | None, size: int = PAGE_SIZE) -> tuple[list[Row], Key | None]:
    """Return what an operation did, row by row after the key `after`; and the key where the next page starts."""
    own = operation.events.order_by("subject", "subject_id")
    if after is not None:
        own = own.filter(Q(subject__gt=after[0]) | Q(subject=after[0], subject_id__gt=after[1]))
    keys = list(own.values_list("subject", "subject_id").distinct()[: size + 1])
    shown = keys[:size]
    by_row: dict[Key, list[Event]] = {key: [] for key in shown}
    if shown:
        ids = {pk for _, pk in shown}
        for event in operation.events.filter(subject__in={each for each, _ in shown}, subject_id__in=ids).order_by(
            "pk"
        ):
            by_row.get((event.subject, event.subject_id), []).append(event)
    names = names_in((event for events in by_row.values() for event in events), shown)
    rows = [
        Row(*key, events[-1].label, told(events, names, operation.verb), is_there(names, *key))
        for key, events in by_row.items()
    ]
    return rows, shown[-1] if len(keys) > size else None


def names_in(events: Iterable[Event], rows: Iterable[Key] = ()) -> Names:
    """Return what the rows and the keys in events are called now: one query for each kind that occurs."""
    wanted = keys_of(events)
    for subject, pk in rows:
        if subject in KINDS:
            wanted[KINDS[subject]].add(pk)
    found: dict[str, dict[int, str]] = {}
    for kind, ids in wanted.items():
        model, column = MODELS[kind]
        found[kind] = (
            dict(model._default_manager.filter(pk__in=ids).order_by().values_list("pk", column)) if ids else {}
        )
    return Names(**found)


def is_there(names: Names, subject: str, pk: int) -> bool:
    """Return whether a row that `names` was asked for is still there."""
    return subject not in KINDS or pk in getattr(names, KINDS[subject])


def _lines(
    events: Sequence[Event], whole: Mapping[int, Event], names: Names, operation: Operation, rows: int
) -> list[Told]:
    return told([whole.get(event.pk, event) for event in events], names, operation.verb) if rows == 1 else []


def _undone(operation: str) -> dict[str, Subquery]:
    newest = Operation.objects.filter(undoes=OuterRef(operation)).order_by("-pk")
    columns = {"undone_pk": "pk", "undone_name": "actor_name", "undone_via": "via"}
    return {name: Subquery(newest.values(column)[:1]) for name, column in columns.items()}
