"""Runs of Chinese, Japanese and Korean text are found by any part of them, on both databases."""

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from articles.search.east_asian import drop_accents, query_tokens, split_runs
from tests import builders
from tests.search.texts import titles


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("新冠疫情", "新冠 冠疫 疫情 情"),
        ("新冠", "新冠 冠"),
        ("猫", "猫"),
        ("iPhone新冠 now", "iPhone 新冠 冠 now"),
        ("カタカナとひらがな", "カタ タカ カナ ナと とひ ひら らが がな な"),
        ("コーヒー", "コー ーヒ ヒー ー"),
        ("か\u3099き", "がき き"),
        ("한국어 뉴스", "한국 국어 어 뉴스 스"),
        ("𠮷野家", "𠮷野 野家 家"),
        ("新・冠", "新 ・ 冠"),
        ("Zürich glaciers", "Zurich glaciers"),
        ("Ελλάδα, зелёный чай", "Ελλαδα, зеленыи чаи"),
        ("", ""),
    ],
)
def test_runs_are_split_into_overlapping_pairs(text, split):
    assert split_runs(text).split() == split.split()


@pytest.mark.parametrize(
    ("text", "tokens", "is_beginning"),
    [
        ("新冠疫情", ["新冠", "冠疫", "疫情"], False),
        ("猫", ["猫"], True),
        ("猫 now", ["猫", "now"], False),
        ("新冠 now", ["新冠", "冠", "now"], False),
        ("storm", ["storm"], False),
        ("", [], False),
    ],
)
def test_queries_are_split_likewise(text, tokens, is_beginning):
    assert query_tokens(text) == (tokens, is_beginning)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [
        "新冠疫情",
        "冠疫",
        "疫情",
        "情",
        "新",
        "新冠疫情 最新",
        '"新冠疫情 最新"',
        "最新消息",
        "iPhone",
        "-猫",
        "新冠 -寿司",
    ],
)
def test_chinese_is_found_by_any_part(text):
    builders.article("新冠疫情 最新消息iPhone")
    builders.article("寿司と猫")

    assert titles(text) == ["新冠疫情 最新消息iPhone"]


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["寿司", "司と", "猫", "と猫", "東京タワ", "タワー", "국어", "어"])
def test_japanese_and_korean_are_found_in_excerpts_topics_outlets_and_coverage(text):
    story = builders.article(
        "寿司と猫",
        excerpt="한국어",
        topics=["東京タワー"],
        provider=builders.provider("東京タワー新聞", "tokyo.example"),
    )
    builders.related(story, title="寿司と猫、한국어")
    builders.article("新冠疫情")

    assert titles(text) == ["寿司と猫"]


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["新疫", "冠新", "新情", '"最新 新冠"', "新冠疫情最新"])
def test_characters_that_do_not_stand_together_are_not_found(text):
    builders.article("新冠疫情 最新消息")

    assert titles(text) == []


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL has the rule in SQL")
@pytest.mark.django_db
@given(
    st.text(st.one_of(st.characters(codec="utf-8", exclude_characters="\0"), st.sampled_from("新冠疫情猫ーが한 a-")))
)
def test_postgresql_splits_like_the_function(text):
    with connection.cursor() as cursor:
        cursor.execute("SELECT article_search_split(%s)", [drop_accents(text)])
        (split,) = cursor.fetchone()

    assert split.split() == split_runs(text).split()
