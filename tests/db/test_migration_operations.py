"""Migrations outside a transaction, which may be killed between any two of their steps."""

import pytest
from django.apps import apps
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from articles.db.migration_operations import AddIndexWithoutLock, RemoveIndexWithoutLock

NAME = "topic_by_name_for_a_test"
INDEX = models.Index(fields=["name", "slug"], name=NAME)
# These landed with a step that fails if it runs again: a column or table, which takes a moment, before an index.
NOT_REPEATABLE = {
    ("articles", "0027_previous_lead"),
    ("articles", "0033_notes_and_reasons"),
    ("articles", "0037_places"),
    ("articles", "0047_places_of_picks"),
}


@pytest.fixture
def state():
    """The models that the index needs, without it."""
    state = ProjectState()
    state.add_model(ModelState.from_model(apps.get_model("articles", "Topic")))
    return state


def is_there():
    with connection.cursor() as cursor:
        return NAME in connection.introspection.get_constraints(cursor, "articles_topic")


def run(operation, before, *, backwards=False):
    """Run the operation as its migration would, and as one that continues after it was killed there."""
    after = before.clone()
    operation.state_forwards("articles", after)
    for _ in range(2):
        with connection.schema_editor(atomic=False) as editor:
            if backwards:
                operation.database_backwards("articles", editor, after, before)
            else:
                operation.database_forwards("articles", editor, before, after)
    return after


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_killed_migration_of_an_index_continues(state):
    add, remove = AddIndexWithoutLock("topic", INDEX), RemoveIndexWithoutLock("topic", NAME)
    try:
        with_index = run(add, state)
        assert is_there()
        run(remove, with_index)
        assert not is_there()
        run(remove, with_index, backwards=True)
        assert is_there()
    finally:
        run(add, state, backwards=True)
    assert not is_there()


def test_what_runs_outside_a_transaction_can_be_repeated():
    repeatable = (AddIndexWithoutLock, RemoveIndexWithoutLock, migrations.RunPython)
    ours = {config.label for config in apps.get_app_configs() if not config.name.startswith(("django", "taggit"))}
    others = {
        key
        for key, migration in MigrationLoader(None).disk_migrations.items()
        if key[0] in ours and not migration.atomic
        if not all(isinstance(operation, repeatable) for operation in migration.operations)
    }
    assert others == NOT_REPEATABLE
