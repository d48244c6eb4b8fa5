"""The engagement that an import infers from a document's heat depends on the policies of its topics."""

import pytest
from django.core.management import call_command

from articles import operations
from articles.models import Article, Topic
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
        return Article.objects.get().engagement

    def test_it_is_inferred_with_the_policy_of_the_topic(self, tmp_path, transport):
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
