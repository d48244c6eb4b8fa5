"""The states of an article: pure, in the database of either vendor, and on every page that readers open."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.urls import reverse
from django.utils import timezone

from articles import operations
from articles.models import Article
from articles.models.derived import refresh_derived_fields
from articles.models.guards import TRIGGER
from articles.operations.results import ActionError
from articles.rules import scoring, states
from articles.rules.states import (
    TRANSITIONS,
    SpikeReason,
    State,
    can_transition,
    is_within_schedule,
    state_from_published,
)
from tests import builders

NOW = datetime(2020, 6, 9, 12, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)

# before: what may follow. The only place that a new state has to be added to, beside states.py itself.
ALLOWED = {
    "undecided": {"undecided", "published", "held", "spiked"},
    "published": {"undecided", "published", "held", "spiked"},
    "held": {"undecided", "published", "held", "spiked"},
    "spiked": {"undecided", "spiked"},
}
PAIRS = [(before, after) for before in ALLOWED for after in ALLOWED]
CHANGES = [pytest.param(before, after, after in ALLOWED[before], id=f"{before} to {after}") for before, after in PAIRS]


class TestTheRules:
    @pytest.mark.parametrize(("before", "after", "allowed"), CHANGES)
    def test_what_may_follow(self, before, after, allowed):
        assert can_transition(before, after) == allowed

    def test_the_table_names_every_state(self):
        assert {state.value for state in State} == ALLOWED.keys() == set(TRANSITIONS)

    def test_an_unknown_state_is_an_error_not_a_permission(self):
        with pytest.raises(ValueError, match="is not a valid State"):
            can_transition("undecided", "binned")

    @pytest.mark.parametrize(
        ("published", "before", "after"),
        [
            *((True, state, "published") for state in ALLOWED),
            *(
                (published, before, after)
                for published in (False, None)
                for before, after in [
                    ("published", "undecided"),
                    ("undecided", "undecided"),
                    ("held", "held"),
                    ("spiked", "spiked"),
                ]
            ),
        ],
    )
    def test_the_state_agrees_with_published(self, published, before, after):
        assert state_from_published(published, before) == after

    @pytest.mark.parametrize(
        ("publish_at", "unpublish_at", "shown"),
        [
            (None, None, True),
            (NOW, None, True),
            (NOW - TICK, None, True),
            (NOW + TICK, None, False),
            (None, NOW, False),
            (None, NOW - TICK, False),
            (None, NOW + TICK, True),
            (NOW, NOW + TICK, True),
            (NOW - TICK, NOW, False),
            (NOW + TICK, NOW + 2 * TICK, False),
        ],
    )
    def test_a_schedule_runs_from_its_first_moment_up_to_its_last(self, publish_at, unpublish_at, shown):
        assert is_within_schedule(publish_at, unpublish_at, NOW) == shown


def stored_in(state: str) -> Article:
    article = builders.article(quality=80 if state == "published" else 20)
    if state == "spiked":
        operations.spike(article, "other")
    elif state == "held":
        operations.hold(article)
    assert article.state == state
    return article


def values_of(state: str) -> dict[str, object]:
    """Return what a row needs to be in a state, so that nothing but the step itself can be refused."""
    return {
        "state": state,
        "published": state == "published",
        "spike_reason": "other" if state == "spiked" else "",
        "public": False,
    }


def refused(**values: object) -> bool:
    """Return whether the database refuses the values for the one article there is."""
    try:
        with transaction.atomic():
            Article.objects.update(**values)
    except IntegrityError:
        return True
    return False


@pytest.mark.django_db
class TestTheDatabase:
    @pytest.mark.parametrize(("before", "after", "allowed"), CHANGES)
    def test_it_keeps_to_the_same_table(self, before, after, allowed):
        article = stored_in(before)

        assert refused(**values_of(after)) != allowed

        article.refresh_from_db()
        assert article.state == (after if allowed else before)

    @pytest.mark.parametrize(("before", "after", "allowed"), CHANGES)
    def test_the_verbs_keep_to_it_too(self, before, after, allowed):
        article = stored_in(before)
        decision = "spiked: duplicate" if after == "spiked" else after
        if allowed:
            operations.apply_decision(article, decision)
        else:
            with pytest.raises(ActionError, match="was spiked; reopen it first"):
                operations.apply_decision(article, decision)

        article.refresh_from_db()
        assert article.state == (after if allowed else before)

    def test_one_bad_row_in_a_statement_refuses_all(self):
        stored_in("held")
        stored_in("spiked")

        assert refused(**values_of("published"))
        assert sorted(Article.objects.values_list("state", flat=True)) == ["held", "spiked"]

    @pytest.mark.parametrize(("published", "state"), [*itertools.product([True, False, None], ALLOWED)])
    def test_published_and_the_state_agree(self, published, state):
        builders.article(quality=20)
        values = values_of(state) | {"published": published}

        assert refused(**values) == ((published is True) != (state == "published"))

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
    def test_what_is_spiked_has_a_reason_and_nothing_else_has(self, state, reason, allowed):
        builders.article(quality=20)

        assert refused(**values_of(state) | {"spike_reason": reason}) != allowed

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
    def test_a_schedule_has_an_order_and_belongs_to_what_is_published(self, state, publish_at, unpublish_at, allowed):
        builders.article(quality=20)

        assert refused(**values_of(state), publish_at=publish_at, unpublish_at=unpublish_at) != allowed

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
    def test_what_is_public_fails_closed(self, values):
        assert builders.article().public

        assert refused(**values)

    def test_the_guard_stands_after_all_migrations(self):
        """SQLite drops a table's triggers when a migration rebuilds it: whoever adds such a one sees this fail."""
        catalogue = {
            "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name = %s",
            "postgresql": "SELECT count(*) FROM pg_trigger WHERE tgname = %s AND tgenabled <> 'D'",
        }
        with connection.cursor() as cursor:
            cursor.execute(catalogue[connection.vendor], [TRIGGER])
            assert cursor.fetchone() == (1,)
        executor = MigrationExecutor(connection)
        assert not executor.migration_plan(executor.loader.graph.leaf_nodes())


STATES_AT = [
    (heat, published, removed, missing, publish_at, unpublish_at)
    for heat in (-1, None, 80)
    for published in (True, False, None)
    for removed in (None, True)
    for missing in (False, True)
    for publish_at in ((None, NOW - TICK, NOW, NOW + TICK) if published else (None,))
    for unpublish_at in ((None, NOW, NOW + TICK) if published else (None,))
    if publish_at is None or unpublish_at is None or unpublish_at > publish_at
]


def build_states() -> dict[int, bool]:
    """Store an article in each of STATES_AT; return whether readers should see it at NOW, worked out by hand."""
    expected = {}
    rows = []
    outlet = builders.provider()
    for number, (heat, published, removed, missing, publish_at, unpublish_at) in enumerate(STATES_AT):
        row = Article(
            name=f"2020-06-09-state-{number}",
            title=f"State {number}",
            excerpt="…",
            published_at=NOW,
            provider=outlet,
            web_url=f"https://www.courier.example/{number}",
            quality=None if heat is None else 80,
            heat=heat,
            published=published,
            removed=removed,
            missing=missing,
            publish_at=publish_at,
            unpublish_at=unpublish_at,
        )
        refresh_derived_fields(row, scoring.Policy(), NOW)
        rows.append(row)
    Article.objects.bulk_create(rows)
    for row, (heat, published, removed, missing, publish_at, unpublish_at) in zip(rows, STATES_AT, strict=True):
        fits = published is True or (published is None and heat is None)
        begun = publish_at is None or publish_at <= NOW
        over = unpublish_at is not None and unpublish_at <= NOW
        expected[row.pk] = heat != -1 and fits and not removed and not missing and begun and not over
    return expected


@pytest.mark.django_db
class TestWhatReadersSee:
    def test_the_query_and_the_row_agree_in_every_state(self):
        expected = build_states()

        rows = {article.pk: article.is_shown(NOW) for article in Article.objects.all()}
        found = set(Article.objects.public(NOW).values_list("pk", flat=True))

        assert rows == expected
        assert found == {pk for pk, shown in expected.items() if shown}
        assert not [pk for pk in found if Article.objects.get(pk=pk).heat == -1]

    def test_every_page_shows_exactly_these(self, client, monkeypatch):
        expected = build_states()
        builders.ArticleTopic.objects.bulk_create(
            builders.ArticleTopic(content_object_id=pk, tag=builders.topic("AI")) for pk in expected
        )
        monkeypatch.setattr(timezone, "now", lambda: NOW)
        titles = dict(Article.objects.values_list("pk", "title"))
        names = dict(Article.objects.values_list("pk", "name"))
        shown = {titles[pk] for pk, is_shown in expected.items() if is_shown}

        pages = [reverse("front"), reverse("latest"), reverse("topic", args=["ai"])]
        pages.append(reverse("provider", args=["courier.example"]))
        for page in pages:
            html = client.get(page).content.decode()
            assert {title for title in titles.values() if f">{title}<" in html} == shown, page
        for pk, is_shown in expected.items():
            status = client.get(reverse("story", args=[names[pk]])).status_code
            assert (status == 200) == is_shown, STATES_AT[list(expected).index(pk)]

    @pytest.mark.parametrize(
        ("moment", "shown"), [(NOW - TICK, False), (NOW, True), (NOW + TICK, True), (NOW + 2 * TICK, False)]
    )
    def test_a_schedule_begins_and_ends_on_every_page_by_the_clock_alone(self, client, monkeypatch, moment, shown):
        article = builders.article("Embargoed", topics=["AI"])
        seen_from = builders.article("Elsewhere", quality=99, provider=builders.provider("Herald", "herald.example"))
        builders.related(seen_from, article)
        operations.schedule(article, publish_at=NOW, unpublish_at=NOW + 2 * TICK)
        monkeypatch.setattr(timezone, "now", lambda: moment)

        pages = [reverse("front"), reverse("latest"), reverse("topics"), reverse("providers")]
        pages += [reverse("story", args=[seen_from.name])]
        secrets = ["Embargoed", "Embargoed", 'href="/topics/ai/"', 'href="/providers/courier.example/"', "Embargoed"]
        for page, secret in zip(pages, secrets, strict=True):
            assert (secret in client.get(page).content.decode()) == shown, page
        for page in (article.get_absolute_url(), "/topics/ai/", "/providers/courier.example/"):
            assert client.get(page).status_code == (200 if shown else 404), page

    def test_a_folded_article_is_never_shown_by_itself(self, client):
        """Not even one that was published, pinned and scheduled before it was folded."""
        lead = builders.article("Lead", quality=90)
        article = builders.article("Member", quality=80)
        operations.publish(article)
        operations.schedule(article, unpublish_at=timezone.now() + timedelta(days=1))
        operations.fold_into(article, lead)

        article.refresh_from_db()
        assert not article.is_shown()
        assert list(Article.objects.public()) == [lead]
        response = client.get(article.get_absolute_url())
        assert response["Location"].startswith(lead.get_absolute_url())
        operations.hold(lead)
        assert client.get(article.get_absolute_url()).status_code == 404

    def test_the_reader_of_a_row_and_of_the_table_use_one_rule(self):
        assert states.is_within_schedule(None, None, NOW)
        assert Article(public=True).is_shown(NOW)
        assert not Article(public=False).is_shown(NOW)
