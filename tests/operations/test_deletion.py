import pytest

from articles import operations
from articles.models import Article, Event
from tests import builders
from tests.operations.states import link_targets, newsroom_state
from tests.random_walks import build_newsroom

pytestmark = pytest.mark.django_db


@pytest.mark.slow
def test_undo_restores_a_deleted_lead_with_all_its_lists_and_members():
    build_newsroom()
    lead = Article.objects.get(title="Lead 1")
    before = (newsroom_state(), link_targets())
    operation = operations.delete(Article.objects.filter(pk=lead.pk)).operation
    assert not Article.objects.filter(lead=lead.pk).exists()

    operations.undo(operation)

    assert (newsroom_state(), link_targets()) == before


def test_a_restored_article_keeps_its_import_time():
    article = builders.article()
    Article.objects.filter(pk=article.pk).update(created_at=builders.MORNING)

    operations.undo(operations.delete(Article.objects.all()).operation)

    assert Article.objects.get().created_at == builders.MORNING


def test_events_never_contain_the_secured_text():
    article = builders.article(secured="c2VjcmV0")
    operations.edit(article, title="Gale")
    operations.delete(Article.objects.all())

    assert not any("c2VjcmV0" in str(values) for values in Event.objects.values_list("before", "after"))
