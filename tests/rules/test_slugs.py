from datetime import UTC, datetime, timedelta, timezone

import pytest

from articles.rules.slugs import document_name, file_sort_key, is_document_name, slugify_title

JUNE = datetime(2020, 6, 9, 12, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Björk’s AI: a “test”", "bjorks-ai-a-test"),
        ("Peak.AI raises $12 million", "peakai-raises-12-million"),
        ("Really THIS?! 👀", "really-this-"),
        ("Sales up 5 % ...", "sales-up-5-"),
        ("A™ – B", "a-b"),
        ("\u00a0 padded ", "padded"),
        ("-- dashed -- twice", "dashed-twice"),
        ("ﬁrst", "rst"),
        ("日本語", ""),
    ],
)
def test_slugs_follow_the_rule_of_the_format(title, slug):
    assert slugify_title(title) == slug


def test_names_have_the_date_in_utc():
    evening = datetime(2020, 6, 9, 20, 0, tzinfo=timezone(timedelta(hours=-7)))

    assert document_name(JUNE, "Storm grows") == "2020-06-09-storm-grows"
    assert document_name(evening, "Storm grows") == "2020-06-10-storm-grows"


def test_titles_without_letters_get_different_names():
    assert document_name(JUNE, "日本語") != document_name(JUNE, "中文")
    assert is_document_name(document_name(JUNE, "日本語"))


def test_long_names_are_cut_at_a_word():
    name = document_name(JUNE, "word " * 60)

    assert len(name) <= 11 + 200
    assert name.endswith("-word")


@pytest.mark.parametrize(
    ("stem", "is_name"),
    [
        ("2020-06-09-storm-grows", True),
        ("2020-06-09-really-this-", True),
        ("000_351ff85292f71d50", False),
        ("2020-06-09-", False),
        ("2020-06-09-Storm", False),
        ("2020-06-09-a\n", False),
        ("２０２０-06-09-a", False),
        ("2020-06-09-" + "a" * 300, False),
    ],
)
def test_document_names_are_dates_and_words(stem, is_name):
    assert is_document_name(stem) is is_name


def test_names_sort_like_their_files():
    assert sorted(["storm", "storm-grows", "storms"], key=file_sort_key) == ["storm-grows", "storm", "storms"]
