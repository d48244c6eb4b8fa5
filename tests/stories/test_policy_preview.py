"""The site's policy and what top-level topics override: changed, undone, followed by import and rescoring."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from articles import operations
from articles.models import Article, Event, Operation, Policies, SitePolicy, Topic, TopicPolicy
from articles.rules.scoring import Policy
from articles.stories import policy_preview
from articles.stories.policy_preview import changed_policies, preview_policy
from tests import builders
from tests.documents import CANONICAL, NAME, document, import_documents, write_document

pytestmark = pytest.mark.django_db


def events() -> list[tuple[str, str, object, object]]:
    return list(Event.objects.filter(subject="policy").values_list("label", "field", "before", "after"))


def overrides() -> dict[str, tuple[object, ...]]:
    rows = TopicPolicy.objects.values_list("topic__name", "publish_threshold", "related_bonus", "bonus_floor")
    return {name: tuple(numbers) for name, *numbers in rows}


# Changing and undoing


def test_each_number_is_an_event_of_one_operation():
    topic = builders.topic("AI")

    operations.change_policy({"publish_threshold": 60, "window_days": 3}, {topic.pk: {"related_bonus": 5}})

    operation = Operation.objects.get()
    assert (operation.verb, operation.articles) == ("policy", 0)
    assert events() == [
        ("Policy of the site", "publish_threshold", 70, 60),
        ("Policy of AI", f"related_bonus@{topic.pk}", None, 5),
    ]


def test_nothing_changed_is_no_operation():
    operations.change_policy({"publish_threshold": 70}, {builders.topic().pk: {"bonus_floor": None}})

    assert not Operation.objects.exists()
    assert overrides() == {}


def test_undo_restores_the_numbers_and_what_topics_override():
    topic, other = builders.topic("AI"), builders.topic("Health")
    operations.change_policy(overrides={other.pk: {"bonus_floor": 20, "publish_threshold": 80}})
    before = (Policies.load(), overrides())
    gone = dict.fromkeys(("publish_threshold", "related_bonus", "bonus_floor"))

    operations.change_policy({"amp_weight": 5}, {topic.pk: {"publish_threshold": 90}, other.pk: gone})
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


def test_undo_keeps_what_others_changed_since_and_what_is_gone():
    topic = builders.topic("AI")
    operations.change_policy({"publish_threshold": 60}, {topic.pk: {"bonus_floor": 5}})
    first = Operation.objects.get()
    operations.change_policy({"publish_threshold": 50})
    topic.delete()

    kept = operations.undo(first).not_restored

    assert SitePolicy.current().publish_threshold == 50
    assert sorted(each.reason for each in kept) == ["changed policy by the system since", "the topic was deleted since"]


def test_a_site_without_a_stored_policy_gets_one():
    SitePolicy.objects.all().delete()

    operations.change_policy(overrides={builders.topic().pk: {"bonus_floor": 5}})

    assert SitePolicy.current() == Policy()
    assert overrides() == {"AI": (None, None, 5)}


# Following


def test_the_first_topic_with_a_policy_at_its_top_decides():
    top = builders.topic("AI")
    below = builders.topic("Robots", parent=builders.topic("Machines", parent=top))
    other = builders.topic("Health")
    operations.change_policy(overrides={top.pk: {"publish_threshold": 90}, other.pk: {"publish_threshold": 10}})
    policies = Policies.load()

    assert policies.of([below.pk, other.pk]).publish_threshold == 90
    assert policies.of([builders.topic("Sport").pk, other.pk]).publish_threshold == 10
    assert policies.of([]) == policies.site


def test_rescoring_honours_topics_and_a_dry_run_tells_the_same(django_assert_num_queries):
    strict = builders.article("Strict", topics=["Robots"])
    builders.article("Free", topics=["Health"])
    builders.related(builders.article("Lead", quality=60, heat=70, topics=["Robots"]))
    ai = builders.topic("AI")
    Topic.objects.filter(name="Robots").update(parent=ai)
    operations.change_policy(overrides={ai.pk: {"publish_threshold": 90, "related_bonus": 40}})

    with django_assert_num_queries(6):
        tried = operations.rescore(Article.objects.all(), dry_run=True)
    done = operations.rescore(Article.objects.all())

    assert [str(change) for change in tried] == [str(change) for change in done]
    assert [(change.title, change.fields, change.public, change.state, change.topic) for change in done] == [
        ("Strict", {"published": (True, False)}, (True, False), ("published", "undecided"), ai.pk),
        ("Lead", {"heat": (70, 100)}, (True, True), ("published", "published"), ai.pk),
    ]
    strict.refresh_from_db()
    assert not strict.public


def test_rescoring_by_given_policies_honours_their_topics():
    article = builders.article(topics=["AI"])
    policies = Policies.made(Policy(), {Topic.objects.get().pk: {"publish_threshold": 90}})

    operations.rescore(Article.objects.all(), policies)

    article.refresh_from_db()
    assert not article.public


class TestImport:
    """The document has quality 80 and one related link; heat 92 leaves 2 points by the site's bonus of 10."""

    @pytest.fixture
    def transport(self) -> Topic:
        topic = builders.topic("Transport")
        operations.change_policy(overrides={topic.pk: {"related_bonus": 7}})
        return topic

    def engagement(self) -> int:
        return Article.objects.get().engagement

    def test_engagement_is_what_the_topics_policy_leaves_over(self, tmp_path, transport):
        path = write_document(tmp_path, document(heat=92))
        import_documents(path)
        assert self.engagement() == 5
        write_document(tmp_path, document(heat=90))
        import_documents(path)
        assert self.engagement() == 3
        write_document(tmp_path, document(heat=92).replace("  - Transport\n", ""))
        import_documents(path)
        assert self.engagement() == 2

    def test_rescoring_an_import_keeps_its_numbers(self, tmp_path, transport):
        import_documents(write_document(tmp_path, document(heat=92)), rescore=True)
        call_command("rescore_articles", verbosity=0)

        article = Article.objects.get()
        assert (article.heat, article.public) == (92, True)

    def test_topics_that_an_editor_decided_count_not_those_of_the_document(self, tmp_path, transport):
        path = write_document(tmp_path, document(heat=92))
        import_documents(path)
        operations.set_topics(Article.objects.all(), ["Harbour towns"])

        write_document(tmp_path, document(heat=93))
        import_documents(path)

        assert self.engagement() == 3

    def test_a_tree_that_comes_with_the_documents_counts(self, tmp_path, transport):
        entry = "taxonomy: topic\n_id: harbour-towns\nname: Harbour towns\nparent: Transport\n"
        write_document(tmp_path, entry, "topics/01-harbour-towns.yaml")
        write_document(tmp_path, document(heat=92).replace("  - Transport\n", ""), f"news/{NAME}.md")

        import_documents(tmp_path / "news", tmp_path / "topics")

        assert Topic.objects.get(name="Harbour towns").parent == transport
        assert self.engagement() == 5
        assert operations.rescore(Article.objects.all()) == []

    def test_without_overrides_an_import_asks_no_more(self, tmp_path):
        import_documents(write_document(tmp_path, CANONICAL))

        assert self.engagement() == 0


# Forecasts


def test_a_forecast_counts_by_kind_and_by_policy_and_writes_nothing():
    builders.article("Rises", quality=60, topics=["Sport"])
    builders.article("Falls", quality=75, topics=["AI"])
    builders.related(builders.article("Lead", quality=80, heat=90))
    builders.article("Waits", quality=None, heat=None)
    ai = Topic.objects.get(name="AI")
    stored = list(Article.objects.order_by("pk").values())

    with CaptureQueriesContext(connection) as queries:
        found = preview_policy(
            changed_policies(
                {"publish_threshold": 60, "related_bonus": 15, "publish_unscored": False},
                {ai.pk: {"publish_threshold": 80}},
                Policies.load(),
            )
        )

    assert found.sentence == "This would publish 1 and withdraw 1 story and change the heat of 1."
    assert found.unscored == "It would hide 1 unscored article at once."
    assert found.scope == "Of 3 scored articles. Pinned fields stay as they are."
    assert [(name, str(tally)) for name, tally in found.by_policy] == [
        ("The policy of the site", "publish 1 and withdraw 0 stories and change the heat of 1"),
        ("The policy of AI", "publish 0 and withdraw 1 story and change the heat of 0"),
    ]
    assert [(kind, [change.title for change in changes], more) for kind, changes, more in found.samples] == [
        ("Published", ["Rises"], -9),
        ("Withdrawn", ["Falls"], -9),
        ("Others", ["Lead"], -9),
    ]
    assert all(query["sql"].startswith("SELECT") for query in queries)
    assert list(Article.objects.order_by("pk").values()) == stored


def test_a_forecast_leaves_pins_removed_and_missing_articles_where_they_are():
    builders.article(quality=10, removed=True, public=False)
    operations.mark_missing([builders.article("Gone", quality=10).pk], missing=True)
    operations.hold(builders.article("Held"))

    assert preview_policy(changed_policies({"publish_threshold": 5}, {}, Policies.load())).counts.published == 0


def test_a_forecast_takes_the_newest_of_a_big_newsroom_and_says_so(monkeypatch):
    monkeypatch.setattr(policy_preview, "EXAMINED_MAX", 2)
    for number in range(3):
        builders.article(f"Number {number}", quality=60)

    found = preview_policy(changed_policies({"publish_threshold": 60}, {}, Policies.load()))

    assert [change.title for change in found.changes] == ["Number 1", "Number 2"]
    assert found.sentence == "This would publish 2 and withdraw 0 stories and change the heat of 0, among the newest 2."
    assert found.scope == "Only the newest 2 of 3 scored articles were looked at."


def test_a_topic_that_gives_all_numbers_back_is_decided_by_the_site():
    ai = builders.topic("AI")
    operations.change_policy(overrides={ai.pk: {"publish_threshold": 90}})

    policies = changed_policies({}, {ai.pk: {"publish_threshold": None}}, Policies.load())

    assert policies.by_topic == {}
