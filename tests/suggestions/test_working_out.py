"""Suggestions follow what comes in and what is changed, and the command prints them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from articles import operations
from articles.models import Article, ArticleTerms, IndexedTerm, SitePolicy, Suggestion
from articles.models.suggestion import mark_due
from articles.suggestions import store, working_out
from articles.suggestions.comparing import ALL, Comparison
from tests.builders import MORNING, article, provider
from tests.documents import document, import_documents, write_document

pytestmark = pytest.mark.django_db

XNOR = (
    "Apple acquires Xnor.ai for 200 million",
    "Apple has bought the Seattle start-up Xnor.ai, which makes chips clever.",
)
XNOR_TOO = ("Xnor.ai is acquired by Apple", "The Seattle start-up Xnor.ai belongs to Apple now, two people said.")
OTHERS = (
    "Met police turn to cameras",
    "Storm closes three airports",
    "Prices of wheat fall again",
    "A robot paints a wall",
)


def arrive(title: str, excerpt: str, *, hours: float = 0.0, **values: Any) -> Article:
    return article(title, excerpt=excerpt, published_at=MORNING + timedelta(hours=hours), **values)


def newsroom() -> tuple[Article, Article]:
    """Return two reports of one event, the earlier first, among others."""
    for number, title in enumerate(OTHERS):
        arrive(title, f"This is about {title.lower()} and nothing else.", hours=number)
    herald = provider("Herald", "herald.example")
    return arrive(*XNOR, hours=1), arrive(*XNOR_TOO, hours=6, provider=herald)


def pairs() -> set[tuple[int, int]]:
    return set(Suggestion.objects.filter(score__gte=0.4).values_list("article_id", "other_id"))


def number_counted() -> int:
    return store.StoredArticles().counts([ALL])[ALL]


def printed(*arguments: str) -> list[dict[str, Any]]:
    out = StringIO()
    call_command("suggest_stories", "--json", *arguments, stdout=out, stderr=StringIO())
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_reports_of_one_event_are_suggested_with_their_evidence() -> None:
    first, second = newsroom()
    [row] = printed()
    assert (row["name"], row["url"]) == (second.name, second.web_url)
    [related] = row["related"]
    assert related["name"] == first.name
    assert related["score"] >= 0.4
    assert {"xnor", "apple"} <= set(related["terms"])
    assert (related["hours"], related["same_text"]) == (5.0, False)
    assert not ArticleTerms.objects.due().exists()


def test_the_later_report_gets_the_suggestion_whichever_came_in_first() -> None:
    first = arrive(*XNOR_TOO, hours=6)
    arrive(OTHERS[0], "Cameras.", hours=7)
    working_out.work_out_due()
    late = arrive(*XNOR, hours=1)
    working_out.work_out_due()
    assert pairs() == {(first.pk, late.pk)}


def test_a_lower_score_prints_more_and_the_site_keeps_its_own() -> None:
    newsroom()
    kept = Suggestion.objects.count()
    everything = printed("--min-score", "0")
    assert sum(len(row["related"]) for row in everything) > sum(len(row["related"]) for row in printed())
    assert printed("--min-score", "1") == []
    assert kept <= Suggestion.objects.count() <= kept + 1


@pytest.mark.slow
def test_only_an_edit_of_words_time_or_outlet_makes_suggestions_due() -> None:
    first, second = newsroom()
    working_out.work_out_due()
    operations.edit(first, quality=90)
    assert not ArticleTerms.objects.due().exists()
    operations.edit(first, title="Storm over the Alps closes a pass", excerpt="Snow fell.")
    assert list(ArticleTerms.objects.due().values_list("article", flat=True)) == [first.pk]
    working_out.work_out_due()
    assert pairs() == set()
    assert number_counted() == Article.objects.count()
    operations.edit(first, title=XNOR[0], excerpt=XNOR[1])
    working_out.work_out_due()
    assert pairs() == {(second.pk, first.pk)}
    assert IndexedTerm.objects.filter(article=first).count() == 12


@pytest.mark.slow
def test_what_is_changed_while_it_is_worked_out_stays_due() -> None:
    first, second = newsroom()
    working_out.work_out_due()
    operations.edit(second, title="Apple has acquired Xnor.ai")
    arrivals, versions = store.due_arrivals(store.due_keys(50, MORNING))
    result = Comparison(store.StoredArticles(), timedelta(days=14)).compare_batch(arrivals, 0.1)
    operations.edit(second, title="Rain")
    assert store.write_result(arrivals, result, versions) == []
    assert list(ArticleTerms.objects.due().values_list("article", flat=True)) == [second.pk]
    first.delete()
    working_out.work_out_due()
    assert pairs() == set()


def test_what_is_changed_while_it_is_first_worked_out_is_found_and_counted_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = newsroom()
    changes = [partial(operations.edit, story, excerpt=f"{story.excerpt} Really.") for story in (first, second)]

    def change_and_write(*result: Any) -> list[float]:
        while changes:
            changes.pop()()
        return store.write_result(*result)

    monkeypatch.setattr(working_out, "write_result", change_and_write)
    working_out.work_out_due()
    assert not ArticleTerms.objects.due().exists()
    assert pairs() == {(second.pk, first.pk)}
    assert number_counted() == Article.objects.count()


def test_all_that_is_due_is_compared_however_much_is_put_in_order_together(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = newsroom()
    monkeypatch.setattr(working_out, "DUE_AT_ONCE", 2)
    assert working_out.work_out_due().articles == Article.objects.count()
    assert pairs() == {(second.pk, first.pk)}


@pytest.mark.parametrize("size", [1, 25])
def test_what_is_due_is_put_in_order_once_for_all_batches(
    monkeypatch: pytest.MonkeyPatch, count_queries: Callable[[], CaptureQueriesContext], size: int
) -> None:
    newsroom()
    monkeypatch.setattr(working_out, "BATCH", size)
    with count_queries() as queries:
        working_out.work_out_due()
    orders = [query["sql"] for query in queries if f"LIMIT {working_out.DUE_AT_ONCE}" in query["sql"]]
    assert len(orders) == 2  # the second one finds nothing new


def test_an_interrupted_run_leaves_the_rest_due(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = newsroom()
    monkeypatch.setattr(working_out, "BATCH", 4)

    def interrupt(number: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        working_out.work_out_due(interrupt)
    assert ArticleTerms.objects.due().count() == 2
    assert working_out.work_out_due().articles == 2
    assert pairs() == {(second.pk, first.pk)}


def test_articles_older_than_the_window_wait_for_a_rebuild() -> None:
    first, second = newsroom()
    old = [arrive(*words, hours=hours) for words, hours in ((XNOR, -1000), (XNOR_TOO, -998))]
    assert working_out.work_out_due().articles == 6
    assert pairs() == {(second.pk, first.pk)}
    out = StringIO()
    call_command("suggest_stories", stdout=out)
    assert out.getvalue() == "Older than the window and not compared: 2. --rebuild compares all articles.\n"
    for _ in range(2):
        assert working_out.rebuild().articles == 8
        assert pairs() == {(second.pk, first.pk), (old[1].pk, old[0].pk)}
        assert not ArticleTerms.objects.due().exists()
        assert number_counted() == 8
        assert ArticleTerms.objects.count() == 6
    late = arrive(*XNOR, hours=2)
    working_out.work_out_due()
    assert {pair for pair in pairs() if late.pk in pair} == {(late.pk, first.pk), (second.pk, late.pk)}


def test_an_archive_that_comes_in_is_not_compared(tmp_path: Path) -> None:
    for day, (title, excerpt) in (("2015-06-09", XNOR), ("2015-06-10", XNOR_TOO), ("2020-06-09", XNOR)):
        text = document(title=title, excerpt=excerpt, publishedDateTime=f"{day}T12:00:00Z")
        write_document(tmp_path, text, f"{day}-apple.md")
    assert "Suggestions: 1 article compared in " in import_documents(tmp_path)
    assert not Suggestion.objects.exists()
    assert not ArticleTerms.objects.due().exists()
    assert working_out.number_never_compared() == 2


@pytest.mark.slow
def test_an_edit_of_an_article_older_than_the_window_ends_its_suggestions() -> None:
    first, second = newsroom()
    working_out.work_out_due()
    arrive("Rain", "It rained.", hours=24 * 20)
    operations.edit(second, title="Apple has acquired Xnor.ai")
    assert working_out.work_out_due().articles == 1
    assert pairs() == set()
    assert not ArticleTerms.objects.due().exists()
    operations.edit(first, title="Apple acquires Xnor.ai", excerpt="It was sold.")
    assert working_out.work_out_due().articles == 0


@pytest.mark.parametrize("edits", [False, True])
def test_articles_that_the_window_takes_in_again_are_compared_again(edits: bool) -> None:
    first, second = newsroom()
    working_out.work_out_due()
    arrive("Rain", "It rained.", hours=24 * 20)
    working_out.work_out_due()
    assert set(ArticleTerms.objects.values_list("article__title", flat=True)) == {"Rain"}
    SitePolicy.objects.update(window_days=30)
    if edits:
        operations.edit(second, published_at=second.published_at + timedelta(hours=1))
    assert working_out.work_out_due().articles == 6
    assert pairs() == {(second.pk, first.pk)}


def test_spiked_and_withdrawn_articles_are_not_suggested() -> None:
    first, second = newsroom()
    working_out.work_out_due()
    operations.spike(first)
    assert printed() == []
    assert first.name not in str(printed("--min-score", "0"))
    operations.reopen(first)
    assert len(printed()) == 1
    operations.mark_missing([second.pk], missing=True)
    assert printed() == []


def test_an_import_stores_terms_and_says_how_long_the_rest_took(tmp_path: Path) -> None:
    for name, title in (
        ("2020-06-09-first", "Apple acquires Xnor.ai"),
        ("2020-06-09-second", "Xnor.ai is acquired by Apple"),
    ):
        write_document(tmp_path, document(title=title), name + ".md")
    output = import_documents(tmp_path)
    assert "Suggestions: 2 articles compared in " in output
    assert " s; 1 pair may be one event." in output
    assert output.splitlines()[-1] == "2 files: 2 created, 0 updated, 0 unchanged, 0 rejected"
    assert Suggestion.objects.count() == 1
    assert "Suggestions" not in import_documents(tmp_path)


def test_the_number_of_queries_is_the_same_for_one_article_and_many() -> None:
    newsroom()
    working_out.work_out_due()

    numbers = []
    for number in (1, 8):
        for place in range(number):
            arrive(XNOR[0], f"{XNOR[1]} {number}{place}", hours=8 + place)
        mark_due(Article.objects.filter(similarity_terms=None))
        with CaptureQueriesContext(connection) as queries:
            arrivals, versions = store.due_arrivals(store.due_keys(50, MORNING))
            result = Comparison(store.StoredArticles(), timedelta(days=14)).compare_batch(arrivals, 0.1)
            store.write_result(arrivals, result, versions)
        numbers.append(sum(query["sql"].startswith("SELECT") for query in queries))
    assert numbers[0] == numbers[1]
