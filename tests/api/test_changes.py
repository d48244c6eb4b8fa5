"""The changes: a client that applies them holds what is published, and learns nothing else."""

from __future__ import annotations

import os
import random
import threading
from contextlib import suppress
from dataclasses import astuple
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import signing
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from articles import operations
from articles.api import items
from articles.api.cursor import ChangesCursor, to_microseconds
from articles.models import Article, ArticleImage, Operation, Topic
from articles.operations.results import ActionError
from providers.models import Provider
from tests import builders
from tests import settings as test_settings
from tests.api.mirror import Mirror, published
from tests.documents import CANONICAL, document
from tests.random_walks import Backups, Clock, build_newsroom, change_at_random, pass_time

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]

HOUR = timedelta(hours=1)
SEEDS = range(int(os.environ.get("CHANGES_WALKS", "3")))
STEPS = 30
HIDDEN_TITLE = "Hidden words"
FOREIGN = signing.Signer().sign_object(list(astuple(ChangesCursor(5))))  # by our key, but for something else


def changes_of(changes: list[dict[str, Any]]) -> list[tuple[str, bool]]:
    return [(change["name"], change["withdrawn"]) for change in changes]


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock.now)
    return clock


class TestWalk:
    """Editors and the clock at random; a client that asks now and then."""

    @pytest.fixture(autouse=True)
    def kept_answers(self, settings, tmp_path):
        settings.CACHES = test_settings.with_page_cache(uuid4().hex)
        settings.MEDIA_ROOT = tmp_path / "media"

    @pytest.mark.parametrize("seed", SEEDS)
    @pytest.mark.parametrize("limit", [1, 3, 100])
    def test_a_client_ends_with_what_is_published_and_learns_nothing_else(self, client, clock, seed, limit, tmp_path):
        build_newsroom()
        chance, backups = random.Random(seed), Backups(tmp_path)  # noqa: S311
        mirror, ever = Mirror(client, limit), set[str]()
        late = Mirror(client, limit)  # asks for a part of everything, and for the rest at the end
        late.ask()
        later = []  # those who come meanwhile may be given a first response that was made for others
        for _ in range(STEPS):
            self.wander(chance, clock, ever, backups)
            later.append(Mirror(client, limit))
            later[-1].ask()
            if chance.random() < 0.4:
                mirror.catch_up()
                assert mirror.items == published(), seed
                assert {change["name"] for change in mirror.changes} <= ever, seed
            elif chance.random() < 0.5:
                mirror.ask()
        for client_copy in (mirror, late, *later):
            client_copy.catch_up()
            assert client_copy.items == published(), seed
            assert {change["name"] for change in client_copy.changes} <= ever, seed
            assert client_copy.catch_up() == []

    def wander(self, chance: random.Random, clock: Clock, ever: set[str], backups: Backups) -> None:
        """Let something happen; add the names of what readers could see at any time meanwhile to `ever`."""
        ever.update(published())
        if chance.random() < 0.3:
            ever.update(pass_time(clock, timedelta(minutes=chance.randrange(1, 600))))
        elif chance.random() < 0.1:
            backups.back_up_or_restore(chance)
        else:
            with suppress(ActionError):
                change_at_random(chance, clock)
        ever.update(published())


class TestWhatIsTold:
    def test_the_first_responses_hold_everything_that_is_published(self, client, clock):
        rows = [builders.article() for _ in range(5)]
        builders.article(quality=20)
        mirror = Mirror(client, limit=2)

        first = mirror.ask()

        assert changes_of(first["changes"]) == [(rows[4].name, False), (rows[3].name, False)]
        assert [change["at"] for change in first["changes"]] == [None, None]
        assert first["more"] is True
        mirror.catch_up()
        assert mirror.items == published()
        assert mirror.catch_up() == []

    def test_a_client_that_is_up_to_date_gets_nothing_and_keeps_its_cursor(self, client, clock):
        builders.article()
        mirror = Mirror(client)
        mirror.catch_up()
        place = mirror.since
        clock.moment += HOUR

        assert mirror.ask() == {"changes": [], "next": place, "more": False}

    @pytest.mark.parametrize(
        "withdraw",
        [
            operations.hold,
            operations.spike,
            operations.reopen,
            lambda article: operations.edit(article, removed=True),
            lambda article: operations.score(article, heat=10),
            lambda article: operations.fold_into(article, builders.article(quality=99)),
            lambda article: operations.mark_missing([article.pk], missing=True),
            lambda article: operations.delete(Article.objects.filter(pk=article.pk)),
        ],
    )
    def test_a_withdrawn_article_is_reported_by_name_only(self, client, clock, withdraw):
        article = builders.article()
        mirror = Mirror(client)
        mirror.catch_up()

        withdraw(article)

        [gone] = [change for change in mirror.catch_up() if change["name"] == article.name]
        at = Operation.objects.latest("pk").at
        assert gone == {"name": article.name, "withdrawn": True, "at": items.format_time(at)}
        assert article.name not in mirror.items

    def test_an_article_that_is_public_again_is_sent_with_its_item(self, client, clock):
        article = builders.article()
        operation = operations.delete(Article.objects.all()).operation
        mirror = Mirror(client)
        assert mirror.catch_up() == []

        operations.undo(operation)

        assert changes_of(mirror.catch_up()) == [(article.name, False)]
        assert mirror.items == published()

    def test_an_article_that_changed_twice_is_sent_once_as_it_is(self, client, clock):
        one, other = builders.article(), builders.article()
        mirror = Mirror(client)
        mirror.catch_up()
        operations.edit(one, title="Gale")
        operations.edit(other, title="Flood")
        operations.edit(one, title="Hurricane")

        assert changes_of(mirror.catch_up()) == [(other.name, False), (one.name, False)]
        assert mirror.items[one.name]["title"] == "Hurricane"

    def test_changes_that_readers_cant_see_are_not_sent(self, client, clock):
        article = builders.article()
        hidden = builders.article(HIDDEN_TITLE, quality=20)
        mirror = Mirror(client)
        mirror.catch_up()
        operations.edit(article, note="Ask the port.")
        operations.edit(hidden, title=f"{HIDDEN_TITLE} anew")
        operations.schedule(hidden, publish_at=clock.moment + HOUR)
        operations.hold(hidden)
        operations.delete(Article.objects.filter(pk=hidden.pk))

        assert mirror.catch_up() == []
        assert mirror.catch_up() == []

    def test_schedules_are_reported_when_they_take_effect(self, client, clock):
        article = builders.article()
        mirror = Mirror(client)
        begin, end = clock.moment + HOUR, clock.moment + 3 * HOUR
        operations.schedule(article, publish_at=begin, unpublish_at=end)
        assert mirror.catch_up() == []

        clock.moment = begin
        assert changes_of(mirror.catch_up()) == [(article.name, False)]
        assert mirror.changes[0]["at"] == items.format_time(begin)
        clock.moment = end
        assert changes_of(mirror.catch_up()) == [(article.name, True)]
        assert mirror.changes[0]["at"] == items.format_time(end)

    def test_many_schedules_of_one_moment_are_all_reported(self, client, clock):
        rows = [builders.article() for _ in range(7)]
        begin = clock.moment + HOUR
        operations.schedule(Article.objects.all(), publish_at=begin, unpublish_at=begin + HOUR)
        mirror = Mirror(client, limit=2)
        mirror.catch_up()

        clock.moment = begin
        assert [name for name, _ in changes_of(mirror.catch_up())] == [row.name for row in rows]
        clock.moment += HOUR
        assert changes_of(mirror.catch_up()) == [(row.name, True) for row in rows]

    def test_an_article_that_was_public_only_between_two_requests_is_withdrawn(self, client, clock):
        article = builders.article()
        mirror = Mirror(client)
        operations.schedule(article, publish_at=clock.moment + HOUR, unpublish_at=clock.moment + 2 * HOUR)
        mirror.catch_up()
        clock.moment += 3 * HOUR

        assert changes_of(mirror.catch_up()) == [(article.name, True)]

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_renaming_a_provider_or_a_topic_changes_all_its_articles(self, client, clock, limit):
        for number in range(3):
            builders.article(topics=["AI"], provider=builders.provider("Herald" if number else "Courier"))
        builders.article(quality=20, topics=["AI"])
        mirror = Mirror(client, limit)
        mirror.catch_up()

        operations.edit_reference(Topic.objects.get(), {"name": "Machines"})
        assert len(mirror.catch_up()) == 3
        operations.edit_reference(Provider.objects.get(name="Herald"), {"name": "The Herald"})
        assert len(mirror.catch_up()) == 2
        assert mirror.items == published()

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_the_policy_for_unscored_articles_changes_all_of_them(self, client, clock, limit):
        for _ in range(3):
            builders.article(quality=None, heat=None)
        mirror = Mirror(client, limit)
        mirror.catch_up()

        operations.change_policy({"publish_unscored": False})
        assert [withdrawn for _, withdrawn in changes_of(mirror.catch_up())] == [True] * 3
        operations.change_policy({"publish_unscored": True})
        assert [withdrawn for _, withdrawn in changes_of(mirror.catch_up())] == [False] * 3

    def test_imported_articles_are_sent_once_readers_see_them(self, client, clock, tmp_path):
        mirror = Mirror(client, limit=1)
        mirror.catch_up()
        name = "2020-06-09-harbour-bridge-closes-for-repairs"
        (tmp_path / f"{name}.md").write_text(CANONICAL)
        (tmp_path / "2020-06-09-low.md").write_text(document(quality=20, heat=20, published="false"))
        call_command("import_articles", str(tmp_path), verbosity=0)
        assert changes_of(mirror.catch_up()) == [(name, False)]
        call_command("import_articles", str(tmp_path), verbosity=0)
        assert mirror.catch_up() == []
        (tmp_path / f"{name}.md").write_text(document(published="false", heat=-1))
        call_command("import_articles", str(tmp_path), verbosity=0)
        assert changes_of(mirror.catch_up()) == [(name, True)]

    def test_a_registry_that_renames_a_topic_changes_its_articles(self, client, clock, tmp_path):
        builders.topic("AI", slug="ai", registry_name="00-ai.yaml")
        article = builders.article(topics=["AI"])
        mirror = Mirror(client)
        mirror.catch_up()
        (tmp_path / "00-ai.yaml").write_text("taxonomy: topic\n_id: ai\nname: Thinking machines\n")

        call_command("import_articles", str(tmp_path), verbosity=0)

        assert changes_of(mirror.catch_up()) == [(article.name, False)]
        assert mirror.items[article.name]["topics"] == ["Thinking machines"]

    def test_a_name_that_another_article_uses_now_is_not_withdrawn(self, client, clock, tmp_path):
        (tmp_path / "2020-06-09-bridge.md").write_text(CANONICAL)
        call_command("import_articles", str(tmp_path), verbosity=0)
        mirror = Mirror(client, limit=1)
        mirror.catch_up()
        operations.delete(Article.objects.all())
        call_command("import_articles", str(tmp_path), verbosity=0)

        assert changes_of(mirror.catch_up()) == [("2020-06-09-bridge", False)]

    @pytest.mark.parametrize("how", ["edited", "deleted"])
    def test_articles_of_an_unfinished_import_never_existed(self, client, clock, how):
        article = builders.article(HIDDEN_TITLE)
        Article.objects.update(public=False, staged=True)
        mirror = Mirror(client)
        mirror.catch_up()
        operations.edit(article, title=f"{HIDDEN_TITLE} anew")
        if how == "deleted":
            operations.delete(Article.objects.all())

        assert mirror.catch_up() == []


class TestCursor:
    def test_a_clock_that_goes_back_withdraws_nothing(self, client, clock):
        """Another machine's clock may be behind: what was sent once stays published."""
        article = builders.article()
        operations.schedule(article, publish_at=clock.moment + HOUR)
        mirror = Mirror(client)
        clock.moment += HOUR
        mirror.catch_up()
        assert list(mirror.items) == [article.name]

        clock.moment -= HOUR
        operations.edit(article, title="Gale")
        mirror.catch_up()
        assert mirror.items[article.name]["title"] == "Gale"
        operations.spike(article)
        mirror.catch_up()
        assert mirror.items == {}

    @pytest.mark.parametrize("is_first", [True, False])
    def test_a_beginning_in_the_past_hides_nothing_from_a_client_that_is_reading(self, client, clock, is_first):
        articles = [builders.article() for _ in range(2)]
        mirror = Mirror(client, limit=1)
        if not is_first:
            mirror.catch_up()
            for article in reversed(articles):
                operations.edit(article, title="Gale")
        mirror.ask()
        clock.moment += 2 * HOUR
        operations.schedule(articles[0], publish_at=clock.moment - HOUR)

        mirror.catch_up()

        assert mirror.items == published()

    def test_articles_of_the_first_responses_are_withdrawn_whatever_the_clocks_say(self, client, clock):
        rows = [builders.article() for _ in range(2)]
        operations.schedule(Article.objects.all(), publish_at=clock.moment + HOUR)
        mirror = Mirror(client, limit=1)
        mirror.ask()
        clock.moment += HOUR
        mirror.since = ""
        mirror.ask()
        mirror.ask()
        assert len(mirror.items) == 2

        clock.moment -= HOUR  # the act says a time before the schedules began, and is stored after them
        operations.hold(Article.objects.filter(pk=rows[0].pk))
        clock.moment += HOUR
        mirror.catch_up()
        assert list(mirror.items) == [rows[1].name]

    def test_articles_sent_by_schedule_are_withdrawn_whatever_the_log_says(self, client, clock):
        """An operation that began before the schedule, and is stored after a client got the article."""
        first, second = builders.article(), builders.article()
        begin = clock.moment + HOUR
        operations.schedule(Article.objects.all(), publish_at=begin)
        mirror = Mirror(client, limit=1)
        mirror.catch_up()
        clock.moment = begin
        assert changes_of(mirror.ask()["changes"]) == [(first.name, False)]

        clock.moment = begin - HOUR / 2
        operations.hold(first)
        clock.moment = begin + HOUR
        mirror.catch_up()

        assert list(mirror.items) == [second.name]

    def test_articles_sent_by_the_log_are_withdrawn_whatever_it_says_later(self, client, clock):
        first, second = builders.article(), builders.article()
        begin = clock.moment + HOUR
        operations.schedule(Article.objects.all(), publish_at=begin)
        mirror = Mirror(client, limit=1)
        mirror.catch_up()
        operations.edit(first, title="Gale")
        operations.edit(second, title="Flood")
        clock.moment = begin + HOUR
        assert changes_of(mirror.ask()["changes"]) == [(first.name, False)]

        clock.moment = begin - HOUR / 2
        operations.hold(first)
        clock.moment = begin + 2 * HOUR
        mirror.catch_up()

        assert list(mirror.items) == [second.name]

    @pytest.mark.parametrize("is_reading", [True, False])
    def test_an_expired_article_is_withdrawn_though_its_schedule_was_removed(self, client, clock, is_reading):
        """Also if the client reads in parts, and the schedule ends before it reads that the schedule was removed."""
        ended, other, third = builders.article("Ended"), builders.article(), builders.article()
        operations.schedule(ended, unpublish_at=clock.moment + HOUR)
        operations.schedule(other, unpublish_at=clock.moment + 2 * HOUR)
        mirror = Mirror(client, limit=1)
        mirror.catch_up()
        assert ended.name in mirror.items
        clock.moment += 3 * HOUR
        operations.edit(third, title="Gale")
        if is_reading:
            assert mirror.ask()["more"]
        operations.spike(ended)
        mirror.catch_up()

        assert list(mirror.items) == [third.name]

    def test_a_schedule_cancelled_before_is_not_reported_after_a_policy_change(self, client, clock):
        hidden, other = builders.article(HIDDEN_TITLE, quality=20), builders.article()
        mirror = Mirror(client, limit=1)
        mirror.catch_up()
        operations.change_policy({"publish_unscored": False})
        operations.schedule(hidden, publish_at=clock.moment + 2 * HOUR)
        operations.hold(hidden)
        operations.schedule(other, publish_at=clock.moment + 3 * HOUR)
        clock.moment += 5 * HOUR
        operations.score(hidden, quality=21)

        assert {name for name, _ in changes_of(mirror.catch_up())} == {other.name}

    def test_schedules_dont_run_ahead_of_the_log(self, client, clock):
        """Called off before it began, which a client reads long after: nobody ever saw it."""
        hidden, other, scheduled = builders.article(HIDDEN_TITLE), builders.article(), builders.article()
        operations.schedule(hidden, publish_at=clock.moment + 2 * HOUR)
        mirror = Mirror(client)
        mirror.catch_up()
        clock.moment += HOUR
        operations.schedule(scheduled, publish_at=clock.moment + 2 * HOUR)
        operations.edit(other, title="Gale")
        operations.edit_reference(Provider.objects.get(), {"name": "Herald"})
        operations.hold(hidden)
        clock.moment += 3 * HOUR

        assert hidden.name not in {name for name, _ in changes_of(mirror.catch_up())}
        assert mirror.items == published()

    def test_a_schedule_in_the_past_is_refused_and_never_took_effect(self, client, clock):
        hidden, other = builders.article(HIDDEN_TITLE, quality=20), builders.article()
        mirror = Mirror(client)
        mirror.catch_up()
        past = clock.moment + HOUR
        clock.moment += 5 * HOUR
        with pytest.raises(ActionError):
            operations.schedule(hidden, publish_at=past, unpublish_at=past + HOUR)
        operations.edit_reference(Provider.objects.get(), {"name": "Herald"})

        assert {name for name, _ in changes_of(mirror.catch_up())} == {other.name}

    @pytest.mark.parametrize("remove", [operations.spike, lambda article: operations.delete(Article.objects.all())])
    def test_an_article_that_the_policy_hid_is_withdrawn_even_if_scored_since(self, client, clock, remove):
        article = builders.article(quality=None, heat=None)
        mirror = Mirror(client)
        mirror.catch_up()
        operations.change_policy({"publish_unscored": False})
        remove(article)

        assert set(changes_of(mirror.catch_up())) == {(article.name, True)}

    @pytest.mark.parametrize(
        "since",
        [
            "x",
            "a:b",
            "\0",
            "\N{SNOWMAN}",
            "%ED%A0%80",
            "é:é",
            "W10:",
            ":",
            "9" * 900,
            ChangesCursor(5).__str__()[:-1],
            FOREIGN,
        ],
    )
    def test_a_forged_cursor_is_rejected(self, client, since):
        response = client.get("/api/changes", {"since": since})

        assert response.status_code == 400
        assert response.json() == {
            "status": 400,
            "where": "since",
            "what": "is not the `next` of a response of this site",
            "hint": "Leave it out to start again.",
        }

    @pytest.mark.parametrize(
        ("query", "where"),
        [
            ("limit=0", "limit"),
            ("limit=501", "limit"),
            ("limit=-1", "limit"),
            ("limit=x", "limit"),
            ("limit=", "limit"),
            ("limit=%00", "limit"),
            ("limit=" + "9" * 5000, "limit"),
            ("since=" + "x" * 1001, "since"),
            ("sinse=1", "sinse"),
            ("a%00b=1", "a\0b"),
        ],
    )
    def test_unknown_parameters_are_rejected_by_name(self, client, query, where):
        response = client.get(f"/api/changes?{query}")

        assert (response.status_code, response.json()["where"]) == (400, where)
        assert response.json()["what"]

    def test_a_cursor_in_the_future_cant_be_forged(self, client, clock):
        forged = str(
            ChangesCursor(0, 0, clock=to_microseconds(clock.moment + HOUR), at=to_microseconds(clock.moment + HOUR))
        )
        text, _, signature = forged.rpartition(":")
        assert client.get("/api/changes", {"since": f"{text}:{signature[::-1]}"}).status_code == 400

    def test_a_cursor_of_another_log_has_expired(self, client, clock):
        article = builders.article()
        operations.edit(article, title="Gale")
        mirror = Mirror(client)
        mirror.catch_up()
        Operation.objects.update(at=clock.moment - HOUR)  # restored from a copy, with other entries since

        response = client.get("/api/changes", {"since": mirror.since})

        assert response.status_code == 410
        assert response.json()["hint"] == "Leave it out to start again."

    def test_a_cursor_that_is_ahead_of_the_log_has_expired(self, client, clock, tmp_path):
        article = builders.article()
        operations.edit(article, title="Gale")
        mirror, backups = Mirror(client), Backups(tmp_path)
        mirror.catch_up()
        backups.make()
        assert mirror.ask()["changes"] == []
        backups.restore()
        assert mirror.ask()["changes"] == []  # nothing is lost, so the cursor still holds
        operations.spike(article)
        mirror.catch_up()
        backups.restore()

        assert client.get("/api/changes", {"since": mirror.since}).status_code == 410
        mirror.catch_up()
        assert mirror.items == published()

    @pytest.mark.parametrize("limit", [1, 2, 3])
    def test_what_one_operation_does_to_many_articles_is_read_in_parts(self, client, clock, limit):
        """Some are called off and ended at once: two rows of the record for one change."""
        rows = [builders.article() for _ in range(7)]
        mirror = Mirror(client, limit)
        mirror.catch_up()
        operations.pick(Article.objects.all(), clock.moment + HOUR / 2)
        mirror.catch_up()
        operations.spike(Article.objects.all())

        assert mirror.ask()["more"] is True
        mirror.catch_up()
        assert mirror.items == {}
        assert len(rows) == 7

    def test_a_cursor_of_an_older_release_has_expired(self, client):
        old = signing.Signer(salt="articles.api.changes").sign_object([5, 1591776000000000, *[0] * 4, "", *[0] * 5])

        response = client.get("/api/changes", {"since": old})

        assert response.status_code == 410
        assert response.json() == {
            "status": 410,
            "where": "since",
            "what": "was written by an older release",
            "hint": "Leave it out to start again.",
        }


class TestQueries:
    def test_changes_take_the_same_queries_for_one_and_for_many(self, client, clock, count_queries):
        def costs(articles):
            with transaction.atomic():
                rows = [builders.article(topics=["AI"]) for _ in range(3 * articles)]
                for row in rows:
                    ArticleImage.objects.create(article=row, url="https://courier.example/1.jpg")
                mirror = Mirror(client)
                with count_queries() as first:
                    mirror.ask()
                with count_queries() as unchanged:
                    mirror.ask()
                operations.edit_reference(Topic.objects.get(), {"name": "Machines"})
                with count_queries() as renamed:
                    assert len(mirror.ask()["changes"]) == 3 * articles
                for row in rows:
                    operations.edit(row, title="Gale")
                keys = [row.pk for row in rows]
                operations.spike(Article.objects.filter(pk__in=keys[:articles]))
                operations.delete(Article.objects.filter(pk__in=keys[articles : 2 * articles]))
                with count_queries() as edited:
                    assert len(mirror.ask()["changes"]) == 3 * articles
                transaction.set_rollback(True)
            cache.clear()
            return [len(captured) for captured in (first, unchanged, renamed, edited)]

        assert costs(5) == costs(1)


def test_simultaneous_operations_are_all_sent(shared_database, client):
    """Operations wait for each other, so none becomes visible behind a client's back."""
    rows = [builders.article() for _ in range(8)]
    mirror = Mirror(client, limit=3)
    mirror.catch_up()

    def work(number: int) -> None:
        chance = random.Random(number)  # noqa: S311
        try:
            for _ in range(12):
                article = Article.objects.get(pk=rows[chance.randrange(8)].pk)
                chance.choice([operations.hold, operations.publish, operations.spike, operations.reopen])(
                    Article.objects.filter(pk=article.pk)
                )
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        mirror.ask()
    mirror.catch_up()

    assert mirror.items == published()
