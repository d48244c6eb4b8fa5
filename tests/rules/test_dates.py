"""When readers could first see an article, and where lists put it in time."""

from datetime import UTC, datetime, timedelta

import pytest

from articles.rules.dates import added_at, first_shown_at, is_ahead, listed_at, ranked_at

NOW = datetime(2026, 11, 29, 8, tzinfo=UTC)
TICK = timedelta(microseconds=1)
MINUTE, HOUR, DAY, YEAR = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=365)


@pytest.mark.parametrize(
    ("published_at", "first_shown_at", "options", "expected"),
    [
        (NOW - MINUTE, NOW, {}, NOW),
        (NOW - 4 * DAY, NOW, {}, NOW),
        (NOW - 7 * DAY, NOW, {}, NOW),
        (NOW - 7 * DAY - TICK, NOW, {}, NOW - 7 * DAY - TICK),
        (NOW - 10 * YEAR, NOW, {}, NOW - 10 * YEAR),
        (NOW, NOW, {}, NOW),
        (NOW + MINUTE, NOW, {}, NOW),
        (NOW + 5 * YEAR, NOW, {}, NOW),
        (NOW - 4 * DAY, NOW, {"late_days": 3}, NOW - 4 * DAY),
        (NOW - TICK, NOW, {"late_days": 0}, NOW - TICK),
        (NOW, NOW, {"late_days": 0}, NOW),
        (NOW - 2 * DAY, NOW, {"from_archive": True}, NOW - 2 * DAY),
        (NOW + 2 * DAY, NOW, {"from_archive": True}, NOW),
        (NOW - DAY, NOW + DAY, {}, NOW + DAY),
        (NOW - DAY, NOW + 7 * DAY, {}, NOW - DAY),
        (NOW - DAY, None, {}, NOW - DAY),
        (NOW + DAY, None, {}, NOW + DAY),
    ],
)
def test_lists_go_by_the_moment_readers_could_first_see_an_article(published_at, first_shown_at, options, expected):
    assert listed_at(published_at, first_shown_at, **{"late_days": 7} | options) == expected


PLAN = {"is_public": True, "publish_at": None, "unpublish_at": None}


@pytest.mark.parametrize(
    ("before", "plan", "expected"),
    [
        (None, {}, NOW),
        (None, {"is_public": False}, None),
        (None, {"publish_at": NOW + HOUR}, NOW + HOUR),
        (None, {"publish_at": NOW - HOUR}, NOW),
        (None, {"unpublish_at": NOW + HOUR}, NOW),
        (None, {"unpublish_at": NOW}, None),
        (None, {"publish_at": NOW - HOUR, "unpublish_at": NOW - MINUTE}, None),
        # a schedule moves it until it begins
        (NOW + HOUR, {"publish_at": NOW + DAY}, NOW + DAY),
        (NOW + HOUR, {"publish_at": NOW + MINUTE}, NOW + MINUTE),
        (NOW + HOUR, {}, NOW),
        (NOW + HOUR, {"is_public": False}, None),
        # once it has begun, it stays
        (NOW - HOUR, {}, NOW - HOUR),
        (NOW - HOUR, {"is_public": False}, NOW - HOUR),
        (NOW - HOUR, {"publish_at": NOW + DAY}, NOW - HOUR),
        (NOW - YEAR, {"unpublish_at": NOW - DAY}, NOW - YEAR),
        # undo within an hour clears it
        (NOW - HOUR, {"is_public": False, "undone_at": NOW - HOUR}, None),
        (NOW - MINUTE, {"is_public": False, "undone_at": NOW - HOUR}, None),
        (NOW - HOUR - TICK, {"is_public": False, "undone_at": NOW - 2 * HOUR}, NOW - HOUR - TICK),
        (NOW - MINUTE, {"undone_at": NOW - HOUR}, NOW - MINUTE),
        (NOW - HOUR, {"is_public": False, "undone_at": NOW - MINUTE}, NOW - HOUR),
    ],
)
def test_the_moment_readers_could_first_see_an_article(before, plan, expected):
    assert first_shown_at(before, now=NOW, **PLAN | plan) == expected


def test_the_front_page_ranks_by_the_earlier_time():
    assert ranked_at(NOW - DAY, NOW) == NOW - DAY
    assert ranked_at(NOW + YEAR, NOW) == NOW


def test_readers_are_told_of_a_story_that_was_added_more_than_a_day_apart():
    assert added_at(NOW - DAY, NOW) is None
    assert added_at(NOW - DAY - TICK, NOW) == NOW
    assert added_at(NOW + YEAR, NOW) == NOW


def test_a_time_more_than_ten_minutes_ahead_is_wrong():
    assert not is_ahead(NOW + 10 * MINUTE, NOW)
    assert is_ahead(NOW + 10 * MINUTE + TICK, NOW)
