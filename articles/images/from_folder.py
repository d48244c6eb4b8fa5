"""Read pictures from a folder with an index.yaml that gives the URL of each file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import yaml

from pictures.sniffing import MAX_BYTES

INDEX = "index.yaml"
MAX_INDEX_BYTES = 5_000_000


class FolderError(Exception):
    """The folder, or one of its entries, can't be used; the message says why and what to do."""


@dataclass(frozen=True)
class Entry:
    """An entry of the index. `problem` says what is wrong with it, if anything."""

    line: int  # counted from 1
    url: str = ""
    file: str = ""
    problem: str = ""


def read_index(folder: Path) -> list[Entry]:
    """Return the entries of the folder's index, with their problems. Raises FolderError if it can't be read."""
    path = folder / INDEX
    try:
        text = _read_regular_file(path, MAX_INDEX_BYTES)
        # Not the C loader, which overflows the stack on deep nesting. Composing builds no objects, expands no aliases.
        root = yaml.compose(text, Loader=yaml.BaseLoader)
    except FileNotFoundError:
        raise FolderError(f"{path} is missing. Name a folder that has one, for example seeds/media.") from None
    except (OSError, ValueError) as error:
        raise FolderError(f"{path} can't be read: {_reason(error)}.") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise FolderError(f"{path} is not valid YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(root, yaml.SequenceNode):
        raise FolderError(f"{path}:1: this is not a list of entries. Write each entry as `- url: …` and `  file: …`.")
    return list(_entries(root))


def read_picture(folder: Path, entry: Entry) -> bytes:
    """Return the bytes of the entry's file. Raises FolderError."""
    if entry.problem:
        raise FolderError(entry.problem)
    inside = PurePosixPath(entry.file)
    if inside.is_absolute() or ".." in inside.parts or "\0" in entry.file:
        raise FolderError(f"{entry.file!r} is outside the folder. Name a file inside it.")
    for part in (inside, *inside.parents[:-1]):
        if (folder / part).is_symlink():
            raise FolderError(f"{part} is a link. Put the file itself there.")
    try:
        return _read_regular_file(folder / inside, MAX_BYTES)
    except FileNotFoundError:
        raise FolderError(f"{entry.file} is missing. Put it into the folder or remove the entry.") from None
    except (OSError, ValueError) as error:
        raise FolderError(f"{entry.file} can't be read: {_reason(error)}. Replace it or remove the entry.") from error


def _entries(root: yaml.SequenceNode) -> Iterator[Entry]:
    seen: dict[str, int] = {}
    for node in root.value:
        line = node.start_mark.line + 1
        pairs = _pairs(node)
        url, file = pairs.get("url", ""), pairs.get("file", "")
        if not url or not file:
            yield Entry(line, problem="an entry needs a URL and a file. Write `- url: …` and `  file: …`.")
        elif not _is_valid_url(url):
            yield Entry(line, problem=f"{url!r} is not a URL. URLs start with https://, http:// or one /.")
        elif url in seen:
            yield Entry(line, problem=f"{url} is already in line {seen[url]}. Remove one of the two.")
        else:
            seen[url] = line
            yield Entry(line, url, file)


def _pairs(node: yaml.Node) -> dict[str, str]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {
        key.value: value.value
        for key, value in node.value
        if isinstance(key, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode)
    }


def _is_valid_url(url: str) -> bool:
    is_web = url.lower().startswith(("https://", "http://"))
    return "\0" not in url and (is_web or url.startswith("/") and not url.startswith("//"))


def _read_regular_file(path: Path, limit: int) -> bytes:
    """Return the content of the file. Follows no link, waits for no pipe and reads at most `limit` bytes."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is not a regular file")
        data = file.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"it has more than {limit // 1_000_000} MB")
    return data


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
