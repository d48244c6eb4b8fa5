"""Rows that many pages of one state ask for are read once, and never for another state."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from articles import grounds, sharing
from articles.models import Article
from articles.statements import MOMENT, Statement

from . import builders
from . import settings as test_settings

pytestmark = pytest.mark.django_db
TITLES = Statement(lambda _: Article.objects.public(MOMENT).order_by("pk").values_list("title"), is_shared=True)


@pytest.fixture(autouse=True)
def kept_answers(settings):
    settings.CACHES = test_settings.kept_apart(uuid4().hex)


def test_they_are_read_once_in_a_state_whenever_they_are_asked_for(django_assert_num_queries, monkeypatch):
    builders.article("One")
    now = timezone.now()
    with sharing.in_state("1"), django_assert_num_queries(1):
        assert TITLES.rows() == [("One",)]
        monkeypatch.setattr(timezone, "now", lambda: now + timedelta(minutes=1))
        assert TITLES.rows() == [("One",)]
    builders.article("Two")
    with sharing.in_state("2"), django_assert_num_queries(1):
        assert TITLES.rows() == [("One",), ("Two",)]
    with sharing.in_state("1"):  # nothing is kept of a state that is over
        assert TITLES.rows() == [("One",), ("Two",)]


def test_other_keys_have_other_rows():
    one, two = builders.article("One"), builders.article("Two")
    by_key = Statement(lambda keys: Article.objects.filter(pk__in=keys).values_list("title"), is_shared=True)
    with sharing.in_state("1"):
        assert [by_key.rows([article.pk]) for article in (one, two, one)] == [[("One",)], [("Two",)], [("One",)]]


def test_without_a_state_each_asks_for_itself(django_assert_num_queries):
    builders.article("One")
    with django_assert_num_queries(2):
        assert TITLES.rows() == TITLES.rows() == [("One",)]


def test_no_more_is_kept_than_a_process_can_hold(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(sharing, "SHARED_MAX", 1)
    articles = [builders.article() for _ in range(2)]
    by_key = Statement(lambda keys: Article.objects.filter(pk__in=keys).values_list("title"), is_shared=True)
    with sharing.in_state("1"), django_assert_num_queries(3):
        for article in articles * 2:
            assert by_key.rows([article.pk]) == [(article.title,)]


def test_a_page_rests_on_shared_rows_whoever_has_read_them():
    builders.article("One")
    with sharing.in_state("1"):
        with grounds.noted() as first:
            TITLES.rows()
        with grounds.noted() as second:
            TITLES.rows()
        assert len(first.grounds()) == len(second.grounds()) == 1
    Article.objects.update(title="Another")
    with sharing.in_state("2"):
        assert not grounds.hold(first.grounds())
        assert not grounds.hold(second.grounds())


def test_pages_of_one_state_share_the_menu_and_the_lists_of_topics(client, django_assert_num_queries):
    first, second = (builders.article(title, topics=["AI"]) for title in ("First", "Second"))
    client.get(first.get_absolute_url())
    with django_assert_num_queries(5):  # the stamp, whether it is shown, the story, its links, what else is new
        client.get(second.get_absolute_url())
