"""When a source is fetched next, and how it is. Pure: no clock, no database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sources.health import State, health_of
from sources.models import Source
from sources.schedule import (
    interval_from,
    is_move_proposed,
    next_after_failure,
    next_after_success,
    quiet_from,
    stated_wait,
)

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ([], 30 * MINUTE),
        ([HOUR], 30 * MINUTE),
        ([MINUTE] * 5, 10 * MINUTE),
        ([HOUR] * 5, 30 * MINUTE),
        ([HOUR, 4 * HOUR, 4 * HOUR], 2 * HOUR),
        ([7 * DAY] * 5, 6 * HOUR),
        ([7 * DAY] * 40 + [HOUR] * 19, 30 * MINUTE),
    ],
)
def test_the_interval_is_half_the_median_gap_of_the_newest_entries(gaps, expected):
    assert interval_from(arrivals(gaps)) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 0 * MINUTE),
        ({"Cache-Control": "public, max-age=7200"}, 2 * HOUR),
        ({"Cache-Control": 'max-age="60"', "Expires": "Wed, 04 Mar 2026 13:00:00 GMT"}, HOUR),
        ({"Expires": "Wed, 04 Mar 2026 11:00:00 GMT"}, 0 * MINUTE),
        ({"Expires": "0", "Cache-Control": "max-age=never"}, 0 * MINUTE),
        ({"Cache-Control": "max-age=99999999999"}, DAY),
    ],
)
def test_what_headers_say_about_freshness(headers, expected):
    assert stated_wait(headers, NOON) == expected


def test_a_source_is_not_fetched_before_its_headers_allow_and_at_least_daily():
    waits = [next_after_success(NOON, HOUR, {"Cache-Control": f"max-age={n}"}, key=7) - NOON for n in (60, 7200, 10**9)]

    assert [round(wait / HOUR) for wait in waits] == [1, 2, round(waits[2] / HOUR)]
    assert 0.9 * DAY <= waits[2] <= 1.1 * DAY


def test_nothing_is_fetched_before_the_server_or_the_feed_allows_it():
    for key in range(20):
        assert next_after_success(NOON, HOUR, {"Cache-Control": "max-age=7200"}, key) >= NOON + 2 * HOUR
        assert next_after_success(NOON, HOUR, {}, key, ttl=3 * HOUR) >= NOON + 3 * HOUR


def test_sources_are_spread_by_a_tenth_and_each_always_alike():
    times = [next_after_success(NOON, HOUR, {}, key) for key in range(50)]

    assert times == [next_after_success(NOON, HOUR, {}, key) for key in range(50)]
    assert len(set(times)) == 50
    assert all(54 * MINUTE <= time - NOON <= 66 * MINUTE for time in times)


@pytest.mark.parametrize(("failures", "expected"), [(1, 15 * MINUTE), (2, HOUR), (3, 4 * HOUR), (4, DAY), (400, DAY)])
def test_failures_are_retried_more_and_more_seldom_but_always(failures, expected):
    wait = next_after_failure(NOON, failures, key=3) - NOON

    assert 0.9 * expected <= wait <= 1.1 * expected


def test_a_server_that_names_a_time_is_left_alone_until_then():
    assert next_after_failure(NOON, 1, key=3, wait=7 * DAY) == NOON + 7 * DAY
    assert next_after_failure(NOON, 1, key=3, wait=MINUTE) > NOON + 13 * MINUTE


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [([], 3 * DAY), ([HOUR, 2 * HOUR], 3 * DAY), ([DAY, 5 * DAY, HOUR], 20 * DAY)],
)
def test_a_source_is_quiet_after_four_times_its_longest_gap(gaps, expected):
    assert quiet_from(arrivals(gaps)) == NOON + expected
    assert quiet_from([]) is None


@pytest.mark.parametrize(
    ("count", "since", "expected"),
    [(3, NOON - 3 * DAY, True), (2, NOON - 9 * DAY, False), (99, NOON - 2 * DAY, False), (0, None, False)],
)
def test_a_new_url_is_proposed_after_three_sightings_over_three_days(count, since, expected):
    assert is_move_proposed(count, since, NOON) is expected


@pytest.mark.parametrize(
    ("facts", "state", "text"),
    [
        ({"fetched_at": None}, State.NEW, "within a minute"),
        ({"paused": True, "failures": 3}, State.PAUSED, "resumes it"),
        ({}, State.FINE, ""),
        ({"quiet_at": NOON}, State.QUIET, "longer than usual"),
        ({"quiet_at": NOON + HOUR}, State.FINE, ""),
        ({"failures": 1, "reason": "responds with 500", "status": 500}, State.FAILING, "responds with 500 (once)"),
        ({"failures": 4, "reason": "responds with 403", "status": 403}, State.REFUSED, "403 (4 times in a row)"),
        ({"failures": 1, "status": 410, "reason": "responds with 410"}, State.GONE, "once a month"),
        (
            {"moved_to": "https://b.example/feed", "moved_since": NOON - 3 * DAY, "moved_count": 3},
            State.MOVED,
            "https://b.example/feed",
        ),
    ],
)
def test_health_in_words(facts: dict[str, Any], state, text):
    health = health_of(Source(**{"fetched_at": NOON, "last_ok_at": NOON} | facts), NOON)

    assert health.state == state
    assert text in health.text


@pytest.mark.parametrize(
    ("facts", "tone"),
    [
        ({}, "calm"),
        ({"paused": True, "failures": 3}, "paused"),
        ({"quiet_at": NOON}, "attention"),
        ({"failures": 3, "status": 503}, "broken"),
        ({"failures": 1, "status": 410}, "broken"),
    ],
)
def test_paused_quiet_and_failing_sources_have_marks_of_different_colours(facts: dict[str, Any], tone):
    assert health_of(Source(**{"fetched_at": NOON} | facts), NOON).tone == tone


def arrivals(gaps):
    """Return moments with these gaps between them, the last at noon."""
    moments = [NOON]
    for gap in reversed(gaps):
        moments.insert(0, moments[0] - gap)
    return moments
