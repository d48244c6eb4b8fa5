"""A source over a simulated fortnight: asked in time and never before, through failures; no story doubled or lost."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from sources.fetcher import Fetched, FetchJob
from sources.health import State
from sources.models import Entry, Source
from sources.reading.values import ParsedEntry, ParsedFeed
from sources.schedule import LONGEST, SHORTEST
from sources.storing import Attempt, store

pytestmark = [pytest.mark.django_db, pytest.mark.systematic]

START = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
END = START + 14 * DAY
SPREAD = 1.1  # of intervals, by source
FAILURES = (
    (3 * DAY, Fetched(status=500, reason="responds with 500")),
    (4 * DAY, Fetched(status=None, reason="can't be reached safely: the certificate has expired")),
    (5 * DAY, Fetched(status=200, reason="is no feed")),
    (6 * DAY, Fetched(status=503, reason="responds with 503", wait=3 * HOUR)),
    (7 * DAY, Fetched(status=None, reason="took too long to respond")),
)
RECOVERY = START + 8 * DAY
MOVED_TO = "https://courier.example/new-feed"


def stories(now: datetime) -> list[ParsedEntry]:
    """Return what the feed lists: a story every two hours, the newest hundred."""
    number = int((now - START) / (2 * HOUR)) + 3
    return [
        ParsedEntry(
            title=f"Story {n}",
            excerpt="",
            url=f"https://courier.example/{n}",
            published=START + (n - 3) * 2 * HOUR,
            provider="courier.example",
            picture="",
            language="",
            guid=f"guid-{n}",
        )
        for n in range(number, max(number - 100, 0), -1)
    ]


def respond(now: datetime) -> Fetched:
    """Return what the server sends: it fails for five days, and has moved for good when it is back."""
    if START + 3 * DAY <= now < RECOVERY:
        return next(fetched for since, fetched in reversed(FAILURES) if now >= START + since)
    feed = ParsedFeed(format="RSS", title="The Courier", url="", language="", entries=tuple(stories(now)))
    moved_to = MOVED_TO if now >= RECOVERY else ""
    return Fetched(status=200, feed=feed, size=900, body_digest=str(now), moved_to=moved_to)


def test_a_fortnight():
    source = Source.objects.create(name="Courier", url="https://courier.example/feed", next_at=START, created_at=START)
    times: dict[bool, list[datetime]] = defaultdict(list)
    states: list[tuple[datetime, State, str]] = []
    now = START
    while now < END:  # a scheduler runs each minute
        assert source.next_at <= now < source.next_at + MINUTE
        store([Attempt(FetchJob(pk=source.pk, url=source.url, host=source.host), respond(now), now)])
        source.refresh_from_db()
        assert not Source.objects.due(now + SHORTEST * 0.9 - MINUTE).exists()
        times[START + 3 * DAY <= now < RECOVERY].append(now)
        health = source.health(now)
        states.append((now, health.state, health.text))
        now += -(-(source.next_at - now) // MINUTE) * MINUTE

    fine = [later - earlier for part in parts_of(times[False]) for earlier, later in zip(part, part[1:], strict=False)]
    assert min(fine) >= SHORTEST / SPREAD
    assert max(fine) <= LONGEST * SPREAD + MINUTE
    failing = times[True]
    assert 7 <= len(failing) <= 9  # 15 minutes, an hour, four, and daily
    back = min(time for time in times[False] if time >= RECOVERY)
    assert back - RECOVERY <= back - failing[-1] <= DAY * SPREAD + MINUTE

    reasons = {fetched.reason for _, fetched in FAILURES}
    assert all(state in (State.FAILING, State.REFUSED) for time, state, _ in states if time in failing)
    assert all(any(reason in text for _, _, text in states) for reason in reasons)
    moved = min(time for time, state, _ in states if state == State.MOVED)
    assert {state for time, state, _ in states if time < moved and time not in failing} == {State.FINE}
    assert 3 * DAY <= moved - back <= 3 * DAY + LONGEST * SPREAD + MINUTE

    listed = {entry.title for hours in range(14 * 24) for entry in stories(START + hours * HOUR) if is_seen(hours)}
    titles = [values["title"] for values in Entry.objects.values_list("values", flat=True)]
    assert len(titles) == len(set(titles))
    assert listed - set(titles) <= {entry.title for entry in stories(END)[:4]}  # since the last fetch


def parts_of(times: list[datetime]) -> tuple[list[datetime], list[datetime]]:
    """Return the times before and after the failures."""
    return [time for time in times if time < RECOVERY], [time for time in times if time >= RECOVERY]


def is_seen(hours: int) -> bool:
    return not 3 * 24 <= hours < 8 * 24
