"""Highlight the words of a text that a query means."""

import pytest

from articles.search.highlighting import from_first_match, segments, share_stem
from articles.templatetags.newsfold import highlighted
from tests.search.texts import HOSTILE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("election", "elections"),
        ("policy", "policies"),
        ("vaccinate", "vaccination"),
        ("vaccine", "vaccines"),
        ("report", "reporting"),
        ("covid", "covid"),
    ],
)
def test_forms_of_one_word_share_a_stem(one, other):
    assert share_stem(one, other)
    assert share_stem(other, one)


@pytest.mark.parametrize(
    ("one", "other"), [("a", "as"), ("china", "chile"), ("elect", "electricity"), ("cat", "catch"), ("cass", "cases")]
)
def test_other_words_share_no_stem(one, other):
    assert not share_stem(one, other)


@pytest.mark.parametrize(
    ("text", "words", "html"),
    [
        ("Elections in Paris", "election", "<mark>Elections</mark> in Paris"),
        ("Café society", "cafe", "<mark>Café</mark> society"),
        ("Cafe\u0301 society", "CAFÉ", "<mark>Cafe\u0301</mark> society"),
        ("<b>AT&T</b> deal", "deal", "&lt;b&gt;AT&amp;T&lt;/b&gt; <mark>deal</mark>"),
        ("<script>", "script", "&lt;<mark>script</mark>&gt;"),
        ("Rome and Paris", "rome -paris", "<mark>Rome</mark> and Paris"),
        ("New cases, no new ways: cases", '"new cases"', "<mark>New</mark> <mark>cases</mark>, no new ways: cases"),
        ("Covid-19 and 19 others", "covid-19", "<mark>Covid</mark>-<mark>19</mark> and 19 others"),
        ("New new cases", '"new cases" new', "<mark>New</mark> <mark>new</mark> <mark>cases</mark>"),
        ("new", '"new cases"', "new"),
        ("आज हिन्दी समाचार", "हिन्दी", "आज <mark>हिन्दी</mark> समाचार"),
        ("CO₂ and snake_case", "co₂ case", "<mark>CO₂</mark> and snake_<mark>case</mark>"),
        ("新AI芯片", "ai芯片", "新<mark>AI芯片</mark>"),
        ("Rome", "", "Rome"),
        ("", "rome", ""),
    ],
)
def test_highlights_mark_words_and_escape_the_rest(text, words, html):
    assert highlighted(segments(text, words)) == html


def test_an_excerpt_begins_where_a_match_can_be_seen():
    text = f"Rome {'and so on ' * 30}then Paris at last"
    assert from_first_match(text, "rome paris", 180) == text
    assert from_first_match(text, "london", 180) == text
    assert from_first_match(text, "paris", 180) == "… so on and so on and so on and so on then Paris at last"
    assert from_first_match("x" * 300 + "-paris", "paris", 180) == "… " + "x" * 39 + "-paris"


@pytest.mark.parametrize("words", HOSTILE)
def test_segments_add_up_to_the_text(words):
    text = "a <b> 新冠 <script>alert(1)</script> é \ue000 \0 x"

    assert "".join(part for part, _ in segments(text, words)) == text
