"""Types of the arguments of commands. What they refuse, they say with what is allowed."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import MAXYEAR, MINYEAR, datetime
from pathlib import Path

from django.utils.dateparse import parse_datetime


def whole_number(maximum: int = 1_000_000) -> Callable[[str], int]:
    """Return the type of numbers from 1 to `maximum`."""

    def parse(text: str) -> int:
        if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= maximum:
            raise ArgumentTypeError(f"{text!r} is not a number from 1 to {maximum:,}")
        return int(text)

    return parse


def file_path(text: str) -> Path:
    """Return the path of a file or folder. An empty one, as of an unset variable, isn't the current folder."""
    if not text:
        raise ArgumentTypeError(f"{text!r} is not a path; name the file or folder")
    return Path(text)


def share(text: str) -> float:
    """Return a number from 0 to 1."""
    if not re.fullmatch(r"0|0?\.[0-9]{1,9}|1(\.0{1,9})?", text):
        raise ArgumentTypeError(f"{text!r} is not a number from 0 to 1, such as 0.4")
    return float(text)


def moment(text: str) -> datetime:
    """Return a time that names its zone."""
    try:
        at = parse_datetime(text)
    except ValueError:  # it has the form of a time, but there is no such day
        at = None
    if at is None or at.tzinfo is None or not MINYEAR < at.year < MAXYEAR - 1:  # the ends fit into no other zone
        raise ArgumentTypeError(f"{text!r} is not a time with its zone, such as 2026-03-04T12:00:00Z")
    return at
