"""The export: articles and registry entries out as files, from their rows alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from articles.models import Article

from . import store
from .format.document import Document, Image, TopicEntry
from .format.write import document_text, entry_text
from .registry import entries

BATCH = 500  # articles in memory at a time


class ExportRefused(Exception):
    """The files can't be written; the text says where and why."""


def export_documents(directory: Path, *, dialect: str, on_file: Callable[[], None]) -> int:
    """Write `<name>.md` for every article into `directory`; return how many changed on disk.

    `dialect` is "source" for the dialect that each came in, or "D5". A file that holds the same bytes already is
    left alone, so that its time stamp tells when its article changed. Raises ExportRefused.
    """
    folder = _Folder(directory)
    written = 0
    for document in _documents():
        shown = document if dialect == "source" else in_newest_dialect(document)
        written += folder.write(f"{document.name}.md", document_text(shown).encode())
        on_file()
    return written


def export_entries(directory: Path, *, on_file: Callable[[], None]) -> int:
    """Write the registry entries below `directory`, in topics/ and organizations/; return how many changed on disk."""
    folders: dict[str, _Folder] = {}
    written = 0
    for entry in entries():
        name = "topics" if isinstance(entry, TopicEntry) else "organizations"
        if name not in folders:
            folders[name] = _Folder(directory / name)
        written += folders[name].write(folders[name].free_name(entry.file_name), entry_text(entry).encode())
        on_file()
    return written


def _documents() -> Iterator[Document]:
    """Yield all documents by id, so that memory doesn't grow with their number."""
    last = 0
    articles = Article.objects.order_by("pk")
    while ids := list(articles.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        yield from store.load(articles.filter(pk__range=(ids[0], ids[-1])))
        last = ids[-1]


def in_newest_dialect(document: Document) -> Document:
    """Return the document as D5 writes it: `originalUrl` added, tags and picture titles gone."""
    return replace(
        document,
        dialect="D5",
        original_url=document.original_url or document.web_url,
        tags=[],
        images=[_untitled(image) for image in document.images],
        layout={name: value for name, value in document.layout.items() if name != "order"},
    )


def _untitled(image: Image) -> Image:
    return replace(image, title="")


class _Folder:
    """A directory to write files into, made if it isn't there."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.given: set[str] = set()
        try:
            path.mkdir(parents=True, exist_ok=True)
            self.names = set(os.listdir(path))
        except FileExistsError:
            raise ExportRefused(f"{path}: is a file; name a folder") from None
        except OSError as error:
            raise ExportRefused(f"{path}: can't be made: {error.strerror}") from None

    def free_name(self, name: str) -> str:
        """Return `name`, or one like it if this run has given it away: entries may come from files of one name."""
        stem, suffix = os.path.splitext(name)
        number = 1
        while name in self.given:
            number += 1
            name = f"{stem}-{number}{suffix}"
        self.given.add(name)
        return name

    def write(self, name: str, content: bytes) -> bool:
        """Put `content` at `name`, whole or not at all; return whether that changed anything."""
        path = os.path.join(self.path, name)
        part = os.path.join(self.path, f".{name[:240]}.part")
        try:
            if name in self.names and _holds(path, content):
                return False
            _create(part, content)
            os.replace(part, path)
        except OSError as error:
            with suppress(OSError):
                os.unlink(part)
            raise ExportRefused(f"{path}: can't be written: {error.strerror}") from None
        return True


def _holds(path: str, content: bytes) -> bool:
    """Return whether a plain file at `path` holds `content`."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.read(handle, len(content) + 1) == content
    except OSError:
        return False
    finally:
        os.close(handle)


def _create(path: str, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        while content:
            content = content[os.write(handle, content) :]
    finally:
        os.close(handle)
