"""What the database itself refuses: forbidden states, schedules and visibility, by constraints and a trigger."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from articles import operations
from articles.models import Article
from articles.models.guards import TRIGGER
from articles.rules.states import SpikeReason
from tests import builders
from tests.state_transitions import ALLOWED, TRANSITIONS

pytestmark = pytest.mark.django_db

NOW = datetime(2020, 6, 9, 12, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def article_in(state: str) -> Article:
    article = builders.article(quality=80 if state == "published" else 20)
    if state == "spiked":
        operations.spike(article, "other")
    elif state == "held":
        operations.hold(article)
    assert article.state == state
    return article


def values_of(state: str) -> dict[str, object]:
    """Return the values of a state that fit together, so that only the transition itself can be refused."""
    return {
        "state": state,
        "published": state == "published",
        "spike_reason": "other" if state == "spiked" else "",
        "public": False,
    }


def is_refused(**values: object) -> bool:
    """Return whether the database refuses the values for the one article."""
    try:
        with transaction.atomic():
            Article.objects.update(**values)
    except IntegrityError:
        return True
    return False


@pytest.mark.parametrize(("before", "after", "allowed"), TRANSITIONS)
def test_only_allowed_transitions_are_stored(before, after, allowed):
    article = article_in(before)

    assert is_refused(**values_of(after)) != allowed

    article.refresh_from_db()
    assert article.state == (after if allowed else before)


def test_one_forbidden_transition_rejects_the_whole_statement():
    article_in("held")
    article_in("spiked")

    assert is_refused(**values_of("published"))
    assert sorted(Article.objects.values_list("state", flat=True)) == ["held", "spiked"]


@pytest.mark.parametrize(("published", "state"), [*itertools.product([True, False, None], ALLOWED)])
def test_published_must_agree_with_the_state(published, state):
    builders.article(quality=20)
    values = values_of(state) | {"published": published}

    assert is_refused(**values) == ((published is True) != (state == "published"))


@pytest.mark.parametrize(
    ("state", "reason", "allowed"),
    [
        *(("spiked", reason.value, True) for reason in SpikeReason),
        ("spiked", "", False),
        ("spiked", "boring", False),
        *((state, "", True) for state in ALLOWED if state != "spiked"),
        *((state, "other", False) for state in ALLOWED if state != "spiked"),
    ],
)
def test_spiked_articles_have_a_reason_and_others_have_none(state, reason, allowed):
    builders.article(quality=20)

    assert is_refused(**values_of(state) | {"spike_reason": reason}) != allowed


@pytest.mark.parametrize(
    ("state", "publish_at", "unpublish_at", "allowed"),
    [
        ("published", NOW, NOW + TICK, True),
        ("published", NOW, None, True),
        ("published", None, NOW, True),
        ("published", NOW, NOW, False),
        ("published", NOW + TICK, NOW, False),
        *((state, NOW, None, False) for state in ALLOWED if state != "published"),
        *((state, None, NOW, False) for state in ALLOWED if state != "published"),
    ],
)
def test_only_published_articles_have_a_schedule_and_it_ends_after_it_starts(state, publish_at, unpublish_at, allowed):
    builders.article(quality=20)

    assert is_refused(**values_of(state), publish_at=publish_at, unpublish_at=unpublish_at) != allowed


@pytest.mark.parametrize(
    "values",
    [
        {"heat": -1},
        {"removed": True},
        {"missing": True},
        {"published": None, "state": "undecided"},
        {"published": False, "state": "held"},
        {"state": "bogus"},
    ],
    ids=str,
)
def test_folded_removed_missing_or_unpublished_articles_are_never_public(values):
    assert builders.article().public

    assert is_refused(**values)


def test_the_trigger_exists_after_all_migrations():
    """SQLite drops a table's triggers when a migration rebuilds the table: such a migration has to add them again."""
    catalogue = {
        "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name = %s",
        "postgresql": "SELECT count(*) FROM pg_trigger WHERE tgname = %s AND tgenabled <> 'D'",
    }
    with connection.cursor() as cursor:
        cursor.execute(catalogue[connection.vendor], [TRIGGER])
        assert cursor.fetchone() == (1,)
    executor = MigrationExecutor(connection)
    assert not executor.migration_plan(executor.loader.graph.leaf_nodes())
