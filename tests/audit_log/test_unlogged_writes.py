"""The check that only units of work write editorial data, used by all tests, finds every other write."""

import threading

import pytest
from django.db import connection

from articles.audit_log.unit_of_work import unit_of_work
from articles.models import Article, ArticleTopic, Verb
from tests import builders
from tests.audit_guard import EDITORIAL, ROOT, is_editorial

ROGUES = {
    "an update of a column": "Article.objects.update(title='Gale')",
    "a saved row": "article.title = 'Gale'; article.save()",
    "a raw statement": "connection.cursor().execute('UPDATE articles_article SET heat = 3')",
    "many at once": "connection.cursor().executemany('UPDATE articles_article SET heat = %s', [(1,), (2,)])",
    "a deleted row": "Article.objects.all().delete()",
    "a topic": "ArticleTopic.objects.create(content_object=article, tag=builders.topic())",
    "a related link": "builders.related(article)",
    "a lost connection": "article.related_links.update(target=None)",
}


def run_as(filename: str, code: str, **names: object) -> None:
    """Run `code` as if it were in a file of the project."""
    globals_ = {"Article": Article, "ArticleTopic": ArticleTopic, "connection": connection, "builders": builders}
    exec(compile(code, str(ROOT / filename), "exec"), globals_ | names)  # noqa: S102


@pytest.mark.django_db
@pytest.mark.parametrize("code", ROGUES.values(), ids=ROGUES)
@pytest.mark.parametrize("filename", ["articles/admin/rogue.py", "providers/rogue.py", "config/rogue.py"])
def test_a_write_outside_a_unit_of_work_is_found(unlogged_writes, filename, code):
    article = builders.article()
    builders.related(article)

    run_as(filename, code, article=article)

    assert unlogged_writes
    assert unlogged_writes[0].startswith(f"{filename}:1 writes outside a unit of work: ")
    unlogged_writes.clear()


@pytest.mark.django_db
@pytest.mark.parametrize("code", ROGUES.values(), ids=ROGUES)
def test_tests_and_units_of_work_may_write(unlogged_writes, code):
    article = builders.article()
    run_as("tests/rogue.py", code, article=article)
    article = builders.article()
    with unit_of_work(Verb.EDIT):
        run_as("articles/rogue.py", code, article=article)

    assert unlogged_writes == []


@pytest.mark.django_db(transaction=True)
def test_writes_of_other_threads_are_found(unlogged_writes):
    def work() -> None:
        run_as("articles/rogue.py", "Article.objects.update(title='Gale')")
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert [place.partition(" ")[0] for place in unlogged_writes] == ["articles/rogue.py:1"]
    unlogged_writes.clear()


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ('UPDATE "articles_article" SET "title" = %s, "version" = 3 WHERE id = 1', True),
        ('UPDATE "articles_article" SET "staged" = NULL', True),
        ('UPDATE "articles_article" SET "editor_id" = NULL WHERE "articles_article"."title" = %s', False),
        ('INSERT INTO "articles_pairing" ("lead_id") VALUES (1)', True),
        ("INSERT OR IGNORE INTO articles_articletopic VALUES (1)", True),
        ('DELETE FROM "articles_articleimage" WHERE "id" IN (1)', True),
        ('DELETE FROM "articles_picture"', False),
        ('SELECT "title" FROM "articles_article"', False),
    ],
)
def test_only_writes_of_editorial_columns_count(sql, expected):
    assert is_editorial(sql) == expected


@pytest.mark.django_db
def test_the_checked_tables_exist():
    assert set(EDITORIAL) <= set(connection.introspection.table_names())
