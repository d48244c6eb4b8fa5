"""The queues of the desk: which stories each holds, in which order, and how many.

A queue is a condition that an index serves in its own order, so that it opens as fast among a million articles as
among ten thousand; counts stop at COUNT_MAX for the same reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from articles.models import Article, ArticleQuerySet
from articles.rules.states import State

COUNT_MAX = 999  # more than these are "999+"

AMBIGUOUS_MAX = 10_000

NEWEST = ("-published_at", "file_name")
HOTTEST = ("-hot", "file_name")
LAST_DECIDED = ("-state_since", "-id")
LAST_CHANGED = ("-changed_at", "-id")


@dataclass(frozen=True, slots=True)
class Seen:
    """Who looks at a queue, and when."""

    user_id: int
    now: datetime

    @property
    def midnight(self) -> datetime:
        return timezone.localtime(self.now).replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Queue:
    """A view that every newsroom has. `empty` is what it says when nothing is in it."""

    key: str
    label: str
    rows: Callable[[Seen], ArticleQuerySet]
    order: tuple[str, ...] = NEWEST
    empty: str = "Nothing here."


def stories() -> ArticleQuerySet:
    """Return what may stand in a queue: articles that stand by themselves. Folded ones are under their leads."""
    return Article.objects.filter(Q(heat=None) | Q(heat__gte=0), staged=None)


def _in(state: State) -> Callable[[Seen], ArticleQuerySet]:
    return lambda seen: stories().filter(state=state)


def _undecided(seen: Seen) -> ArticleQuerySet:
    return stories().filter(state=State.UNDECIDED).exclude(removed__isnull=False, removed=True)


def _ambiguous(seen: Seen) -> ArticleQuerySet:
    claimed = Article.objects.filter(ambiguous=True).order_by()
    leads = claimed.values("lead")[:AMBIGUOUS_MAX]  # a limit, so that no database walks all articles for them instead
    return stories().filter(pk__in=leads)


QUEUES: dict[str, Queue] = {
    queue.key: queue
    for queue in (
        Queue("undecided", "Undecided", _undecided, empty="All decided. Well done."),
        Queue(
            "hot",
            "Hot undecided",
            lambda seen: _undecided(seen).filter(heat__isnull=False),
            HOTTEST,
            "Nothing hot is waiting.",
        ),
        Queue(
            "today",
            "Published today",
            lambda seen: _in(State.PUBLISHED)(seen).filter(state_since__gte=seen.midnight),
            LAST_DECIDED,
            "Nothing has been published today.",
        ),
        Queue(
            "scheduled",
            "Scheduled",
            lambda seen: stories().scheduled(seen.now),
            LAST_DECIDED,
            "No story waits for its time.",
        ),
        Queue("published", "Published", _in(State.PUBLISHED), empty="Nothing is published."),
        Queue("held", "Held", _in(State.HELD), LAST_DECIDED, "Nothing is held."),
        Queue("spiked", "Spiked", _in(State.SPIKED), LAST_DECIDED, "Nothing was spiked."),
        Queue("ambiguous", "Ambiguous stories", _ambiguous, empty="Every folded article has one lead."),
        Queue(
            "duplicates",
            "Duplicates",
            lambda seen: stories().filter(duplicate=True),
            empty="No two stories share an address.",
        ),
        Queue(
            "pictures",
            "Missing picture",
            lambda seen: stories().filter(pictureless=True),
            empty="Every story has a picture.",
        ),
        Queue("warnings", "Warnings", lambda seen: stories().filter(warned=True), empty="No warnings."),
        Queue(
            "mine",
            "Mine",
            lambda seen: stories().filter(editor=seen.user_id),
            LAST_CHANGED,
            "You have not decided anything yet.",
        ),
        Queue("all", "All stories", lambda seen: stories(), empty="No stories yet. Import documents first."),
    )
}
DEFAULT = "undecided"


def count_each(querysets: Mapping[str, ArticleQuerySet]) -> dict[str, int]:
    """Return how many articles each holds, COUNT_MAX + 1 standing for more. One statement for all.

    They come in the order of their pages: in none, PostgreSQL would begin anywhere in the table, on cold ground.
    """
    parts: list[str] = []
    values: list[Any] = []
    for rows in querysets.values():
        try:
            sql, params = rows.values("pk")[: COUNT_MAX + 1].query.sql_with_params()
        except EmptyResultSet:  # Django knows without asking: of no outlet there is no article
            parts.append("0")
            continue
        parts.append(f"(SELECT COUNT(*) FROM ({sql}) counted)")  # noqa: S608  no text of a request is in it
        values += params
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(parts), values)
        return dict(zip(querysets, cursor.fetchone(), strict=True))


def after(rows: ArticleQuerySet, order: Sequence[str], last: Article) -> ArticleQuerySet:
    """Return what follows `last` in this order of two columns that are never NULL.

    The first condition follows from the others, but lets both databases start in the index (see `paging.py`).
    """
    first, *rest = order
    name, value = first.removeprefix("-"), getattr(last, first.removeprefix("-"))
    beyond = "lt" if first.startswith("-") else "gt"
    tie = rest[-1]
    tie_name, tie_beyond = tie.removeprefix("-"), "lt" if tie.startswith("-") else "gt"
    tied = Q(**{name: value, f"{tie_name}__{tie_beyond}": getattr(last, tie_name)})
    return rows.filter(Q(**{f"{name}__{beyond}e": value}) & (Q(**{f"{name}__{beyond}": value}) | tied))
