"""Operations of migrations that don't block a running site. Django's own ones need psycopg even on SQLite.

Their migrations run outside a transaction, so one that was killed may have added or removed an index already. They
end the same when they run again, also where PostgreSQL left an invalid index.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations


class AddIndexWithoutLock(migrations.AddIndex):
    """Add an index to a table that has rows; on PostgreSQL others may write meanwhile. Needs `atomic = False`."""

    atomic = False

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            _add(schema_editor, model, self.index)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            _remove(schema_editor, model, self.index)


class RemoveIndexWithoutLock(migrations.RemoveIndex):
    """Remove an index; on PostgreSQL others may read and write meanwhile. Needs `atomic = False`."""

    atomic = False

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            index = from_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
            _remove(schema_editor, model, index)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            index = to_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
            _add(schema_editor, model, index)


def _add(schema_editor: Any, model: Any, index: Any) -> None:
    _remove(schema_editor, model, index)
    schema_editor.add_index(model, index, **_concurrently(schema_editor))


def _remove(schema_editor: Any, model: Any, index: Any) -> None:
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        is_there = index.name in connection.introspection.get_constraints(cursor, model._meta.db_table)
    if is_there:
        schema_editor.remove_index(model, index, **_concurrently(schema_editor))


def _concurrently(schema_editor: Any) -> dict[str, bool]:
    return {"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}
