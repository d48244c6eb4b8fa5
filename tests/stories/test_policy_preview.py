import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from articles import operations
from articles.models import Article, Policies, Topic
from articles.stories import policy_preview
from articles.stories.policy_preview import changed_policies, preview_policy
from tests import builders

pytestmark = pytest.mark.django_db


def test_a_preview_counts_by_kind_and_by_policy_and_writes_nothing():
    builders.article("Rises", quality=60, topics=["Sport"])
    builders.article("Falls", quality=75, topics=["AI"])
    builders.related(builders.article("Lead", quality=80, heat=90))
    builders.article("Waits", quality=None, heat=None)
    ai = Topic.objects.get(name="AI")
    stored = list(Article.objects.order_by("pk").values())

    with CaptureQueriesContext(connection) as queries:
        preview = preview_policy(
            changed_policies(
                {"publish_threshold": 60, "related_bonus": 15, "publish_unscored": False},
                {ai.pk: {"publish_threshold": 80}},
                Policies.load(),
            )
        )

    assert preview.sentence == "Effect: 1 published, 1 withdrawn, 1 with another heat."
    assert preview.unscored == "Saving hides 1 unscored article from readers at once."
    assert [article.title for article in preview.toggled_first] == ["Waits"]
    assert preview.scope == "3 scored articles were examined. Pinned fields stay as they are."
    assert [(owner, str(counts)) for owner, counts in preview.by_policy] == [
        ("The policy of the site", "1 published, 0 withdrawn, 1 with another heat"),
        ("The policy of AI", "0 published, 1 withdrawn, 0 with another heat"),
    ]
    assert [(kind, [change.title for change, _ in changes], more) for kind, changes, more in preview.samples] == [
        ("Published", ["Rises"], -9),
        ("Withdrawn", ["Falls"], -9),
        ("Others", ["Lead"], -9),
    ]
    assert all(query["sql"].startswith("SELECT") for query in queries)
    assert list(Article.objects.order_by("pk").values()) == stored


def test_a_preview_tells_what_the_numbers_change_from_what_a_rescore_would_change_anyway():
    builders.article("Was never rescored", quality=80, published=False)
    builders.related(builders.article("Both heat and numbers", quality=65, heat=65))
    builders.article("Rises", quality=60)
    stored = Policies.load()

    preview = preview_policy(changed_policies({"publish_threshold": 60, "related_bonus": 20}, {}, stored), stored)

    assert preview.sentence == "Effect of the new numbers: 1 published, 0 withdrawn, 1 with another heat."
    assert preview.sentence_anyway == (
        "Applying them has effects that the present numbers would have too: 2 published, 0 withdrawn, "
        "0 with another heat."
    )
    assert [(kind, [(change.title, reason) for change, reason in changes]) for kind, changes, _ in preview.samples] == [
        (
            "Published",
            [
                ("Both heat and numbers", "the new numbers"),
                ("Rises", "the new numbers"),
                ("Was never rescored", "the present numbers"),
            ],
        )
    ]


def test_the_numbers_that_are_stored_already_change_nothing_themselves():
    builders.article("Was never rescored", quality=80, published=False)

    preview = preview_policy(Policies.load(), Policies.load())

    assert preview.sentence == "No scored article would change."
    assert preview.sentence_anyway.endswith("would have too: 1 published, 0 withdrawn, 0 with another heat.")


def test_a_preview_leaves_pinned_removed_and_missing_articles_as_they_are():
    builders.article(quality=10, removed=True, public=False)
    operations.mark_missing([builders.article("Gone", quality=10).pk], missing=True)
    operations.hold(builders.article("Held"))

    assert preview_policy(changed_policies({"publish_threshold": 5}, {}, Policies.load())).counts.published == 0


def test_a_preview_of_many_articles_examines_the_newest_and_says_so(monkeypatch):
    monkeypatch.setattr(policy_preview, "EXAMINED_MAX", 2)
    for number in range(3):
        builders.article(f"Number {number}", quality=60)

    preview = preview_policy(changed_policies({"publish_threshold": 60}, {}, Policies.load()))

    assert [change.title for change in preview.changes] == ["Number 1", "Number 2"]
    assert preview.sentence == "Effect: 2 published, 0 withdrawn, 0 with another heat."
    assert preview.scope == "Only the newest 2 of 3 scored articles were examined."


def test_a_topic_without_overrides_follows_the_site():
    ai = builders.topic("AI")
    operations.change_policy(overrides={ai.pk: {"publish_threshold": 90}})

    policies = changed_policies({}, {ai.pk: {"publish_threshold": None}}, Policies.load())

    assert policies.by_topic == {}
