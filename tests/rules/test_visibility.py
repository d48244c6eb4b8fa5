"""Who is shown to readers, and the reason given for an article that is not."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from articles.rules.scoring import Policy
from articles.rules.visibility import hidden_reason, is_public, is_within_schedule

POLICY = Policy()
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
TICK = timedelta(microseconds=1)
VISIBLE = {
    "removed": None,
    "missing": False,
    "staged": None,
    "heat": 90,
    "public": True,
    "publish_at": None,
    "unpublish_at": None,
    "state": "undecided",
    "spike_reason": "",
}


@pytest.mark.parametrize(
    ("quality", "heat", "published", "removed", "public"),
    [
        (80, 80, True, None, True),
        (80, 80, False, None, False),
        (80, 80, None, None, False),
        (80, -1, True, None, False),
        (80, 80, True, True, False),
        (80, 80, True, False, True),
        (None, None, None, None, True),
        (None, None, None, True, False),
        (None, None, False, None, False),
        (None, 80, None, None, False),
        (None, None, True, None, True),
    ],
)
def test_in_doubt_an_article_is_hidden(quality, heat, published, removed, public):
    assert is_public(POLICY, quality=quality, heat=heat, published=published, removed=removed) is public


def test_unscored_articles_are_public_only_where_the_policy_says_so():
    closed = Policy(publish_unscored=False)

    assert not is_public(closed, quality=None, heat=None, published=None)


@pytest.mark.parametrize(
    ("publish_at", "unpublish_at", "shown"),
    [
        (None, None, True),
        (NOW, None, True),
        (NOW - TICK, None, True),
        (NOW + TICK, None, False),
        (None, NOW, False),
        (None, NOW - TICK, False),
        (None, NOW + TICK, True),
        (NOW, NOW + TICK, True),
        (NOW - TICK, NOW, False),
        (NOW + TICK, NOW + 2 * TICK, False),
    ],
)
def test_a_schedule_includes_its_start_and_excludes_its_end(publish_at, unpublish_at, shown):
    assert is_within_schedule(publish_at, unpublish_at, NOW) == shown


def test_an_article_without_a_schedule_is_always_within_it():
    assert is_within_schedule(None, None, NOW)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"removed": True}, "its source removed it"),
        ({"missing": True}, "its document is missing"),
        ({"staged": True}, "the import that brings it is still running"),
        ({"heat": -1}, "it is folded, and no lead of it is published"),
        ({"publish_at": NOW + TICK}, "it will go on the site later"),
        ({"unpublish_at": NOW}, "its time on the site is over"),
        ({"state": "spiked", "spike_reason": "stale"}, "it was spiked (stale)"),
        ({"public": False, "state": "held"}, "it is held"),
    ],
)
def test_a_hidden_article_has_a_reason(changes, reason):
    assert hidden_reason(SimpleNamespace(**VISIBLE | changes), NOW) == reason
