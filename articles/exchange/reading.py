"""Read the files of an import, and store their new documents, pending: a killed run keeps its work.

Changed documents and registry entries wait for the end of the run, when everything that readers notice happens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from django.db import transaction
from django.utils.translation import gettext as _

from articles.db.bulk import chunked
from articles.models import Article, Policies, TakenDownStories, let_operations_wait
from articles.models.taken_down import NOT_IMPORTED, PAGE_NOT_IMPORTED
from articles.rules import slugs
from articles.rules.urls import url_key

from . import store
from .files import UnreadableFileError
from .format.document import Document, DocumentError, Entry, Problem, TopicEntry
from .format.parse import content_hash, parse_file
from .outcomes import CREATED, REJECTED, UNCHANGED, DocumentSource, FileResult, ParsedFile, file_result
from .registry import ReferenceCache

BATCH = 500  # documents in a transaction


@dataclass(slots=True, kw_only=True)
class DocumentReader:
    """Reads files in batches. `on_result` gets each result as soon as it is known; `counts` counts their outcomes."""

    on_result: Callable[[FileResult], None]
    dry_run: bool
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

    def read_changed(self) -> Iterator[list[ParsedFile]]:
        """Yield the changed documents, many at a time.

        Their files are read again: all documents of a large import at once would fill the memory.
        """
        for chunk in chunked(self.changed, BATCH):
            yield [parsed for source in chunk if (parsed := self._parse(source, {}))]

    def report(self, result: FileResult) -> None:
        self.counts[result.outcome] += 1
        self.on_result(result)

    def reject(self, source: DocumentSource, problems: list[Problem]) -> None:
        self.rejected.add(source.stem)
        self.report(FileResult(source.label, REJECTED, problems=problems))

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
                self.report(file_result(parsed, UNCHANGED))
            else:
                self.changed.append(parsed.source)
        if new and not self.dry_run:
            new = self._insert(new)
        for parsed in new:
            self.report(file_result(parsed, CREATED))

    def _parse(self, source: DocumentSource, stored: dict[str, str]) -> ParsedFile | None:
        """Return the file's document; None if its result is clear already."""
        try:
            raw = source.read()
            stored_hash = stored.get(source.stem)
            if stored_hash is not None and stored_hash == content_hash(raw):
                if not self._is_repeated(source, source.stem, stored_hash):
                    self.report(FileResult(source.label, UNCHANGED, source.stem))
                return None
            parsed = parse_file(raw, source.label, source.stem)
        except UnreadableFileError as unreadable:
            self.reject(source, [unreadable.problem])
        except DocumentError as rejected:
            self.reject(source, rejected.problems)
        else:
            if isinstance(parsed, Document):
                return self._unless_taken_down(source, parsed)
            self._add_entry(source, parsed)
        return None

    def _unless_taken_down(self, source: DocumentSource, document: Document) -> ParsedFile | None:
        """Return the document without links to stories that were taken down; reject that of such a story."""
        if not self.taken_down:
            return ParsedFile(source, document)
        story = self.taken_down.by_name.get(document.name)
        if story is not None:
            self.reject(source, [Problem(source.label, 0, f"{story.name} {story.refusal}. {NOT_IMPORTED}")])
            return None
        kept = [
            link
            for link in document.related
            if not self.taken_down.is_listed(link.web_url, link.title, link.published_at)
        ]
        left_out = len(document.related) - len(kept)
        document.related = kept
        return ParsedFile(source, document, left_out)

    def _is_page_taken_down(self, parsed: ParsedFile) -> bool:
        """Return whether a new document is that of a page whose story was taken down, and reject it if so.

        It is the same text under another name. Articles of the page that are here already stay.
        """
        if not self.taken_down:
            return False
        document = parsed.document
        story = self.taken_down.by_url_key.get(url_key(document.web_url or document.original_url))
        if story is None:
            return False
        text = _("its page is that of %(story)s, which %(refusal)s. %(advice)s")
        message = text % {"story": story.name, "refusal": story.refusal, "advice": PAGE_NOT_IMPORTED}
        self.reject(parsed.source, [Problem(parsed.source.label, 0, message)])
        return True

    def _is_repeated(self, source: DocumentSource, name: str, digest: str) -> bool:
        """Return whether an earlier file of this run has the same name, and report this one if so."""
        if name not in self.hashes:
            self.hashes[name] = digest
            return False
        if self.hashes[name] == digest:
            self.report(FileResult(source.label, UNCHANGED, name))
        else:
            text = _("name: an earlier file has the same name %(name)s and other content; rename one of them")
            self.reject(source, [Problem(source.label, 0, text % {"name": name})])
        return True

    def _insert(self, new: Sequence[ParsedFile]) -> list[ParsedFile]:
        """Store new documents and return them, except those whose articles an editor has restored meanwhile."""
        if not self.is_alone:  # nobody can restore one meanwhile
            store.insert([parsed.document for parsed in new], self.references, self.policies)
            return list(new)
        with transaction.atomic():
            let_operations_wait()  # so that nobody restores another one
            restored = _stored_hashes(parsed.name for parsed in new)
            fresh = [parsed for parsed in new if parsed.name not in restored]
            store.insert([parsed.document for parsed in fresh], self.references, self.policies)
        self.changed += [parsed.source for parsed in new if parsed.name in restored]
        return fresh

    def _add_entry(self, source: DocumentSource, entry: Entry) -> None:
        """Keep a registry entry for the end of the run; reject a second one with the same key and other content."""
        entry.file_name = source.file_name
        keys = _entry_keys(entry)
        key = next((key for key in keys if key in self.entries_by_key), None)
        if key is None:
            self.entries_by_key.update(dict.fromkeys(keys, entry))
            self.entries.append((source, entry))
        elif replace(self.entries_by_key[key], file_name=entry.file_name) == entry:
            self.report(FileResult(source.label, UNCHANGED, key[1]))
        else:
            text = _("%(field)s: an earlier file registers %(key)s differently; keep one of them")
            message = text % {"field": key[0], "key": key[1]}
            self.reject(source, [Problem(source.label, 0, message)])


def _entry_keys(entry: Entry) -> list[tuple[str, ...]]:
    """Return what identifies an entry, each after the name of its key. A topic is found by slug and by name."""
    if isinstance(entry, TopicEntry):
        return [("_id", entry.slug), ("name", entry.name)]
    return [("domain", entry.domain, entry.name)]


def _stored_hashes(names: Iterable[str]) -> dict[str, str]:
    listed = list(names)
    if not listed:
        return {}
    return dict(Article.objects.filter(name__listed=listed).values_list("name", "content_hash"))
