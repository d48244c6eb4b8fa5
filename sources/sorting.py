"""What becomes of the unknown entries of a document: taken, history, or held back. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from .limits import CHANGES_MAX, CHANGES_TIME, HISTORY_MARGIN, NEW_MAX, TAKE_AGE, USUAL_FACTOR


class Sorted(StrEnum):
    NEW = "new"
    HISTORY = "history"
    HELD_BACK = "held"


def sort_unknown(
    stated: Sequence[datetime | None],
    *,
    now: datetime,
    last_complete: datetime | None,
    take: int,
    usual: float = 0,
) -> list[Sorted]:
    """Return what becomes of each unknown entry; `stated` are their dates, in the order of the document.

    `last_complete` is when the source was last read as a whole; None at the first fetch, when `take` entries are
    taken. `usual` is how many new entries the source has when it has any. A date ahead counts as now, and so does none.
    """
    times = [min(time or now, now) for time in stated]
    newest_first = sorted(range(len(times)), key=lambda index: times[index], reverse=True)  # stable, also reversed
    if last_complete is None:
        limit, oldest, surplus = take, now - TAKE_AGE, Sorted.HISTORY
    else:
        limit, oldest, surplus = NEW_MAX, last_complete - HISTORY_MARGIN, Sorted.HELD_BACK
    recent = [index for index in newest_first if times[index] >= oldest]
    if last_complete is not None and len(recent) <= USUAL_FACTOR * usual:
        limit = len(recent)
    result = [Sorted.HISTORY] * len(times)
    for place, index in enumerate(recent):
        result[index] = Sorted.NEW if place < limit else surplus
    return result


def is_change_taken(*, changes: int, first_seen_at: datetime, now: datetime, has_new_title: bool) -> bool:
    """Return whether a change of an entry reaches its article: not after too many, nor small ones after two days."""
    return changes <= CHANGES_MAX and (has_new_title or now - first_seen_at <= CHANGES_TIME)
