"""The sources as the desk lists them: how each is, and what it has brought."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from articles.rules.states import State
from sources.health import Health
from sources.health import State as HealthState
from sources.models import TAKEN_OUTCOMES, Entry, Source

WEEK = timedelta(days=7)
DAYS = 7
BAR_WIDTH, BAR_GAP, BAR_HEIGHT = 8, 2, 24  # in the units of a drawing


class Day(NamedTuple):
    """How many stories a source brought on one day, and the bar that shows it, from the top left."""

    date: date
    stories: int
    left: int
    top: int

    @property
    def height(self) -> int:
        return BAR_HEIGHT - self.top


@dataclass(frozen=True, kw_only=True)
class SourceRow:
    """A source with its numbers: stories taken in all, in the last week, published, spiked; entries not taken.

    `days` are the last seven, the oldest first.
    """

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
    days: tuple[Day, ...] = ()

    @property
    def published_share(self) -> int:
        """How many of the stories were published, in per cent."""
        return round(100 * self.published / self.taken) if self.taken else 0

    @property
    def spiked_share(self) -> int:
        return round(100 * self.spiked / self.taken) if self.taken else 0

    @property
    def is_moved(self) -> bool:
        return self.health.state == HealthState.MOVED


def source_rows(sources: Iterable[Source], now: datetime) -> list[SourceRow]:
    """Return the sources, those that need attention first. Two queries besides that of the sources."""
    listed = list(sources)
    numbers, arrivals = _numbers(listed, now), _arrivals(listed, now)
    rows = [
        SourceRow(
            source=source,
            health=source.health(now),
            days=days_with_bars(arrivals.get(source.pk, {}), timezone.localdate(now)),
            **numbers.get(source.pk, {}),
        )
        for source in listed
    ]
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
    return {row.pop("source"): row for row in rows}


def _arrivals(sources: list[Source], now: datetime) -> dict[int, dict[date, int]]:
    """Return how many stories each source brought on each of the last days, by its key."""
    first = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS - 1)
    taken = Entry.objects.taken().filter(source__in=[source.pk for source in sources], first_seen_at__gte=first)
    rows = taken.order_by().annotate(day=TruncDate("first_seen_at")).values_list("source", "day").annotate(Count("pk"))
    arrivals: dict[int, dict[date, int]] = {}
    for source, day, number in rows:
        arrivals.setdefault(source, {})[day] = number
    return arrivals


def days_with_bars(arrivals: Mapping[date, int], today: date) -> tuple[Day, ...]:
    """Return the last days with their bars. The busiest one has the full height; one story shows at least."""
    dates = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
    numbers = [arrivals.get(day, 0) for day in dates]
    most = max(numbers) or 1
    return tuple(
        Day(day, number, place * (BAR_WIDTH + BAR_GAP), BAR_HEIGHT - -(-number * BAR_HEIGHT // most))
        for place, (day, number) in enumerate(zip(dates, numbers, strict=True))
    )


def origins_of(articles: Iterable[int]) -> dict[int, str]:
    """Return the name of the source that brought each of these articles. One query."""
    taken = Entry.objects.taken().filter(article__in=list(articles))
    return dict(taken.order_by("-pk").values_list("article", "source__name"))


def has_changed_at_source(article: int) -> bool:
    """Return whether a source has changed what it says about the article since it brought it."""
    return Entry.objects.taken().filter(article=article, changes__gt=0).exists()
