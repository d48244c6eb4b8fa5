"""Compiled once, true every time."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from articles.db.compiled_queries import MOMENT, Statement
from articles.models import Article, PictureAddress, shown_to_readers
from articles.models.fields import Digest
from articles.public.cards import cards_of
from tests import builders

pytestmark = pytest.mark.django_db


def test_rows_of_other_keys_come_from_the_same_statement(django_assert_num_queries):
    built = []

    def build(keys):
        built.append(keys)
        return Article.objects.filter(pk__in=keys).values_list("title")

    statement = Statement(build)
    one, two, three = (builders.article(title) for title in ("One", "Two", "Three"))
    with django_assert_num_queries(2):
        assert sorted(statement.rows([one.pk, two.pk])) == [("One",), ("Two",)]
        assert sorted(statement.rows([three.pk, one.pk])) == [("One",), ("Three",)]
        assert statement.rows([]) == []
    assert len(built) == 1
    assert statement.rows([two.pk]) == [("Two",)]


def test_its_clock_goes_on(monkeypatch):
    statement = Statement(
        lambda keys: Article.objects.filter(shown_to_readers(at=MOMENT), pk__in=keys).values_list("pk")
    )
    now = timezone.now()
    article = builders.article(publish_at=now + timedelta(hours=1))
    assert statement.rows([article.pk]) == []
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(hours=2))
    assert statement.rows([article.pk]) == [(article.pk,)]


def test_a_digest_is_that_of_the_text():
    article = builders.article("Ünï “quoted”")
    digest = Article.objects.annotate(digest=Digest("title")).get(pk=article.pk).digest
    assert digest == PictureAddress.digest_of("Ünï “quoted”")


def test_cards_keep_the_order_they_are_asked_for(django_assert_num_queries):
    articles = [builders.article(f"Story {number}") for number in range(5)]
    builders.related(articles[3], title="Coverage")
    ids = [article.pk for article in reversed(articles)]
    with django_assert_num_queries(2):
        cards = cards_of(ids, with_headlines=2)
    assert [card.title for card in cards] == [f"Story {number}" for number in (4, 3, 2, 1, 0)]
    assert [headline.title for headline in cards[1].headlines] == ["Coverage"]
    assert [card.sources for card in cards] == [1, 2, 1, 1, 1]
    assert hash(cards[1])


needs_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no column types to alter")


@needs_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_plan_that_a_migration_has_overtaken_stops_no_page():
    article = builders.article(category="news")
    statement = Statement(lambda keys: Article.objects.filter(pk__in=keys).values_list("category"))
    statement.rows([article.pk])
    change = "ALTER TABLE articles_article ALTER COLUMN category TYPE"
    with connection.cursor() as cursor:
        cursor.execute(f"{change} text")
        try:
            assert statement.rows([article.pk]) == [("news",)]
        finally:
            cursor.execute(f"{change} varchar({Article._meta.get_field('category').max_length})")
