"""Which triggers of the search index the database lacks: after a bulk load that was killed, and in tests."""

from __future__ import annotations

from typing import Any

from articles.search.schema import installed_schema

SELECT_TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": """SELECT tgname FROM pg_trigger
        WHERE NOT tgisinternal AND tgenabled = 'O' AND tgrelid::regclass::text IN (
            'articles_article', 'articles_articletopic', 'articles_topic', 'providers_provider', 'articles_relatedlink'
        )""",
}


def missing_triggers(connection: Any) -> set[str]:
    """Return the names of the triggers that the database lacks."""
    with connection.cursor() as cursor:
        cursor.execute(SELECT_TRIGGERS[connection.vendor])
        return set(installed_schema(connection).TRIGGERS) - {name for (name,) in cursor.fetchall()}
