from datetime import UTC, datetime, timedelta

import pytest

from articles.rules import states
from articles.rules.states import State, can_transition, state_from_published
from tests.state_transitions import ALLOWED, TRANSITIONS

NOW = datetime(2020, 6, 9, 12, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(("before", "after", "allowed"), TRANSITIONS)
def test_only_allowed_transitions_are_possible(before, after, allowed):
    assert can_transition(before, after) == allowed


def test_the_table_names_every_state():
    assert {state.value for state in State} == ALLOWED.keys() == set(states.TRANSITIONS)


def test_an_unknown_state_is_an_error_not_a_permission():
    with pytest.raises(ValueError, match="is not a valid State"):
        can_transition("undecided", "binned")


@pytest.mark.parametrize(
    ("published", "before", "after"),
    [
        *((True, state, "published") for state in ALLOWED),
        *(
            (published, before, after)
            for published in (False, None)
            for before, after in [
                ("published", "undecided"),
                ("undecided", "undecided"),
                ("held", "held"),
                ("spiked", "spiked"),
            ]
        ),
    ],
)
def test_the_state_agrees_with_published(published, before, after):
    assert state_from_published(published, before) == after
