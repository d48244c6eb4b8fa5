"""A set of keys is a set, in ascending order, and takes a bit for each of many."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from articles.keysets import PAGE, KeySet

keys = st.integers(0, 5 * PAGE) | st.integers(0, 2**63 - 1)


@given(st.lists(keys), st.lists(keys), keys)
def test_it_is_a_set_in_ascending_order(some, others, key):
    found, expected = KeySet(some), set(some)
    found.discard(key)
    expected.discard(key)
    assert list(found) == sorted(expected)
    assert len(found) == len(expected)
    assert [each in found for each in [*some, *others]] == [each in expected for each in [*some, *others]]
    found.update(others)
    assert list(found) == sorted(expected | set(others))
    assert list(KeySet(some) | KeySet(others)) == sorted({*some, *others})
    assert list(KeySet(some) - KeySet(others)) == sorted({*some}.difference(others))


def test_what_is_no_key_is_not_in_it():
    assert None not in KeySet([0, 1])
    assert "1" not in KeySet([0, 1])


def test_a_hundred_thousand_keys_take_little():
    tracemalloc.start()
    found = KeySet(range(7_000_000, 7_100_000))
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(found) == 100_000
    assert size < 100_000
