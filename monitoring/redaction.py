"""Keeping out of logs and error reports what they have no business to know. Pure."""

from __future__ import annotations

import linecache
import re
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType

REMOVED = "[removed]"
FRAMES_MAX = 40
MESSAGE_MAX = 500
OTHERS = (sys.prefix, sys.base_prefix, "<")  # where files lie that aren't ours

# Repetitions have an end: strangers choose the paths that are looked through here.
_SECRETS = (
    re.compile(r"(/preview/)[^/\s?#\"']+"),  # a signed link shows a story to whoever has it
    re.compile(
        r"([?&;][\w.-]{0,60}(?:token|secret|passw|signature|session|auth|credential|key|sig|code)[\w.-]{0,60}=)"
        r"[^&\s#\"']*",
        re.IGNORECASE,
    ),
    re.compile(r"(\b[a-z][a-z0-9+.-]{0,30}://[^/\s:@]*:)[^/\s@]+(?=@)", re.IGNORECASE),  # postgres://user:password@host
    re.compile(r"(\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE),
)


def redacted(text: str) -> str:
    """Return the text without signed links, passwords in addresses and parameters that name a secret."""
    for pattern in _SECRETS:
        text = pattern.sub(rf"\1{REMOVED}", text)
    return text


def printable(text: str) -> str:
    """Return the text with all that could forge a line, or change a terminal, written as an escape."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def exception_lines(error: BaseException) -> list[str]:
    """Return an error with what caused it and where, its cause first.

    Of messages only the first line: in what follows, databases quote the row that they refused.
    """
    lines: list[str] = []
    for each in reversed(list(_chain(error))):
        lines.append("Traceback (most recent call last):")
        lines += _places(each.__traceback__)
        lines.append(f"{type(each).__name__}: {first_line(each)}")
    return lines


def _places(trace: TracebackType | None) -> Iterator[str]:
    """Yield the last places of a traceback, with the line of code where it is ours.

    Python's own way reads all files of all places and keeps their lines: 1.3 megabytes for six files.
    """
    for frame, number in list(traceback.walk_tb(trace))[-FRAMES_MAX:]:
        file = frame.f_code.co_filename
        yield f'  File "{file}", line {number}, in {frame.f_code.co_name}'
        if not file.startswith(OTHERS) and (code := linecache.getline(file, number).strip()):
            yield f"    {code}"


def first_line(message: object) -> str:
    return redacted(str(message).partition("\n")[0][:MESSAGE_MAX])


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
