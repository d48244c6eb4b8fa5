"""Until when an article was public, by undoing the log."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from articles.api.withdrawal_times import EXISTS_KEY, PUBLISH_UNSCORED, LogEntry, last_public_at

NOON = datetime(2020, 6, 9, 12, tzinfo=UTC)
PUBLIC = {
    "quality": 80,
    "heat": 80,
    "published": True,
    "removed": None,
    "missing": False,
    "publish_at": None,
    "unpublish_at": None,
    EXISTS_KEY: True,
    PUBLISH_UNSCORED: True,
}
HELD = PUBLIC | {"published": False}
UNSCORED = PUBLIC | {"quality": None, "heat": None, "published": None}


def minutes(number: int) -> datetime:
    return NOON + timedelta(minutes=number)


def entry(operation: int, at: int, *, seen: int = 0, **before: Any) -> LogEntry:
    return LogEntry(operation, minutes(at), minutes(seen), before)


def left(now: dict[str, Any], *newest_first: LogEntry) -> int | None:
    """Return how many minutes after noon it left, asked since noon, at ten past."""
    moment = last_public_at(now, newest_first, since=NOON, until=minutes(10))
    return None if moment is None else int((moment - NOON) / timedelta(minutes=1))


@pytest.mark.parametrize(
    ("why", "now", "log", "expected"),
    [
        ("held at 3", HELD, [entry(1, 3, published=True)], 3),
        ("never shown", HELD, [], None),
        ("edited, never shown", HELD, [entry(1, 3, heat=70)], None),
        ("published and held again", HELD, [entry(2, 5, published=True), entry(1, 3, published=False)], 5),
        ("folded at 3", HELD | {"heat": -1}, [entry(1, 3, heat=80, published=True)], 3),
        (
            "folded with its fields in any order",
            HELD | {"heat": -1},
            [entry(1, 3, published=True), entry(1, 3, heat=80)],
            3,
        ),
        ("removed at 3", PUBLIC | {"removed": True}, [entry(1, 3, removed=None)], 3),
        ("its document disappeared", PUBLIC | {"missing": True}, [entry(1, 3, missing=False)], 3),
        ("its schedule ended", PUBLIC | {"unpublish_at": minutes(4)}, [], 4),
        ("its schedule ended before", PUBLIC | {"unpublish_at": minutes(-1)}, [], None),
        ("on air between two questions", PUBLIC | {"publish_at": minutes(2), "unpublish_at": minutes(4)}, [], 4),
        ("its schedule hasn't begun", PUBLIC | {"publish_at": minutes(20)}, [], None),
        (
            "called off before it began",
            HELD,
            [entry(1, 3, published=True, publish_at=minutes(8).isoformat(), unpublish_at=None)],
            None,
        ),
        (
            "held after its schedule had ended",
            HELD,
            [entry(1, 5, published=True, unpublish_at=minutes(3).isoformat())],
            3,
        ),
        ("deleted", PUBLIC | {EXISTS_KEY: False}, [entry(1, 3, **PUBLIC)], 3),
        ("deleted when it was held", PUBLIC | {EXISTS_KEY: False}, [entry(1, 3, **HELD)], None),
        (
            "held, then deleted",
            {EXISTS_KEY: False, PUBLISH_UNSCORED: True},
            [entry(2, 4, **HELD), entry(1, 3, published=True)],
            3,
        ),
        (
            "came in, was shown, was deleted",
            {EXISTS_KEY: False, PUBLISH_UNSCORED: True},
            [entry(2, 4, **PUBLIC), entry(1, 3, **{EXISTS_KEY: False})],
            4,
        ),
        ("came in held", HELD, [entry(1, 3, **{EXISTS_KEY: False})], None),
        (
            "hidden with all unscored ones",
            UNSCORED | {PUBLISH_UNSCORED: False},
            [entry(1, 3, **{PUBLISH_UNSCORED: True})],
            3,
        ),
        ("unscored, never shown", UNSCORED | {PUBLISH_UNSCORED: False}, [], None),
        (
            "scored too low, when unscored ones were shown",
            HELD | {"heat": 20},
            [entry(1, 3, quality=None, heat=None, published=None)],
            3,
        ),
    ],
)
def test_an_article_was_withdrawn_only_if_it_was_public(why, now, log, expected):
    assert left(now, *log) == expected


def test_states_within_one_operation_were_never_public():
    """Scored and published by one act: it was not unscored and public in between."""
    log = [entry(1, 3, published=None), entry(1, 3, heat=None), entry(1, 3, quality=None)]
    assert left(HELD | {PUBLISH_UNSCORED: False}, *log) is None


def test_a_state_that_may_have_been_seen_counts_though_the_log_ended_it_earlier():
    """An import that began at 3 and was stored at 7: at 5 the schedule of 4 had begun, and somebody looked."""
    before = {"published": True, "publish_at": minutes(4).isoformat()}
    assert left(HELD, entry(1, 3, seen=2, **before)) is None
    assert left(HELD, entry(1, 3, seen=5, **before)) == 3


def test_a_state_without_duration_was_public_at_its_beginning():
    log = [entry(2, 3, published=True), entry(1, 3, published=False)]
    assert left(HELD, *log) == 3
