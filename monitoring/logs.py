"""How lines of the log are written: as JSON for machines, or plainly for people. Both name the request.

What a message quotes may come from anywhere, so no control character gets out raw, and no secret (OWASP ASVS 16.4.1).
"""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from .redaction import exception_lines, printable, redacted

request_id: ContextVar[str] = ContextVar("request_id", default="")


def details_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return what a line says beside its message: of ours, `extra={"details": {…}}`; nothing else that it carries."""
    details = getattr(record, "details", None)
    return details if isinstance(details, dict) else {}


def id_of(record: logging.LogRecord) -> str:
    """Return the id of the request that a line is about; Django writes some when the request has just ended."""
    return request_id.get() or getattr(getattr(record, "request", None), "request_id", "")


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": redacted(record.getMessage()),
        }
        if number := id_of(record):
            line["request_id"] = number
        for name, value in details_of(record).items():
            line[name] = redacted(value) if isinstance(value, str) else value
        if record.exc_info and record.exc_info[1]:
            line["exception"] = "\n".join(exception_lines(record.exc_info[1]))
        return json.dumps(line, default=str)  # ASCII: every control character is escaped


class PlainFormatter(logging.Formatter):
    """One line, and a further one, set in, for each of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        details = "".join(f" {name}={value}" for name, value in details_of(record).items())
        number = id_of(record)
        message = printable(redacted(record.getMessage() + details))
        lines = [f"{_time(record)} {record.levelname} {record.name} {f'[{number}] ' if number else ''}{message}"]
        if record.exc_info and record.exc_info[1]:
            lines += [f"    {printable(line)}" for line in exception_lines(record.exc_info[1])]
        return "\n".join(lines)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
