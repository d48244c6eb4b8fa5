"""What this installation has in its database, before a restore fills it."""

from __future__ import annotations

from django.apps import apps
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from articles.search.schema import drop_index
from config.migrations import Migrations

SEARCH_TABLE = "article_search"
# Tables that `migrate` fills, and sessions, which no backup has; rows elsewhere mean that the installation is in use.
NOT_DATA = {
    "articles_sitepolicy",
    "articles_stamp",
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
    "django_migrations",
    "django_session",
}


def applied_migrations() -> Migrations:
    return frozenset(MigrationRecorder(connection).applied_migrations())


def first_table_with_rows() -> str:
    """Return a table of this installation with data in it; empty if all are empty."""
    with connection.cursor() as cursor:
        for table in sorted(set(_own_tables()) - NOT_DATA):
            cursor.execute(f"SELECT 1 FROM {connection.ops.quote_name(table)} LIMIT 1")  # noqa: S608
            if cursor.fetchone():
                return table
    return ""


def drop_tables() -> None:
    """Drop all tables of an installation without data, whichever migrations made them, and its search index."""
    cascade = "CASCADE" if connection.vendor == "postgresql" else ""
    has_index = SEARCH_TABLE in connection.introspection.table_names()
    with connection.constraint_checks_disabled(), transaction.atomic():
        with connection.cursor() as cursor:
            for table in _own_tables():
                cursor.execute(f"DROP TABLE {connection.ops.quote_name(table)} {cascade}")
        if has_index:
            drop_index(connection)


def _own_tables() -> list[str]:
    """Return the tables of the installed apps; SQLite's copies of them, made while one is altered, are among them."""
    labels = {config.label for config in apps.get_app_configs()} | {"django"}
    prefixes = tuple(f"{copy}{label}_" for label in labels for copy in ("", "new__"))
    return [name for name in connection.introspection.table_names() if name.startswith(prefixes)]
