"""Where the site puts an article in time: when readers could first see it, and how lists for readers date it.

`published_at` is what the outlet says. It can be late, wrong or in the future; `listed_at` is what lists go by.
"""

from __future__ import annotations

from datetime import datetime, timedelta

UNDO_PERIOD = timedelta(hours=1)  # a first publication that is undone so soon hasn't happened
ADDED_LATER = timedelta(days=1)  # if it came later than that, pages say when it was added
AHEAD_MAX = timedelta(minutes=10)  # clocks differ; a publication time further ahead is wrong


def listed_at(
    published_at: datetime, first_shown_at: datetime | None, *, late_days: int, from_archive: bool = False
) -> datetime:
    """Return the time by which lists for readers order an article.

    That is when readers could first see it, unless that is more than `late_days` after its publication, or it came
    with the archive that the newsroom began with: then it is no news. It is never later than the moment readers could
    first see it. An article that readers never saw has its publication time.
    """
    if first_shown_at is None:
        return published_at
    is_late = first_shown_at - published_at > timedelta(days=late_days)
    return min(published_at, first_shown_at) if is_late or from_archive else first_shown_at


def first_shown_at(
    before: datetime | None,
    *,
    is_public: bool,
    publish_at: datetime | None,
    unpublish_at: datetime | None,
    now: datetime,
    undone_at: datetime | None = None,
) -> datetime | None:
    """Return when readers could first see an article, as is known at `now`; None if they never could.

    `before` is what was known before; once that moment has begun, it stays. A schedule sets it ahead and moves it.
    Undo of the operation of `undone_at`, which showed the article less than UNDO_PERIOD ago, clears it.
    """
    if before is not None and before < now:
        was_undone = undone_at is not None and undone_at <= before and now - before <= UNDO_PERIOD
        return None if was_undone and not is_public else before
    if not is_public:
        return None
    begin = max(now, publish_at) if publish_at else now
    return begin if unpublish_at is None or begin < unpublish_at else None


def ranked_at(published_at: datetime, listed_at: datetime) -> datetime:
    """Return the time by which the front page ranks an article: a date in the future gains nothing."""
    return min(published_at, listed_at)


def added_at(published_at: datetime, listed_at: datetime) -> datetime | None:
    """Return when the article was added if that is worth telling; None if it is close to its publication."""
    return listed_at if abs(listed_at - published_at) > ADDED_LATER else None


def is_ahead(published_at: datetime, now: datetime) -> bool:
    """Return whether a publication time is so far in the future that it must be wrong."""
    return published_at - now > AHEAD_MAX
