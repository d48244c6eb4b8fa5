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
from articles.models.derived import DERIVED_FIELDS, settle
from articles.models.image import failed_among
from articles.rules.scoring import Policy
from articles.rules.states import State

from . import snapshots

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# What a document or an editor decides of an article, beside its lists and pins: each change is an event.
TRACKED = (
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
WRITTEN = (*TRACKED, *(name for name in DERIVED_FIELDS if name not in TRACKED), "pins", "wishes", "picture_count")
UNTOLD = (
    "twin",
    "secured",
    "content_hash",
    "picture_failed",
)  # written too; no change of the article as editors know it
ROWS_HELD = 1000  # an act that holds more articles than these writes them and goes on
CREATED, DELETED = "created", "deleted"  # the events of whole rows
PIN = "pin "  # before the field's name: the event of a pin

ARTICLES = BulkTable(Article)
EVENTS = BulkTable(Event, "operation", "subject", "subject_id", "label", "field", "before", "after", "version")

_current: ContextVar[Act | None] = ContextVar("current act", default=None)


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, through which door, and why."""

    user: User | None = None
    via: str = Via.SYSTEM
    reason: str = ""


SYSTEM = By()


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one article before and after; lists and pins included."""

    subject_id: int
    label: str
    field: str
    before: Any
    after: Any
    version: int = 0
    subject: str = Subject.ARTICLE


@contextmanager
def act(verb: Verb, by: By = SYSTEM) -> Iterator[Act]:
    """Yield the act under way, or begin one: a transaction that ends with its operation in the log."""
    running = _current.get()
    if running is not None:
        yield running
        return
    with transaction.atomic():
        begun = Act(verb, by)
        token = _current.set(begun)
        try:
            yield begun
            begun.flush()
        finally:
            _current.reset(token)
        begun.close()


class Act:
    """The articles of one operation. `operation` is None as long as nothing has changed."""

    def __init__(self, verb: Verb, by: By, policies: Policies | None = None) -> None:
        self.verb = verb
        self.by = by
        self.policies = policies or Policies.load(exclusive=True)
        self.now: datetime = timezone.now()  # once the acts before are over, so that their times have their order
        self.operation: Operation | None = None
        self.undoes: Operation | None = None
        self.rows: dict[int, Article] = {}
        self.changes: list[Change] = []  # those of the last flush and since
        self.created: set[int] = set()
        self.moved: set[int] = set()  # articles whose links changed, so that their stories have to follow
        self.changed: set[int] = set()
        self._before: dict[int, dict[str, Any]] = {}
        self._untold: dict[int, tuple[Any, ...]] = {}
        self._keys: dict[int, str] = {}
        self._lists: dict[tuple[int, str], Any] = {}
        self._topics: dict[int, list[int]] = {}
        self._pending: list[Change] = []
        self._saved: dict[int, str] = {}  # the states of rows that were written before the end of the act

    # Rows

    def load(self, ids: Iterable[int]) -> list[Article]:
        """Return these articles, locked, as this act has them; those that don't exist are left out."""
        wanted = list(dict.fromkeys(ids))
        missing = sorted(pk for pk in wanted if pk not in self.rows)
        for chunk in chunked(missing):
            self.take(Article.objects.select_for_update().filter(pk__in=chunk).order_by("pk"))
        return [self.rows[pk] for pk in wanted if pk in self.rows]

    def take(self, articles: Iterable[Article]) -> None:
        """Take over rows that were loaded for update; those that the act has already stay as it has them."""
        for article in articles:
            if article.pk not in self.rows:
                self.rows[article.pk] = article
                self._before[article.pk] = snapshot(article)
                self._untold[article.pk] = tuple(getattr(article, name) for name in UNTOLD)
                self._keys.setdefault(article.pk, article.url_key)

    def watch(self, ids: Collection[int], *names: str) -> None:
        """Remember these lists of the articles (see `listings.NAMES`) before somebody changes their rows."""
        for name in names:
            unknown = [pk for pk in ids if (pk, name) not in self._lists]
            for pk, value in snapshots.load(unknown, name).items():
                self._lists[pk, name] = value
            if name == "topics":
                for pk in unknown:
                    self._topics.pop(pk, None)

    def policy_of(self, article: Article) -> Policy:
        """Return the policy for an article: that of its top-level topic, where there is one, else the site's."""
        return self.policies.of(self.topics_of(article)) if self.policies.by_topic else self.policies.site

    def topics_of(self, article: Article) -> Sequence[int]:
        """Return the topics of an article, in order; one query for all that the act holds."""
        if article.pk not in self._topics:
            unknown = [pk for pk in self.rows if pk not in self._topics] or [article.pk]
            self._topics.update((pk, []) for pk in unknown)
            for chunk in chunked(unknown):
                topics = ArticleTopic.objects.filter(content_object__in=chunk).order_by("position", "pk")
                for pk, topic in topics.values_list("content_object", "tag"):
                    self._topics[pk].append(topic)
        return self._topics[article.pk]

    @staticmethod
    def current() -> Act:
        """Return the act under way. Raises LookupError if there is none."""
        running = _current.get()
        if running is None:
            raise LookupError("No act is under way.")
        return running

    def former_keys(self, ids: Iterable[int]) -> set[str]:
        """Return the digests of the addresses that these articles had when the act loaded them."""
        return {self._keys[pk] for pk in ids if pk in self._keys}

    def drop(self, pk: int) -> None:
        """Forget an article that is about to be deleted."""
        self.rows.pop(pk)
        for name in snapshots.NAMES:
            self._lists.pop((pk, name), None)

    def forget_topics(self, pk: int) -> None:
        """Read an article's topics anew before its policy is asked for: they have changed."""
        self._topics.pop(pk, None)

    # What changed

    def differing(self, ids: Iterable[int], names: Collection[str]) -> set[str]:
        """Return those columns of these articles that are not what they were when the act loaded them."""
        rows = [(self.rows[pk], self._before[pk]) for pk in ids if pk in self.rows]
        return {name for row, before in rows for name in names if plain(getattr(row, name)) != before[name]}

    def note(self, change: Change) -> None:
        """Log a change that was made elsewhere: of a created or deleted article, a provider, a topic, a policy."""
        self._pending.append(change)

    def flush(self) -> None:
        """Write the rows that changed and log what did; forget all rows, so that long acts stay small."""
        changes, written = self._pending, []
        for (pk, name), before in self._list_changes():
            after = self._lists[pk, name]
            article = self.rows.get(pk)
            if article is not None and pk not in self.created:
                changes.append(Change(pk, article.title, name, before, after, article.version + 1))
        listed = {change.subject_id for change in changes if change.subject == Subject.ARTICLE and change.version}
        listed = {pk for pk in listed if pk not in self.created}  # what came back has the version that its event says
        for pk, article in self.rows.items():
            settle(article, self.policy_of(article), self.now)
            own = [] if pk in self.created else _differences(article, self._before[pk])
            changes += own
            if own or pk in listed:
                self._touch(article)
                written.append(article)
            elif self._is_unwritten(article):
                written.append(article)
        self._write(written)
        self._log(changes)
        self.changes = changes
        self._pending = []
        self._lists.clear()
        self.rows, self._before, self._untold, self._topics = {}, {}, {}, {}
        self._saved.clear()

    def save_rows(self) -> None:
        """Write the rows as they are now, so that queries see them; they are logged when the act ends."""
        changed = [
            article for pk, article in self.rows.items() if pk in self._saved or snapshot(article) != self._before[pk]
        ]
        for article in changed:
            settle(article, self.policy_of(article), self.now)
        self._write(changed)
        self._saved.update((article.pk, article.state) for article in changed)

    def relieve(self) -> None:
        """Write and log what a long act holds, if it is a lot."""
        if len(self.rows) >= ROWS_HELD:
            self.flush()

    def close(self) -> None:
        """Tell the operation how many articles it changed, where it was logged before all were known."""
        if self.operation and self.operation.articles != len(self.changed):
            self.operation.articles = len(self.changed)
            self.operation.save(update_fields=["articles"])

    def begin_log(self) -> Operation:
        """Return the act's operation, logged now if it wasn't."""
        if self.operation is None:
            self.operation = Operation.objects.create(
                verb=self.verb,
                via=self.by.via,
                actor=self.by.user,
                actor_name=self.by.user.get_username() if self.by.user else "",
                reason=self.by.reason[:300],
                at=self.now,
                articles=len(self.changed),
                undoes=self.undoes,
            )
        return self.operation

    def _is_unwritten(self, article: Article) -> bool:
        """Return whether the database may hold something else, although no event tells of the article."""
        untold = tuple(getattr(article, name) for name in UNTOLD)
        return article.pk in self._saved or article.pk in self.created or self._untold[article.pk] != untold

    def _list_changes(self) -> list[tuple[tuple[int, str], Any]]:
        """Return the lists that changed, with what they were; what they are now is kept in their place."""
        by_name: dict[str, list[int]] = {}
        for pk, name in self._lists:
            by_name.setdefault(name, []).append(pk)
        changed = []
        for name, ids in by_name.items():
            now = snapshots.load(ids, name)
            for pk in ids:
                before = self._lists[pk, name]
                if not snapshots.same(now[pk], before):
                    self._lists[pk, name] = now[pk]
                    changed.append(((pk, name), before))
            if name == "images":
                self._count_pictures({pk: len(now[pk]) for pk in ids if pk in self.rows})
        return changed

    def _count_pictures(self, numbers: dict[int, int]) -> None:
        failed = failed_among(numbers)
        for pk, number in numbers.items():
            self.rows[pk].picture_count = number
            self.rows[pk].picture_failed = pk in failed or None

    def _touch(self, article: Article) -> None:
        article.version += 1
        article.changed_at = self.now
        if self.by.user is not None:
            article.editor_id = self.by.user.pk

    def _write(self, articles: Sequence[Article]) -> None:
        if not articles:
            return
        if self.undoes is not None:
            self._reopen(articles)
        names = [*WRITTEN, *UNTOLD, "version", "changed_at", "editor_id"]
        columns = {each.attname: each for each in Article._meta.concrete_fields}
        fields = [columns[name] for name in names]
        rows = [
            (*(field.get_db_prep_save(getattr(article, field.attname), connection) for field in fields), article.pk)
            for article in articles
        ]
        ARTICLES.update([field.name for field in fields], rows)
        self._date_topics(articles)

    def _date_topics(self, articles: Sequence[Article]) -> None:
        """Tell the topic lists of articles whose publication time changed."""
        for article in articles:
            if plain(article.published_at) != self._before[article.pk]["published_at"]:
                ArticleTopic.objects.filter(content_object=article).update(published_at=article.published_at)

    def _reopen(self, articles: Sequence[Article]) -> None:
        """Take the step between that the database asks for where undoing leads from spiked to published or held."""
        spiked = [
            article.pk
            for article in articles
            if self._saved.get(article.pk, self._before[article.pk]["state"]) == State.SPIKED
            and article.state not in (State.SPIKED, State.UNDECIDED)
        ]
        columns = ["state", "spike_reason", "published", "public"]
        ARTICLES.update(columns, [(State.UNDECIDED.value, "", False, False, pk) for pk in spiked])

    def _log(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        self.changed.update(change.subject_id for change in changes if change.subject == Subject.ARTICLE)
        operation = self.begin_log()
        EVENTS.insert(
            [
                (
                    operation.pk,
                    change.subject,
                    change.subject_id,
                    change.label[:300],
                    change.field,
                    snapshots.as_json(change.before),
                    snapshots.as_json(change.after),
                    change.version,
                )
                for change in changes
            ]
        )


def snapshot(article: Article) -> dict[str, Any]:
    """Return the article's tracked columns and its pins, in the form of events: JSON values."""
    found = {name: plain(getattr(article, name)) for name in TRACKED}
    for name in article.pins:
        found[PIN + name] = {"wish": article.wishes[name]} if name in article.wishes else {}
    return found


def _differences(article: Article, before: dict[str, Any]) -> list[Change]:
    after = snapshot(article)
    return [
        Change(article.pk, article.title, name, before.get(name), after.get(name), article.version + 1)
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def plain(value: Any) -> Any:
    """Return a value as events hold it: times as UTC text, rows by their keys."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.pk if isinstance(value, Model) else value


def created(ids: Collection[int], running: Act) -> None:
    """Log articles that came into being in this act, with one event each and no object for any of them."""
    running.created.update(ids)
    running.changed.update(ids)
    operation = running.begin_log()
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
