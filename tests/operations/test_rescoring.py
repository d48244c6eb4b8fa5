"""Changes of the policy, of the site and of topics, and rescoring by them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from articles import operations
from articles.models import Article, Event, Operation, Policies, SitePolicy, Topic, TopicPolicy
from articles.rules.scoring import Policy
from tests import builders

pytestmark = pytest.mark.django_db


def events() -> list[tuple[str, str, object, object]]:
    return list(Event.objects.filter(subject="policy").values_list("label", "field", "before", "after"))


def overrides() -> dict[str, tuple[object, ...]]:
    rows = TopicPolicy.objects.values_list("topic__name", "publish_threshold", "related_bonus", "bonus_floor")
    return {name: tuple(numbers) for name, *numbers in rows}


def test_each_policy_number_is_an_event_of_one_operation():
    topic = builders.topic("AI")

    operations.change_policy({"publish_threshold": 60, "window_days": 14}, {topic.pk: {"related_bonus": 5}})

    operation = Operation.objects.get()
    assert (operation.verb, operation.articles) == ("policy", 0)
    assert events() == [
        ("Policy of the site", "publish_threshold", 70, 60),
        ("Policy of AI", f"related_bonus@{topic.pk}", None, 5),
    ]


def test_saving_the_same_policy_is_no_operation():
    operations.change_policy({"publish_threshold": 70}, {builders.topic().pk: {"bonus_floor": None}})

    assert not Operation.objects.exists()
    assert overrides() == {}


def test_the_policy_for_unscored_articles_applies_at_once():
    article = builders.article(quality=None, heat=None)

    assert operations.change_policy({"publish_unscored": False}) == 1

    article.refresh_from_db()
    assert not article.public


@pytest.mark.slow
def test_undo_restores_the_numbers_and_the_overrides_of_topics():
    topic, other = builders.topic("AI"), builders.topic("Health")
    operations.change_policy(overrides={other.pk: {"bonus_floor": 20, "publish_threshold": 80}})
    before = (Policies.load(), overrides())
    no_overrides = dict.fromkeys(("publish_threshold", "related_bonus", "bonus_floor"))

    operations.change_policy({"amp_weight": 5}, {topic.pk: {"publish_threshold": 90}, other.pk: no_overrides})
    after = (Policies.load(), overrides())
    assert list(after[1]) == ["AI"]
    undone = operations.undo(Operation.objects.first())

    assert (Policies.load(), overrides()) == before
    assert undone.not_restored == []
    operations.undo(undone.operation)
    assert (Policies.load(), overrides()) == after


def test_undo_shows_and_hides_unscored_articles_again():
    article = builders.article(quality=None, heat=None)

    assert operations.change_policy({"publish_unscored": False}) == 1
    assert not Article.objects.public().exists()
    undone = operations.undo(Operation.objects.get()).operation
    assert Article.objects.public().get() == article
    operations.undo(undone)
    assert not Article.objects.public().exists()
    article.refresh_from_db()
    assert article.version == 1


def test_undo_keeps_values_changed_since_or_without_their_topic():
    topic = builders.topic("AI")
    operations.change_policy({"publish_threshold": 60}, {topic.pk: {"bonus_floor": 5}})
    first = Operation.objects.get()
    operations.change_policy({"publish_threshold": 50})
    topic.delete()

    not_restored = operations.undo(first).not_restored

    assert SitePolicy.current().publish_threshold == 50
    assert sorted(row.reason for row in not_restored) == [
        "changed policy by the system since then",
        "the topic was deleted since",
    ]


def test_a_site_without_a_stored_policy_gets_one():
    SitePolicy.objects.all().delete()

    operations.change_policy(overrides={builders.topic().pk: {"bonus_floor": 5}})

    assert SitePolicy.current() == Policy()
    assert overrides() == {"AI": (None, None, 5)}


def test_the_first_topic_whose_top_level_topic_has_a_policy_decides():
    top = builders.topic("AI")
    below = builders.topic("Robots", parent=builders.topic("Machines", parent=top))
    other = builders.topic("Health")
    operations.change_policy(overrides={top.pk: {"publish_threshold": 90}, other.pk: {"publish_threshold": 10}})
    policies = Policies.load()

    assert policies.for_topics([below.pk, other.pk]).publish_threshold == 90
    assert policies.for_topics([builders.topic("Sport").pk, other.pk]).publish_threshold == 10
    assert policies.for_topics([]) == policies.site


def test_rescoring_uses_the_policies_of_topics_and_a_dry_run_returns_the_same():
    strict = builders.article("Strict", topics=["Robots"])
    builders.article("Free", topics=["Health"])
    builders.related(builders.article("Lead", quality=60, heat=70, topics=["Robots"]))
    ai = builders.topic("AI")
    Topic.objects.filter(name="Robots").update(parent=ai)
    operations.change_policy(overrides={ai.pk: {"publish_threshold": 90, "related_bonus": 40}})

    previewed = operations.rescore(Article.objects.all(), dry_run=True)
    done = operations.rescore(Article.objects.all())

    assert [str(change) for change in previewed] == [str(change) for change in done]
    assert [(change.title, change.fields, change.public, change.state, change.topic) for change in done] == [
        ("Strict", {"published": (True, False)}, (True, False), ("published", "undecided"), ai.pk),
        ("Lead", {"heat": (70, 100)}, (True, True), ("published", "published"), ai.pk),
    ]
    strict.refresh_from_db()
    assert not strict.public


def test_rescoring_by_other_policies_uses_their_topics():
    article = builders.article(topics=["AI"])
    policies = Policies.from_values(Policy(), {Topic.objects.get().pk: {"publish_threshold": 90}})

    operations.rescore(Article.objects.all(), policies)

    article.refresh_from_db()
    assert not article.public


def test_a_dry_run_takes_the_same_queries_for_one_and_many():
    def count_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            operations.rescore(Article.objects.all(), dry_run=True)
        return len(queries)

    builders.article()
    queries_for_one = count_queries()
    for _ in range(5):
        builders.related(builders.article())

    assert count_queries() == queries_for_one
