"""Import files: one run at a time, one result for each file.

read -> parse -> compare -> store. `reading.py` stores new documents in batches, pending; everything that readers notice
happens here, in one transaction at the end. The same command, run again, completes a run that was killed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from itertools import chain

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from articles import operations
from articles.audit_log.unit_of_work import SYSTEM_ACTOR, Actor, UnitOfWork, unit_of_work
from articles.db.bulk import chunked
from articles.db.locks import import_lock
from articles.models import Article, Operation, Policies, Verb
from articles.operations.pins import REIMPORT_MARK
from articles.publication_record.listing import finish_listing, has_shown_anything, listing_of_shown
from articles.rules import slugs
from articles.rules.publication import publishable
from articles.rules.scoring import FOLDED_HEAT
from articles.stories import duplicates, links, placement
from articles.stories.neighbourhood import linked_ids
from sources.models import brought_by_sources

from . import store
from .format.document import Entry, Problem
from .loading import changed_fields, load_documents
from .outcomes import (
    PRUNE_SKIPPED,
    PRUNE_WITHOUT_DOCUMENTS,
    SUGGESTED,
    UNCHANGED,
    UPDATED,
    WITHDRAWN,
    DocumentSource,
    FileResult,
    ParsedFile,
    entry_name,
    file_result,
)
from .reading import DocumentReader
from .registry import store_entry


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
    reader = DocumentReader(on_result=on_result, dry_run=dry_run)
    run = _Import(reader, on_notice=on_notice, rescore=rescore, suggest=suggest, prune=prune, by=by)
    if dry_run:
        reader.read_all(sources)
        run.report_changes()
    else:
        with import_lock(on_wait):
            reader.read_all(sources)
            on_end(reader.counts, run.publish())
    return reader.counts


def import_within(sources: Iterable[DocumentSource], *, on_result: Callable[[FileResult], None]) -> None:
    """Import a few documents as part of the caller's unit of work. The caller holds the import lock.

    Documents of an import that was killed stay as they are: the command that completes it shows them.
    """
    uow = UnitOfWork.current()
    reader = DocumentReader(on_result=on_result, dry_run=False, is_alone=False, policies=uow.policies)
    reader.read_all(sources)
    _Import(reader, by=uow.actor).publish()


@dataclass(slots=True)
class _Import:
    """What follows once all files are read, or would follow."""

    reader: DocumentReader
    _: KW_ONLY
    by: Actor
    on_notice: Callable[[str, str], None] | None = None
    rescore: bool = False
    suggest: bool = False
    prune: bool = False

    def publish(self) -> Operation | None:
        """Publish the run in one transaction: updates, registry entries, stories and what is public.

        Return its operation; None if nothing changed.
        """
        pending = Article.objects.filter(staged__isnull=False).order_by()  # in order, SQLite would read all articles
        if not self.reader.is_alone:
            pending = pending.filter(name__listed=list(self.reader.hashes))
        withdrawn, returned = self._withdrawn_ids(), self._returned_ids()
        if not (self.reader.changed or self.reader.entries or withdrawn or returned or pending.exists()):
            return None
        with unit_of_work(Verb.IMPORT, self.by) as uow:
            new = list(pending.values_list("pk", flat=True))
            self._store_entries()
            if self.reader.entries and uow.policies.by_topic:
                uow.policies = Policies.load()  # entries may have moved topics in the tree
            if new:
                uow.record_created(new)
            uow.to_archive = not has_shown_anything()
            updated = self._update_changed(uow)
            touched = sorted({*new, *updated})
            uow.write_pending()
            links.mark_repeated_links(sorted(updated))
            links.connect_links(touched)
            operations.restore_refusals(uow, new)
            moved = links.apply_pairings(uow, touched)
            uow.flush()  # or articles in memory would be written as hidden after they are shown
            self._show(uow, pending)
            uow.flush()
            operations.mark_missing(returned, missing=False)
            withdrawn_names = operations.mark_missing(withdrawn, missing=True)
            duplicates.mark_duplicates(uow, touched)
            suggested = self._take_suggestions(uow, touched)
            with uow.consequences():
                if self.rescore:
                    operations.rescore(Article.objects.filter(pk__in=linked_ids(touched)))
                operations.update_stories(uow, {*moved, *suggested})
                placement.assign_leads_around(uow, touched)
                operations.move_members(uow, touched)
        self.reader.counts[WITHDRAWN] = len(withdrawn_names)
        if self.on_notice is not None:
            for name in withdrawn_names:
                self.on_notice(name, _("withdrawn: its document is missing"))
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
        self.reader.counts[SUGGESTED] = len(taken)
        return taken

    def report_changes(self) -> None:
        """Report what an import would update and withdraw, without writing."""
        if self.reader.entries:
            with transaction.atomic():
                self._store_entries()
                transaction.set_rollback(True)
        for article, parsed, changed in chain.from_iterable(self._changed_batches()):
            updated = store.updated_fields(article, parsed.document, changed)
            self.reader.report(file_result(parsed, UPDATED if updated else UNCHANGED, updated))
        withdrawn = self._withdrawn_ids()
        self.reader.counts[WITHDRAWN] = len(withdrawn)
        if self.on_notice is not None:
            for chunk in chunked(withdrawn):
                for name in Article.objects.filter(pk__in=chunk).values_list("name", flat=True):
                    self.on_notice(name, _("would be withdrawn: its document is missing"))

    def _withdrawn_ids(self) -> list[int]:
        """Return the articles whose documents are not among the files; none unless the run prunes.

        Articles that sources brought have no files. A file, folder or path that could not be read, and whose name isn't
        that of an article, may hold any document: then nothing is withdrawn. Nor is anything without a single document:
        a wrong path would take the whole site down.
        """
        if not self.prune:
            return []
        if not self.reader.hashes:
            self.reader.counts[PRUNE_WITHOUT_DOCUMENTS] = 1
            return []
        if not all(map(slugs.is_document_name, self.reader.rejected)):
            self.reader.counts[PRUNE_SKIPPED] = 1
            return []
        stored = Article.objects.exclude(content_hash="").filter(missing=False).values_list("pk", "name")
        ids = [
            pk for pk, name in stored.iterator() if name not in self.reader.hashes and name not in self.reader.rejected
        ]
        from_sources = brought_by_sources(ids)
        return [pk for pk in ids if pk not in from_sources]

    def _returned_ids(self) -> list[int]:
        """Return the articles that were missing and whose documents are among the files."""
        if not self.reader.is_alone:  # what a source brings has a name of its own
            return []
        missing = Article.objects.filter(missing=True).values_list("pk", "name")
        return [pk for pk, name in missing if name in self.reader.hashes]

    def _store_entries(self) -> None:
        """Store the registry entries. What is refused is tried again after the others, which may free its slug."""
        waiting = self.reader.entries
        while True:
            refused = [(*item, invalid) for item in waiting if (invalid := self._store_entry(*item))]
            if len(refused) == len(waiting):
                break
            waiting = [(source, entry) for source, entry, _invalid in refused]
        for source, _entry, invalid in refused:
            messages = [f"{name}: {text}" for name, texts in invalid.message_dict.items() for text in texts]
            self.reader.reject(source, [Problem(source.label, 0, message) for message in messages])

    def _store_entry(self, source: DocumentSource, entry: Entry) -> ValidationError | None:
        """Store a registry entry and report it; return why if it is refused."""
        try:
            with transaction.atomic():
                outcome, warnings = store_entry(entry)
        except ValidationError as invalid:
            return invalid
        self.reader.report(FileResult(source.label, outcome, entry_name(entry), warnings=warnings))
        return None

    def _update_changed(self, uow: UnitOfWork) -> set[int]:
        updated_ids: set[int] = set()
        for batch in self._changed_batches():
            due = {
                article.pk: parsed.document
                for article, parsed, changed in batch
                if changed or article.content_hash in ("", REIMPORT_MARK)  # unpinned or undone since
            }
            uow.load(due)  # in one query, because other operations wait for this one
            self.reader.references.ensure(list(due.values()))
            for article, parsed, changed in batch:
                updated = []
                if article.pk in due:
                    row = uow.load([article.pk])[0]
                    updated = store.update(uow, row, parsed.document, changed, self.reader.references)
                    updated_ids.add(article.pk)
                self.reader.report(file_result(parsed, UPDATED if updated else UNCHANGED, updated))
            uow.flush_if_large()
        return updated_ids

    def _changed_batches(self) -> Iterator[list[tuple[Article, ParsedFile, list[str]]]]:
        """Yield the changed documents with their articles and the fields that differ, many at a time."""
        for parsed_files in self.reader.read_changed():
            rows = Article.objects.filter(name__in=[parsed.name for parsed in parsed_files])
            articles = {article.name: article for article in rows}
            stored = {document.name: document for document in load_documents(rows)}
            batch = []
            for parsed in parsed_files:
                if parsed.name in articles:
                    changed = changed_fields(stored[parsed.name], parsed.document)
                    batch.append((articles[parsed.name], parsed, changed))
                else:
                    self.reader.report(file_result(parsed, UNCHANGED))
                    if self.on_notice is not None:
                        notice = _("was deleted while the import ran; the next import will create it again")
                        self.on_notice(parsed.name, notice)
            yield batch
