"""Figures of the newsroom for /metrics: few queries, each the same for any number of articles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import DatabaseError
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from articles.desk.queues import stories
from articles.models import Article, Operation, PictureAddress, Verb
from articles.rules.states import State

COUNTED_MAX = 10_000  # more than these are told as one more
LOOKED_AT = 1000  # of the oldest undecided, most of which may be folded under others


def collect() -> Iterator[Any]:
    """Yield the figures; without a database only that it is away."""
    now = timezone.now()
    try:
        found = [*_counts(now), *_ages(now)]
    except DatabaseError:
        found = []
    yield _gauge("newsfold_database_up", "Whether the database answers.", float(bool(found)))
    yield from found


def _counts(now: datetime) -> Iterator[Any]:
    articles = GaugeMetricFamily(
        "newsfold_articles", f"Articles in each state, folded ones too; {COUNTED_MAX + 1} for more.", labels=["state"]
    )
    for state in State:
        articles.add_metric([state.value], _count(Article.objects.filter(state=state).order_by("-state_since", "-id")))
    yield articles
    for name, told, addresses in (
        ("failed", "that could not be fetched", PictureAddress.objects.failed()),
        ("due", "that wait to be fetched", PictureAddress.objects.due(now)),
    ):
        yield _gauge(
            f"newsfold_pictures_{name}",
            f"Addresses of pictures {told}; {COUNTED_MAX + 1} for more.",
            _count(addresses.order_by()),
        )


def _ages(now: datetime) -> Iterator[Any]:
    imported = Operation.objects.filter(verb=Verb.IMPORT).order_by("-pk").values_list("at", flat=True).first()
    newest = Article.objects.filter(staged=None).order_by("-pk").values_list("created_at", flat=True).first()
    published = Article.objects.public(now).newest_first().values_list("published_at", flat=True).first()
    for name, told, moment in (
        ("queue", "the oldest undecided story came, or came back, to the desk", oldest_undecided()),
        ("import", "the last import that changed anything", imported),
        ("newest_document", "the newest document came in", newest),
        ("feed", "the publication time of the newest story that readers see", published),
    ):
        if moment is not None:
            yield _gauge(f"newsfold_{name}_age_seconds", f"Seconds since {told}.", (now - moment).total_seconds())


def oldest_undecided() -> datetime | None:
    """Return since when the oldest undecided story waits; of what is folded under others, nothing.

    Where the LOOKED_AT oldest are all folded, since when the last of them does: the oldest story is no older.
    """
    oldest = Article.objects.filter(state=State.UNDECIDED).order_by("state_since", "id")[:LOOKED_AT]
    rows = list(oldest.values_list("pk", "state_since"))
    standing = stories().exclude(removed__isnull=False, removed=True).filter(pk__in=[pk for pk, _ in rows])
    open_ids = set(standing.order_by().values_list("pk", flat=True))
    waiting = (since for pk, since in rows if pk in open_ids)
    return next(waiting, rows[-1][1] if len(rows) == LOOKED_AT else None)


def _count(rows: Any) -> int:
    return rows[: COUNTED_MAX + 1].values("pk").count()


def _gauge(name: str, told: str, value: float) -> Any:
    return GaugeMetricFamily(name, told, value=value)
