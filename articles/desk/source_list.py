"""The sources as the desk lists them: how each is, and what it has brought."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q

from articles.rules.states import State
from sources.health import Health
from sources.health import State as HealthState
from sources.models import TAKEN_OUTCOMES, Entry, Source

WEEK = timedelta(days=7)
NUMBERS = ("taken", "week", "published", "spiked", "held_back", "history", "ruled_out", "refused")


@dataclass(frozen=True, kw_only=True)
class SourceRow:
    """A source with its numbers: stories taken in all, in the last week, published, spiked; entries not taken."""

    source: Source
    health: Health
    taken: int = 0
    week: int = 0
    published: int = 0
    spiked: int = 0
    held_back: int = 0
    history: int = 0
    ruled_out: int = 0
    refused: int = 0

    @property
    def is_moved(self) -> bool:
        return self.health.state == HealthState.MOVED


def source_rows(sources: Iterable[Source], now: datetime) -> list[SourceRow]:
    """Return the sources, those that need attention first. One query besides that of the sources."""
    listed = list(sources)
    numbers = _numbers(listed, now)
    rows = [SourceRow(source=source, health=source.health(now), **numbers.get(source.pk, {})) for source in listed]
    return sorted(rows, key=lambda row: not row.health.needs_attention)


def _numbers(sources: list[Source], now: datetime) -> dict[int, dict[str, Any]]:
    outcome = Entry.Outcome
    taken = Q(outcome__in=TAKEN_OUTCOMES)
    rows: Iterable[Any] = (
        Entry.objects.filter(source__in=[source.pk for source in sources])
        .order_by()
        .values("source")
        .annotate(
            taken=Count("pk", filter=taken),
            week=Count("pk", filter=taken & Q(first_seen_at__gte=now - WEEK)),
            published=Count("pk", filter=taken & Q(article__state=State.PUBLISHED)),
            spiked=Count("pk", filter=taken & Q(article__state=State.SPIKED)),
            held_back=Count("pk", filter=Q(outcome=outcome.HELD_BACK)),
            history=Count("pk", filter=Q(outcome=outcome.HISTORY)),
            ruled_out=Count("pk", filter=Q(outcome=outcome.RULED_OUT)),
            refused=Count("pk", filter=Q(outcome=outcome.REFUSED)),
        )
    )
    return {row["source"]: {name: row[name] for name in NUMBERS} for row in rows}


def origins_of(articles: Iterable[int]) -> dict[int, str]:
    """Return the name of the source that brought each of these articles. One query."""
    taken = Entry.objects.taken().filter(article__in=list(articles))
    return dict(taken.order_by("-pk").values_list("article", "source__name"))


def has_changed_at_source(article: int) -> bool:
    """Return whether a source has changed what it says about the article since it brought it."""
    return Entry.objects.taken().filter(article=article, changes__gt=0).exists()
