"""Load very many articles into an empty newsroom: create indexes and full text once all rows are stored.

Until then the definitions of the indexes are kept in a table, so a load that was killed can be completed.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, models, transaction

from articles.models import Article, ArticleImage, ArticleTopic, Event, RelatedImage, RelatedLink
from articles.search import schema

from .search_triggers import missing_triggers

LOADED: tuple[type[models.Model], ...] = (Article, ArticleTopic, ArticleImage, RelatedLink, RelatedImage, Event)
PENDING_INDEX_TABLE = "articles_load"
INDEXES = {
    "sqlite": """SELECT name, sql FROM sqlite_master
        WHERE type = 'index' AND tbl_name = %s AND sql LIKE 'CREATE INDEX%%'""",
    "postgresql": """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
        WHERE indrelid = %s::regclass AND NOT indisunique""",
}


def is_under_way() -> bool:
    """Return whether a load has started and not finished."""
    return PENDING_INDEX_TABLE in connection.introspection.table_names()


def drop_indexes() -> None:
    """Drop the indexes that only readers need, and the triggers of the search index. All or nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {PENDING_INDEX_TABLE} (definition text)")
        for table in [*(model._meta.db_table for model in LOADED), "article_search"]:
            cursor.execute(INDEXES[connection.vendor], [table])
            for name, definition in cursor.fetchall():
                cursor.execute(f"INSERT INTO {PENDING_INDEX_TABLE} VALUES (%s)", [definition])  # noqa: S608
                cursor.execute(f"DROP INDEX {name}")
        schema.drop_triggers(connection)


def rebuild_indexes() -> None:
    """Create the dropped indexes one by one and the search index; after a crash, continue with what is missing.

    The search index needs the others: it looks for each story's coverage.
    """
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT definition FROM {PENDING_INDEX_TABLE}")  # noqa: S608
        definitions = [definition for (definition,) in cursor.fetchall()]
        of_search = [definition for definition in definitions if "article_search" in definition]
        _create_pending(cursor, [definition for definition in definitions if definition not in of_search])
        if missing_triggers(connection):
            with transaction.atomic():
                schema.rebuild(connection)
                schema.create_triggers(connection)
        _create_pending(cursor, of_search)
        cursor.execute(f"DROP TABLE {PENDING_INDEX_TABLE}")


def _create_pending(cursor: Any, definitions: list[str]) -> None:
    for definition in definitions:
        with transaction.atomic():
            cursor.execute(definition)
            cursor.execute(f"DELETE FROM {PENDING_INDEX_TABLE} WHERE definition = %s", [definition])  # noqa: S608
