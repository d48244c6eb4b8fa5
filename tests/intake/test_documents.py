"""The document that an entry becomes, its name and its topics. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from articles.exchange.format.parse import parse_file
from articles.exchange.format.write import document_text
from articles.intake.documents import EntryText, Outlet, as_source, free_name, make_document, publication_time
from articles.intake.topics import TopicFinder, TopicNode
from articles.rules.scoring import Policy
from articles.rules.slugs import is_document_name
from articles.rules.words import whole_words
from tests.public.player import PLAYER

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
TOPICS = [
    TopicNode(pk=1, name="Technology"),
    TopicNode(pk=2, name="AI", keywords=("AI", "neural network"), parent=1, weight=5),
    TopicNode(pk=3, name="Transport", keywords=("C++", "bridge")),
]
COURIER = Outlet(name="The Courier", domain="courier.example")


def entry(**values: object) -> EntryText:
    stated = {
        "title": "A bridge",
        "excerpt": "",
        "url": "https://courier.example/1",
        "published_at": NOON,
        "picture": "",
    }
    return EntryText(**stated | values)


def document(text: EntryText | None = None, **options):
    values = {"name": "2026-03-04-a-bridge", "published_at": NOON, "outlet": COURIER, "topics": [], "by_policy": False}
    return make_document(text or entry(), **{"policy": Policy()} | values | options)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("AI learns to swim", ["Technology", "AI"]),
        ("A NEURAL NETWORK on a bridge", ["Technology", "AI", "Transport"]),
        ("He said it", ["Transport"]),
        ("Fresh paint", ["Transport"]),
        ("C++ at sea", ["Transport"]),
    ],
)
def test_topics_follow_from_keywords_with_those_above_them_else_from_the_source(title, expected):
    found = TopicFinder(TOPICS).find(title, defaults=[3])

    assert [topic.name for topic in found] == expected


@pytest.mark.parametrize("title", ["AI", "ai!", "AIDS", "C++", "C+++", "a neural networks", "neural network", ""])
def test_a_topic_is_found_exactly_where_the_suggested_quality_sees_its_keyword(title):
    found = TopicFinder(TOPICS).find(title, defaults=[])

    assert {topic.name for topic in found if topic.keywords} == {
        topic.name for topic in TOPICS if whole_words(topic.keywords).search(title)
    }


def test_a_circle_of_topics_ends():
    finder = TopicFinder([TopicNode(pk=1, name="A", parent=2, keywords=("a",)), TopicNode(pk=2, name="B", parent=1)])

    assert [topic.name for topic in finder.find("a", [])] == ["B", "A"]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (NOON - timedelta(days=3), NOON - timedelta(days=3)),
        (None, NOON),
        (NOON + timedelta(minutes=9), NOON + timedelta(minutes=9)),
        (NOON + timedelta(minutes=11), NOON),
        (datetime(2026, 3, 4, 10, 0, 0, 999, tzinfo=timezone(timedelta(hours=2))), NOON - timedelta(hours=4)),
    ],
)
def test_a_story_without_a_date_or_one_from_the_future_has_the_time_of_its_arrival(stated, expected):
    assert publication_time(stated, NOON) == expected


def test_a_name_that_is_taken_gets_the_outlet_and_then_a_number():
    taken: set[str] = set()
    names = []
    for _ in range(4):
        names.append(free_name(NOON, "Storm!", "The Courier", taken.__contains__))
        taken.add(names[-1])

    assert names == [
        "2026-03-04-storm",
        "2026-03-04-storm-the-courier",
        "2026-03-04-storm-the-courier-2",
        "2026-03-04-storm-the-courier-3",
    ]
    assert free_name(NOON, "Storm!", "新聞", taken.__contains__) == "2026-03-04-storm-2"


@pytest.mark.parametrize("title", ["x" * 300, "word " * 60, "新聞", "🙂", "a-" * 150])
def test_every_name_is_that_of_a_document(title):
    taken = {free_name(NOON, title, "", lambda name: False)}
    name = free_name(NOON, title, "Outlet " * 30, taken.__contains__)

    assert is_document_name(name)
    assert name not in taken


def test_only_by_the_policy_and_at_its_threshold_a_story_is_published():
    strong = {"outlet": Outlet(name="C", domain="c.example", registered=True, weight=40)}

    assert document(**strong).published is False
    assert document(**strong, by_policy=True).published is True
    assert document(by_policy=True).published is False
    assert (document(**strong).quality, document(**strong).heat) == (70, 70)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {
            "title": 'Quotes " and \\ and: #no comment',
            "excerpt": "'yes' & <b>\n- a: b",
            "picture": "https://p.example/1",
        },
        {"title": "---", "excerpt": "---\n"},
        {"title": "新聞 🙂", "excerpt": "null"},
    ],
)
def test_the_text_of_a_document_is_read_as_it_was_made(values):
    made = document(entry(**values), topics=TOPICS)
    source = as_source(made, "Courier, entry 1")

    read = parse_file(source.read(), source.label, source.stem)

    assert document_text(read) == source.text
    assert (read.title, read.excerpt, read.name) == (made.title, made.excerpt, made.name)
    assert (read.quality, read.heat, read.published) == (made.quality, made.heat, False)


def test_a_video_has_its_player_and_no_url_of_another_page():
    video = document(entry(url="https://www.youtube.com/watch?v=q7RvN2xLd0A&feature=share"))

    assert (video.type, video.original_url, video.web_url, video.quality) == (
        "video",
        "https://youtube.com/watch?v=q7RvN2xLd0A",
        "",
        Policy().video_weight,
    )
    made = as_source(video, "x")
    assert parse_file(made.read(), "x", made.stem).featured_content == PLAYER
