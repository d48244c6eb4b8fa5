"""When readers see an article from now on, and what a decision changes in the record."""

from datetime import UTC, datetime, timedelta

import pytest

from articles.rules.appearances import Period, RecordedPeriod, Revision, Shown, periods_on_site, revise_record

NOW = datetime(2026, 11, 29, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
SHOWN = Shown(7, NOW - HOUR, NOW, 20_000.5, 80, 3)
PICKED = SHOWN._replace(pick=True)
SECOND = PICKED._replace(pick_place=2)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({}, [(NOW, None, SHOWN)]),
        # schedules
        ({"publish_at": NOW - HOUR}, [(NOW, None, SHOWN)]),
        ({"publish_at": NOW}, [(NOW, None, SHOWN)]),
        ({"publish_at": NOW + HOUR}, [(NOW + HOUR, None, SHOWN)]),
        ({"unpublish_at": NOW + HOUR}, [(NOW, NOW + HOUR, SHOWN)]),
        ({"unpublish_at": NOW}, []),
        ({"unpublish_at": NOW - HOUR}, []),
        ({"publish_at": NOW + HOUR, "unpublish_at": NOW + 2 * HOUR}, [(NOW + HOUR, NOW + 2 * HOUR, SHOWN)]),
        ({"publish_at": NOW + HOUR, "unpublish_at": NOW + HOUR}, []),
        # picks
        ({"pick_until": NOW}, [(NOW, None, SHOWN)]),
        ({"pick_until": NOW + HOUR}, [(NOW, NOW + HOUR, PICKED), (NOW + HOUR, None, SHOWN)]),
        ({"pick_until": NOW + HOUR, "pick_place": 2}, [(NOW, NOW + HOUR, SECOND), (NOW + HOUR, None, SHOWN)]),
        ({"pick_place": 2}, [(NOW, None, SHOWN)]),
        ({"pick_until": NOW + HOUR, "unpublish_at": NOW + HOUR}, [(NOW, NOW + HOUR, PICKED)]),
        (
            {"pick_until": NOW + HOUR, "unpublish_at": NOW + 2 * HOUR},
            [(NOW, NOW + HOUR, PICKED), (NOW + HOUR, NOW + 2 * HOUR, SHOWN)],
        ),
        ({"pick_until": NOW + HOUR, "publish_at": NOW + HOUR}, [(NOW + HOUR, None, SHOWN)]),
        (
            {"pick_until": NOW + 2 * HOUR, "publish_at": NOW + HOUR},
            [(NOW + HOUR, NOW + 2 * HOUR, PICKED), (NOW + 2 * HOUR, None, SHOWN)],
        ),
    ],
)
def test_schedules_and_picks_are_periods(state, expected):
    plan = {"publish_at": None, "unpublish_at": None, "pick_until": None} | state

    assert list(periods_on_site(SHOWN, **plan, now=NOW)) == expected


def entry(starts_at, ends_at=None, shown=SHOWN, *, key=1, is_scheduled=False):
    return RecordedPeriod(key, Period(starts_at, ends_at, shown), is_scheduled)


BEGUN = entry(NOW - HOUR)
BEGUN_WITH_END = entry(NOW - HOUR, NOW + HOUR)
BEGUN_PICK, AFTER_PICK = entry(NOW - HOUR, NOW + HOUR, PICKED), entry(NOW + HOUR, key=2, is_scheduled=True)
AHEAD = entry(NOW + HOUR, is_scheduled=True)
FAST_CLOCK = entry(NOW + HOUR)  # an operation began it, on a clock that is an hour ahead
CURRENT = Period(NOW, None, SHOWN)
LATER = Period(NOW + HOUR, None, SHOWN)


@pytest.mark.parametrize(
    ("recorded", "periods", "expected"),
    [
        ([], [], Revision()),
        ([], [CURRENT], Revision(opened=[CURRENT])),
        ([], [LATER], Revision(opened=[LATER])),
        ([BEGUN], [CURRENT], Revision()),
        ([BEGUN], [], Revision(ended=[BEGUN])),
        ([BEGUN], [LATER], Revision(ended=[BEGUN], opened=[LATER])),
        # a change of what is shown
        ([BEGUN], [(NOW, None, PICKED)], Revision(ended=[BEGUN], opened=[Period(NOW, None, PICKED)])),
        # ends
        ([BEGUN], [(NOW, NOW + HOUR, SHOWN)], Revision(moved_ends=[(BEGUN, NOW + HOUR)])),
        ([BEGUN_WITH_END], [CURRENT], Revision(moved_ends=[(BEGUN_WITH_END, None)])),
        ([BEGUN_WITH_END], [(NOW, NOW + HOUR, SHOWN)], Revision()),
        # what is to come
        ([AHEAD], [LATER], Revision()),
        ([AHEAD], [], Revision(called_off=[AHEAD])),
        ([AHEAD], [CURRENT], Revision(called_off=[AHEAD], opened=[CURRENT])),
        (
            [AHEAD],
            [(NOW + HOUR, NOW + 2 * HOUR, SHOWN)],
            Revision(called_off=[AHEAD], opened=[Period(NOW + HOUR, NOW + 2 * HOUR, SHOWN)]),
        ),
        ([BEGUN_PICK, AFTER_PICK], [(NOW, NOW + HOUR, PICKED), LATER], Revision()),
        (
            [BEGUN_PICK, AFTER_PICK],
            [(NOW, 2 * HOUR + NOW, PICKED), (2 * HOUR + NOW, None, SHOWN)],
            Revision(
                moved_ends=[(BEGUN_PICK, NOW + 2 * HOUR)],
                called_off=[AFTER_PICK],
                opened=[Period(NOW + 2 * HOUR, None, SHOWN)],
            ),
        ),
        ([BEGUN_PICK, AFTER_PICK], [], Revision(ended=[BEGUN_PICK], called_off=[AFTER_PICK])),
        # the clock began it, or another clock
        ([entry(NOW, is_scheduled=True)], [CURRENT], Revision()),
        ([FAST_CLOCK], [CURRENT], Revision()),
        ([FAST_CLOCK], [], Revision(ended=[FAST_CLOCK])),
        # a record that says it twice
        ([BEGUN, entry(NOW - HOUR, key=2)], [CURRENT], Revision(ended=[entry(NOW - HOUR, key=2)])),
    ],
)
def test_what_has_begun_is_ended_and_what_is_to_come_is_replaced(recorded, periods, expected):
    revision = revise_record(recorded, [Period(*period) for period in periods], NOW)

    assert revision == expected
    assert bool(revision) is (revision != Revision())


def test_changed_words_open_new_periods_of_the_same_values():
    revision = revise_record([BEGUN_PICK, AFTER_PICK], [Period(NOW, NOW + HOUR, PICKED), LATER], NOW, is_changed=True)

    assert revision == Revision(
        ended=[BEGUN_PICK], called_off=[AFTER_PICK], opened=[Period(NOW, NOW + HOUR, PICKED), LATER]
    )


def test_changed_words_of_a_hidden_article_change_nothing():
    assert revise_record([], [], NOW, is_changed=True) == Revision()
