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


def test_what_follows_from_an_act_is_logged_as_derived():
    article = builders.article(quality=10)

    operation = operations.score(article, quality=90).operation

    assert dict(operation.events.values_list("field", "derived")) == {
        "quality": False,
        "pin quality": False,
        "heat": True,
        "published": True,
        "state": True,
    }


def test_a_field_that_was_also_changed_on_purpose_is_direct():
    article = builders.article("Storm", quality=10)
    with unit_of_work(Verb.EDIT) as uow:
        [row] = uow.load([article.pk])
        row.title = "Gale"
        with uow.consequences():
            row.title, row.excerpt = "Hurricane", "It blows."
            uow.track_lists([row.pk], "topics")
            row.article_topics.create(tag=builders.topic("Weather"))
        row.category = "News"
        uow.flush()

    derived = dict(Event.objects.values_list("field", "derived"))
    assert derived == {"title": False, "excerpt": True, "topics": True, "category": False}


def test_a_list_is_logged_of_an_article_that_was_not_loaded_before():
    article = builders.article("Storm")
    with unit_of_work(Verb.EDIT) as uow:
        uow.track_lists([article.pk], "topics")
        article.article_topics.create(tag=builders.topic("Weather"))

    assert Event.objects.values_list("field", "after").get() == ("topics", ["Weather"])


def test_undo_and_redo_log_as_derived_what_was_derived():
    article = builders.article(quality=10)
    operation = operations.score(article, quality=90).operation
    directions = dict(operation.events.values_list("field", "derived"))

    undone = operations.undo(operation).operation
    assert dict(undone.events.values_list("field", "derived")) == directions

    redone = operations.undo(undone).operation
    assert dict(redone.events.values_list("field", "derived")) == directions


@pytest.mark.slow
def test_a_deleted_lead_is_direct_and_its_freed_members_are_derived():
    lead = builders.article(quality=60)
    builders.related(builders.folded(lead), lead)

    operation = operations.delete(Article.objects.filter(pk=lead.pk)).operation

    direct = operation.events.filter(derived=False).values_list("subject_id", "field")
    assert list(direct) == [(lead.pk, "deleted")]
    assert operation.events.filter(derived=True).exists()
    undone = operations.undo(operation).operation
    assert list(undone.events.filter(derived=False).values_list("subject_id", "field")) == [(lead.pk, "created")]
