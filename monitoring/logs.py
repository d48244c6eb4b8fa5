"""Format log lines as JSON for machines or as plain text for people, both with the id of the request.

Messages may quote text from anywhere: control characters are escaped and secrets removed (OWASP ASVS 16.4.1).
"""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from .redaction import exception_lines, printable, redact

request_id: ContextVar[str] = ContextVar("request_id", default="")


def extra_details(record: logging.LogRecord) -> dict[str, Any]:
    """Return the values that our own lines add with `extra={"details": {…}}`; those of other libraries are ignored."""
    details = getattr(record, "details", None)
    return details if isinstance(details, dict) else {}


def request_id_of(record: logging.LogRecord) -> str:
    """Return the id of the request that a line is about. Django logs some lines just after the request has ended."""
    return request_id.get() or getattr(getattr(record, "request", None), "request_id", "")


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if current_id := request_id_of(record):
            line["request_id"] = current_id
        for name, value in extra_details(record).items():
            line[name] = redact(value) if isinstance(value, str) else value
        if record.exc_info and record.exc_info[1]:
            line["exception"] = "\n".join(exception_lines(record.exc_info[1]))
        return json.dumps(line, default=str)  # ASCII: every control character is escaped


class PlainFormatter(logging.Formatter):
    """Write one line, and an indented one for each line of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        details = "".join(f" {name}={_one_word(value)}" for name, value in extra_details(record).items())
        current_id = request_id_of(record)
        message = printable(redact(_message(record) + details))
        prefix = f"[{current_id}] " if current_id else ""
        lines = [f"{_time(record)} {record.levelname} {record.name} {prefix}{message}"]
        if record.exc_info and record.exc_info[1]:
            lines += [f"    {printable(line)}" for line in exception_lines(record.exc_info[1])]
        return "\n".join(lines)


def _message(record: logging.LogRecord) -> str:
    """Return the message, with paths as one word: clients choose them, and `/x status=200` would forge a field."""
    args = record.args
    if isinstance(args, tuple):
        args = tuple(arg.replace(" ", "%20") if isinstance(arg, str) and arg.startswith("/") else arg for arg in args)
    return str(record.msg) % args if args else str(record.msg)


def _one_word(value: Any) -> str:
    """Return a value as it is if it has no blanks and quotes, otherwise in quotes."""
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if " " in text or '"' in text else text


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
