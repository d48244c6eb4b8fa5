"""The import: files in, one run at a time, one outcome for each file.

read -> parse -> compare -> store. New documents are stored in batches, staged, so that a killed run has kept its
work; all that readers notice happens in one transaction at the end. The same command, run again, completes it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F

from articles import operations
from articles.audit_log.unit_of_work import SYSTEM_ACTOR, Actor, UnitOfWork, log_created, unit_of_work
from articles.db.locks import import_lock
from articles.models import Article, ArticleQuerySet, Operation, Policies, Verb
from articles.operations.pins import REIMPORT_MARK
from articles.rules import slugs
from articles.stories import duplicates, rescoring

from . import store
from .files import Source, Unreadable, read_bytes
from .format.document import Document, DocumentRejected, Entry, Problem, TopicEntry
from .format.parse import content_hash, parse_file
from .format.warnings import document_warnings
from .registry import Registry, store_organization, store_topic

T = TypeVar("T")
BATCH = 500  # documents in a transaction
KEPT_READ = 500  # changed documents that stay parsed until the end of the run; of others the file is read again

CREATED, UPDATED, UNCHANGED, REJECTED = "created", "updated", "unchanged", "rejected"
OUTCOMES = (CREATED, UPDATED, UNCHANGED, REJECTED)
UNPRUNED = "unpruned"  # 1 if a run was to prune and could not tell what is gone
WITHDRAWN = "withdrawn"  # counted beside the files' outcomes: these have no file any more


@dataclass(slots=True)
class Outcome:
    """What became of one file. `warnings` are for people; nothing depends on them."""

    label: str
    outcome: str
    name: str = ""
    changed: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Read:
    """A file that has been read and is a story document."""

    source: Source
    document: Document


def run_import(
    sources: Iterable[Source],
    *,
    on_outcome: Callable[[Outcome], None],
    on_wait: Callable[[], None],
    on_notice: Callable[[str, str], None] = lambda name, notice: None,
    dry_run: bool = False,
    rescore: bool = False,
    prune: bool = False,
    by: Actor = SYSTEM_ACTOR,
) -> Counter[str]:
    """Take in the files and return how many had which outcome; tell each to `on_outcome` as soon as it is known.

    `dry_run` writes nothing. `rescore` lets the policy recompute the stories that changed. `prune` withdraws the
    articles whose documents are not among these files; their number is counted as "withdrawn". What can be known
    of an article only among the others is told to `on_notice` at the end, by name. The run is one operation of `by`.
    """
    run = _Run(on_outcome, on_notice, dry_run=dry_run, rescore=rescore, prune=prune, by=by)
    if dry_run:
        run.take_in_all(sources)
        run.compare_changed()
    else:
        with import_lock(on_wait):
            run.take_in_all(sources)
            run.finish()
    return run.counts


def insert_generated_stories(
    documents: Sequence[Document], registry: Registry, policies: Policies, by: Actor = SYSTEM_ACTOR
) -> None:
    """Store whole new stories, which no other article lists, and show them to readers at once; one operation.

    The caller holds the import lock, and marks twins when all is in.
    """
    with unit_of_work(Verb.IMPORT, by) as uow:
        log_created(store.insert_complete_stories(documents, registry, policies), uow)


def _show(staged: ArticleQuerySet) -> None:
    staged.update(public=F("staged"), staged=None)


class _Run:
    def __init__(
        self,
        on_outcome: Callable[[Outcome], None],
        on_notice: Callable[[str, str], None],
        *,
        dry_run: bool,
        rescore: bool,
        prune: bool,
        by: Actor,
    ) -> None:
        self.by = by
        self.on_outcome = on_outcome
        self.on_notice = on_notice
        self.prune = prune
        self.dry_run = dry_run
        self.rescore = rescore
        self.policies = Policies.load()
        self.registry = Registry()
        self.counts: Counter[str] = Counter()
        self.newest_operation: int | None = None
        self.seen: dict[str, str] = {}  # content hash by document name
        self.refused: set[str] = set()  # names of files that are there, but could not be taken in
        self.changed: list[_Read | Source] = []
        self.entries: list[tuple[Source, Entry]] = []
        self.entry_keys: dict[tuple[str, ...], Entry] = {}

    def take_in_all(self, sources: Iterable[Source]) -> None:
        iterator = iter(sources)
        while batch := list(islice(iterator, BATCH)):
            self._take_in(batch)

    def finish(self) -> None:
        """Show the run to readers, in one transaction: updates, registry entries, stories and what is public."""
        staged = Article.objects.filter(staged__isnull=False).order_by()  # in order, SQLite would read all articles
        gone, back = self._gone(), self._back()
        if not (self.changed or self.entries or gone or back or staged.exists()):
            return
        with unit_of_work(Verb.IMPORT, self.by) as uow:
            new = list(staged.values_list("pk", flat=True))
            self._store_entries(uow, new)
            if new:
                log_created(new, uow)
            touched = sorted({*new, *self._update_changed(uow)})
            uow.write_pending()
            rescoring.connect_links(touched)
            moved = rescoring.apply_story_overrides(uow, touched)
            _show(staged)
            uow.flush()
            operations.mark_missing(back, missing=False)
            withdrawn = operations.mark_missing(gone, missing=True)
            duplicates.mark_duplicates(uow, touched)
            if self.rescore:
                operations.rescore(Article.objects.filter(pk__in=operations.with_linked_ids(touched)))
            rescoring.update_stories(uow, moved)
            rescoring.assign_leads_around(uow, touched)
        self.counts[WITHDRAWN] = len(withdrawn)
        for name in withdrawn:
            self.on_notice(name, "its document is gone: withdrawn")
        for name, notice in rescoring.duplicate_warnings(touched):
            self.on_notice(name, notice)

    def _gone(self) -> list[int]:
        """Return the articles whose documents are not among the files; none unless the run prunes.

        Where a file, folder or path could not be read and its name tells no article, nobody knows what is gone.
        """
        if not self.prune or not self.seen:
            return []
        if not all(map(slugs.is_document_name, self.refused)):
            self.counts[UNPRUNED] = 1
            return []
        stored = Article.objects.exclude(content_hash="").filter(missing=False).values_list("pk", "name")
        return [pk for pk, name in stored.iterator() if name not in self.seen and name not in self.refused]

    def _back(self) -> list[int]:
        """Return the articles that were missing and whose documents are among the files."""
        return [pk for pk, name in Article.objects.filter(missing=True).values_list("pk", "name") if name in self.seen]

    def compare_changed(self) -> None:
        """Tell what an import would update, without writing."""
        self.counts[WITHDRAWN] = len(self._gone())
        for source, entry in self.entries:
            self._tell(Outcome(source.label, UPDATED, getattr(entry, "slug", "") or entry.name))
        for _, read, changed in chain.from_iterable(self._changed_batches()):
            outcome = UPDATED if changed else UNCHANGED
            self._tell(_told(read, outcome, changed))

    def _tell(self, outcome: Outcome) -> None:
        self.counts[outcome.outcome] += 1
        self.on_outcome(outcome)

    def _reject(self, source: Source, problems: list[Problem]) -> None:
        self.refused.add(source.stem)
        self._tell(Outcome(source.label, REJECTED, problems=problems))

    def _take_in(self, sources: Sequence[Source]) -> None:
        """Store what is new among these files; remember what is changed."""
        self.newest_operation = _newest_operation()
        known = _stored_hashes(source.stem for source in sources if slugs.is_document_name(source.stem))
        reads = [read for source in sources if (read := self._read(source, known))]
        known |= _stored_hashes(read.document.name for read in reads if read.document.name != read.source.stem)
        new = []
        for read in reads:
            if self._is_repeated(read.source, read.document.name, read.document.content_hash):
                continue
            stored_hash = known.get(read.document.name)
            if stored_hash is None:
                new.append(read)
            elif stored_hash == read.document.content_hash:
                self._tell(_told(read, UNCHANGED))
            else:
                self._remember(read)
        if new and not self.dry_run:
            new = self._insert(new)
        for read in new:
            self._tell(_told(read, CREATED))

    def _insert(self, new: Sequence[_Read]) -> list[_Read]:
        """Store new documents and return them, but for those whose articles an editor has brought back meanwhile."""
        with transaction.atomic():
            Policies.load(exclusive=True)  # until it ends, nobody brings another one back
            is_quiet = _newest_operation() == self.newest_operation
            there = {} if is_quiet else _stored_hashes(read.document.name for read in new)
            fresh = [read for read in new if read.document.name not in there]
            store.insert([read.document for read in fresh], self.registry, self.policies)
        for read in new:
            if read.document.name in there:
                self._remember(read)
        return fresh

    def _remember(self, read: _Read) -> None:
        """Keep a changed document for the end of the run. Others wait for its transaction, so it parses few there."""
        self.changed.append(read if len(self.changed) < KEPT_READ else read.source)

    def _read(self, source: Source, known: dict[str, str]) -> _Read | None:
        """Return the file's document; None if the outcome is clear already."""
        try:
            raw = read_bytes(source)
            stored_hash = known.get(source.stem)
            if stored_hash is not None and stored_hash == content_hash(raw):
                if not self._is_repeated(source, source.stem, stored_hash):
                    self._tell(Outcome(source.label, UNCHANGED, source.stem))
                return None
            found = parse_file(raw, source.label, source.stem)
        except Unreadable as unreadable:
            self._reject(source, [unreadable.problem])
        except DocumentRejected as rejected:
            self._reject(source, rejected.problems)
        else:
            if isinstance(found, Document):
                return _Read(source, found)
            self._add_entry(source, found)
        return None

    def _read_again(self, changed: _Read | Source) -> _Read | None:
        return changed if isinstance(changed, _Read) else self._read(changed, {})

    def _add_entry(self, source: Source, entry: Entry) -> None:
        """Keep a registry entry for the end of the run; of two with one key only equal ones are taken."""
        entry.file_name = os.path.basename(source.path)
        key = ("topic", entry.slug) if isinstance(entry, TopicEntry) else ("organization", entry.domain, entry.name)
        earlier = self.entry_keys.setdefault(key, entry)
        if earlier is entry:
            self.entries.append((source, entry))
        elif replace(earlier, file_name=entry.file_name) == entry:
            self._tell(Outcome(source.label, UNCHANGED, key[1]))
        else:
            message = (
                f"{'_id' if key[0] == 'topic' else 'domain'}: an earlier file registers {key[1]} otherwise; keep one"
            )
            self._reject(source, [Problem(source.label, 0, message)])

    def _is_repeated(self, source: Source, name: str, content_hash: str) -> bool:
        """Tell the outcome of a file whose name this run has had already, and return True."""
        if name not in self.seen:
            self.seen[name] = content_hash
            return False
        if self.seen[name] == content_hash:
            self._tell(Outcome(source.label, UNCHANGED, name))
        else:
            message = f"name: an earlier file has the same name {name} and other content; rename one of them"
            self._reject(source, [Problem(source.label, 0, message)])
        return True

    def _store_entries(self, uow: UnitOfWork, new: Sequence[int]) -> None:
        """Store the registry entries; where they move topics in the tree, other policies decide."""
        for source, entry in self.entries:
            self._store_entry(source, entry)
        if self.entries and uow.policies.by_topic:
            uow.policies = Policies.load()
            store.settle_engagement(new, uow.policies)

    def _store_entry(self, source: Source, entry: Entry) -> None:
        try:
            with transaction.atomic():
                outcome = store_topic(entry) if isinstance(entry, TopicEntry) else store_organization(entry)
        except ValidationError as invalid:
            told = [f"{field}: {text}" for field, texts in invalid.message_dict.items() for text in texts]
            self._reject(source, [Problem(source.label, 0, message) for message in told])
        else:
            self._tell(Outcome(source.label, outcome, getattr(entry, "slug", "") or entry.name))

    def _update_changed(self, uow: UnitOfWork) -> set[int]:
        """Update the changed articles and return their ids."""
        updated: set[int] = set()
        for batch in self._changed_batches():
            due = {
                article.pk: read.document
                for article, read, changed in batch
                if changed or article.content_hash in ("", REIMPORT_MARK)  # unpinned or undone since
            }
            uow.load(due)  # together, for others wait until the act is over
            self.registry.prepare(list(due.values()))
            for article, read, changed in batch:
                done = []
                if article.pk in due:
                    done = store.update(uow, uow.load([article.pk])[0], read.document, changed, self.registry)
                    updated.add(article.pk)
                self._tell(_told(read, UPDATED if done else UNCHANGED, done))
            uow.flush_if_large()
        return updated

    def _changed_batches(self) -> Iterator[list[tuple[Article, _Read, list[str]]]]:
        """Yield the changed documents with their articles and the fields that differ, many at a time."""
        for start in range(0, len(self.changed), BATCH):
            reads = [read for each in self.changed[start : start + BATCH] if (read := self._read_again(each))]
            rows = Article.objects.filter(name__in=[read.document.name for read in reads])
            articles = {article.name: article for article in rows}
            stored = {document.name: document for document in store.load(rows)}
            batch = []
            for read in reads:
                name = read.document.name
                if name in articles:
                    batch.append((articles[name], read, store.changed_fields(stored[name], read.document)))
                else:
                    self._tell(_told(read, UNCHANGED))
                    self.on_notice(name, "was deleted while the import ran; the next one brings it again")
            yield batch


def _newest_operation() -> int | None:
    return Operation.objects.order_by("-pk").values_list("pk", flat=True).first()


def _stored_hashes(names: Iterable[str]) -> dict[str, str]:
    wanted = list(names)
    if not wanted:
        return {}
    return dict(Article.objects.filter(name__listed=wanted).values_list("name", "content_hash"))


def _told(read: _Read, outcome: str, changed: list[str] | None = None) -> Outcome:
    document = read.document
    return Outcome(read.source.label, outcome, document.name, changed or [], warnings=document_warnings(document))
