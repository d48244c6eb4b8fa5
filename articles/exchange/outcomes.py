"""What an import takes, and what became of each file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from django.utils import timezone
from django.utils.translation import ngettext

from .format.document import Document, Entry, Problem, TopicEntry
from .format.warnings import document_warnings

CREATED, UPDATED, UNCHANGED, REJECTED = "created", "updated", "unchanged", "rejected"
OUTCOMES = (CREATED, UPDATED, UNCHANGED, REJECTED)
SUGGESTED = "suggested"  # counted beside the outcomes: unscored articles that took the suggested quality
WITHDRAWN = "withdrawn"  # counted beside the outcomes of files: these articles have no file any more
PRUNE_SKIPPED = "prune skipped"  # 1 if a run could not know which documents are gone
PRUNE_WITHOUT_DOCUMENTS = "no documents"  # 1 if a run found none, so that all would be gone


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
class ParsedFile:
    """A file that holds a story document. `left_out` counts its related links to stories that were taken down."""

    source: DocumentSource
    document: Document
    left_out: int = 0

    @property
    def name(self) -> str:
        return self.document.name


def entry_name(entry: Entry) -> str:
    """Return how results name a registry entry."""
    return entry.slug if isinstance(entry, TopicEntry) else entry.name


def file_result(parsed: ParsedFile, outcome: str, changed: list[str] | None = None) -> FileResult:
    """Return the result of a file that holds a document, with its warnings."""
    warnings = document_warnings(parsed.document, timezone.now())
    if parsed.left_out:
        text = ngettext(
            "%(number)d related link to a story that was taken down was left out",
            "%(number)d related links to stories that were taken down were left out",
            parsed.left_out,
        )
        warnings.append(text % {"number": parsed.left_out})
    return FileResult(parsed.source.label, outcome, parsed.name, changed or [], warnings=warnings)
