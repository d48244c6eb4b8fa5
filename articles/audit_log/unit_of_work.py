"""One act of the newsroom while it happens: the rows it works on, as they were and as they become.

`act()` opens a transaction and yields an `Act`. The verbs of `operations.py` load articles through it and change
them in memory; when the act ends, it writes what changed, with one operation and one event for each field. Acts
inside an act belong to it, so a form that scores and publishes is one operation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from articles.db.bulk import BulkTable, chunked
from articles.models import Article, ArticleTopic, Event, Operation, Policies, Subject, Verb, Via
from articles.models.derived import DERIVED_FIELDS, refresh_derived_fields
from articles.models.image import failed_among
from articles.rules.scoring import Policy
from articles.rules.states import State

from . import snapshots

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# What a document or an editor decides of an article, beside its lists and pins: each change is an event.
LOGGED_FIELDS = (
    "title",
    "excerpt",
    "published_at",
    "provider_id",
    "type",
    "category",
    "original_url",
    "web_url",
    "amp_url",
    "cdn_amp_url",
    "featured_content",
    "tags",
    "body",
    "quality",
    "heat",
    "published",
    "state",
    "spike_reason",
    "publish_at",
    "unpublish_at",
    "pick_until",
    "removed",
    "missing",
    "stale",
    "engagement",
    "lead_id",
    "ambiguous",
    "dialect",
    "extra",
    "layout",
)
# What is written beside them, but is nobody's decision.
WRITTEN_FIELDS = (
    *LOGGED_FIELDS,
    *(name for name in DERIVED_FIELDS if name not in LOGGED_FIELDS),
    "pins",
    "wishes",
    "picture_count",
)
UNLOGGED_FIELDS = (
    "twin",
    "secured",
    "content_hash",
    "picture_failed",
)  # written too; no change of the article as editors know it
FLUSH_THRESHOLD = 1000  # an act that holds more articles than these writes them and goes on
CREATED, DELETED = "created", "deleted"  # the events of whole rows
PIN_PREFIX = "pin "  # before the field's name: the event of a pin

ARTICLES = BulkTable(Article)
EVENTS = BulkTable(Event, "operation", "subject", "subject_id", "label", "field", "before", "after", "version")

_current: ContextVar[UnitOfWork | None] = ContextVar("current act", default=None)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, through which door, and why."""

    user: User | None = None
    via: str = Via.SYSTEM
    reason: str = ""


SYSTEM_ACTOR = Actor()


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of one article before and after; lists and pins included."""

    subject_id: int
    label: str
    field: str
    before: Any
    after: Any
    version: int = 0
    subject: str = Subject.ARTICLE


@contextmanager
def unit_of_work(verb: Verb, by: Actor = SYSTEM_ACTOR) -> Iterator[UnitOfWork]:
    """Yield the act under way, or begin one: a transaction that ends with its operation in the log."""
    uow = _current.get()
    if uow is not None:
        yield uow
        return
    with transaction.atomic():
        begun = UnitOfWork(verb, by)
        token = _current.set(begun)
        try:
            yield begun
            begun.flush()
        finally:
            _current.reset(token)
        begun.finalize()


class UnitOfWork:
    """The articles of one operation. `operation` is None as long as nothing has changed."""

    def __init__(self, verb: Verb, by: Actor, policies: Policies | None = None) -> None:
        self.verb = verb
        self.actor = by
        self.policies = policies or Policies.load(exclusive=True)
        self.now: datetime = timezone.now()  # once the acts before are over, so that their times have their order
        self.operation: Operation | None = None
        self.undoes: Operation | None = None
        self.articles: dict[int, Article] = {}
        self.changes: list[FieldChange] = []  # those of the last flush and since
        self.created_ids: set[int] = set()
        self.relinked_ids: set[int] = set()  # articles whose links changed, so that their stories have to follow
        self.changed_ids: set[int] = set()
        self._original: dict[int, dict[str, Any]] = {}
        self._original_unlogged: dict[int, tuple[Any, ...]] = {}
        self._original_url_keys: dict[int, str] = {}
        self._original_lists: dict[tuple[int, str], Any] = {}
        self._topic_ids: dict[int, list[int]] = {}
        self._recorded: list[FieldChange] = []
        self._written_states: dict[int, str] = {}  # the states of rows that were written before the end of the act

    # Rows

    def load(self, ids: Iterable[int]) -> list[Article]:
        """Return these articles, locked, as this act has them; those that don't exist are left out."""
        wanted = list(dict.fromkeys(ids))
        missing = sorted(pk for pk in wanted if pk not in self.articles)
        for chunk in chunked(missing):
            self.adopt(Article.objects.select_for_update().filter(pk__in=chunk).order_by("pk"))
        return [self.articles[pk] for pk in wanted if pk in self.articles]

    def adopt(self, articles: Iterable[Article]) -> None:
        """Take over rows that were loaded for update; those that the act has already stay as it has them."""
        for article in articles:
            if article.pk not in self.articles:
                self.articles[article.pk] = article
                self._original[article.pk] = logged_values(article)
                self._original_unlogged[article.pk] = tuple(getattr(article, name) for name in UNLOGGED_FIELDS)
                self._original_url_keys.setdefault(article.pk, article.url_key)

    def track_lists(self, ids: Collection[int], *names: str) -> None:
        """Remember these lists of the articles (see `listings.NAMES`) before somebody changes their rows."""
        for name in names:
            unknown = [pk for pk in ids if (pk, name) not in self._original_lists]
            for pk, value in snapshots.read_list(unknown, name).items():
                self._original_lists[pk, name] = value
            if name == "topics":
                for pk in unknown:
                    self._topic_ids.pop(pk, None)

    def policy_for(self, article: Article) -> Policy:
        """Return the policy for an article: that of its top-level topic, where there is one, else the site's."""
        return self.policies.of(self.topic_ids_of(article)) if self.policies.by_topic else self.policies.site

    def topic_ids_of(self, article: Article) -> Sequence[int]:
        """Return the topics of an article, in order; one query for all that the act holds."""
        if article.pk not in self._topic_ids:
            unknown = [pk for pk in self.articles if pk not in self._topic_ids] or [article.pk]
            self._topic_ids.update((pk, []) for pk in unknown)
            for chunk in chunked(unknown):
                topics = ArticleTopic.objects.filter(content_object__in=chunk).order_by("position", "pk")
                for pk, topic in topics.values_list("content_object", "tag"):
                    self._topic_ids[pk].append(topic)
        return self._topic_ids[article.pk]

    @staticmethod
    def current() -> UnitOfWork:
        """Return the act under way. Raises LookupError if there is none."""
        uow = _current.get()
        if uow is None:
            raise LookupError("No act is under way.")
        return uow

    def previous_url_keys(self, ids: Iterable[int]) -> set[str]:
        """Return the digests of the addresses that these articles had when the act loaded them."""
        return {self._original_url_keys[pk] for pk in ids if pk in self._original_url_keys}

    def untrack(self, pk: int) -> None:
        """Forget an article that is about to be deleted."""
        self.articles.pop(pk)
        for name in snapshots.LIST_NAMES:
            self._original_lists.pop((pk, name), None)

    def invalidate_topics(self, pk: int) -> None:
        """Read an article's topics anew before its policy is asked for: they have changed."""
        self._topic_ids.pop(pk, None)

    # What changed

    def changed_columns(self, ids: Iterable[int], names: Collection[str]) -> set[str]:
        """Return those columns of these articles that are not what they were when the act loaded them."""
        rows = [(self.articles[pk], self._original[pk]) for pk in ids if pk in self.articles]
        return {name for row, before in rows for name in names if to_event_value(getattr(row, name)) != before[name]}

    def record(self, change: FieldChange) -> None:
        """Log a change that was made elsewhere: of a created or deleted article, a provider, a topic, a policy."""
        self._recorded.append(change)

    def flush(self) -> None:
        """Write the rows that changed and log what did; forget all rows, so that long acts stay small."""
        changes, written = self._recorded, []
        for (pk, name), before in self._list_changes():
            after = self._original_lists[pk, name]
            article = self.articles.get(pk)
            if article is not None and pk not in self.created_ids:
                changes.append(FieldChange(pk, article.title, name, before, after, article.version + 1))
        listed = {change.subject_id for change in changes if change.subject == Subject.ARTICLE and change.version}
        listed = {
            pk for pk in listed if pk not in self.created_ids
        }  # what came back has the version that its event says
        for pk, article in self.articles.items():
            refresh_derived_fields(article, self.policy_for(article), self.now)
            own = [] if pk in self.created_ids else _field_changes(article, self._original[pk])
            changes += own
            if own or pk in listed:
                self._bump_version(article)
                written.append(article)
            elif self._needs_write(article):
                written.append(article)
        self._write(written)
        self._log(changes)
        self.changes = changes
        self._recorded = []
        self._original_lists.clear()
        self.articles, self._original, self._original_unlogged, self._topic_ids = {}, {}, {}, {}
        self._written_states.clear()

    def write_pending(self) -> None:
        """Write the rows as they are now, so that queries see them; they are logged when the act ends."""
        changed = [
            article
            for pk, article in self.articles.items()
            if pk in self._written_states or logged_values(article) != self._original[pk]
        ]
        for article in changed:
            refresh_derived_fields(article, self.policy_for(article), self.now)
        self._write(changed)
        self._written_states.update((article.pk, article.state) for article in changed)

    def flush_if_large(self) -> None:
        """Write and log what a long act holds, if it is a lot."""
        if len(self.articles) >= FLUSH_THRESHOLD:
            self.flush()

    def finalize(self) -> None:
        """Tell the operation how many articles it changed, where it was logged before all were known."""
        if self.operation and self.operation.articles != len(self.changed_ids):
            self.operation.articles = len(self.changed_ids)
            self.operation.save(update_fields=["articles"])

    def get_or_create_operation(self) -> Operation:
        """Return the act's operation, logged now if it wasn't."""
        if self.operation is None:
            self.operation = Operation.objects.create(
                verb=self.verb,
                via=self.actor.via,
                actor=self.actor.user,
                actor_name=self.actor.user.get_username() if self.actor.user else "",
                reason=self.actor.reason[:300],
                at=self.now,
                articles=len(self.changed_ids),
                undoes=self.undoes,
            )
        return self.operation

    def _needs_write(self, article: Article) -> bool:
        """Return whether the database may hold something else, although no event tells of the article."""
        untold = tuple(getattr(article, name) for name in UNLOGGED_FIELDS)
        return (
            article.pk in self._written_states
            or article.pk in self.created_ids
            or self._original_unlogged[article.pk] != untold
        )

    def _list_changes(self) -> list[tuple[tuple[int, str], Any]]:
        """Return the lists that changed, with what they were; what they are now is kept in their place."""
        by_name: dict[str, list[int]] = {}
        for pk, name in self._original_lists:
            by_name.setdefault(name, []).append(pk)
        changed = []
        for name, ids in by_name.items():
            now = snapshots.read_list(ids, name)
            for pk in ids:
                before = self._original_lists[pk, name]
                if not snapshots.equal_ignoring_targets(now[pk], before):
                    self._original_lists[pk, name] = now[pk]
                    changed.append(((pk, name), before))
            if name == "images":
                self._count_pictures({pk: len(now[pk]) for pk in ids if pk in self.articles})
        return changed

    def _count_pictures(self, numbers: dict[int, int]) -> None:
        failed = failed_among(numbers)
        for pk, number in numbers.items():
            self.articles[pk].picture_count = number
            self.articles[pk].picture_failed = pk in failed or None

    def _bump_version(self, article: Article) -> None:
        article.version += 1
        article.changed_at = self.now
        if self.actor.user is not None:
            article.editor_id = self.actor.user.pk

    def _write(self, articles: Sequence[Article]) -> None:
        if not articles:
            return
        if self.undoes is not None:
            self._step_through_undecided(articles)
        names = [*WRITTEN_FIELDS, *UNLOGGED_FIELDS, "version", "changed_at", "editor_id"]
        columns = {each.attname: each for each in Article._meta.concrete_fields}
        fields = [columns[name] for name in names]
        rows = [
            (*(field.get_db_prep_save(getattr(article, field.attname), connection) for field in fields), article.pk)
            for article in articles
        ]
        ARTICLES.update([field.name for field in fields], rows)
        self._sync_topic_dates(articles)

    def _sync_topic_dates(self, articles: Sequence[Article]) -> None:
        """Tell the topic lists of articles whose publication time changed."""
        for article in articles:
            if to_event_value(article.published_at) != self._original[article.pk]["published_at"]:
                ArticleTopic.objects.filter(content_object=article).update(published_at=article.published_at)

    def _step_through_undecided(self, articles: Sequence[Article]) -> None:
        """Take the step between that the database asks for where undoing leads from spiked to published or held."""
        spiked = [
            article.pk
            for article in articles
            if self._written_states.get(article.pk, self._original[article.pk]["state"]) == State.SPIKED
            and article.state not in (State.SPIKED, State.UNDECIDED)
        ]
        columns = ["state", "spike_reason", "published", "public"]
        ARTICLES.update(columns, [(State.UNDECIDED.value, "", False, False, pk) for pk in spiked])

    def _log(self, changes: Sequence[FieldChange]) -> None:
        if not changes:
            return
        self.changed_ids.update(change.subject_id for change in changes if change.subject == Subject.ARTICLE)
        operation = self.get_or_create_operation()
        EVENTS.insert(
            [
                (
                    operation.pk,
                    change.subject,
                    change.subject_id,
                    change.label[:300],
                    change.field,
                    snapshots.to_json(change.before),
                    snapshots.to_json(change.after),
                    change.version,
                )
                for change in changes
            ]
        )


def logged_values(article: Article) -> dict[str, Any]:
    """Return the article's tracked columns and its pins, in the form of events: JSON values."""
    found = {name: to_event_value(getattr(article, name)) for name in LOGGED_FIELDS}
    for name in article.pins:
        found[PIN_PREFIX + name] = {"wish": article.wishes[name]} if name in article.wishes else {}
    return found


def _field_changes(article: Article, before: dict[str, Any]) -> list[FieldChange]:
    after = logged_values(article)
    return [
        FieldChange(article.pk, article.title, name, before.get(name), after.get(name), article.version + 1)
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def to_event_value(value: Any) -> Any:
    """Return a value as events hold it: times as UTC text, rows by their keys."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.pk if isinstance(value, Model) else value


def log_created(ids: Collection[int], uow: UnitOfWork) -> None:
    """Log articles that came into being in this act, with one event each and no object for any of them."""
    uow.created_ids.update(ids)
    uow.changed_ids.update(ids)
    operation = uow.get_or_create_operation()
    quote = connection.ops.quote_name
    table, articles = quote(Event._meta.db_table), quote(Article._meta.db_table)
    for chunk in chunked(sorted(set(ids))):
        dense = len(chunk) > 1 and max(chunk) - min(chunk) == len(chunk) - 1
        wanted = "id BETWEEN %s AND %s" if dense else f"id IN ({', '.join(['%s'] * len(chunk))})"
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (operation_id, subject, subject_id, label, field, before, after, version) "  # noqa: S608
                f"SELECT %s, 'article', id, title, 'created', NULL, {_json_name()}, version "
                f"FROM {articles} WHERE {wanted} ORDER BY id",
                [operation.pk, *((min(chunk), max(chunk)) if dense else chunk)],
            )


def _json_name() -> str:
    """Return the SQL of an article's name as JSON; names have no character that JSON escapes."""
    return "to_jsonb(name::text)" if connection.vendor == "postgresql" else "json_quote(name)"
