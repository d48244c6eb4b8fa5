"""Which entries are known, and what becomes of unknown ones. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sources.matching import fingerprint, keys_of, match_entries
from sources.reading.values import ParsedEntry
from sources.sorting import is_change_taken, sort_unknown

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def entry(guid: str = "", url: str = "", title: str = "A storm", at: datetime | None = NOON) -> ParsedEntry:
    return ParsedEntry(title=title, excerpt="", url=url, published=at, provider="", picture="", language="", guid=guid)


def match(stored: list[ParsedEntry], document: list[ParsedEntry], **options):
    """Return the places of the stored entries that the document's are, and whether guids are trusted afterwards."""
    matching = match_entries(keys_of(document), dict(enumerate(keys_of(stored))), **{"trusts_guids": True} | options)
    return matching.pks, matching.trusts_guids


A = entry("a", "https://courier.example/a", "Storm")
B = entry("b", "https://courier.example/b", "Calm")


@pytest.mark.parametrize(
    ("stated", "url", "is_changed"),
    [
        ("https://courier.example/a", "http://www.courier.example/a/?utm_source=rss", False),
        ("https://courier.example/", "http://www.courier.example", False),  # a front page
        ("https://courier.example/a", "https://courier.example/b", True),
        ("https://courier.example/", "https://herald.example/", True),
        ("https://courier.example/", "", True),
    ],
)
def test_another_url_is_a_change_if_it_leads_elsewhere(stated, url, is_changed):
    assert (fingerprint(entry("a", stated)) != fingerprint(entry("a", url))) == is_changed


@pytest.mark.parametrize(
    ("entry_now", "is_known"),
    [
        (entry("a", "https://courier.example/moved", "Storm passes"), True),
        (entry("x", "http://www.courier.example/a/?utm_source=rss", "Storm passes"), True),
        (entry("", "https://courier.example/a", "Other"), True),
        (entry("x", "https://courier.example/x", "STORM "), True),
        (entry("x", "https://courier.example/x", "Storm", NOON + 11 * HOUR), True),
        (entry("x", "https://courier.example/x", "Storm", NOON + DAY), False),
        (entry("x", "https://courier.example/x", "Storm", None), False),
        (entry("x", "https://courier.example/x", "Other"), False),
    ],
)
def test_an_entry_is_known_by_its_guid_or_its_page_or_its_title_and_date(entry_now, is_known):
    assert match([A, B], [entry_now])[0] == [0 if is_known else None]


def test_entries_keep_their_identity_in_any_order_and_each_is_matched_once():
    assert match([A, B], [B, A])[0] == [1, 0]
    assert match([A], [A, entry("x", "https://courier.example/x", "Storm")])[0] == [0, None]


def test_one_guid_for_all_entries_loses_none():
    document = [entry("same", f"https://courier.example/{n}", f"Story {n}") for n in range(4)]

    assert match(document[:2], document, repeated_guids=4) == ([0, 1, None, None], False)


def test_one_link_for_all_entries_loses_none():
    document = [entry(f"g{n}", "https://courier.example/live", f"Update {n}") for n in range(4)]

    assert match(document[:2], document)[0] == [0, 1, None, None]


def test_one_guid_and_one_link_for_all_entries_are_told_apart_by_title_and_date():
    document = [entry("same", "https://courier.example/live", f"Update {n}") for n in range(4)]

    assert match(document[:2], document, repeated_guids=4)[0] == [0, 1, None, None]


def test_a_daily_column_is_new_each_day():
    monday = entry("m", "https://courier.example/m", "Briefing")
    tuesday = entry("t", "https://courier.example/t", "Briefing", NOON + DAY)

    assert match([monday], [tuesday])[0] == [None]
    assert match([monday], [tuesday, monday])[0] == [None, 0]


def test_without_dates_a_title_counts_only_if_there_is_nothing_else():
    assert match([entry(title="Storm", at=None)], [entry(title="Storm", at=None)])[0] == [0]
    assert match([entry(title="Storm", at=None)], [entry("x", title="Storm", at=None)])[0] == [None]


def test_trust_in_guids_ends_when_they_all_change_and_entries_stay_known():
    stored = [entry(f"old{n}", f"https://courier.example/{n}", f"Story {n}") for n in range(4)]
    document = [entry(f"new{n}", f"https://courier.example/{n}", f"Story {n}") for n in range(4)]

    assert match(stored, document) == ([0, 1, 2, 3], False)
    assert match(stored[:2], document[:2]) == ([0, 1], True)


def test_untrusted_guids_are_not_used():
    swapped = [entry("b", "https://courier.example/a", "Storm"), entry("a", "https://courier.example/b", "Calm")]

    assert match([A, B], swapped, trusts_guids=False) == ([0, 1], False)
    assert match([A, B], swapped, trusts_guids=True)[0] == [1, 0]


def sort(*hours_ago: float | None, first: bool = False, **options):
    stated = [None if hours is None else NOON - hours * HOUR for hours in hours_ago]
    last = None if first else NOON - HOUR
    return [str(result) for result in sort_unknown(stated, now=NOON, last_complete=last, **{"take": 2} | options)]


def test_a_first_fetch_takes_the_newest_of_two_days():
    assert sort(1, 3, 2, first=True) == ["new", "history", "new"]
    assert sort(1, 49, None, first=True, take=20) == ["new", "history", "new"]
    assert sort(-5, 60, first=True) == ["new", "history"]


def test_later_what_is_older_than_the_last_fetch_is_history():
    assert sort(1, 24, 25, 26, 9999, None, -3) == ["new", "new", "new", "history", "history", "new", "new"]


def test_too_many_at_once_are_held_back_and_the_newest_taken():
    flood = [n / 100 for n in range(60)]

    assert sort(*flood) == ["new"] * 50 + ["held"] * 10
    assert sort(*reversed(flood)) == ["held"] * 10 + ["new"] * 50
    assert sort(*flood, usual=20) == ["new"] * 60
    assert sort(*flood, usual=11) == ["new"] * 50 + ["held"] * 10


@pytest.mark.parametrize(
    ("changes", "days", "has_new_title", "expected"),
    [(1, 1, False, True), (1, 3, False, False), (1, 300, True, True), (24, 1, True, True), (25, 1, True, False)],
)
def test_small_changes_count_for_two_days_and_none_after_many(changes, days, has_new_title, expected):
    taken = is_change_taken(changes=changes, first_seen_at=NOON - days * DAY, now=NOON, has_new_title=has_new_title)

    assert taken is expected
