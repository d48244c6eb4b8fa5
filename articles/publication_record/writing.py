"""Write the periods in which readers see articles, at the end of the operation that changes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, models
from django.db.models import Exists, F, OuterRef, Q, Value

from articles.db.bulk import KEYS_CHUNK, BulkTable, chunked, ids_between_or_in, time_value
from articles.models import Appearance, Article, ArticleTopic, Operation, RelatedLink
from articles.models.related import outlet_count
from articles.rules.appearances import Period, RecordedPeriod, Revision, Shown, periods_on_site, revise_record

# Fields whose change readers or clients of the API notice, beside those of `rules.appearances.Shown`.
CONTENT_FIELDS = frozenset(
    {"title", "excerpt", "type", "category", "original_url", "web_url", "amp_url", "cdn_amp_url", "featured_content"}
    | {"tags", "topics", "images", "logos"}
)
# An operation is stored later than its time says, and clocks differ. So soon before it, a planned start or end that is
# called off may have happened for somebody, and leaves its row.
CLOCK_TOLERANCE = timedelta(hours=1)

_COLUMNS = (
    *("article_id", "name", "provider_id", "starts_at", "ends_at", "scheduled_start", "scheduled_end"),
    *("published_at", "listed_at", "rank", "heat", "outlets", "pick", "pick_place", "off_front"),
    *("version", "began_by", "ended_by"),
)
APPEARANCES = BulkTable(Appearance, *_COLUMNS)


class Plan(NamedTuple):
    """When readers see an article from now on."""

    name: str
    version: int
    periods: tuple[Period, ...]


class AppearanceWriter:
    """Collect the articles that an operation changes for readers, and write their periods at its end."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._ids: set[int] = set()
        self._created_ids: set[int] = set()
        self._changed_ids: set[int] = set()
        self._renamed: list[Q] = []

    def note(self, ids: Iterable[int]) -> None:
        """Note articles that readers may see differently."""
        self._ids.update(ids)

    def note_created(self, ids: Iterable[int]) -> None:
        self._created_ids.update(ids)

    def note_change(self, article_id: int, field: str) -> None:
        self._ids.add(article_id)
        if field in CONTENT_FIELDS:
            self._changed_ids.add(article_id)

    def note_renamed_provider(self, provider_id: int) -> None:
        self._renamed.append(Q(provider_id=provider_id))

    def note_renamed_topic(self, topic_id: int) -> None:
        articles = ArticleTopic.objects.filter(tag=topic_id).order_by().values("content_object")
        self._renamed.append(Q(article_id__in=articles))

    def discard(self) -> None:
        """Forget the noted articles: the caller has another operation write their periods."""
        self._ids.clear()
        self._created_ids.clear()

    def write(self, operation: Operation | None) -> None:
        """Write the periods of the noted articles and of those that list them, whose coverage may have changed."""
        listed_by: set[int] = set()
        for ids in chunked(sorted(self._ids | self._created_ids), KEYS_CHUNK):
            links = RelatedLink.objects.filter(ids_between_or_in("target", ids), article__public=True).order_by()
            listed_by.update(links.values_list("article", flat=True))
        begun: set[int] = set()
        for ids in chunked(sorted(self._created_ids), KEYS_CHUNK):
            begun.update(_begin_periods(ids, operation, self.now))
        for ids in chunked(sorted((self._ids | self._created_ids | listed_by) - begun)):
            record_appearances(ids, operation, self.now, changed_ids=self._changed_ids)
        for condition in self._renamed:
            _restart_periods(condition, operation, self.now)


def record_appearances(
    ids: Sequence[int], operation: Operation | None, now: datetime, *, changed_ids: Collection[int] = frozenset()
) -> None:
    """Make the record of these articles say what readers see from `now` on. At most five queries.

    `changed_ids` are those whose words, pictures or topics `operation` has changed.
    """
    batch = _Batch(operation, now)
    for pk, plan, revision in find_revisions(ids, now, changed_ids=changed_ids):
        batch.add(pk, plan, revision)
    batch.write()


def find_revisions(
    ids: Sequence[int], now: datetime, *, changed_ids: Collection[int] = frozenset()
) -> list[tuple[int, Plan | None, Revision]]:
    """Return what has to change in the record of these articles; the right ones are left out. Two queries.

    The plan is None for an article that readers don't see and won't by any schedule.
    """
    plans, recorded = load_plans(ids, now), load_recorded(ids, now)
    revisions = []
    for pk in sorted(plans.keys() | recorded.keys()):
        plan = plans.get(pk)
        periods = plan.periods if plan else ()
        revision = revise_record(recorded.get(pk, ()), periods, now, is_changed=pk in changed_ids)
        if revision:
            revisions.append((pk, plan, revision))
    return revisions


def load_plans(ids: Sequence[int], now: datetime) -> dict[int, Plan]:
    """Return when readers see these articles from `now` on. One query."""
    articles = Article.objects.filter(pk__in=ids, public=True).order_by().annotate(outlets=outlet_count())
    columns = ("pk", "name", "version", "publish_at", "unpublish_at", "pick_until", "pick_place")
    shown = ("provider_id", "published_at", "listed_at", "hot", "heat", "outlets", "off_front")
    plans = {}
    for row in articles.values_list(*columns, *shown):
        pk, name, version, publish_at, unpublish_at, pick_until, pick_place, *values, off_front = row
        periods = periods_on_site(
            Shown(*values)._replace(off_front=off_front),
            publish_at=publish_at,
            unpublish_at=unpublish_at,
            pick_until=pick_until,
            pick_place=pick_place,
            now=now,
        )
        plans[pk] = Plan(name, version, periods)
    return plans


def load_recorded(ids: Sequence[int], now: datetime) -> dict[int, list[RecordedPeriod]]:
    """Return the recorded periods of these articles that are not over at `now`, oldest first. One query."""
    recorded: dict[int, list[RecordedPeriod]] = defaultdict(list)
    for row in Appearance.objects.filter(article_id__in=ids).not_over(now).order_by("starts_at", "pk"):
        recorded[row.article_id].append(row.recorded_period)
    return recorded


class _Batch:
    """The rows to insert, update and delete for some articles."""

    def __init__(self, operation: Operation | None, now: datetime) -> None:
        self.operation_id = operation.pk if operation else None
        self.now = now
        self.inserted: list[tuple[Any, ...]] = []
        self.new_ends: list[tuple[Any, ...]] = []
        self.deleted: list[int] = []

    def add(self, pk: int, plan: Plan | None, revision: Revision) -> None:
        for entry in revision.ended:
            self._end(entry, max(self.now, entry.period.starts_at))
        for entry in revision.called_off:
            if entry.period.starts_at - self.now < CLOCK_TOLERANCE:
                self._end(entry, entry.period.starts_at)
            else:
                self.deleted.append(entry.key)
        opened = list(revision.opened)
        for entry, ends_at in revision.moved_ends:
            before = entry.period.ends_at
            if before is not None and before - self.now < CLOCK_TOLERANCE:
                self._end(entry, max(self.now, entry.period.starts_at))
                opened.append(Period(self.now, ends_at, entry.period.shown))
            else:
                self._end(entry, ends_at, is_scheduled=ends_at is not None)
        if plan is not None:
            self.inserted += [self._row(pk, plan, period) for period in opened]

    def _end(self, entry: RecordedPeriod, ends_at: datetime | None, *, is_scheduled: bool = False) -> None:
        ended_by = None if ends_at is None else self.operation_id
        self.new_ends.append((ends_at and time_value(ends_at), is_scheduled, ended_by, entry.key))

    def _row(self, pk: int, plan: Plan, period: Period) -> tuple[Any, ...]:
        starts_at, ends_at, shown = period
        return (
            pk,
            plan.name,
            shown.provider,
            time_value(starts_at),
            ends_at and time_value(ends_at),
            starts_at > self.now,
            ends_at is not None,
            time_value(shown.published_at),
            shown.listed_at and time_value(shown.listed_at),
            shown.rank,
            shown.heat,
            shown.outlets,
            shown.pick,
            shown.pick_place,
            shown.off_front,
            plan.version,
            self.operation_id,
            None if ends_at is None else self.operation_id,
        )

    def write(self) -> None:
        if self.deleted:
            Appearance.objects.filter(pk__in=self.deleted).delete()
        APPEARANCES.update(["ends_at", "scheduled_end", "ended_by"], self.new_ends)
        APPEARANCES.insert(self.inserted)


def _begin_periods(ids: Sequence[int], operation: Operation | None, now: datetime) -> set[int]:
    """Write the period of each of these new articles that has no plan but to stay as readers see it from `now` on.

    Return those for which nothing else has to be written. Two statements: an import brings very many. Others among
    them in the order of keys have a record, or readers don't see them.
    """
    recorded = Appearance.objects.filter(article_id=OuterRef("pk")).order_by()
    created = Article.objects.filter(~Exists(recorded), ids_between_or_in("pk", ids))
    unplanned = created.filter(publish_at=None, unpublish_at=None, pick_until=None)
    values = {
        "article_id": F("pk"),
        "starts_at": Value(now, models.DateTimeField()),
        "ends_at": Value(None, models.DateTimeField()),
        "scheduled_start": Value(False, models.BooleanField()),
        "scheduled_end": Value(False, models.BooleanField()),
        "rank": F("hot"),
        "outlets": outlet_count(),
        "pick": Value(False, models.BooleanField()),
        "pick_place": Value(None, models.SmallIntegerField()),
        "began_by": Value(operation.pk if operation else None, models.BigIntegerField()),
        "ended_by": Value(None, models.BigIntegerField()),
    }
    begun = set(unplanned.order_by().values_list("pk", flat=True))
    _insert_selected(unplanned.filter(public=True).order_by("pk"), values)
    return begun


def _restart_periods(condition: Q, operation: Operation | None, now: datetime) -> None:
    """End the periods that hold, and begin the same again: what they show of an outlet or a topic has a new name.

    Two statements, because an outlet or a topic may have very many articles.
    """
    holding = Appearance.objects.filter(condition).holding(now).filter(starts_at__lt=now)
    operation_id = operation.pk if operation else None
    replaced = {
        "starts_at": Value(now, models.DateTimeField()),
        "scheduled_start": Value(False, models.BooleanField()),
        "began_by": Value(operation_id, models.BigIntegerField()),
    }
    _insert_selected(holding.order_by("article_id"), replaced)
    holding.update(ends_at=now, scheduled_end=False, ended_by=operation_id)


def _insert_selected(rows: models.QuerySet[Any], values: Mapping[str, Any]) -> None:
    """Insert a period for each of `rows`, with their values where `values` has no other. One statement."""
    selected = rows.values_list(*(values.get(name, F(name)) for name in _COLUMNS))
    sql, params = selected.query.sql_with_params()
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(Appearance._meta.get_field(name).column)) for name in _COLUMNS)  # type: ignore[union-attr]
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {quote(Appearance._meta.db_table)} ({columns}) {sql}", params)
