"""Migrations must not interrupt a running site: docs/deploy/README.md, "Migrations without downtime", has the rules.

While a migration runs, and until every process is replaced, the code of the release before works on the new tables.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations import Migration
from django_migration_linter import MigrationLinter

FOUNDING = "made before the first release: every site in production already has it"
BRIEF = "it creates an index while nobody can write to the table, for 0.1 seconds among 100,000 articles"
REBUILT = "SQLite rebuilds the table for changes it can't make in place, which looks like a new required column"
ONE_STEP = "it replaces the search index in one transaction, by one with the same columns"
# The only migrations that may break a rule, with the reasons. Remove those that no longer break one.
EXCUSED = {
    "sqlite": {
        ("articles", "0001_initial"): REBUILT,
        ("articles", "0002_states_schedules_and_operations"): FOUNDING,
        ("articles", "0004_guard_states"): REBUILT,
        ("articles", "0013_pictures_once_for_many_addresses"): FOUNDING,
        ("articles", "0016_direct_and_derived_events"): REBUILT,
        ("articles", "0018_no_stored_engagement"): FOUNDING,
        ("articles", "0019_repeated_links"): REBUILT,
        ("articles", "0021_times_of_lists"): REBUILT,
        ("articles", "0024_coverage_in_the_search_index"): FOUNDING,
        ("articles", "0038_suggestions"): REBUILT,
        ("articles", "0048_publish_checks"): REBUILT,
        ("articles", "0049_shared_pictures"): REBUILT,
        ("articles", "0060_accents_in_the_search_index"): ONE_STEP,
        ("sources", "0006_time_zones_and_ttl"): REBUILT,
    },
    "postgresql": {
        ("articles", "0002_states_schedules_and_operations"): FOUNDING,
        ("articles", "0004_guard_states"): FOUNDING,
        ("articles", "0006_search_index"): FOUNDING,
        ("articles", "0008_indexes_of_the_list"): FOUNDING,
        ("articles", "0010_times_in_topic_lists"): FOUNDING,
        ("articles", "0012_picks_of_the_front_page"): FOUNDING,
        ("articles", "0013_pictures_once_for_many_addresses"): FOUNDING,
        ("articles", "0018_no_stored_engagement"): FOUNDING,
        ("articles", "0024_coverage_in_the_search_index"): FOUNDING,
        ("articles", "0048_publish_checks"): BRIEF,
        ("articles", "0053_index_of_old_terms"): BRIEF,
        ("articles", "0056_index_of_folded_without_lead"): BRIEF,
    },
}


def project_apps() -> list[str]:
    root = Path(settings.BASE_DIR)
    return [app.label for app in apps.get_app_configs() if Path(app.path).parent == root]


@pytest.mark.integration
def test_the_previous_release_works_with_every_migration(django_db_setup, django_db_blocker, capsys):
    with django_db_blocker.unblock():  # SQLite can't alter tables inside a transaction; this only reads
        migrations, broken = lint()

    assert len(migrations) >= 13
    assert broken == set(EXCUSED[connection.vendor]), capsys.readouterr().out


def lint() -> tuple[list[Migration], set[tuple[str, str]]]:
    """Return the project's migrations and those that break a rule; the linter prints the reasons."""
    linter = MigrationLinter(
        settings.BASE_DIR, include_apps=project_apps(), all_warnings_as_errors=True, no_cache=True, database="default"
    )
    broken = set()
    migrations = [
        migration
        for migration in linter.migration_loader.disk_migrations.values()
        if migration.app_label in project_apps()
    ]
    for migration in migrations:
        before = linter.nb_erroneous
        linter.lint_migration(migration)
        if linter.nb_erroneous > before:
            broken.add((migration.app_label, migration.name))
    return migrations, broken
