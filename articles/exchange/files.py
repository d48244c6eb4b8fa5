"""Find the files that an import reads, and read their bytes. Treats the file system as hostile."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from articles.rules.limits import FILE_SIZE_MAX

from .format.document import Problem

DOCUMENT_SUFFIXES = (".md", ".markdown", ".txt")
REGISTRY_SUFFIXES = (".yaml", ".yml")  # taken from a directory unless they begin without a taxonomy
_REGISTRY_PATTERN = re.compile(rb"(?:\xef\xbb\xbf)?(?:---[ \t]*\r?\n)?taxonomy:")
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to import: its path, how messages name it, and its name without suffix."""

    path: str
    label: str
    stem: str

    @property
    def file_name(self) -> str:
        return os.path.basename(self.path)

    def read(self) -> bytes:
        """Return the bytes of a plain file, at most one byte more than a document may have. Raises UnreadableFileError.

        Links, devices and pipes are rejected: a link could read any file of the machine, a pipe could wait for ever.
        """
        try:
            handle = os.open(self.path, _FLAGS)
        except OSError as error:
            raise self._unreadable(_reason(self.path, error)) from None
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                raise self._unreadable(_("is not a regular file; links, pipes and devices are not accepted"))
            return os.read(handle, min(status.st_size, FILE_SIZE_MAX) + 1)
        except OSError as error:
            raise self._unreadable(_reason(self.path, error)) from None
        finally:
            os.close(handle)

    def _unreadable(self, reason: str) -> UnreadableFileError:
        return UnreadableFileError(Problem(self.label, 0, reason))


class UnreadableFileError(Exception):
    """A file can't be read; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def sources(paths: Sequence[str]) -> Iterator[SourceFile]:
    """Yield the files under `paths`, each path's in bytewise order; duplicates are skipped."""
    seen: set[str] = set()
    for path in paths:
        absolute, length = os.path.abspath(path), len(path.rstrip(os.sep))
        for file_path, stem in _walk(path) if os.path.isdir(path) else [(path, _stem(path))]:
            if len(paths) > 1:
                key = absolute + file_path[length:]
                if key in seen:
                    continue
                seen.add(key)
            yield SourceFile(file_path, printable(file_path), stem)


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]


def _walk(directory: str) -> Iterator[tuple[str, str]]:
    """Yield path and stem of what an import takes from a directory.

    Folders that can't be read, or are links, come too, to be rejected: without a stem, as they may hold any document.
    """
    unreadable: list[OSError] = []
    for folder, folders, files in os.walk(directory, onerror=unreadable.append):
        folders.sort(key=os.fsencode)
        prefix = os.path.join(folder, "")
        yield from ((f"{prefix}{name}", "") for name in folders if os.path.islink(f"{prefix}{name}"))
        for name in sorted(files, key=os.fsencode):
            stem, suffix = os.path.splitext(name)
            path = f"{prefix}{name}"
            if suffix.lower() in DOCUMENT_SUFFIXES or (suffix.lower() in REGISTRY_SUFFIXES and _is_registry_file(path)):
                yield path, stem
    yield from ((str(error.filename), "") for error in unreadable)


def _is_registry_file(path: str) -> bool:
    try:
        head = SourceFile(path, path, "").read()[:100]
    except UnreadableFileError:
        return True  # to be rejected: it may be one
    return _REGISTRY_PATTERN.match(head) is not None


def printable(path: str) -> str:
    """Return the path as messages may print it: no control characters, no undecodable bytes."""
    if path.isprintable():
        return path or "(a path without a name)"
    text = os.fsencode(path).decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _reason(path: str, error: OSError) -> str:
    if os.path.islink(path):
        return _("is a symbolic link; name the file or folder itself")
    if isinstance(error, FileNotFoundError):
        return _("doesn't exist")
    return _("can't be read: %(reason)s") % {"reason": (error.strerror or _("unknown reason")).lower()}
