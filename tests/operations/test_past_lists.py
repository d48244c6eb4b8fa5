"""Undo of lists whose topics and outlets have been renamed or deleted since."""

from __future__ import annotations

import pytest
from django.urls import reverse

from articles import operations
from articles.models import Article, Operation, Topic
from tests import builders
from tests.desk.helpers import messages_of, restore

pytestmark = pytest.mark.django_db


def topics_of(article: Article) -> list[str]:
    return list(article.article_topics.order_by("position").values_list("tag__name", flat=True))


def rename(old: str, new: str) -> None:
    operations.edit_reference(Topic.objects.get(name=old), {"name": new})


def removal_of_ai(article: Article) -> Operation:
    operation = operations.set_topics(article, remove=["AI"]).operation
    assert operation
    return operation


def reasons(operation: Operation) -> list[tuple[str, str]]:
    return [(kept.event.field, kept.reason) for kept in operations.undo(operation).not_restored]


@pytest.mark.parametrize("renamed", [["AI"], ["Health"], ["AI", "Health"]])
def test_a_topic_that_was_renamed_is_given_back(renamed):
    article = builders.article(topics=["AI", "Health"])
    removed = removal_of_ai(article)
    for name in renamed:
        rename(name, f"New {name}")
        builders.topic(name)  # another topic since then

    assert reasons(removed) == []
    assert topics_of(article) == [f"New {name}" if name in renamed else name for name in ("AI", "Health")]
    operations.undo(Operation.objects.all()[0])
    assert topics_of(article) == ["New Health" if "Health" in renamed else "Health"]


def test_a_deleted_article_comes_back_with_renamed_topics():
    article = builders.article(topics=["AI", "Health"])
    deletion = operations.delete(Article.objects.all()).operation
    rename("AI", "Machine learning")
    rename("Machine learning", "Machines")

    assert reasons(deletion) == []
    assert topics_of(article) == ["Machines", "Health"]


@pytest.mark.slow
def test_undo_says_which_topic_was_deleted_and_leaves_the_list(admin_client):
    article = builders.article("Storm", topics=["AI", "Health"])
    removed = removal_of_ai(article)
    operations.delete_references([Topic.objects.get(name="AI")])

    page = admin_client.post(reverse("desk_undo", args=[removed.pk]), follow=True)

    left = "Left unchanged: topics of “Storm” (the topic “AI” was deleted since)."
    assert messages_of(page) == ["Nothing could be restored.", left]
    assert (topics_of(article), Article.objects.get().pins) == (["Health"], ["topics"])


@pytest.mark.slow
def test_undo_says_what_a_restored_article_lacks(admin_client):
    herald = builders.provider("Herald", "herald.example")
    article = builders.article("Storm", topics=["AI", "Health"])
    builders.related(article, provider=herald)
    deletion = operations.delete(Article.objects.all()).operation
    operations.delete_references([herald, Topic.objects.get(name="AI")])

    page = admin_client.post(reverse("desk_undo", args=[deletion.pk]), follow=True)

    assert messages_of(page)[-1] == (
        "Left unchanged: topics of “Storm” (the topic “AI” was deleted since); "
        "coverage of “Storm” (an outlet of this coverage was deleted since)."
    )
    assert topics_of(article) == ["Health"]


@pytest.mark.slow
def test_undo_and_restore_leave_coverage_of_an_outlet_that_was_deleted(admin_client):
    herald = builders.provider("Herald", "herald.example")
    article = builders.article("Storm")
    builders.related(article, provider=herald)
    builders.related(article)
    removed = operations.edit_related_rows(article, "related", write=article.related_links.all().delete).operation
    operations.delete_references([herald])

    page = restore(admin_client, article, "related")
    assert "an outlet of this coverage was deleted since" in messages_of(page)[0]
    assert reasons(removed) == [("related", "an outlet of this coverage was deleted since")]
    assert not article.related_links.exists()


def test_undo_says_that_the_outlet_of_an_article_was_deleted():
    article = builders.article()
    changed = operations.edit(article, provider=builders.provider("Herald", "herald.example")).operation
    operations.delete_references([builders.provider()])

    assert reasons(changed) == [("provider_id", "its outlet was deleted")]


@pytest.mark.parametrize("is_deleted", [False, True])
def test_an_article_whose_outlet_stays_gets_no_logos_of_another(is_deleted):
    courier, layout = builders.provider(), {"provider": {"extra": [["since", 1880]], "layout": {}}}
    article = builders.article(provider=courier, layout=layout)
    article.images.create(kind="logo", url="https://courier.example/logo.png", position=0)
    changed = operations.edit(article, provider=builders.provider("Herald", "herald.example")).operation
    if is_deleted:
        operations.delete_references([courier])
    else:
        operations.edit(article, provider=builders.provider("Gazette", "gazette.example"))

    assert [field for field, _reason in reasons(changed)] == ["provider_id"]
    article.refresh_from_db()
    assert (article.provider == courier, article.layout, article.images.count()) == (False, {}, 0)


def test_a_list_with_a_renamed_topic_is_restored_alone(admin_client):
    article = builders.article("Storm", topics=["AI", "Health"])
    removal_of_ai(article)
    rename("AI", "Machines")

    restore(admin_client, article, "topics")

    assert topics_of(article) == ["Machines", "Health"]
