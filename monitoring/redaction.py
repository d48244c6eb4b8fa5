"""Remove secrets from texts for logs and error reports. Pure functions."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator

REMOVED = "[removed]"
FRAMES_MAX = 40
MESSAGE_MAX = 500

# Repetitions are bounded, because clients choose the paths that are searched here.
_SECRETS = (
    re.compile(r"(/password-reset/[^/\s?#\"']+/)[^/\s?#\"']+"),  # sets the password of whoever has it
    re.compile(r"(/preview/)[^/\s?#\"']+"),  # a signed link opens a story to anyone who has it
    re.compile(
        r"([?&;][\w.-]{0,60}(?:token|secret|passw|signature|session|auth|credential|key|sig|code)[\w.-]{0,60}=)"
        r"[^&\s#\"']*",
        re.IGNORECASE,
    ),
    re.compile(r"(\b[a-z][a-z0-9+.-]{0,30}://[^/\s:@]*:)[^/\s@]+(?=@)", re.IGNORECASE),  # postgres://user:password@host
    re.compile(r"(\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE),
)


def redact(text: str) -> str:
    """Return the text without signed links, passwords in URLs and parameters that are named like secrets."""
    for pattern in _SECRETS:
        text = pattern.sub(rf"\1{REMOVED}", text)
    return text


def printable(text: str) -> str:
    """Return the text with characters escaped that could forge a log line or control a terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def exception_lines(error: BaseException) -> list[str]:
    """Return the traceback of an error and of its causes, the first cause first.

    Of messages only the first line is kept: databases quote the row that they refused in the following ones.
    """
    lines: list[str] = []
    for cause in reversed(list(_causes(error))):
        lines.append("Traceback (most recent call last):")
        lines += "".join(traceback.format_tb(cause.__traceback__, -FRAMES_MAX)).splitlines()
        lines.append(f"{type(cause).__name__}: {summary_line(cause)}")
    return lines


def summary_line(message: object) -> str:
    return redact(str(message).partition("\n")[0][:MESSAGE_MAX])


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
