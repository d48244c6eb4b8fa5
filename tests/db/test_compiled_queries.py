"""Compiled queries return what the querysets that they are made from would."""

from datetime import timedelta
from typing import NamedTuple

import pytest
from django.db import connection
from django.utils import timezone

from articles.db.compiled_queries import NOW, CompiledQuery, KeyRow
from articles.models import Article, PictureAddress, shown_to_readers
from articles.models.fields import Digest
from articles.public.cards import load_cards
from tests import builders

pytestmark = pytest.mark.django_db


class Title(NamedTuple):
    title: str


def test_a_compiled_query_returns_the_rows_of_any_keys(django_assert_num_queries):
    titles = CompiledQuery(Title, lambda keys: Article.objects.filter(pk__in=keys))
    one, two, three = (builders.article(title) for title in ("One", "Two", "Three"))
    with django_assert_num_queries(2):
        assert {row.title for row in titles.rows([one.pk, two.pk])} == {"One", "Two"}
        assert {row.title for row in titles.rows([three.pk, one.pk])} == {"One", "Three"}
        assert titles.rows([]) == []
    assert titles.rows([two.pk]) == [Title("Two")]


def test_now_is_the_time_of_execution(monkeypatch):
    shown = CompiledQuery(KeyRow, lambda keys: Article.objects.filter(shown_to_readers(at=NOW), pk__in=keys))
    now = timezone.now()
    article = builders.article(publish_at=now + timedelta(hours=1))
    assert shown.rows([article.pk]) == []
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(hours=2))
    assert shown.rows([article.pk]) == [KeyRow(article.pk)]


def test_the_database_digest_equals_that_of_python():
    article = builders.article("Ünï “quoted”")
    digest = Article.objects.annotate(digest=Digest("title")).get(pk=article.pk).digest
    assert digest == PictureAddress.digest_of("Ünï “quoted”")


def test_cards_have_the_order_of_their_ids(django_assert_num_queries):
    articles = [builders.article(f"Story {number}") for number in range(5)]
    builders.related(articles[3], title="Coverage")
    ids = [article.pk for article in reversed(articles)]
    assert connection.features.supports_json_field  # Django asks SQLite once in a process
    with django_assert_num_queries(2):
        cards = load_cards(ids, with_headlines=2)
    assert [card.title for card in cards] == [f"Story {number}" for number in (4, 3, 2, 1, 0)]
    assert [headline.title for headline in cards[1].headlines] == ["Coverage"]
    assert [card.outlets for card in cards] == [1, 2, 1, 1, 1]
    assert hash(cards[1])


class Category(NamedTuple):
    category: str


needs_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no column types to alter")


@needs_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_compiled_query_survives_a_migration_of_its_column():
    article = builders.article(category="news")
    categories = CompiledQuery(Category, lambda keys: Article.objects.filter(pk__in=keys))
    categories.rows([article.pk])
    change = "ALTER TABLE articles_article ALTER COLUMN category TYPE"
    with connection.cursor() as cursor:
        cursor.execute(f"{change} text")
        try:
            assert categories.rows([article.pk]) == [Category("news")]
        finally:
            cursor.execute(f"{change} varchar({Article._meta.get_field('category').max_length})")
