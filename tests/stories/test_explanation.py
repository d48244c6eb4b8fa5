"""The explanation of an article's numbers that editors read."""

from datetime import timedelta

import pytest
from django.utils import timezone

from articles import operations
from articles.models import Article
from articles.stories.explanation import explanation_lines
from articles.stories.explanation_text import format_incoming_value
from config.times import format_time
from tests import builders

pytestmark = pytest.mark.django_db


def why(article: Article) -> list[str]:
    article.refresh_from_db()
    return explanation_lines(article)


def test_a_lead_is_explained_by_its_terms_threshold_policy_and_state():
    lead = builders.article(quality=80, heat=90, state_since=builders.MORNING, state="published")
    builders.related(lead)

    assert why(lead)[:-1] == [
        "it leads its story",
        "heat 90: 80 (quality) + 10 (1 related × 10)",
        "published: heat 90 reaches the threshold of 70",
        "decided by the policy of the site: threshold 70",
        "state published since 9 Jun 2020, 08:00 UTC, visible to readers",
    ]


def test_the_policy_of_a_topic_is_named():
    article = builders.article(topics=["AI"])
    operations.change_policy(overrides={article.topics.get().pk: {"publish_threshold": 90}})

    lines = why(article)

    assert "not published: heat 80 is below the threshold of 90" in lines
    assert "decided by the policy of AI: threshold 90" in lines
    assert "stored: heat 80, published yes; rescoring would change that" in lines


def test_missing_values_are_explained():
    assert why(builders.article(quality=None, heat=None))[:3] == [
        "it is unscored",
        "no heat: it has no quality yet",
        "neither published nor withheld: unscored, so the policy for unscored articles says whether readers see it",
    ]
    assert why(builders.article(quality=None, heat=None, published=True))[2] == (
        "published: as its document says, because it has no heat"
    )
    assert why(builders.article(removed=True))[2] == "not published: its source removed it"


def test_a_folded_article_names_its_lead_by_title():
    lead = builders.article("The lead")
    member = builders.folded(lead)
    builders.related(member, lead)
    assert "no heat: “The lead” leads the story" in why(member)

    other = builders.article(quality=50, heat=-1)
    builders.related(other, title="Coverage elsewhere", quality=60)
    assert "no heat: “Coverage elsewhere” leads the story" in why(other)


@pytest.mark.slow
def test_an_editors_decision_on_the_story_role_is_named():
    lead = builders.article(quality=40)
    member = builders.article(quality=90)
    operations.fold_into(member, lead)
    assert "pinned: an editor decided that it is folded" in why(member)
    operations.take_out(member)
    assert "pinned: an editor decided that it stands by itself" in why(member)


def test_every_pin_is_explained_with_the_value_of_the_document():
    article = builders.article("Storm", quality=60, excerpt="")
    operations.edit(article, title="Gale", quality=75, excerpt="Wind.")
    operations.publish(article)
    operations.set_topics(article, [builders.topic("AI").name])

    assert [line for line in why(article) if line.startswith("pinned")] == [
        "pinned excerpt: its document says none",
        "pinned published: its document says yes",
        "pinned quality: its document says 60",
        "pinned title: its document says Storm",
        "pinned topics: the next import will show what its document says",
    ]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("images", 2, "2 pictures"),
        ("related", 0, "0 related links"),
        ("provider", ["courier.example", "The Courier"], "The Courier (courier.example)"),
        ("published_at", "2020-06-09T08:00:00+00:00", "9 Jun 2020, 08:00 UTC"),
        ("topics", ["AI", "Health"], "AI, Health"),
        ("topics", [], "none"),
        ("removed", False, "no"),
        ("heat", None, "none"),
    ],
)
def test_incoming_values_are_formatted_for_people(name, value, text):
    assert format_incoming_value(name, value) == text


def test_a_schedule_is_part_of_the_explanation():
    article = builders.article()
    begin = timezone.now() + timedelta(days=1)
    operations.schedule(article, publish_at=begin, unpublish_at=begin + timedelta(days=1))

    lines = why(article)

    assert f"scheduled: from {format_time(begin)} until {format_time(begin + timedelta(days=1))}" in lines
    assert any(line.endswith(", not visible to readers") for line in lines)
