"""The search index follows every write."""

import pytest
from django.db import connection, migrations, models, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from articles.models import Article, ArticleTopic
from articles.search.schema import (
    AddCoverage,
    AddLanguages,
    CreateIndex,
    CreateTriggers,
    DropAccents,
    DropTriggers,
    rebuild,
)
from benchmarks.generator.search_triggers import missing_triggers
from providers.models import Provider
from tests import builders
from tests.search.texts import titles

db = pytest.mark.django_db


@db
def test_every_write_reaches_the_index():
    article = builders.article("Storm", topics=["Weather"])
    other = builders.article("Calm")

    article.title = "Hurricane"
    article.save()
    assert (titles("storm"), titles("hurricane")) == ([], ["Hurricane"])
    Article.objects.filter(pk=article.pk).update(excerpt="Roofs fly")
    assert titles("roof") == ["Hurricane"]
    Provider.objects.filter(pk=article.provider_id).update(name="Herald")
    assert (titles("courier"), titles("herald")) == ([], ["Calm", "Hurricane"])
    article.provider = builders.provider("Post", "post.example")
    article.save()
    assert titles("post hurricane") == ["Hurricane"]
    article.topics.through.objects.filter(tag__name="Weather").update(tag=builders.topic("Disasters"))
    assert (titles("weather"), titles("disaster")) == ([], ["Hurricane"])
    disasters = builders.topic("Disasters")
    disasters.name = "Catastrophes"
    disasters.save()
    assert (titles("disaster"), titles("catastrophe")) == ([], ["Hurricane"])
    ArticleTopic.objects.bulk_create([ArticleTopic(content_object=row, tag=disasters) for row in [other]])
    assert titles("catastrophe") == ["Calm", "Hurricane"]
    ArticleTopic.objects.filter(content_object=article).update(content_object=builders.article("Fog"))
    assert titles("catastrophe") == ["Fog", "Calm"]
    ArticleTopic.objects.all().delete()
    assert titles("catastrophe") == []
    article.delete()
    assert (titles("hurricane"), indexed()) == ([], 2)


@db
def test_a_pending_article_is_found_once_its_import_is_complete():
    article = builders.article("Storm", public=False, staged=True)
    ArticleTopic.objects.create(content_object=article, tag=builders.topic("Weather"))

    assert (indexed(), titles("storm"), titles("-football")) == (0, [], [])

    Article.objects.filter(staged__isnull=False).update(public=F("staged"), staged=None)
    assert titles("storm weather courier") == ["Storm"]

    Article.objects.update(staged=False)
    assert indexed() == 0


@db
def test_a_change_of_other_fields_writes_nothing_to_the_index():
    article = builders.article("Storm", topics=["Weather"])

    with CaptureQueriesContext(connection):
        before = versions()
        article.heat = 75
        article.save()
        Article.objects.update(hot=1, title=F("title"))
        ArticleTopic.objects.update(position=3)
        Provider.objects.update(weight=2, name=F("name"))
        assert versions() == before
    Article.objects.update(title="Wind")
    assert versions() != before


@db
def test_a_rolled_back_write_leaves_the_index_alone():
    builders.article("Storm")

    with transaction.atomic():
        Article.objects.update(title="Wind")
        transaction.set_rollback(True)

    assert (titles("storm"), titles("wind")) == (["Storm"], [])


@db
def test_a_very_long_excerpt_is_stored_and_found_by_its_first_words():
    builders.article("Storm", excerpt=" ".join(f"word{number}" for number in range(150_000)))

    assert titles("word1000") == ["Storm"]


@db
def test_a_rebuilt_index_is_the_same():
    builders.article("Storm", topics=["Weather", "Sea"])
    builders.article("Secret", staged=True)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM article_search")
    assert titles("storm") == []

    rebuild(connection)

    assert (titles("storm weather sea courier"), indexed()) == (["Storm"], 1)


@db
def test_no_trigger_is_missing_after_all_migrations():
    assert missing_triggers(connection) == set(), (
        "A migration remade a table and lost its triggers: put articles.search.schema.DropTriggers() before it and "
        "CreateTriggers() after it."
    )


@db
def test_a_missing_trigger_is_reported():
    with connection.cursor() as cursor:
        on = "" if connection.vendor == "sqlite" else " ON articles_topic"
        cursor.execute(f"DROP TRIGGER article_search_topic_update{on}")

    assert missing_triggers(connection) == {"article_search_topic_update"}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_index_can_be_dropped_and_created_again():
    builders.article("Storm")

    for operation in (CreateTriggers(), CreateIndex()):
        apply(operation, backwards=True)
    Article.objects.update(title="Wind")
    for operation in (CreateIndex(), CreateTriggers(), AddCoverage(), AddLanguages()):
        apply(operation)

    assert (titles("wind"), missing_triggers(connection)) == (["Wind"], set())


@pytest.mark.slow
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's index never had accents")
@pytest.mark.django_db(transaction=True)
def test_all_text_is_indexed_again_without_accents():
    article = builders.article("Ελλάδα")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE article_search SET title = %s WHERE rowid = %s", [article.title, article.pk])
    assert titles("Ελλάδα") == []

    apply(DropAccents())

    assert (titles("Ελλάδα"), missing_triggers(connection)) == (["Ελλάδα"], set())


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_table_can_be_remade_between_dropping_and_creating_the_triggers():
    field = models.IntegerField(default=0)
    apply(DropTriggers())
    try:
        apply(migrations.AddField("article", "gusts", field))
        apply(migrations.AddField("article", "gusts", field), backwards=True)
    finally:
        apply(CreateTriggers())

    builders.article("Storm")
    assert (titles("storm"), missing_triggers(connection)) == (["Storm"], set())


def apply(operation, *, backwards=False):
    before = MigrationExecutor(connection).loader.project_state()
    after = before.clone()
    operation.state_forwards("articles", after)
    with connection.schema_editor() as editor:
        if backwards:
            operation.database_backwards("articles", editor, after, before)
        else:
            operation.database_forwards("articles", editor, before, after)


def indexed():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM article_search")
        return cursor.fetchone()[0]


def versions():
    """Return what every write to the index changes."""
    sql = {
        "sqlite": "SELECT block FROM article_search_data ORDER BY id",
        "postgresql": "SELECT xmin, ctid FROM article_search ORDER BY article_id",
    }
    with connection.cursor() as cursor:
        cursor.execute(sql[connection.vendor])
        return cursor.fetchall()
