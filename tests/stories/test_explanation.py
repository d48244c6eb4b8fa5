"""Why numbers are what they are, in words: yes, no and none; titles where people read, names at the command line."""

from datetime import timedelta

import pytest
from django.utils import timezone

from articles import operations
from articles.models import Article
from articles.stories import explanation as standing
from articles.stories.explanation_text import format_explanation, format_incoming_value
from tests import builders

pytestmark = pytest.mark.django_db


def why(article: Article) -> list[str]:
    article.refresh_from_db()
    decided = standing.policy_for(article)
    explanation = standing.explain_article(article, decided.policy)
    return format_explanation(
        explanation, article, called="it", by=decided.by, naming=lambda name: standing.title_for_name(article, name)
    )


def test_terms_threshold_policy_and_state():
    lead = builders.article(quality=80, heat=90, state_since=builders.MORNING, state="published")
    builders.related(lead)

    assert why(lead) == [
        "it is lead",
        "heat 90: 80 (quality) + 10 (1 related × 10)",
        "published yes: heat 90 ≥ threshold 70",
        "decided by the policy of the site: threshold 70",
        "state published since 2020-06-09 08:00 UTC, seen by readers: yes",
    ]


def test_the_policy_of_a_topic_is_named():
    article = builders.article(topics=["AI"])
    operations.change_policy(overrides={article.topics.get().pk: {"publish_threshold": 90}})

    lines = why(article)

    assert "published no: heat 80 < threshold 90" in lines
    assert "decided by the policy of AI: threshold 90" in lines
    assert "stored: heat 80, published yes; rescoring would change that" in lines


def test_what_is_missing_is_none():
    assert why(builders.article(quality=None, heat=None))[:3] == [
        "it is unscored",
        "heat none: it has no quality yet",
        "published none: unscored, so the policy for unscored articles says whether readers see it",
    ]
    assert why(builders.article(quality=None, heat=None, published=True))[2] == (
        "published yes: as its document says, for it has no heat"
    )
    assert why(builders.article(removed=True))[2] == "published no: its source removed it"


def test_who_leads_is_told_by_title_ours_or_the_coverages():
    lead = builders.article("The lead")
    member = builders.folded(lead)
    builders.related(member, lead)
    assert "heat -1: “The lead” leads the story" in why(member)

    other = builders.article(quality=50, heat=-1)
    builders.related(other, title="Coverage elsewhere", quality=60)
    assert "heat -1: “Coverage elsewhere” leads the story" in why(other)


def test_an_editors_decision_on_the_side_of_a_story():
    lead = builders.article(quality=40)
    member = builders.article(quality=90)
    operations.fold_into(member, lead)
    assert "pinned: an editor decided that it is folded" in why(member)
    operations.take_out(member)
    assert "pinned: an editor decided that it stands by itself" in why(member)


def test_every_pin_tells_what_the_document_wants():
    article = builders.article("Storm", quality=60, excerpt="")
    operations.edit(article, title="Gale", quality=75, excerpt="Wind.")
    operations.publish(article)
    operations.set_topics(article, [builders.topic("AI").name])

    assert [line for line in why(article) if line.startswith("pinned")] == [
        "pinned excerpt: its document wants none",
        "pinned published: its document wants yes",
        "pinned quality: its document wants 60",
        "pinned title: its document wants Storm",
        "pinned topics: what its document wants is known after the next import",
    ]


@pytest.mark.parametrize(
    ("name", "wish", "told"),
    [
        ("images", 2, "2 pictures"),
        ("related", 0, "0 related links"),
        ("provider", ["courier.example", "The Courier"], "The Courier (courier.example)"),
        ("published_at", "2020-06-09T08:00:00+00:00", "2020-06-09 08:00 UTC"),
        ("topics", ["AI", "Health"], "AI, Health"),
        ("topics", [], "none"),
        ("removed", False, "no"),
        ("heat", None, "none"),
    ],
)
def test_wishes_are_words_for_people(name, wish, told):
    assert format_incoming_value(name, wish) == told


def test_a_schedule_is_told():
    article = builders.article()
    begin = timezone.now() + timedelta(days=1)
    operations.schedule(article, publish_at=begin, unpublish_at=begin + timedelta(days=1))

    lines = why(article)

    assert f"scheduled: from {begin:%Y-%m-%d %H:%M} UTC until {begin + timedelta(days=1):%Y-%m-%d %H:%M} UTC" in lines
    assert any(line.endswith("seen by readers: no") for line in lines)
