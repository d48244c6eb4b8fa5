"""The order of the front page: places of picks, the limit for each provider, and what a change moves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from articles.rules.front_page import (
    PICK_PLACES,
    Candidates,
    Change,
    Move,
    PickedStory,
    RankedStory,
    Reason,
    arrange,
    make_room,
    moves,
)

UNTIL = datetime(2026, 1, 1, tzinfo=UTC)


def ranked(providers: str) -> list[RankedStory]:
    """Return stories by rank; each letter is a provider, keys count from 0."""
    return [RankedStory(key, ord(letter), -float(key), str(key)) for key, letter in enumerate(providers)]


def picks_of(stories: list[RankedStory], places: dict[int, int | None]) -> list[PickedStory]:
    return [PickedStory(*stories[key], place, UNTIL) for key, place in places.items()]


@pytest.mark.parametrize(
    ("providers", "order"),
    [
        ("", []),
        ("abc", [0, 1, 2]),
        ("aaab", [0, 1, 3, 2]),
        ("aaaa", [0, 1, 2, 3]),
        ("abababcdefghij", [0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 4, 5, 12, 13]),
        ("bcdefghijkaaaa", list(range(14))),  # beyond the first ten places nothing has to wait
    ],
)
def test_a_provider_has_two_of_the_first_ten_places_if_others_can_fill_them(providers, order):
    assert arrange([], ranked(providers)).ids == order


@pytest.mark.parametrize(
    ("places", "order"),
    [
        ({3: None}, [3, 0, 1, 2, 4, 5]),
        ({3: None, 1: None}, [1, 3, 0, 2, 4, 5]),  # by rank
        ({3: 2}, [0, 3, 1, 2, 4, 5]),
        ({3: 2, 5: None}, [5, 3, 0, 1, 2, 4]),
        ({3: 1, 5: None}, [3, 5, 0, 1, 2, 4]),  # one without a place takes the first that is free
        ({3: 2, 1: 2}, [0, 1, 3, 2, 4, 5]),  # two in one place: the lower rank makes way
        ({0: 9}, [1, 2, 3, 4, 5, 0]),  # there are fewer stories
        ({0: 99}, [1, 2, 3, 4, 5, 0]),
    ],
)
def test_picks_stand_in_their_places_and_others_flow_around_them(places, order):
    stories = ranked("abcdef")
    assert arrange(picks_of(stories, places), stories).ids == order


def test_a_pick_counts_towards_the_limit_wherever_it_stands():
    stories = ranked("aaabcdefghijk")
    assert arrange(picks_of(stories, {2: 8}), stories).ids[:10] == [0, 3, 4, 5, 6, 7, 8, 2, 9, 10]


def test_more_picks_than_places_stand_by_rank():
    stories = ranked("abcdefghijklmnop")
    arrangement = arrange(picks_of(stories, dict.fromkeys(range(4, 16))), stories)
    assert arrangement.ids == [*range(4, 14), 0, 1, 2, 3, 14, 15]
    assert [placed.reason for placed in arrangement.stories].count(Reason.PICK) == PICK_PLACES


def test_each_story_knows_why_it_stands_where_it_does():
    stories = ranked("aaabc")
    arrangement = arrange(picks_of(stories, {4: 1}), stories)
    reasons = {placed.story.pk: placed.reason for placed in arrangement.stories}
    assert arrangement.ids == [4, 0, 1, 3, 2]
    assert reasons == {4: Reason.PICK, 0: Reason.RANK, 1: Reason.RANK, 3: Reason.RANK, 2: Reason.LIMIT}


@pytest.mark.parametrize(
    ("fixed", "pk", "place", "expected"),
    [
        ({}, 7, 2, {7: 2}),
        ({1: 2}, 7, 2, {7: 2, 1: 3}),
        ({1: 2, 2: 3, 3: 5}, 7, 2, {7: 2, 1: 3, 2: 4}),
        ({1: 1, 2: 2, 3: 3}, 1, 2, {1: 2, 2: 1}),  # down by one: the two change places
        ({1: 1, 2: 2, 3: 3}, 1, 3, {1: 3, 3: 2, 2: 1}),
        ({1: 1, 2: 2, 3: 3}, 3, 1, {3: 1, 1: 2, 2: 3}),
        ({1: 9, 2: 10}, 7, 10, {7: 10, 2: 9, 1: 8}),  # no free place below
        ({1: 4}, 1, 4, {1: 4}),
    ],
)
def test_picks_make_room_towards_the_nearest_free_place(fixed, pk, place, expected):
    assert make_room(fixed, pk, place) == expected


def test_a_full_page_has_no_room():
    with pytest.raises(ValueError, match="taken"):
        make_room({pk: pk for pk in range(1, PICK_PLACES + 1)}, 99, 3)


@pytest.mark.parametrize(
    ("change", "key", "place", "order"),
    [
        (Change.PICK, 3, None, [3, 2, 0, 1, 4]),
        (Change.PICK, 2, None, [0, 2, 1, 3, 4]),  # a pick stays where it is
        (Change.PLACE, 4, 2, [0, 4, 2, 1, 3]),
        (Change.PLACE, 2, None, [2, 0, 1, 3, 4]),
        (Change.END_PICK, 2, None, [0, 1, 2, 3, 4]),
        (Change.KEEP_OFF, 2, None, [0, 1, 3, 4]),
        (Change.KEEP_OFF, 0, None, [1, 2, 3, 4]),
        (Change.ALLOW_ON, 1, None, [0, 2, 1, 3, 4]),
    ],
)
def test_a_change_is_known_before_it_is_made(change, key, place, order):
    stories = ranked("abcde")
    page = Candidates(picks_of(stories, {2: 2}), stories)
    assert page.after(change, stories[key], UNTIL, place).arrange().ids == order


def test_moves_are_what_differs_between_two_orders():
    assert moves([1, 2, 3], [4, 1, 3]) == [Move(4, None, 1), Move(1, 1, 2), Move(2, 2, None)]
    assert moves([1, 2], [1, 2]) == []
