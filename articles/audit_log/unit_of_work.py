"""The unit of work: one operation of an editor, a command or an import, written and logged as a whole.

`unit_of_work()` opens a transaction and yields a `UnitOfWork`. Articles are loaded through it and changed in memory;
at the end it writes what changed, with one operation in the log and one event for each field. A unit of work inside
another joins it, so that a form that scores and publishes is one operation.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.utils import timezone

from articles.db.bulk import BulkTable, chunked
from articles.models import Article, ArticlePlace, ArticleTopic, Event, Operation, Policies, Subject, Verb, Via
from articles.models.derived import DERIVED_FIELDS, Listing, refresh_derived_fields, refresh_listing
from articles.models.image import without_pictures
from articles.models.suggestion import COMPARED_FIELDS, mark_due
from articles.publication_record.writing import AppearanceWriter
from articles.rules import permissions
from articles.rules.limits import REASON_MAX
from articles.rules.scoring import Policy
from articles.rules.states import State

from . import snapshots
from .checking import check_published
from .events import (
    CREATED,
    DELETED,
    LOGGED_FIELDS,
    PAIRINGS,
    REFUSALS,
    FieldChange,
    field_changes,
    insert_created_events,
    insert_events,
    logged_values,
    to_event_value,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# Written too, but derived from logged fields, or covered by the events of pins and lists.
WRITTEN_FIELDS = (
    *LOGGED_FIELDS,
    *(name for name in DERIVED_FIELDS if name not in LOGGED_FIELDS),
    "pins",
    "wishes",
    "picture_count",
)
# Written, but no event and no new version.
UNLOGGED_FIELDS = ("twin", "secured", "content_hash", "picture_failed", "suggested_quality")
UNCHECKED = frozenset({Verb.IMPORT, Verb.INTAKE, Verb.RESCORE, Verb.POLICY})  # what the policy publishes as a whole
# Fields and lists that may make a document larger, and acts that change them on purpose.
DOCUMENT_FIELDS = {"title", "excerpt", "body", "featured_content", "tags", "topics", "images", "logos", "related"}
DOCUMENT_VERBS = {Verb.ADD, Verb.EDIT, Verb.FOLD, Verb.MERGE, Verb.MAKE_LEAD, Verb.UNDO}
FLUSH_THRESHOLD = 1000  # articles; a unit of work with more of them in memory writes them and continues

ARTICLES = BulkTable(Article)

# They get the keys of the articles whose documents changed, once those are written, and raise to refuse the operation.
document_checks: set[Callable[[Collection[int]], None]] = set()

_current: ContextVar[UnitOfWork | None] = ContextVar("current unit of work", default=None)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something, through which channel, and why."""

    user: User | None = None
    via: str = Via.SYSTEM
    reason: str = ""
    overrides_checks: bool = False  # publishes in spite of failed checks that ask before; that needs a reason

    @property
    def is_asked(self) -> bool:
        """Whether publish checks may stop it: a person, at the desk or in the admin."""
        return self.user is not None and self.via in (Via.DESK, Via.ADMIN)

    @property
    def may_publish(self) -> bool:
        """Whether it is somebody with the permission to publish, or nobody: a command, an import."""
        return self.user is None or self.user.has_perm(permissions.PUBLISH)


SYSTEM_ACTOR = Actor()


@contextmanager
def unit_of_work(verb: Verb, by: Actor = SYSTEM_ACTOR) -> Iterator[UnitOfWork]:
    """Yield the current unit of work, or start one: a transaction that ends with its operation in the log."""
    current = _current.get()
    if current is not None:
        yield current
        return
    with transaction.atomic():
        uow = UnitOfWork(verb, by)
        token = _current.set(uow)
        try:
            yield uow
            uow.flush()
        finally:
            _current.reset(token)
        uow.finalize()


class UnitOfWork:
    """The articles of one operation. `operation` is None as long as nothing has changed."""

    def __init__(self, verb: Verb, actor: Actor, policies: Policies | None = None) -> None:
        self.verb = verb
        self.actor = actor
        self.policies = policies or Policies.load(exclusive=True)
        self.now: datetime = timezone.now()  # after the lock: operations are logged in the order of their times
        self.operation: Operation | None = None
        self.undoes: Operation | None = None
        self.articles: dict[int, Article] = {}
        self.created_ids: set[int] = set()
        self.relinked_ids: set[int] = set()  # articles whose links changed; their stories have to be updated
        self.publishable_ids: set[int] = set()  # articles that rescoring may publish: see rules/publication.py
        self.changed_ids: set[int] = set()
        self.to_archive = False  # whether it shows the archive that the newsroom begins with, see rules.dates
        self.appearances = AppearanceWriter(self.now)
        self.appeared: dict[int, str] = {}  # articles that readers see since this operation: titles by key
        self.disappeared: dict[int, str] = {}
        self.published_ids: set[int] = set()  # articles that are public since this operation, schedules aside
        self._shown_before: dict[int, bool] = {}
        self._public_before: dict[int, bool] = {}
        self._original: dict[int, dict[str, Any]] = {}
        self._original_unlogged: dict[int, tuple[Any, ...]] = {}
        self._original_listing: dict[int, Listing] = {}
        self._original_url_keys: dict[int, str] = {}
        self._original_lists: dict[tuple[int, str], Any] = {}
        self._topic_ids: dict[int, list[int]] = {}
        self._recorded: list[FieldChange] = []
        self._written: dict[int, dict[str, Any]] = {}  # the values of articles that were written before the end
        self._in_consequences = False
        self._direct: set[tuple[int, str]] = set()  # fields and lists of articles that were changed on purpose
        self._compared: dict[int, dict[str, Any]] = {}  # values at the last beginning or end of consequences

    @staticmethod
    def current() -> UnitOfWork:
        """Return the current unit of work. Raises LookupError if there is none."""
        uow = _current.get()
        if uow is None:
            raise LookupError("There is no unit of work.")
        return uow

    @contextmanager
    def consequences(self) -> Iterator[None]:
        """Log what changes inside as derived: nobody asked for it, it follows from the act.

        A field that was changed outside too counts as direct.
        """
        if self._in_consequences:
            yield
            return
        self._compare_values(direct=True)
        self._in_consequences = True
        try:
            yield
        finally:
            self._in_consequences = False
            self._compare_values(direct=False)

    def _compare_values(self, *, direct: bool) -> None:
        """Remember the values of all articles; those that changed since the last time are direct changes or not."""
        for pk, article in self.articles.items():
            before, values = self._compared.get(pk, self._original[pk]), logged_values(article)
            if values == before:
                continue
            self._compared[pk] = values
            if direct:
                names = before.keys() | values.keys()
                self._direct.update((pk, name) for name in names if before.get(name) != values.get(name))

    # Load articles

    def load(self, ids: Iterable[int]) -> list[Article]:
        """Return these articles, locked, with their changes so far; those that don't exist are left out."""
        ordered_ids = list(dict.fromkeys(ids))
        new = sorted(pk for pk in ordered_ids if pk not in self.articles)
        for chunk in chunked(new):
            self.adopt(Article.objects.select_for_update().filter(pk__in=chunk).order_by("pk"))
        return [self.articles[pk] for pk in ordered_ids if pk in self.articles]

    def adopt(self, articles: Iterable[Article]) -> None:
        """Adopt articles that were loaded for update, except those already tracked."""
        for article in articles:
            if article.pk not in self.articles:
                self.articles[article.pk] = article
                self._original[article.pk] = logged_values(article)
                self._original_unlogged[article.pk] = _unlogged_values(article)
                self._original_listing[article.pk] = Listing.of(article)
                self._original_url_keys.setdefault(article.pk, article.url_key)
                is_new = article.pk in self.created_ids
                self._shown_before.setdefault(article.pk, not is_new and article.is_shown(self.now))
                self._public_before.setdefault(article.pk, not is_new and article.public)

    def track_lists(self, ids: Collection[int], *names: str) -> None:
        """Load articles and remember these lists (`snapshots.LIST_NAMES`); call it before changing their rows."""
        self.load(ids)
        for name in names:
            if not self._in_consequences:
                self._direct.update((pk, name) for pk in ids)
            untracked = [pk for pk in ids if (pk, name) not in self._original_lists]
            for pk, value in snapshots.read_list(untracked, name).items():
                self._original_lists[pk, name] = value
            if name == "topics":
                for pk in untracked:
                    self.invalidate_topics(pk)

    def untrack(self, pk: int) -> None:
        """Forget an article that is about to be deleted."""
        self._note_visibility(self.articles.pop(pk), False)
        for name in snapshots.LIST_NAMES:
            self._original_lists.pop((pk, name), None)

    def policy_for(self, article: Article) -> Policy:
        """Return the policy for an article: that of its top-level topic, if it has one, else the site's."""
        return self.policies.for_topics(self.topic_ids_of(article)) if self.policies.by_topic else self.policies.site

    def topic_ids_of(self, article: Article) -> Sequence[int]:
        """Return the topics of an article, in order; one query for all articles of the unit of work."""
        if article.pk not in self._topic_ids:
            unread = [pk for pk in self.articles if pk not in self._topic_ids] or [article.pk]
            self._topic_ids.update((pk, []) for pk in unread)
            for chunk in chunked(unread):
                topics = ArticleTopic.objects.filter(content_object__in=chunk).order_by("position", "pk")
                for pk, topic in topics.values_list("content_object", "tag"):
                    self._topic_ids[pk].append(topic)
        return self._topic_ids[article.pk]

    def invalidate_topics(self, pk: int) -> None:
        """Read an article's topics again before its policy is looked up, because they have changed."""
        self._topic_ids.pop(pk, None)

    # Changes

    def previous_url_keys(self, ids: Iterable[int]) -> set[str]:
        """Return the digests of the URLs that these articles had when they were loaded first."""
        return {self._original_url_keys[pk] for pk in ids if pk in self._original_url_keys}

    def changed_columns(self, ids: Iterable[int], names: Collection[str]) -> set[str]:
        """Return those columns in which any of these articles differs from when it was loaded."""
        pairs = [(self.articles[pk], self._original[pk]) for pk in ids if pk in self.articles]
        return {
            name
            for article, before in pairs
            for name in names
            if to_event_value(getattr(article, name)) != before[name]
        }

    def was_public(self, pk: int) -> bool:
        """Return whether the article was public, schedules aside, when it was loaded first."""
        return self._public_before.get(pk, False)

    def record(self, change: FieldChange) -> None:
        """Log a change that was made directly: of a new or deleted article, a provider, a topic, a policy."""
        self._recorded.append(replace(change, derived=self._in_consequences))

    def record_created(self, ids: Collection[int]) -> None:
        """Log articles that were stored directly, with one event each, at once."""
        self.created_ids.update(ids)
        self.changed_ids.update(ids)
        self.appearances.note_created(ids)
        insert_created_events(self.get_or_create_operation(), ids)

    # Write and log

    def flush(self) -> None:
        """Write and log what changed, and forget all articles, so that long units of work stay small."""
        with self.consequences():  # derived fields follow from others
            self._flush()

    def _flush(self) -> None:
        changes, changed_articles = [*self._recorded, *self._list_changes()], []
        ids_with_events = {
            change.subject_id for change in changes if change.subject == Subject.ARTICLE and change.version
        }
        ids_with_events -= self.created_ids  # a restored article has the version that its event says
        for pk, article in self.articles.items():
            self._refresh(article)
            self._note_visibility(article, article.is_shown(self.now))
            is_new = article.public and not self._public_before.get(pk, article.public)
            (self.published_ids.add if is_new else self.published_ids.discard)(pk)
            column_changes = [] if pk in self.created_ids else self._column_changes(article)
            changes += column_changes
            if column_changes or pk in ids_with_events:
                self._bump_version(article)
                changed_articles.append(article)
            elif self._needs_write(article):
                changed_articles.append(article)
        self._write(changed_articles)
        self._check_documents(changes)
        self._mark_compared_again(changes)
        self._log(changes)
        self.appearances.note(article.pk for article in changed_articles)
        for change in changes:
            self._note_appearance(change)
        self._recorded = []
        self._original_lists.clear()
        self.articles, self._original, self._original_unlogged, self._topic_ids = {}, {}, {}, {}
        self._original_listing = {}
        self._written.clear()
        self._direct.clear()
        self._compared.clear()

    def _check_documents(self, changes: Iterable[FieldChange]) -> None:
        if self.verb not in DOCUMENT_VERBS:
            return
        of_articles = [change for change in changes if change.subject == Subject.ARTICLE]
        ids = {change.subject_id for change in of_articles if change.field in DOCUMENT_FIELDS} & self.articles.keys()
        if self.verb == Verb.ADD:
            ids |= self.created_ids & self.articles.keys()
        for check in document_checks if ids else ():
            check(ids)

    def _mark_compared_again(self, changes: Iterable[FieldChange]) -> None:
        """Make the suggestions of articles due whose text, time or outlet changed."""
        ids = {c.subject_id for c in changes if c.subject == Subject.ARTICLE and c.field in COMPARED_FIELDS}
        if changed := [self.articles[pk] for pk in ids if pk in self.articles]:
            mark_due(changed)

    def _note_appearance(self, change: FieldChange) -> None:
        match change.subject, change.field:
            case Subject.ARTICLE, field:
                self.appearances.note_change(change.subject_id, field)
            case Subject.PROVIDER, "name" | "domain":
                self.appearances.note_renamed_provider(change.subject_id)
            case Subject.TOPIC, "name":
                self.appearances.note_renamed_topic(change.subject_id)

    def flush_if_large(self) -> None:
        if len(self.articles) >= FLUSH_THRESHOLD:
            self.flush()

    def write_pending(self) -> None:
        """Write the articles as they are now, so that queries see the changes; they are logged at the end."""
        with self.consequences():  # derived fields follow from others
            changed = [
                article
                for pk, article in self.articles.items()
                if logged_values(article) != self._written_or_original(pk)
            ]
            for article in changed:
                self._refresh(article)
            self._write(changed)
            self._written.update((article.pk, logged_values(article)) for article in changed)

    def _written_or_original(self, pk: int) -> dict[str, Any]:
        """Return the values of an article that are in the database."""
        return self._written.get(pk, self._original[pk])

    def finalize(self) -> None:
        """Write what readers see from now on, and how many articles changed if the operation was logged before.

        Raises ChecksFailedError if a person would publish stories that fail checks which ask before.
        """
        if self.operation and self.published_ids and self.actor.is_asked and self.verb not in UNCHECKED:
            is_override = self.actor.overrides_checks
            check_published(self.operation, self.published_ids, self.policies.checks, is_override=is_override)
        self.appearances.write(self.operation)
        if self.operation and self.operation.articles != len(self.changed_ids):
            self.operation.articles = len(self.changed_ids)
            self.operation.save(update_fields=["articles"])

    def get_or_create_operation(self) -> Operation:
        """Return the operation in the log; the first call stores it."""
        if self.operation is None:
            user = self.actor.user
            self.operation = Operation.objects.create(
                verb=self.verb,
                via=self.actor.via,
                actor=user,
                actor_name=user.get_username() if user else "",
                reason=self.actor.reason[:REASON_MAX],
                at=self.now,
                articles=len(self.changed_ids),
                undoes=self.undoes,
            )
        return self.operation

    def _column_changes(self, article: Article) -> list[FieldChange]:
        changes = field_changes(article, self._original[article.pk])
        return [replace(change, derived=(article.pk, change.field) not in self._direct) for change in changes]

    def _refresh(self, article: Article) -> None:
        """Set what follows from the article's other values."""
        refresh_derived_fields(article, self.policy_for(article), self.now)
        if article.state != self._original[article.pk]["state"]:
            article.state_since = self.now
        refresh_listing(
            article,
            self._original_listing[article.pk],
            self.policies.site.late_days,
            self.now,
            undone_at=self.undoes.at if self.undoes else None,
            to_archive=self.to_archive,
        )

    def _note_visibility(self, article: Article, is_shown: bool) -> None:
        """Remember whether readers see the article now and didn't before, or the other way round."""
        self.appeared.pop(article.pk, None)
        self.disappeared.pop(article.pk, None)
        if is_shown != self._shown_before.get(article.pk, is_shown):
            (self.appeared if is_shown else self.disappeared)[article.pk] = article.title

    def _list_changes(self) -> list[FieldChange]:
        """Return the changes of tracked lists, except those of created or forgotten articles."""
        ids_by_name: dict[str, list[int]] = {}
        for pk, name in self._original_lists:
            ids_by_name.setdefault(name, []).append(pk)
        changes = []
        for name, ids in ids_by_name.items():
            current = snapshots.read_list(ids, name)
            for pk in ids:
                before, article = self._original_lists[pk, name], self.articles.get(pk)
                if article is None or pk in self.created_ids:
                    continue
                if not snapshots.equal_ignoring_targets(current[pk], before):
                    change = FieldChange(pk, article.title, name, before, current[pk], article.version + 1)
                    changes.append(replace(change, derived=(pk, name) not in self._direct))
            if name == "images":
                self._count_pictures({pk: len(current[pk]) for pk in ids if pk in self.articles})
        return changes

    def _count_pictures(self, counts: dict[int, int]) -> None:
        failed = without_pictures(counts)
        for pk, count in counts.items():
            self.articles[pk].picture_count = count
            self.articles[pk].picture_failed = pk in failed or None

    def _needs_write(self, article: Article) -> bool:
        """Return whether the database may have other values, although no field of an event changed."""
        if article.pk in self._written or article.pk in self.created_ids:
            return True
        return self._original_unlogged[article.pk] != _unlogged_values(article)

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
        columns = {field.attname: field for field in Article._meta.concrete_fields}
        fields = [columns[name] for name in (*WRITTEN_FIELDS, *UNLOGGED_FIELDS, "version", "changed_at", "editor_id")]
        rows = [
            (*(field.get_db_prep_save(getattr(article, field.attname), connection) for field in fields), article.pk)
            for article in articles
        ]
        ARTICLES.update([field.name for field in fields], rows)
        moved = [article for article in articles if article.tags != self._original[article.pk]["tags"]]
        if moved:
            ArticlePlace.objects.replace_for(moved)
        self._sync_times_of_lists(articles)

    def _sync_times_of_lists(self, articles: Sequence[Article]) -> None:
        """Copy changed times to the articles' topics and places, by which their pages are sorted."""
        for article in articles:
            before = self._original_listing[article.pk]
            if (article.published_at, article.listed_at) != (before.published_at, before.listed_at):
                times = {"published_at": article.published_at, "listed_at": article.listed_at}
                ArticleTopic.objects.filter(content_object=article).update(**times)
                if article.tags:
                    ArticlePlace.objects.filter(article=article).update(**times)

    def _step_through_undecided(self, articles: Sequence[Article]) -> None:
        """Reopen spiked articles that undo publishes or holds: the database allows no direct change of state."""
        spiked = [
            article.pk
            for article in articles
            if self._written_or_original(article.pk)["state"] == State.SPIKED
            and article.state not in (State.SPIKED, State.UNDECIDED)
        ]
        columns = ["state", "spike_reason", "published", "public"]
        ARTICLES.update(columns, [(State.UNDECIDED.value, "", False, False, pk) for pk in spiked])

    def _log(self, changes: Sequence[FieldChange]) -> None:
        if changes:
            self.changed_ids.update(change.subject_id for change in changes if change.subject == Subject.ARTICLE)
            insert_events(self.get_or_create_operation(), self._marked_as_undone(changes))

    def _marked_as_undone(self, changes: Sequence[FieldChange]) -> Sequence[FieldChange]:
        """Return the changes of an undo as direct or derived, as those were that it undoes."""
        if self.undoes is None:
            return changes
        return [
            replace(
                change, derived=(change.subject, change.subject_id, _row_or_field(change.field)) not in self._undone
            )
            for change in changes
        ]

    @cached_property
    def _undone(self) -> set[tuple[str, int | None, str]]:
        """Return subject, its id, and row or field of each change to undo that was made on purpose."""
        direct = self.undoes.events.filter(derived=False).order_by() if self.undoes else Event.objects.none()
        events = direct.values_list("subject", "subject_id", "field")
        return {(subject, subject_id, _row_or_field(field)) for subject, subject_id, field in events.iterator()}


def _row_or_field(field: str) -> str:
    """Return the field of an event; the same for two that undo each other: of one row, or of one pair."""
    return {CREATED: DELETED, REFUSALS: PAIRINGS}.get(field, field)


def _unlogged_values(article: Article) -> tuple[Any, ...]:
    return tuple(getattr(article, name) for name in UNLOGGED_FIELDS)
