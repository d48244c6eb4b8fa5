"""Which stories a rule matches, and what rules do together. Pure."""

from __future__ import annotations

from articles.rules.intake_rules import IntakeRule, RuleSet, StoryText, matcher

STORY = StoryText(
    title="Storm hits the Baltic coast",
    excerpt="Sponsored by nobody.",
    url="https://news.courier.example/sports/storm",
    outlet="The Courier",
    domain="news.courier.example",
)


def rule(action: str = "never", **values) -> IntakeRule:
    return IntakeRule(action=action, **values)


def test_a_rule_matches_whole_words_in_texts_parts_of_urls_and_outlets_by_name_or_domain():
    cases = [
        (rule(words=("storm",)), True),
        (rule(words=("stor",)), False),
        (rule(words=("baltic coast", "nothing")), True),
        (rule(words=("sponsored",)), False),  # of the headline alone
        (rule(words=("sponsored",), places=("title", "excerpt")), True),
        (rule(words=("sport",), places=("title",)), False),
        (rule(words=("/SPORT",), places=("url",)), True),
        (rule(words=("(",), places=("url", "title")), False),
        (rule(outlets=("the courier",)), True),
        (rule(outlets=("courier.example",)), True),
        (rule(outlets=("example.org", "rier.example")), False),
        (rule(words=("storm",), outlets=("Herald",)), False),
        (rule(words=("calm",), outlets=("The Courier",)), False),
        (rule(words=("storm",), places=()), False),
        (rule(), False),  # one that says nothing matches nothing
    ]

    wrong = [(str(tried), expected) for tried, expected in cases if matcher(tried)(STORY) is not expected]

    assert not wrong


def test_rules_apply_in_their_order_until_one_decides():
    topic, points = rule("topic", words=("storm",), topic=7), rule("quality", words=("storm",), points=-20)
    hold, late = rule("hold", words=("storm",)), rule("quality", words=("storm",), points=5)
    other = rule("never", words=("calm",))

    verdict = RuleSet([other, topic, points, late, hold, points, rule("spike", words=("storm",))]).judge(STORY)

    assert verdict.rules == (topic, points, late, hold)
    assert (verdict.topics, verdict.points, verdict.decision, verdict.refuses) == ([7], -15, hold, False)
    assert RuleSet([other]).judge(STORY).decision is None
    assert RuleSet([rule(words=("storm",))]).judge(STORY).refuses


def test_a_rule_says_in_words_what_it_does():
    assert str(rule("quality", words=("a", "b"), places=("title", "url"), points=-5)) == (
        "“a” or “b” in headline or URL: quality \u22125"
    )
    assert str(rule("spike", words=("a",), outlets=("X",), spike_reason="paywall")) == (
        "“a” in headline, outlet X: spike, paywall"
    )
    assert str(rule("topic", outlets=("a", "b", "c", "d"), topic_name="AI")) == (
        "outlet a or b or c or 1 more: add the topic AI"
    )
