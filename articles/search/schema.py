"""The search index in the database: tables, functions, and the triggers by which every write keeps it up to date.

An article has its row in `article_search` unless it is staged. On SQLite that is an FTS5 table, on PostgreSQL a table
with a tsvector and a GIN index. Triggers write it, so no write can bypass it.

Triggers name several tables, and SQLite renames no table while a trigger names one that isn't there. A migration that
remakes a table on SQLite (articles, topics, providers or their topic lists) therefore puts `DropTriggers()` before and
`CreateTriggers()` after what it does.

The first index, of migration 0006, had no coverage; migrations and backups of that time still make and use it.

Renaming a topic or a provider rewrites the rows of all its articles at once: some 0.15 ms each on SQLite, 0.5 ms on
PostgreSQL.
"""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations.base import Operation

from . import schema_postgresql, schema_sqlite
from .parts import IndexSchema

SCHEMAS: dict[str, Any] = {"sqlite": schema_sqlite, "postgresql": schema_postgresql}


class _IndexOperation(Operation):
    """Changes nothing that models know. Subclasses say which parts of the schema to run, and which to go back."""

    description = ""
    forwards: tuple[str, ...] = ()
    backwards: tuple[str, ...] = ()

    def describe(self) -> str:
        return self.description

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        _run(schema_editor, installed_schema(schema_editor.connection), self.forwards)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        _run(schema_editor, installed_schema(schema_editor.connection), self.backwards)


class CreateIndex(_IndexOperation):
    """Make the first index and fill it with the articles that are there, in one statement."""

    description = "Create the search index"
    forwards = ("MAKE", "FILL", "FINISH")
    backwards = ("DROP",)


class AddCoverage(_IndexOperation):
    """Replace the first index by one with coverage, and with Chinese, Japanese and Korean text in pairs."""

    description = "Add coverage to the search index"

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schemas = SCHEMAS[schema_editor.connection.vendor]
        _replace(schema_editor, schemas.FIRST, schemas.COVERED)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        schemas = SCHEMAS[schema_editor.connection.vendor]
        _replace(schema_editor, schemas.COVERED, schemas.FIRST)


class AddLanguages(_IndexOperation):
    """Index the words of articles in other languages with the stems of those too, on PostgreSQL."""

    description = "Add languages to the search index"

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        _execute_all(schema_editor, SCHEMAS[schema_editor.connection.vendor].ADD_LANGUAGES)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        _execute_all(schema_editor, SCHEMAS[schema_editor.connection.vendor].REMOVE_LANGUAGES)


class DropAccents(_IndexOperation):
    """Index all text again on SQLite, where only Latin letters had lost their accents. Stays so backwards."""

    description = "Drop the accents of all letters from the search index"

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "sqlite":
            _replace(schema_editor, schema_sqlite.CURRENT, schema_sqlite.CURRENT)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        pass


class CreateTriggers(_IndexOperation):
    description = "Keep the search index up to date"
    forwards = ("CREATE_TRIGGERS",)
    backwards = ("DROP_TRIGGERS",)


class DropTriggers(_IndexOperation):
    description = "Stop keeping the search index up to date"
    forwards = ("DROP_TRIGGERS",)
    backwards = ("CREATE_TRIGGERS",)


def rebuild(connection: Any) -> None:
    """Index all articles again, in the caller's transaction: after text changed while triggers were dropped."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM article_search")
    _execute(connection, "FILL")


def drop_triggers(connection: Any) -> None:
    """Stop keeping the index up to date, until `rebuild` and `create_triggers`: for very many writes at once."""
    _execute(connection, "DROP_TRIGGERS")


def create_triggers(connection: Any) -> None:
    _execute(connection, "CREATE_TRIGGERS")


def drop_index(connection: Any) -> None:
    """Drop the index, after the tables with its triggers."""
    _execute(connection, "DROP")


def installed_schema(connection: Any) -> IndexSchema:
    """Return the schema of the index that the database has; the first one before it has any."""
    schemas = SCHEMAS[connection.vendor]
    with connection.cursor() as cursor:
        for is_installed, schema in schemas.VERSIONS:
            cursor.execute(is_installed)
            if cursor.fetchone()[0]:
                return schema
    return schemas.FIRST


def _execute(connection: Any, part: str) -> None:
    with connection.cursor() as cursor:
        for statement in getattr(installed_schema(connection), part):
            cursor.execute(statement)


def _replace(schema_editor: Any, old: IndexSchema, new: IndexSchema) -> None:
    _run(schema_editor, old, ("DROP_TRIGGERS", "DROP"))
    _run(schema_editor, new, ("MAKE", "FILL", "FINISH", "CREATE_TRIGGERS"))


def _run(schema_editor: Any, schema: IndexSchema, parts: tuple[str, ...]) -> None:
    for part in parts:
        _execute_all(schema_editor, getattr(schema, part))


def _execute_all(schema_editor: Any, statements: tuple[str, ...]) -> None:
    for statement in statements:
        schema_editor.execute(statement, params=None)
