"""The migration that replaced the engagement inferred at import by the numbers of the document, and back."""

from collections.abc import Iterator

import pytest
from django.db import connection

from articles import operations
from articles.models import Article, Event, Operation
from tests import builders
from tests.migrating import latest_state_afterwards, migrate

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = "0016_direct_and_derived_events"


@pytest.fixture
def site_before() -> Iterator[None]:
    with latest_state_afterwards():
        yield


def set_engagement(article: Article, engagement: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE articles_article SET engagement = %s WHERE id = %s", [engagement, article.pk])


def set_engagement_of_deleted(engagement: int) -> None:
    event = Event.objects.get(field="deleted")
    event.before["columns"]["engagement"] = engagement
    event.save()


def engagement_by_id() -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, engagement FROM articles_article")
        return dict(cursor.fetchall())


def scores(article: Article) -> dict[str, int] | None:
    return Article.objects.get(pk=article.pk).document_scores


@pytest.mark.thorough
@pytest.mark.usefixtures("site_before")
def test_the_numbers_of_documents_are_filled_in_where_they_are_known_and_back():
    untouched = builders.article("Untouched", quality=80, heat=92, content_hash="x")
    builders.related(untouched)
    scored = builders.article("Scored", quality=80, heat=83, content_hash="x")
    operations.score(Article.objects.filter(pk=scored.pk), quality=90)
    written = builders.article("Written by an editor", quality=80, heat=85)
    deleted = builders.article("Deleted", quality=80, heat=84, content_hash="x")
    operations.delete(Article.objects.filter(pk=deleted.pk))
    deletion = Operation.objects.first()
    Event.objects.create(operation=deletion, subject_id=scored.pk, label="Scored", field="engagement", before=0)

    migrate(BEFORE)
    set_engagement(untouched, 2)
    set_engagement(scored, 3)
    set_engagement_of_deleted(4)
    migrate()

    assert scores(untouched) == {"quality": 80, "heat": 92, "related": 1}
    assert scores(scored) == {"quality": 0, "heat": 3, "related": 0}
    assert scores(written) is None
    assert not Event.objects.filter(field="engagement").exists()
    assert operations.undo(deletion).not_restored == []
    assert scores(deleted) == {"quality": 0, "heat": 4, "related": 0}

    migrate(BEFORE)

    assert engagement_by_id() == {untouched.pk: 2, scored.pk: 3, written.pk: 0, deleted.pk: 4}
