"""Export articles and registry entries as files, from their rows alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from django.db.models import Q

from articles.models import Article, ArticleQuerySet
from articles.rules.scoring import FOLDED_HEAT
from articles.rules.states import State
from config.command_errors import CommandFailedError
from sources.models import Entry

from .format.document import Document, TopicEntry
from .format.write import document_text, entry_text
from .loading import load_documents
from .registry import registry_entries

BATCH = 500  # articles in memory at a time


class ExportError(CommandFailedError):
    """The files can't be written; the text says where and why."""


def exported_articles(*, only_decided: bool = False) -> ArticleQuerySet:
    """Return the articles to export; `only_decided` leaves out what a source brought and nobody has decided."""
    if not only_decided:
        return Article.objects.all()
    brought = Entry.objects.taken().filter(article__isnull=False).order_by().values("article")
    return Article.objects.exclude(~Q(heat=FOLDED_HEAT), state=State.UNDECIDED, pk__in=brought)


def export_documents(
    directory: Path, *, dialect: str, on_file: Callable[[], None], articles: ArticleQuerySet | None = None
) -> int:
    """Write `<name>.md` for every article, or for `articles`, into `directory`; return how many files changed.

    `dialect` is "source" for the dialect in which each document came, or "D5". A file with the same bytes is left
    alone, so its time stamp is that of the article's last change. Raises ExportError.
    """
    folder = _Folder(directory)
    written = 0
    for document in _documents(exported_articles() if articles is None else articles):
        exported = document if dialect == "source" else in_newest_dialect(document)
        written += folder.write(f"{document.name}.md", document_text(exported).encode())
        on_file()
    return written


def export_entries(directory: Path, *, on_file: Callable[[], None]) -> int:
    """Write the registry entries to topics/ and organizations/ below `directory`; return how many files changed."""
    folders: dict[str, _Folder] = {}
    written = 0
    for entry in registry_entries():
        name = "topics" if isinstance(entry, TopicEntry) else "organizations"
        if name not in folders:
            folders[name] = _Folder(directory / name)
        written += folders[name].write(folders[name].free_name(entry.file_name), entry_text(entry).encode())
        on_file()
    return written


def _documents(articles: ArticleQuerySet) -> Iterator[Document]:
    """Yield the documents by id, so that memory doesn't grow with their number."""
    last = 0
    articles = articles.order_by("pk")
    while ids := list(articles.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        yield from load_documents(articles.filter(pk__range=(ids[0], ids[-1])))
        last = ids[-1]


def in_newest_dialect(document: Document) -> Document:
    """Return the document as D5 writes it: with `originalUrl`, without tags and titles of pictures."""
    return replace(
        document,
        dialect="D5",
        original_url=document.original_url or document.web_url,
        tags=[],
        images=[replace(image, title="") for image in document.images],
        layout={name: value for name, value in document.layout.items() if name != "order"},
    )


class _Folder:
    """A directory to write files into, created if it doesn't exist."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.taken_names: set[str] = set()
        try:
            path.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise ExportError(f"{path}: is a file; choose a directory.") from None
        except OSError as error:
            raise ExportError(f"{path}: can't be created: {error.strerror}.") from None

    def free_name(self, name: str) -> str:
        """Return `name`, numbered if this run has used it: entries may come from files with the same name."""
        stem, suffix = os.path.splitext(name)
        number = 1
        while name in self.taken_names:
            number += 1
            name = f"{stem}-{number}{suffix}"
        self.taken_names.add(name)
        return name

    def write(self, name: str, content: bytes) -> bool:
        """Replace the file `name` with `content`, atomically; return whether that changed anything."""
        path = os.path.join(self.path, name)
        part = os.path.join(self.path, f".{name[:240]}.part")
        try:
            if _has_content(path, content):
                return False
            with open(part, "wb", opener=_opener) as file:
                file.write(content)
            os.replace(part, path)
        except BaseException as error:
            with suppress(OSError):
                os.unlink(part)
            if isinstance(error, OSError):
                raise ExportError(f"{path}: can't be written: {error.strerror}.") from None
            raise
        return True


def _has_content(path: str, content: bytes) -> bool:
    """Return whether `path` is a plain file that holds `content`."""
    try:
        with open(path, "rb", opener=_opener) as file:
            return file.read(len(content) + 1) == content
    except OSError:
        return False


def _opener(path: str, flags: int) -> int:
    """Open a file without following a link or waiting for a pipe."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
