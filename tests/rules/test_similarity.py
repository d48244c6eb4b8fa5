"""Likeness of reports: what counts as one event, and what only looks like it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from articles.rules.similar_reports import TermIndex
from articles.rules.similarity import (
    Likeness,
    Report,
    Text,
    compare,
    heaviest,
    is_template_pair,
    readable_terms,
    weigh,
)
from articles.rules.suggestion_cut import STARTING_CUT

NOON = datetime(2020, 1, 15, 12, tzinfo=UTC)
# Counts of a site with a thousand articles, on which the usual words are common.
COMMON = Counter({"ai": 400, "face": 200, "recognition": 200, "case": 300, "report": 250, "new": 400, "covid": 500})


def report(title: str, excerpt: str = "", *, hours: float = 0.0, outlet: int = 1) -> Report:
    text = Text.of(title, excerpt)
    counts = {term: COMMON.get(term, 3) for term in text.frequencies()}
    return Report(text, weigh(text, counts, 1000), outlet, NOON + timedelta(hours=hours))


def likeness(one: Report, other: Report) -> Likeness:
    found = compare(one, other)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("title", "terms"),
    [
        ("Apple acquires the AI start-up", "appl acquir ai start"),
        ("Björk’s “companies”: 1,276 cases", "bjork company 1276 case"),
        ("Outlet | Singapore reports touch 21,707", "singapor report touch 21707"),
        ("新型コロナ", "新型 型コ コロ ロナ"),
        ("서울", "서울"),
        ("", ""),
    ],
)
def test_terms_of_a_headline(title: str, terms: str) -> None:
    assert " ".join(Text.of(title, "").title) == terms


def test_two_reports_of_one_event_are_alike_and_the_evidence_says_why() -> None:
    one = report("Apple acquires Xnor.ai", "The start-up makes AI for small devices.", hours=5, outlet=2)
    other = report("Xnor.ai acquired by Apple", "Apple bought a start-up for AI.")
    found = likeness(one, other)
    assert found.score >= STARTING_CUT
    words = readable_terms(found.terms, "Apple acquires Xnor.ai")
    assert {"xnor", "apple", "acquires"} <= set(words.values())
    assert (found.hours, found.same_outlet, found.same_text, found.doubts) == (5, False, False, ())


def test_time_between_reports_halves_the_score_every_three_days() -> None:
    scores = [
        likeness(report("Apple acquires Xnor.ai", hours=hours), report("Apple buys Xnor.ai")).score for hours in (0, 72)
    ]
    assert scores[1] == pytest.approx(scores[0] / 2)


def test_a_text_without_words_is_like_nothing() -> None:
    assert compare(report("?!", "..."), report("?!", "...")) is None


@pytest.mark.parametrize(
    ("doubt", "title", "other", "excerpts", "hours", "outlets"),
    [
        ("other day", "Updates from Ohio on May 7", "Updates from Ohio on May 8", ("", ""), 24, (1, 2)),
        ("other day", "Ohio update for Friday", "Ohio update for Saturday", ("", ""), 24, (1, 1)),
        ("other numbers", "Missouri reports 22 deaths", "Missouri reports 31 deaths", ("", ""), 24, (1, 2)),
        (
            "same opening",
            "Latest: robots in Iowa",
            "Latest: cruise ship leaves Manila",
            ("Follow the coronavirus pandemic here all day long with our reporters",) * 2,
            4,
            (1, 2),
        ),
        (
            "same opening",
            "Live: valet of the president is infected",
            "Live: primary in Albany is challenged",
            (
                "Nearly 3.7 million people worldwide, including 1.2 million in the States, have been infected",
                "Nearly 3.8 million people worldwide, including 1.3 million in the States, have been infected",
            ),
            4,
            (1, 2),
        ),
        (
            "same opening",
            "The latest: Hawaii counts no cases",
            "The latest: environmentalists fight litter",
            (
                "Most people have mild symptoms, older adults severe illness.",
                "This is the latest on the pandemic. Most people have mild symptoms, older adults severe illness.",
            ),
            4,
            (1, 2),
        ),
        ("other numbers", "Truro: 2 dead, 1 case", "Truro: 1 dead, 3 cases", ("", ""), 24, (1, 2)),
        (
            "other numbers",
            "The latest numbers",
            "The latest numbers",
            ("64,922 on May 8", "67,702 on May 9"),
            24,
            (1, 2),
        ),
        ("other place", "Florida salons may reopen on Monday", "Mississippi salons may reopen", ("", ""), 4, (1, 2)),
        (
            "same template",
            "Magnet wire market research report, impact analysis",
            "Topaz bracelet market research report, impact analysis",
            ("Magnets are wanted.", "Bracelets are wanted."),
            6,
            (1, 1),
        ),
    ],
)
def test_series_and_templates_are_doubted(
    doubt: str, title: str, other: str, excerpts: tuple[str, str], hours: float, outlets: tuple[int, int]
) -> None:
    later = report(title, excerpts[0], hours=hours, outlet=outlets[0])
    found = likeness(later, report(other, excerpts[1], outlet=outlets[1]))
    assert found.doubts == (doubt,)
    assert found.score < STARTING_CUT


@pytest.mark.parametrize(
    ("title", "other"),
    [
        ("Hong Kong lawmakers scuffle", "China: lawmakers scuffle"),
        ("West Virginia and Ohio open salons", "Ohio opens salons"),
        ("Utah opens salons", "Salons open again"),
    ],
)
def test_places_that_agree_or_are_not_named_are_no_doubt(title: str, other: str) -> None:
    assert likeness(report(title), report(other)).doubts == ()


def test_the_longest_name_of_a_place_counts() -> None:
    assert Text.of("West Virginia opens", "").places() == {"US-WV"}
    assert Text.of("Virginia and South Korea open", "").places() == {"US-VA", "KR"}


def test_numbers_on_the_same_day_are_evidence_only() -> None:
    found = likeness(report("Missouri reports 22 deaths", hours=2), report("Missouri reports 31 deaths"))
    assert (found.numbers, found.doubts) == (("22", "31"), ())


def test_copies_are_told_apart_and_never_doubted() -> None:
    words = ("Missouri reports 22 deaths on May 7", "The state said so on Thursday.")
    found = likeness(report(*words, hours=20, outlet=1), report(*words, outlet=2))
    assert (found.same_text, found.doubts) == (True, ())


def test_templates_of_one_outlet_within_a_minute_are_never_compared() -> None:
    first = report("Magnet wire market research report, impact analysis", "Magnets are wanted.")
    titles = "Topaz bracelet market research report, impact analysis", "Bracelets are wanted."
    assert is_template_pair(report(*titles, hours=1 / 60), first)
    assert compare(report(*titles), first) is None
    assert not is_template_pair(report(*titles, hours=0.1), first)
    assert not is_template_pair(report(*titles, outlet=2), first)
    assert not is_template_pair(report("Magnet wire market research report, impact analysis", "Other."), first)


def test_candidates_are_those_of_the_window_with_the_most_shared_weight() -> None:
    index = TermIndex(timedelta(days=14))
    reports = [
        report("Apple acquires Xnor.ai"),
        report("Apple opens a shop"),
        report("Apple acquires Xnor.ai", hours=-400),
    ]
    terms = heaviest(reports[0].weights)
    assert index.missing(terms) == sorted(terms)
    for term in terms:
        index.load(term, [])
    for key, row in enumerate(reports):
        index.add(key, row.published_at, row.weights)
    assert index.candidates(NOON, reports[0].weights) == [0, 1]
    index.forget([0])
    assert index.candidates(NOON, reports[0].weights) == [1]
    index.forget_before(NOON + timedelta(hours=1))
    assert index.candidates(NOON, reports[0].weights) == []
