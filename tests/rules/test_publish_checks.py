from datetime import UTC, datetime, timedelta

import pytest

from articles.rules.link_health import LinkHealth, next_health, next_look
from articles.rules.publish_checks import Check, CheckedStory, CheckPolicy, Mode, asking_checks, failed_checks

NOW = datetime(2026, 6, 9, 12, tzinfo=UTC)
SOUND = {
    "has_picture": True,
    "has_alt_text": True,
    "excerpt_length": 500,
    "published_at": NOW - timedelta(days=7),
    "twin_on_site": False,
    "has_topic": True,
    "has_dead_link": False,
}
ALL_WARN = CheckPolicy(modes=dict.fromkeys(Check, Mode.WARN))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, []),
        ({"has_picture": False, "has_alt_text": False}, [Check.PICTURE]),
        ({"has_alt_text": False}, [Check.ALT_TEXT]),
        ({"excerpt_length": 0}, [Check.NO_EXCERPT]),
        ({"excerpt_length": 501}, [Check.LONG_EXCERPT]),
        ({"published_at": NOW - timedelta(days=7, seconds=1)}, [Check.OLD]),
        ({"published_at": NOW + timedelta(days=2)}, [Check.AHEAD]),
        ({"twin_on_site": True}, [Check.DUPLICATE]),
        ({"has_topic": False}, [Check.TOPIC]),
        ({"has_dead_link": True}, [Check.DEAD_LINK]),
    ],
)
def test_each_check_finds_its_problem(values, expected):
    assert failed_checks(CheckedStory(**SOUND | values), ALL_WARN, NOW) == expected


def test_a_check_that_is_off_finds_nothing_and_only_those_that_ask_ask():
    policy = CheckPolicy(modes=ALL_WARN.modes | {Check.TOPIC: Mode.OFF, Check.PICTURE: Mode.ASK})
    failed = failed_checks(CheckedStory(**SOUND | {"has_topic": False, "has_picture": False}), policy, NOW)
    assert (failed, asking_checks(failed, policy)) == ([Check.PICTURE], [Check.PICTURE])
    assert policy.asks
    assert not ALL_WARN.asks


class TestLinks:
    @pytest.mark.parametrize("status", [404, 410])
    def test_a_page_that_is_gone_is_dead_at_once(self, status):
        assert next_health(LinkHealth(), status, works=False, now=NOW).is_dead

    @pytest.mark.parametrize("status", [403, 429])
    def test_a_server_that_refuses_programs_says_nothing(self, status):
        assert next_health(LinkHealth(9, NOW, True), status, works=False, now=NOW) == LinkHealth()

    def test_a_look_that_failed_by_limits_of_ours_says_nothing(self):
        health = next_health(LinkHealth(9, NOW, True), None, works=False, is_inconclusive=True, now=NOW)
        assert health == LinkHealth()

    @pytest.mark.parametrize(("hours", "is_dead"), [((0, 1, 2, 3), False), ((0, 40), False), ((0, 6, 36), True)])
    def test_other_failures_need_number_and_time(self, hours, is_dead):
        health = LinkHealth()
        for hour in hours:
            health = next_health(health, None, works=False, now=NOW + timedelta(hours=hour))
        assert health.is_dead == is_dead
        assert next_health(health, 200, works=True, now=NOW) == LinkHealth()

    def test_looks_back_off_and_wait_as_long_as_the_server_wants(self):
        waits = [next_look(LinkHealth(number, NOW), NOW) - NOW for number in (0, 1, 2, 3, 20)]
        assert waits == [timedelta(days=7), *(timedelta(hours=h) for h in (6, 12, 24)), timedelta(days=7)]
        assert next_look(LinkHealth(1, NOW), NOW, wait=86_400) == NOW + timedelta(days=1)
