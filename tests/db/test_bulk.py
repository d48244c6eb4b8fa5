"""Many rows at once: the same on every database, by COPY on PostgreSQL and by statements on SQLite."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from articles.db.bulk import CHUNK, BulkTable
from articles.models import Article, Topic
from tests import builders

pytestmark = pytest.mark.django_db
TOPICS = BulkTable(Topic, "name", "slug", "keywords", "parent")
ODD_TEXTS = ["\\N", "\\.", "tab\there", "two\nlines", "50 % of it's “this”", "back\\slash", '"', "é漢😀"]


def test_columns_that_are_not_given_get_their_defaults():
    TOPICS.insert([("Fusion", "fusion", '["tokamak"]', None)])
    topic = Topic.objects.get(name="Fusion")
    assert (topic.keywords, topic.parent, topic.weight, topic.shortname, topic.layout) == (["tokamak"], None, 0, "", {})


def test_every_text_is_stored_unchanged():
    TOPICS.insert([(text, f"slug-{number}", "[]", None) for number, text in enumerate(ODD_TEXTS)])
    assert set(Topic.objects.values_list("name", flat=True)) == set(ODD_TEXTS)


def test_a_rejected_row_raises_an_integrity_error_and_inserts_none():
    with pytest.raises(IntegrityError), transaction.atomic():
        TOPICS.insert([("Fusion", "fusion", "[]", None), ("Fission", "fusion", "[]", None)])
    assert not Topic.objects.exists()


def test_insert_missing_leaves_out_what_is_there_already():
    TOPICS.insert([("Fusion", "fusion", "[]", None)])
    TOPICS.insert_missing(
        [("Fission", "fission", "[]", None), ("Other", "fusion", "[]", None), ("50 %", "%s", "[]", None)]
    )
    assert list(Topic.objects.order_by("pk").values_list("name", "weight")) == [
        ("Fusion", 0),
        ("Fission", 0),
        ("50 %", 0),
    ]


def test_insert_missing_raises_where_something_else_is_wrong():
    with pytest.raises(IntegrityError), transaction.atomic():
        TOPICS.insert_missing([("Fusion", "fusion", "[]", None), ("Fission", None, "[]", None)])
    assert not Topic.objects.exists()


def test_no_rows_take_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        TOPICS.insert([])
        TOPICS.insert_missing([])
        TOPICS.update(["weight"], [])


def test_update_sets_each_row_s_own_values_and_nothing_else():
    TOPICS.insert([(f"Topic {number}", f"topic-{number}", "[]", None) for number in range(CHUNK + 2)])
    *changed, untouched = Topic.objects.order_by("pk").values_list("pk", flat=True)
    TOPICS.update(["weight", "shortname"], [(place, f"no. {place}", pk) for place, pk in enumerate(changed)])
    rows = Topic.objects.order_by("pk").values_list("pk", "weight", "shortname", "name")
    assert list(rows[:CHUNK]) == [(pk, n, f"no. {n}", f"Topic {n}") for n, pk in enumerate(changed[:CHUNK])]
    assert Topic.objects.get(pk=untouched).shortname == ""


def test_update_takes_missing_values_and_yes_and_no():
    lead, member = builders.article(), builders.article(published=False)
    articles = BulkTable(Article)
    articles.update(["lead", "ambiguous", "removed"], [(None, True, None, lead.pk), (lead.pk, False, True, member.pk)])
    rows = Article.objects.order_by("pk").values_list("lead", "ambiguous", "removed")
    assert list(rows) == [(None, True, None), (lead.pk, False, True)]
