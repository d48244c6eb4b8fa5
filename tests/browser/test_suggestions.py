"""Suggestions answered from the keyboard, and without JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from articles.models import Article, Pairing, Suggestion
from tests import builders
from tests.browser.deskpage import DESK, expect_message, press

PAIRS = 20


def suggested(number: int) -> tuple[Article, Article]:
    """Return two undecided stories that are suggested as one event, the earlier first."""
    first, second = (builders.article(f"Storm {number}, {side} report", quality=10) for side in ("first", "second"))
    evidence = {"terms": {"storm": 0.5}, "hours": 5.0, "numbers": [], "same_outlet": True, "same_text": False}
    evidence["doubts"] = []
    Suggestion.objects.create(article=second, other=first, score=0.9 - number / 100, evidence=evidence)
    return first, second


def test_twenty_suggestions_are_cleared_by_keys(page):
    pairs = [suggested(number) for number in range(PAIRS)]
    page.goto(f"{DESK}suggestions/")
    for number in range(PAIRS):
        expect(page.get_by_role("link", name=f"Storm {number}, first report")).to_be_visible()
        with page.expect_navigation():
            press(page, "n" if number % 2 else "y")
    expect(page.get_by_text("No suggestions right now.")).to_be_visible()
    folded = set(Article.objects.exclude(lead=None).values_list("pk", "lead"))
    assert folded == {(second.pk, first.pk) for first, second in pairs[::2]}
    assert Pairing.objects.filter(together=False).count() == PAIRS / 2


def test_all_certain_suggestions_are_taken_without_javascript(plain_page):
    pairs = [suggested(number) for number in range(3)]
    plain_page.goto(f"{DESK}suggestions/")
    plain_page.get_by_role("button", name="Take all above 0.6: fold 3 stories…").click()
    expect(plain_page.get_by_text("“Storm 2, second report”")).to_be_visible()
    plain_page.get_by_role("button", name="Fold 3 stories").click()
    expect_message(plain_page, "3 stories folded.")
    folded = set(Article.objects.exclude(lead=None).values_list("pk", "lead"))
    assert folded == {(second.pk, first.pk) for first, second in pairs}


@pytest.mark.smoke
def test_a_suggestion_is_answered_without_javascript(plain_page):
    first, second = suggested(1)
    plain_page.goto(f"{DESK}suggestions/")
    plain_page.get_by_role("button", name=re.compile("^Not the same")).click()
    expect_message(plain_page, "These two will not be suggested again.")
    expect(plain_page.get_by_text("No suggestions right now.")).to_be_visible()
    assert Pairing.objects.get().together is False
    plain_page.goto(f"{DESK}articles/{first.pk}/")
    expect(plain_page.get_by_role("heading", name="May be the same event")).to_have_count(0)
    assert Article.objects.filter(pk=second.pk, lead=None).exists()
