"""A database trigger that rejects changes of state that `rules/states.py` doesn't allow.

A constraint can't compare a row with its previous values; a trigger can. SQLite drops a table's triggers when a
migration rebuilds the table, so such a migration must end with `GuardStates()`.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations

TABLE = "articles_article"
TRIGGER = "article_state_transition"
MESSAGE = "an article that was spiked is reopened before anything else"
FORBIDDEN = "OLD.state = 'spiked' AND NEW.state NOT IN ('spiked', 'undecided')"

INSTALL = {
    "sqlite": [
        f"CREATE TRIGGER IF NOT EXISTS {TRIGGER} BEFORE UPDATE OF state ON {TABLE} WHEN {FORBIDDEN} "
        f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    ],
    "postgresql": [
        f"CREATE OR REPLACE FUNCTION {TRIGGER}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'check_violation'; END $$",
        f"CREATE OR REPLACE TRIGGER {TRIGGER} BEFORE UPDATE OF state ON {TABLE} "
        f"FOR EACH ROW WHEN ({FORBIDDEN}) EXECUTE FUNCTION {TRIGGER}()",
    ],
}
REMOVE = {
    "sqlite": [f"DROP TRIGGER IF EXISTS {TRIGGER}"],
    "postgresql": [f"DROP TRIGGER IF EXISTS {TRIGGER} ON {TABLE}", f"DROP FUNCTION IF EXISTS {TRIGGER}()"],
}


class GuardStates(migrations.RunPython):
    """Install the trigger; remove it when migrating back."""

    def __init__(self) -> None:
        super().__init__(_install, _remove)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (type(self).__name__, [], {})


def _install(apps: Any, schema_editor: Any) -> None:
    for statement in INSTALL[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def _remove(apps: Any, schema_editor: Any) -> None:
    for statement in REMOVE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)
