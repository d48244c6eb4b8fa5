import pytest

from articles import operations
from articles.audit_log.unit_of_work import unit_of_work
from articles.models import Article, Event, Operation, Verb
from tests import builders

pytestmark = pytest.mark.django_db


def test_a_unit_of_work_inside_another_joins_it():
    article = builders.article(quality=20)

    with unit_of_work(Verb.EDIT):
        operations.score(article, quality=30)
        operations.publish(article)

    operation = Operation.objects.get()
    assert (operation.verb, operation.articles) == ("edit", 1)
    assert {"quality", "state"} <= set(operation.events.values_list("field", flat=True))


def test_an_error_rolls_back_the_changes_and_the_log():
    article = builders.article("Storm")

    def edit_and_fail() -> None:
        with unit_of_work(Verb.EDIT):
            operations.edit(article, title="Gale")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        edit_and_fail()

    assert Article.objects.get().title == "Storm"
    assert not Operation.objects.exists()


def test_a_change_that_was_written_early_and_reversed_is_stored_as_before():
    article, lead = builders.article(), builders.article()
    with unit_of_work(Verb.EDIT) as uow:
        [row] = uow.load([article.pk])
        row.title, row.lead_id = "Gale", lead.pk
        uow.write_pending()
        assert Article.objects.get(pk=article.pk).title == "Gale"
        row.title, row.lead_id = article.title, None

    stored = Article.objects.get(pk=article.pk)
    assert (stored.title, stored.lead_id, stored.version) == (article.title, None, 1)
    assert not Event.objects.exists()


def test_undo_stores_a_published_article_that_it_wrote_as_spiked_before():
    article = builders.article()
    operation = operations.edit(article, title="Gale").operation
    with unit_of_work(Verb.UNDO) as uow:
        uow.undoes = operation
        [row] = uow.load([article.pk])
        row.state, row.published, row.spike_reason = "spiked", False, "other"
        uow.write_pending()
        row.state, row.published, row.spike_reason = "published", True, ""

    assert Article.objects.get().state == "published"
