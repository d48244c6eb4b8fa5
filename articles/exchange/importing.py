"""Import files: one run at a time, one result for each file.

read -> parse -> compare -> store. New documents are stored in batches, pending, so that a killed run keeps its work;
everything that readers notice happens in one transaction at the end. The same command, run again, completes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Protocol

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from articles import operations
from articles.audit_log.unit_of_work import SYSTEM_ACTOR, Actor, UnitOfWork, unit_of_work
from articles.db.bulk import chunked
from articles.db.locks import import_lock
from articles.models import Article, Operation, Policies, TakenDownStories, Verb
from articles.models.taken_down import NOT_IMPORTED, PAGE_NOT_IMPORTED
from articles.operations.pins import REIMPORT_MARK
from articles.publication_record.listing import finish_listing, has_shown_anything, listing_of_shown
from articles.rules import slugs
from articles.rules.publication import publishable
from articles.rules.scoring import FOLDED_HEAT
from articles.rules.urls import url_key
from articles.stories import duplicates, links, placement, rescoring
from articles.stories.neighbourhood import linked_ids
from sources.models import brought_by_sources

from . import store
from .files import UnreadableFileError
from .format.document import Document, DocumentError, Entry, Problem, TopicEntry
from .format.parse import content_hash, parse_file
from .format.warnings import document_warnings
from .loading import changed_fields, load_documents
from .registry import ReferenceCache, store_entry

BATCH = 500  # documents in a transaction

CREATED, UPDATED, UNCHANGED, REJECTED = "created", "updated", "unchanged", "rejected"
OUTCOMES = (CREATED, UPDATED, UNCHANGED, REJECTED)
SUGGESTED = "suggested"  # counted beside the outcomes: unscored articles that took the suggested quality
WITHDRAWN = "withdrawn"  # counted beside the outcomes of files: these articles have no file any more
PRUNE_SKIPPED = "prune skipped"  # 1 if a run could not know which documents are gone


class DocumentSource(Protocol):
    """Where a document comes from: a file, or a source whose entry became one.

    `label` is how messages name it, `stem` its name without suffix.
    """

    @property
    def label(self) -> str: ...

    @property
    def stem(self) -> str: ...

    @property
    def file_name(self) -> str: ...

    def read(self) -> bytes:
        """Return the bytes of the document. Raises UnreadableFileError."""
        ...


@dataclass(slots=True)
class FileResult:
    """What happened to one file. `warnings` are for people; nothing depends on them."""

    label: str
    outcome: str
    name: str = ""
    changed: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _ParsedFile:
    """A file that holds a story document."""

    source: DocumentSource
    document: Document

    @property
    def name(self) -> str:
        return self.document.name


def run_import(
    sources: Iterable[DocumentSource],
    *,
    on_result: Callable[[FileResult], None],
    on_wait: Callable[[], None],
    on_notice: Callable[[str, str], None] = lambda name, notice: None,
    on_end: Callable[[Counter[str], Operation | None], None] = lambda counts, operation: None,
    dry_run: bool = False,
    rescore: bool = False,
    suggest: bool = False,
    prune: bool = False,
    by: Actor = SYSTEM_ACTOR,
) -> Counter[str]:
    """Import the files as one operation of `by` and return how many had which outcome.

    Each result is passed to `on_result` as soon as it is known; `on_notice` gets the name of an article and what can
    be known about it only at the end, among the other articles. `on_end` gets the counts and the operation, None if
    nothing changed, before another import may run. `dry_run` writes nothing. `rescore` applies the policy to the
    stories that changed, `suggest` gives unscored articles the suggested quality. `prune` withdraws the articles whose
    documents are not among these files.
    """
    run = _Import(
        on_result=on_result, on_notice=on_notice, dry_run=dry_run, rescore=rescore, suggest=suggest, prune=prune, by=by
    )
    if dry_run:
        run.read_all(sources)
        run.report_changes()
    else:
        with import_lock(on_wait):
            run.read_all(sources)
            on_end(run.counts, run.publish())
    return run.counts


def import_within(sources: Iterable[DocumentSource], *, on_result: Callable[[FileResult], None]) -> None:
    """Import a few documents as part of the caller's unit of work. The caller holds the import lock.

    Documents of an import that was killed stay as they are: the command that completes it shows them.
    """
    uow = UnitOfWork.current()
    run = _Import(
        on_result=on_result,
        on_notice=lambda name, notice: None,
        dry_run=False,
        rescore=False,
        suggest=False,
        prune=False,
        by=uow.actor,
        is_alone=False,
    )
    run.read_all(sources)
    run.publish()


@dataclass(slots=True, kw_only=True)
class _Import:
    on_result: Callable[[FileResult], None]
    on_notice: Callable[[str, str], None]
    dry_run: bool
    rescore: bool
    suggest: bool
    prune: bool
    by: Actor
    is_alone: bool = True  # not part of a larger operation; completes an import that was killed
    policies: Policies = field(default_factory=Policies.load)
    references: ReferenceCache = field(default_factory=ReferenceCache)
    taken_down: TakenDownStories = field(default_factory=TakenDownStories)
    counts: Counter[str] = field(default_factory=Counter)
    hashes: dict[str, str] = field(default_factory=dict)  # content hashes of this run's documents, by name
    rejected: set[str] = field(default_factory=set)  # stems of files that exist but could not be imported
    changed: list[DocumentSource] = field(default_factory=list)
    entries: list[tuple[DocumentSource, Entry]] = field(default_factory=list)
    entries_by_key: dict[tuple[str, ...], Entry] = field(default_factory=dict)

    def read_all(self, sources: Iterable[DocumentSource]) -> None:
        """Store the new documents of all files, pending; keep changed ones and registry entries for the end."""
        self.taken_down = TakenDownStories.load()
        for batch in chunked(sources, BATCH):
            self._read_batch(batch)

    def publish(self) -> Operation | None:
        """Publish the run in one transaction: updates, registry entries, stories and what is public.

        Return its operation; None if nothing changed.
        """
        pending = Article.objects.filter(staged__isnull=False).order_by()  # in order, SQLite would read all articles
        if not self.is_alone:
            pending = pending.filter(name__listed=list(self.hashes))
        withdrawn, returned = self._withdrawn_ids(), self._returned_ids()
        if not (self.changed or self.entries or withdrawn or returned or pending.exists()):
            return None
        with unit_of_work(Verb.IMPORT, self.by) as uow:
            new = list(pending.values_list("pk", flat=True))
            self._store_entries(uow)
            if new:
                uow.record_created(new)
            uow.to_archive = not has_shown_anything()
            touched = sorted({*new, *self._update_changed(uow)})
            uow.write_pending()
            links.connect_links(touched)
            operations.restore_refusals(new)
            moved = links.apply_pairings(uow, touched)
            self._show(uow, pending)
            uow.flush()
            operations.mark_missing(returned, missing=False)
            withdrawn_names = operations.mark_missing(withdrawn, missing=True)
            duplicates.mark_duplicates(uow, touched)
            suggested = self._take_suggestions(uow, touched)
            with uow.consequences():
                if self.rescore:
                    operations.rescore(Article.objects.filter(pk__in=linked_ids(touched)))
                rescoring.update_stories(uow, {*moved, *suggested})
                placement.assign_leads_around(uow, touched)
        self.counts[WITHDRAWN] = len(withdrawn_names)
        for name in withdrawn_names:
            self.on_notice(name, "withdrawn: its document is missing")
        for name, notice in duplicates.duplicate_warnings(touched):
            self.on_notice(name, notice)
        return uow.operation

    def _show(self, uow: UnitOfWork, pending: QuerySet[Article]) -> None:
        """Let readers see the new articles; those that an editor has scheduled meanwhile follow by their schedule."""
        is_scheduled = Q(publish_at__isnull=False) | Q(unpublish_at__isnull=False)
        scheduled = list(pending.filter(is_scheduled).values_list("pk", flat=True))
        shown = Q(staged=True) & ~is_scheduled
        dates = listing_of_shown(shown, uow.now, uow.policies.site.late_days, to_archive=uow.to_archive)
        for arriving in (pending.filter(heat=FOLDED_HEAT), pending):  # leads are indexed once, with their coverage
            arriving.update(public=F("staged"), staged=None, **dates)
        finish_listing(uow.now)
        uow.load(scheduled)

    def _take_suggestions(self, uow: UnitOfWork, touched: Sequence[int]) -> set[int]:
        """Give the unscored articles of the run the suggested quality, if it was asked for; return which took it."""
        if not self.suggest:
            return set()
        taken = set(operations.take_suggestions(Article.objects.filter(pk__in=touched)))
        uow.publishable_ids |= publishable(Verb.IMPORT, taken)
        self.counts[SUGGESTED] = len(taken)
        return taken

    def report_changes(self) -> None:
        """Report what an import would update, without writing."""
        self.counts[WITHDRAWN] = len(self._withdrawn_ids())
        for source, entry in self.entries:
            self._report(FileResult(source.label, UPDATED, _entry_name(entry)))
        for _, parsed, changed in chain.from_iterable(self._changed_batches()):
            self._report(_file_result(parsed, UPDATED if changed else UNCHANGED, changed))

    def _withdrawn_ids(self) -> list[int]:
        """Return the articles whose documents are not among the files; none unless the run prunes.

        Articles that sources brought have no files.
        A file, folder or path that could not be read, and whose name isn't that of an article, may hold any document:
        then nothing is withdrawn.
        """
        if not self.prune or not self.hashes:
            return []
        if not all(map(slugs.is_document_name, self.rejected)):
            self.counts[PRUNE_SKIPPED] = 1
            return []
        stored = Article.objects.exclude(content_hash="").filter(missing=False).values_list("pk", "name")
        ids = [pk for pk, name in stored.iterator() if name not in self.hashes and name not in self.rejected]
        from_sources = brought_by_sources(ids)
        return [pk for pk in ids if pk not in from_sources]

    def _returned_ids(self) -> list[int]:
        """Return the articles that were missing and whose documents are among the files."""
        missing = Article.objects.filter(missing=True).values_list("pk", "name")
        return [pk for pk, name in missing if name in self.hashes]

    def _report(self, result: FileResult) -> None:
        self.counts[result.outcome] += 1
        self.on_result(result)

    def _reject(self, source: DocumentSource, problems: list[Problem]) -> None:
        self.rejected.add(source.stem)
        self._report(FileResult(source.label, REJECTED, problems=problems))

    def _read_batch(self, sources: Sequence[DocumentSource]) -> None:
        stored = _stored_hashes(source.stem for source in sources if slugs.is_document_name(source.stem))
        parsed_files = [parsed for source in sources if (parsed := self._parse(source, stored))]
        stored |= _stored_hashes(parsed.name for parsed in parsed_files if parsed.name != parsed.source.stem)
        new = []
        for parsed in parsed_files:
            if self._is_repeated(parsed.source, parsed.name, parsed.document.content_hash):
                continue
            stored_hash = stored.get(parsed.name)
            if stored_hash is None:
                if not self._is_page_taken_down(parsed):
                    new.append(parsed)
            elif stored_hash == parsed.document.content_hash:
                self._report(_file_result(parsed, UNCHANGED))
            else:
                self.changed.append(parsed.source)
        if new and not self.dry_run:
            new = self._insert(new)
        for parsed in new:
            self._report(_file_result(parsed, CREATED))

    def _parse(self, source: DocumentSource, stored: dict[str, str]) -> _ParsedFile | None:
        """Return the file's document; None if its result is clear already."""
        try:
            raw = source.read()
            stored_hash = stored.get(source.stem)
            if stored_hash is not None and stored_hash == content_hash(raw):
                if not self._is_repeated(source, source.stem, stored_hash):
                    self._report(FileResult(source.label, UNCHANGED, source.stem))
                return None
            parsed = parse_file(raw, source.label, source.stem)
        except UnreadableFileError as unreadable:
            self._reject(source, [unreadable.problem])
        except DocumentError as rejected:
            self._reject(source, rejected.problems)
        else:
            if isinstance(parsed, Document):
                return self._unless_taken_down(source, parsed)
            self._add_entry(source, parsed)
        return None

    def _unless_taken_down(self, source: DocumentSource, document: Document) -> _ParsedFile | None:
        """Return the document without links to stories that were taken down; reject that of such a story."""
        if not self.taken_down:
            return _ParsedFile(source, document)
        story = self.taken_down.by_name.get(document.name)
        if story is not None:
            self._reject(source, [Problem(source.label, 0, f"{story.name} {story.refusal}. {NOT_IMPORTED}")])
            return None
        document.related = [
            link
            for link in document.related
            if not self.taken_down.is_listed(link.web_url, link.title, link.published_at)
        ]
        return _ParsedFile(source, document)

    def _is_page_taken_down(self, parsed: _ParsedFile) -> bool:
        """Return whether a new document is that of a page whose story was taken down, and reject it if so.

        It is the same text under another name. Articles of the page that are here already stay.
        """
        document = parsed.document
        story = self.taken_down.by_url_key.get(url_key(document.web_url or document.original_url))
        if story is None:
            return False
        message = f"its page is that of {story.name}, which {story.refusal}. {PAGE_NOT_IMPORTED}"
        self._reject(parsed.source, [Problem(parsed.source.label, 0, message)])
        return True

    def _is_repeated(self, source: DocumentSource, name: str, digest: str) -> bool:
        """Return whether an earlier file of this run has the same name, and report this one if so."""
        if name not in self.hashes:
            self.hashes[name] = digest
            return False
        if self.hashes[name] == digest:
            self._report(FileResult(source.label, UNCHANGED, name))
        else:
            message = f"name: an earlier file has the same name {name} and other content; rename one of them"
            self._reject(source, [Problem(source.label, 0, message)])
        return True

    def _insert(self, new: Sequence[_ParsedFile]) -> list[_ParsedFile]:
        """Store new documents and return them, except those whose articles an editor has restored meanwhile."""
        with transaction.atomic():
            Policies.load(exclusive=True)  # until the transaction ends, nobody restores another one
            restored = _stored_hashes(parsed.name for parsed in new)
            fresh = [parsed for parsed in new if parsed.name not in restored]
            store.insert([parsed.document for parsed in fresh], self.references, self.policies)
        self.changed += [parsed.source for parsed in new if parsed.name in restored]
        return fresh

    def _add_entry(self, source: DocumentSource, entry: Entry) -> None:
        """Keep a registry entry for the end of the run; reject a second one with the same key and other content."""
        entry.file_name = source.file_name
        key = ("topic", entry.slug) if isinstance(entry, TopicEntry) else ("organization", entry.domain, entry.name)
        earlier = self.entries_by_key.setdefault(key, entry)
        if earlier is entry:
            self.entries.append((source, entry))
        elif replace(earlier, file_name=entry.file_name) == entry:
            self._report(FileResult(source.label, UNCHANGED, key[1]))
        else:
            field_name = "_id" if key[0] == "topic" else "domain"
            message = f"{field_name}: an earlier file registers {key[1]} differently; keep one of them"
            self._reject(source, [Problem(source.label, 0, message)])

    def _store_entries(self, uow: UnitOfWork) -> None:
        """Store the registry entries; where they move topics in the tree, other policies apply to articles."""
        for source, entry in self.entries:
            try:
                with transaction.atomic():
                    outcome = store_entry(entry)
            except ValidationError as invalid:
                messages = [f"{name}: {text}" for name, texts in invalid.message_dict.items() for text in texts]
                self._reject(source, [Problem(source.label, 0, message) for message in messages])
            else:
                self._report(FileResult(source.label, outcome, _entry_name(entry)))
        if self.entries and uow.policies.by_topic:
            uow.policies = Policies.load()

    def _update_changed(self, uow: UnitOfWork) -> set[int]:
        """Update the changed articles and return their ids."""
        updated_ids: set[int] = set()
        for batch in self._changed_batches():
            due = {
                article.pk: parsed.document
                for article, parsed, changed in batch
                if changed or article.content_hash in ("", REIMPORT_MARK)  # unpinned or undone since
            }
            uow.load(due)  # in one query, because other operations wait for this one
            self.references.ensure(list(due.values()))
            for article, parsed, changed in batch:
                updated = []
                if article.pk in due:
                    row = uow.load([article.pk])[0]
                    updated = store.update(uow, row, parsed.document, changed, self.references)
                    updated_ids.add(article.pk)
                self._report(_file_result(parsed, UPDATED if updated else UNCHANGED, updated))
            uow.flush_if_large()
        return updated_ids

    def _changed_batches(self) -> Iterator[list[tuple[Article, _ParsedFile, list[str]]]]:
        """Yield the changed documents with their articles and the fields that differ, many at a time.

        Their files are read again: all documents of a large import at once would fill the memory.
        """
        for chunk in chunked(self.changed, BATCH):
            parsed_files = [parsed for source in chunk if (parsed := self._parse(source, {}))]
            rows = Article.objects.filter(name__in=[parsed.name for parsed in parsed_files])
            articles = {article.name: article for article in rows}
            stored = {document.name: document for document in load_documents(rows)}
            batch = []
            for parsed in parsed_files:
                if parsed.name in articles:
                    changed = changed_fields(stored[parsed.name], parsed.document)
                    batch.append((articles[parsed.name], parsed, changed))
                else:
                    self._report(_file_result(parsed, UNCHANGED))
                    self.on_notice(
                        parsed.name, "was deleted while the import ran; the next import will create it again"
                    )
            yield batch


def _stored_hashes(names: Iterable[str]) -> dict[str, str]:
    listed = list(names)
    if not listed:
        return {}
    return dict(Article.objects.filter(name__listed=listed).values_list("name", "content_hash"))


def _entry_name(entry: Entry) -> str:
    return entry.slug if isinstance(entry, TopicEntry) else entry.name


def _file_result(parsed: _ParsedFile, outcome: str, changed: list[str] | None = None) -> FileResult:
    warnings = document_warnings(parsed.document, timezone.now())
    return FileResult(parsed.source.label, outcome, parsed.name, changed or [], warnings=warnings)
