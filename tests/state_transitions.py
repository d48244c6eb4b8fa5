"""The allowed changes of an article's state, for the tests of the rule, the database triggers and the operations.

A new state has to be added here and in `articles/rules/states.py`, nowhere else.
"""

import pytest

ALLOWED = {
    "undecided": {"undecided", "published", "held", "spiked"},
    "published": {"undecided", "published", "held", "spiked"},
    "held": {"undecided", "published", "held", "spiked"},
    "spiked": {"undecided", "spiked"},
}
PAIRS = [(before, after) for before in ALLOWED for after in ALLOWED]
TRANSITIONS = [
    pytest.param(before, after, after in ALLOWED[before], id=f"{before} to {after}") for before, after in PAIRS
]
