"""The engagement that a document's heat contains depends on the policy that is tried, not on that of its import."""

import pytest
from django.core.management import call_command

from articles import operations
from articles.models import Article, Operation, Policies, Topic
from articles.rules.scoring import Policy, infer_engagement
from articles.stories.explanation import policy_for
from tests import builders
from tests.documents import CANONICAL, NAME, document, import_documents, write_document

pytestmark = pytest.mark.django_db


class TestEngagement:
    """The document has quality 80 and one related link; with the site's bonus of 10, heat 92 leaves 2 points."""

    @pytest.fixture
    def transport(self) -> Topic:
        topic = builders.topic("Transport")
        operations.change_policy(overrides={topic.pk: {"related_bonus": 7}})
        return topic

    def engagement(self) -> int:
        article = Article.objects.get()
        return infer_engagement(policy_for(article)[0], article.document_scores)

    @pytest.mark.slow
    def test_it_follows_the_policy_of_the_topic(self, tmp_path, transport):
        path = write_document(tmp_path, document(heat=92))
        import_documents(path)
        assert self.engagement() == 5
        write_document(tmp_path, document(heat=90))
        import_documents(path)
        assert self.engagement() == 3
        write_document(tmp_path, document(heat=92).replace("  - Transport\n", ""))
        import_documents(path)
        assert self.engagement() == 2

    def test_the_true_numbers_of_documents_change_nothing_whatever_the_policy_of_their_import(self, tmp_path):
        import_documents(write_document(tmp_path, document(heat=103)))

        true_policy = Policies(Policy(related_bonus=20))

        assert operations.rescore(Article.objects.all(), true_policy, dry_run=True) == []
        assert str(operations.rescore(Article.objects.all(), dry_run=True)[0]).endswith(": heat 103 → 90")

    def test_the_numbers_of_the_document_stay_when_an_editor_scores_its_article(self, tmp_path):
        import_documents(write_document(tmp_path, document(heat=92)))

        operations.score(Article.objects.all(), quality=85)

        assert Article.objects.get().heat == 97

    @pytest.mark.slow
    def test_the_numbers_of_the_document_before_return_when_an_import_is_undone(self, tmp_path):
        path = write_document(tmp_path, document(heat=92))
        import_documents(path)
        write_document(tmp_path, document(heat=94))
        import_documents(path)

        operations.undo(Operation.objects.first())

        assert Article.objects.get().document_scores == {"quality": 80, "heat": 92, "related": 1}

    def test_rescoring_an_import_keeps_its_numbers(self, tmp_path, transport):
        import_documents(write_document(tmp_path, document(heat=92)), rescore=True)
        call_command("rescore_articles", verbosity=0)

        article = Article.objects.get()
        assert (article.heat, article.public) == (92, True)

    @pytest.mark.slow
    def test_the_topics_that_an_editor_set_count(self, tmp_path, transport):
        path = write_document(tmp_path, document(heat=92))
        import_documents(path)
        operations.set_topics(Article.objects.all(), ["Harbour towns"])

        write_document(tmp_path, document(heat=93))
        import_documents(path)

        assert self.engagement() == 3

    def test_a_topic_tree_of_the_same_import_counts(self, tmp_path, transport):
        entry = "taxonomy: topic\n_id: harbour-towns\nname: Harbour towns\nparent: Transport\n"
        write_document(tmp_path, entry, "topics/01-harbour-towns.yaml")
        write_document(tmp_path, document(heat=92).replace("  - Transport\n", ""), f"news/{NAME}.md")

        import_documents(tmp_path / "news", tmp_path / "topics")

        assert Topic.objects.get(name="Harbour towns").parent == transport
        assert self.engagement() == 5
        assert operations.rescore(Article.objects.all()) == []

    def test_without_overrides_the_policy_of_the_site_counts(self, tmp_path):
        import_documents(write_document(tmp_path, CANONICAL))

        assert self.engagement() == 0
