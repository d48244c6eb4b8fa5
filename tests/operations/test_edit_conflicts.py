"""Several editors change one article: different fields merge, the same field is a conflict, and no work is lost."""

from __future__ import annotations

import os
import random
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.models import Article, Event, Operation, Pairing, SitePolicy, Verb, Via
from articles.models.pairing import of_pair
from articles.operations.results import ActionError, EditConflictError, FieldConflict
from articles.rules.scoring import FOLDED_HEAT
from articles.stories.rescoring import preview_rescore
from tests import builders
from tests.admin.forms import ARTICLES, change_url, fields_of, messages_of, save
from tests.concurrency import run_together
from tests.documents import write_demo_documents
from tests.operations.states import broken_chains

pytestmark = pytest.mark.thorough

CROWD = 8
WALKS = int(os.environ.get("CONFLICT_WALKS", "1"))  # random walks, each with its own seed
WALK_STEPS = 15
SEEDS_IN_TURN = [39, 49, *range(int(os.environ.get("TURN_WALKS", "0")))]  # two that fold a lead by undo, and more
STEPS_IN_TURN = 60


def editor(name: str) -> User:
    return User.objects.create_superuser(name, password="x")


def by(user: User) -> Actor:
    return Actor(user, Via.ADMIN)


@pytest.mark.django_db
class TestActions:
    def test_a_conflict_names_the_other_editor_and_both_values(self):
        ana, article = editor("ana"), builders.article("Storm")
        seen = article.version
        operations.edit(article, title="Gale", by=by(ana))

        with pytest.raises(EditConflictError) as stale:
            operations.edit(Article.objects.get(), title="Hurricane", version=seen)

        assert str(stale.value) == "was changed by ana meanwhile (title); check it and try again"
        at = Operation.objects.get().at
        assert stale.value.conflicts == [FieldConflict("title", "Hurricane", "Gale", "ana", at)]
        assert Article.objects.get().title == "Gale"

    def test_a_conflict_in_one_field_saves_nothing(self):
        article = builders.article("Storm")
        seen = article.version
        operations.edit(article, title="Gale")

        with pytest.raises(EditConflictError):
            operations.edit(Article.objects.get(), title="Hurricane", excerpt="Wind.", version=seen)

        stored = Article.objects.get()
        assert (stored.title, stored.excerpt) == ("Gale", "What happened, in a sentence or two.")
        assert Operation.objects.count() == 1

    def test_changes_of_different_fields_merge(self):
        article = builders.article("Storm")
        seen = article.version
        operations.edit(article, title="Gale")

        operations.edit(Article.objects.get(), excerpt="Wind.", version=seen)

        stored = Article.objects.get()
        assert (stored.title, stored.excerpt, stored.pins) == ("Gale", "Wind.", ["excerpt", "title"])

    @pytest.mark.parametrize(
        ("values", "is_conflict"),
        [
            ({"title": "Gale"}, False),
            ({"quality": 75}, False),
            ({"quality": 76}, True),
            ({"quality": None}, True),
            ({"published_at": builders.MORNING}, False),
            ({"published_at": builders.MORNING + timedelta(seconds=1)}, True),
            ({"tags": ["GB", "London"]}, False),
            ({"tags": ["GB"]}, True),
            ({"heat": 75}, False),  # what the policy changed counts as another editor's change
            ({"heat": 76}, True),
        ],
        ids=str,
    )
    def test_the_same_value_is_no_conflict(self, values, is_conflict):
        article = builders.article("Storm", quality=60)
        seen = article.version
        operations.edit(article, title="Gale", quality=75, published_at=builders.MORNING, tags=["GB", "London"])

        try:
            operations.edit(Article.objects.get(), version=seen, **values)
            was_conflict = False
        except EditConflictError:
            was_conflict = True

        assert was_conflict == is_conflict

    def test_another_outlet_is_a_conflict(self):
        herald, post = builders.provider("Herald", "herald.example"), builders.provider("Post", "post.example")
        article = builders.article()
        seen = article.version
        operations.edit(article, provider=herald)

        with pytest.raises(EditConflictError, match=r"\(outlet\)"):
            operations.edit(Article.objects.get(), provider=post, version=seen)
        operations.edit(Article.objects.get(), provider=herald, version=seen)

    @pytest.mark.parametrize(
        "verb",
        [
            lambda some, **seen: operations.publish(some, **seen),
            lambda some, **seen: operations.hold(some, **seen),
            lambda some, **seen: operations.spike(some, "paywall", **seen),
            lambda some, **seen: operations.reopen(some, **seen),
            lambda some, **seen: operations.schedule(some, publish_at=builders.MORNING, **seen),
            lambda some, **seen: operations.score(some, quality=12, **seen),
            lambda some, **seen: operations.score(some, quality=12, heat=99, **seen),
            lambda some, **seen: operations.set_topics(some, ["Health"], **seen),
            lambda some, **seen: operations.unpin(some, **seen),
            lambda some, **seen: operations.unpin(some, "title", **seen),
            lambda some, **seen: operations.edit(
                some.get(), title="Gale", version=next(iter(seen["versions"].values()))
            ),
        ],
        ids=["publish", "hold", "spike", "reopen", "schedule", "score", "both", "topics", "unpin", "unpin one", "edit"],
    )
    def test_a_double_click_is_no_conflict_and_no_operation(self, verb):
        article = builders.article("Storm", quality=60, topics=["AI"])
        builders.topic("Health")
        operations.edit(article, title="Squall")
        seen = {article.pk: article.version}
        verb(Article.objects.filter(pk=article.pk), versions=seen)
        before = Article.objects.values().get(), Operation.objects.count()

        outcome = verb(Article.objects.filter(pk=article.pk), versions=seen)

        assert (outcome.operation, outcome.rejections) == (None, [])
        assert (Article.objects.values().get(), Operation.objects.count()) == before

    def test_a_changed_state_is_a_conflict_for_a_decision_and_a_changed_text_is_not(self):
        ana, one, other = editor("ana"), builders.article("One"), builders.article("Other")
        seen = {article.pk: article.version for article in (one, other)}
        operations.hold(one, by=by(ana))
        operations.edit(other, excerpt="Wind.", by=by(ana))

        outcome = operations.spike(Article.objects.all(), "paywall", versions=seen)

        assert outcome.done == [other.pk]
        assert [refusal.reason for refusal in outcome.rejections] == [
            "was changed by ana meanwhile (state); check it and try again"
        ]

    def test_topics_conflict_only_with_changes_of_topics(self):
        article = builders.article(topics=["AI"])
        builders.topic("Health")
        seen = {article.pk: article.version}
        operations.edit(article, title="Gale")
        operations.set_topics(article, add=["Health"], versions=seen)

        with pytest.raises(EditConflictError, match="topics"):
            operations.set_topics(article, ["AI"], versions=seen)

    def test_an_import_without_changes_leaves_the_versions(self, tmp_path):
        write_demo_documents(tmp_path, stories=2)
        call_command("import_articles", str(tmp_path), stdout=StringIO(), verbosity=0)
        article = Article.objects.filter(heat__gt=0).first()
        operations.edit(article, title="Gale")
        versions = dict(Article.objects.values_list("pk", "version"))

        for options in ({}, {"rescore": True}, {"prune": True}):
            call_command("import_articles", str(tmp_path), stdout=StringIO(), verbosity=0, **options)

        assert dict(Article.objects.values_list("pk", "version")) == versions
        assert Operation.objects.count() == 2
        operations.edit(article, title="Gale again", version=versions[article.pk])

    def test_a_scheduled_publication_leaves_the_version(self, client):
        article = builders.article()
        later = timezone.now() + timedelta(milliseconds=1)
        operations.schedule(article, publish_at=later)
        version = article.version
        time.sleep(0.002)

        assert client.get(article.get_absolute_url()).status_code == 200
        assert Article.objects.get().version == version


@pytest.mark.django_db
class TestPages:
    def test_the_article_page_names_the_other_editor_and_both_values(self, admin_client):
        ana, article = editor("ana"), builders.article("Storm")
        sent = fields_of(admin_client.get(change_url(article))) | {"title": "Gale", "_save": "Save"}
        operations.edit(article, title="Hurricane", excerpt="Wind.", by=by(ana))

        page = admin_client.post(change_url(article), sent)

        assert page.context["errors"] == [
            [
                "ana changed this while you were editing: it is now “Hurricane”, you typed “Gale”. "
                "Save again to replace it."
            ]
        ]
        assert 'value="Gale"' in page.content.decode(), "what was typed is still there"

    @pytest.mark.parametrize(
        ("field", "typed", "theirs", "now", "mine"),
        [
            ("quality", "75", {"quality": 90}, "90", "75"),
            ("heat", "", {"heat": 99}, "99", "–"),
            ("excerpt", "Rain.", {"excerpt": ""}, "–", "Rain."),
            ("tags", "GB\r\nLondon", {"tags": ["FR"]}, "FR", "GB, London"),
            ("removed", "true", {"removed": False}, "No", "Yes"),
        ],
    )
    def test_values_are_formatted_as_on_the_page(self, admin_client, field, typed, theirs, now, mine):
        article = builders.article("Storm", quality=60)
        sent = fields_of(admin_client.get(change_url(article))) | {field: typed, "_save": "Save"}
        operations.edit(article, **theirs, by=Actor(via=Via.COMMAND))

        page = admin_client.post(change_url(article), sent)

        told_now = f"The command line changed this while you were editing: it is now “{now}”, you typed “{mine}”."
        assert [error for errors in page.context["errors"] for error in errors] == [
            f"{told_now} Save again to replace it."
        ]

    def test_a_changed_decision_is_a_conflict(self, admin_client):
        ana, article = editor("ana"), builders.article("Storm", quality=60)
        sent = fields_of(admin_client.get(change_url(article))) | {"decision": "held", "_save": "Save"}
        operations.spike(article, "paywall", by=by(ana))

        page = admin_client.post(change_url(article), sent)

        assert "ana changed this while you were editing: it is now “spiked: paywall”, you typed “held”." in (
            page.content.decode()
        )
        assert Article.objects.get().decision == "spiked: paywall"

    def test_a_changed_row_of_a_list_names_the_other_editor(self, admin_client):
        ana, article = editor("ana"), builders.article()
        link = builders.related(article, title="Coverage")
        name = "related_links-0-title"
        sent = fields_of(admin_client.get(change_url(article))) | {name: "Mine", "_save": "Save"}
        operations.edit_related_rows(
            article, "related", write=lambda: article.related_links.update(title="Hers"), by=by(ana)
        )

        page = admin_client.post(change_url(article), sent)

        assert "ana changed this while you were editing: it is now “Hers”, you typed “Mine”." in page.content.decode()
        link.refresh_from_db()
        assert link.title == "Hers"

    def test_markup_in_values_is_escaped(self, admin_client):
        article = builders.article("Storm")
        sent = fields_of(admin_client.get(change_url(article))) | {"title": "<b>Gale</b>", "_save": "Save"}
        operations.edit(article, title="<script>alert(1)</script>")

        html = admin_client.post(change_url(article), sent).content.decode()

        assert "<script>alert(1)</script>" not in html
        assert escape("it is now “<script>alert(1)</script>”, you typed “<b>Gale</b>”") in html

    def test_the_list_names_the_other_editor_and_both_values(self, admin_client):
        ana, article = editor("ana"), builders.article(quality=60)
        sent = fields_of(admin_client.get(ARTICLES)) | {"form-0-quality": "75", "_save": "Save"}
        operations.edit(article, quality=90, by=by(ana))

        page = admin_client.post(ARTICLES, sent)

        [error] = page.context["cl"].formset[0].errors["quality"]
        assert error == (
            "ana changed this while you were editing: it is now “90”, you typed “75”. Save again to replace it."
        )
        assert Article.objects.get().quality == 90

    @pytest.mark.parametrize("action", ["publish", "hold", "spike", "reopen", "unpin"])
    def test_actions_from_an_old_list_leave_what_others_decided(self, admin_client, action):
        ana = editor("ana")
        moved, still = builders.article("Moved", quality=20), builders.article("Still", quality=20)
        operations.edit(moved, title="Moved")
        operations.edit(moved, excerpt="Wind.")
        operations.edit(still, excerpt="Wind.")
        seen = {
            name: value for name, value in fields_of(admin_client.get(ARTICLES)).items() if name.startswith("version-")
        }
        assert len(seen) == 2
        if action == "publish":
            operations.hold(moved, by=by(ana))
        else:
            operations.publish(moved, by=by(ana))
        before = Article.objects.filter(pk=moved.pk).values().get()

        chosen = {"action": f"{action}_selected", "_selected_action": [moved.pk, still.pk]}
        page = admin_client.post(ARTICLES, chosen | seen, follow=True)

        assert Article.objects.filter(pk=moved.pk).values().get() == before
        [warning] = [message for message in messages_of(page) if message.startswith("1 not ")]
        assert "“Moved” was changed by ana meanwhile (" in warning
        assert messages_of(page)[0].startswith("1 article ")

    def test_a_second_click_on_an_action_is_no_conflict(self, admin_client):
        article = builders.article(quality=20)
        seen = {f"version-{article.pk}": str(article.version)}
        chosen = {"action": "publish_selected", "_selected_action": [article.pk]} | seen
        admin_client.post(ARTICLES, chosen, follow=True)

        assert messages_of(admin_client.post(ARTICLES, chosen, follow=True)) == ["1 article published."]
        assert Operation.objects.count() == 1

    @pytest.mark.parametrize("value", ["", "x", "-1", "²", "9" * 5000, "1e3"])
    def test_malformed_versions_are_ignored(self, admin_client, value):
        article = builders.article()
        sent = {"action": "hold_selected", "_selected_action": [article.pk], f"version-{value[:50]}": "1"}

        assert admin_client.post(ARTICLES, sent | {f"version-{article.pk}": value}).status_code == 302
        assert Article.objects.get().state == "held"

    def test_an_article_with_an_emptied_schedule_can_be_held(self, admin_client):
        article = builders.article()
        operations.schedule(article, unpublish_at=timezone.now() + timedelta(days=1))
        emptied = {f"{name}_{part}": "" for name in ("publish_at", "unpublish_at") for part in (0, 1)}

        save(admin_client, change_url(article), decision="held", **emptied)

        article.refresh_from_db()
        assert (article.decision, article.public, article.unpublish_at) == ("held", False, None)

    @pytest.mark.parametrize("decision", ["held", "published"])
    def test_a_spiked_article_has_to_be_reopened_first(self, admin_client, decision):
        article = builders.article()
        operations.spike(article, "other")

        page = save(admin_client, change_url(article), decision=decision)

        assert page.context["errors"] == [["This article was spiked; choose “undecided” first."]]

    def test_only_a_published_article_can_be_scheduled(self, admin_client):
        article = builders.article(quality=20)

        page = save(admin_client, change_url(article), publish_at_0="2030-01-01", publish_at_1="10:00")

        assert page.context["errors"] == [["Only a published article has a schedule. Publish it, or empty both times."]]


# Concurrent editors: each thread is an editor with their own connection and client.


@pytest.fixture
def newsroom(shared_database: None) -> None:
    SitePolicy().save()


def editors() -> list[Client]:
    """Return the clients of CROWD editors, named editor0 and so on."""
    clients = []
    for number in range(CROWD):
        client = Client()
        client.force_login(editor(f"editor{number}"))
        clients.append(client)
    return clients


def send_at_once(clients: Sequence[Client], url: str, changes: Sequence[dict[str, str]]) -> list[Any]:
    """Let every editor open the page before the first one saves; return the responses to the saves."""
    forms = [
        fields_of(client.get(url)) | change | {"_save": "Save"} for client, change in zip(clients, changes, strict=True)
    ]
    return run_together([partial(client.post, url, form) for client, form in zip(clients, forms, strict=True)])


def count_conflicts(answers: Sequence[Any], values: Sequence[str], stored: str) -> int:
    """Check the response to each editor; return how many had a conflict."""
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    winner = values.index(stored)
    assert answers[winner].status_code == 302
    losers = [number for number in range(len(values)) if number != winner]
    for number in losers:
        assert answers[number].status_code == 200, number
        message = (
            f"editor{winner} changed this while you were editing: it is now “{stored}”, "
            f"you typed “{values[number]}”. Save again to replace it."
        )
        assert message in answers[number].content.decode(), number
    return len(losers)


@pytest.mark.parametrize("has_policy", [True, False], ids=["with a policy", "without a stored policy"])
def test_of_eight_saves_of_one_field_one_succeeds_and_seven_are_conflicts(newsroom, has_policy):
    article = builders.article("Storm")
    if not has_policy:
        SitePolicy.objects.all().delete()
    values = [f"Title {number}" for number in range(CROWD)]

    answers = send_at_once(editors(), change_url(article), [{"title": value} for value in values])

    article.refresh_from_db()
    assert count_conflicts(answers, values, article.title) == CROWD - 1
    assert article.version == 2
    assert Event.objects.filter(field="title").count() == 1


def test_of_eight_saves_of_one_number_in_the_list_one_succeeds(newsroom):
    article = builders.article(quality=60)
    values = [str(70 + number) for number in range(CROWD)]

    answers = send_at_once(editors(), ARTICLES, [{"form-0-quality": value} for value in values])

    article.refresh_from_db()
    assert count_conflicts(answers, values, str(article.quality)) == CROWD - 1
    assert Event.objects.filter(field="quality").count() == 1


def test_eight_saves_of_eight_fields_all_succeed(newsroom):
    article = builders.article("Storm")
    builders.provider("Herald", "herald.example")
    changes = [
        {"title": "Gale"},
        {"excerpt": "Wind."},
        {"quality": "91"},
        {"category": "weather"},
        {"type": "video"},
        {"body": "More"},
        {"tags": "GB"},
        {"amp_url": "https://amp.courier.example/gale"},
    ]

    answers = send_at_once(editors(), change_url(article), changes)

    assert [answer.status_code for answer in answers] == [302] * CROWD
    article.refresh_from_db()
    assert (article.title, article.excerpt, article.quality, article.heat) == ("Gale", "Wind.", 91, 91)
    assert (article.category, article.type, article.body, article.tags) == ("weather", "video", "More", ["GB"])
    assert (article.amp_url, article.version) == ("https://amp.courier.example/gale", 1 + CROWD)
    assert article.pins == sorted(name for change in changes for name in change)


def test_eight_saves_of_eight_articles_all_succeed(newsroom):
    articles = [builders.article(f"Storm {number}") for number in range(CROWD)]
    clients = editors()
    forms = [fields_of(client.get(change_url(article))) for client, article in zip(clients, articles, strict=True)]

    answers = run_together(
        [
            partial(client.post, change_url(article), form | {"title": f"Gale {article.pk}", "_save": "Save"})
            for client, article, form in zip(clients, articles, forms, strict=True)
        ]
    )

    assert [answer.status_code for answer in answers] == [302] * CROWD
    assert all(article.title == f"Gale {article.pk}" for article in Article.objects.all())


def test_of_eight_actions_on_one_article_one_is_done(newsroom):
    """All editors saw the same version; every second one spikes the article, the others hold it."""
    article = builders.article("Storm", quality=20)
    clients = editors()
    actions = [("spike_selected", "spiked: other"), ("hold_selected", "held")] * (CROWD // 2)
    chosen = {"_selected_action": [str(article.pk)], f"version-{article.pk}": str(article.version)}

    answers = run_together(
        [
            partial(client.post, ARTICLES, chosen | {"action": action}, follow=True)
            for client, (action, _) in zip(clients, actions, strict=True)
        ]
    )

    article.refresh_from_db()
    for answer, (_, decision) in zip(answers, actions, strict=True):
        html = answer.content.decode()  # its context holds what other threads rendered, too
        assert ("1 article " in html) == (decision == article.decision)
        assert ("“Storm” was changed by editor" in html) == (decision != article.decision)
    assert Operation.objects.count() == 1


def possible_actions(chance: random.Random, who: Actor) -> list[Callable[[], Any]]:
    """Return actions that an editor might run next, on articles that others change too."""
    ids = list(Article.objects.order_by("pk").values_list("pk", flat=True))
    chance.shuffle(ids)
    some = Article.objects.filter(pk__in=ids[:4])
    one, other = (Article.objects.filter(pk=pk).first() for pk in (ids * 2)[4:6])
    first = Operation.objects.order_by("pk").values("pk")[:1]  # the import that created them all
    done = list(Operation.objects.exclude(pk__in=first).values_list("pk", flat=True)[:12])
    last = Operation.objects.filter(pk=chance.choice(done)).first() if done else None
    steps: list[Callable[[], Any]] = [
        lambda: operations.publish(some, by=who),
        lambda: operations.spike(some, "paywall", by=who),
        lambda: operations.reopen(some, by=who),
        lambda: operations.hold(some, by=who),
        lambda: operations.score(some, quality_step=chance.choice([-20, 30]), by=who),
        lambda: operations.set_topics(some, add=["Health"], remove=["AI"], by=who),
        lambda: operations.rescore(Article.objects.all(), by=who),
    ]
    if one and other:
        steps += [
            lambda: operations.merge(one, other, by=who),
            lambda: operations.fold_into(some, other, by=who),
            lambda: operations.take_out(one, by=who),
            lambda: operations.make_lead(one, by=who),
            lambda: operations.edit(one, title=f"Title {chance.random()}", by=who),
            lambda: operations.delete(Article.objects.filter(pk=one.pk), by=who),
        ]
    if last:
        steps += [lambda: operations.undo(last, by=who)] * 3
    return steps


def actions_around_leads(chance: random.Random, who: Actor) -> list[Callable[[], Any]]:
    """Return more actions: an editor works on one story, its members and its next lead, and undoes what is older."""
    leads = list(Article.objects.filter(related_links__isnull=False).distinct().order_by("pk"))
    lead = chance.choice(leads) if leads else None
    members = list(Article.objects.filter(lead=lead).order_by("pk")) if lead else []
    waiting = list(Article.objects.exclude(previous_lead=None).order_by("pk"))
    scored = chance.choice([*members, *waiting, *([lead] if lead else [])] or [None])
    older = Operation.objects.filter(undone_by=None, verb__in=("fold", "spike", "hold", "take_out", "score", "delete"))
    operation = older.filter(pk__in=chance.sample(pks := [op.pk for op in older[:20]], min(1, len(pks)))).first()
    steps: list[Callable[[], Any]] = []
    if lead:
        steps += [lambda: operations.spike(lead, "other", by=who), lambda: operations.publish(lead, by=who)]
    if scored:
        quality = chance.choice([20, 60, 90, 130])
        steps += [
            lambda: operations.score(scored, quality=quality, by=who),
            lambda: operations.score(scored, heat=quality, by=who),
            lambda: operations.unpin(scored, "heat", by=who),
        ]
    if operation:
        steps += [lambda: operations.undo(operation, by=who)] * 4
    return steps


@pytest.mark.parametrize("seed", range(WALKS))
def test_six_editors_and_an_import_at_once_leave_consistent_stories_and_events(newsroom, tmp_path, seed):
    write_demo_documents(tmp_path, stories=5)
    call_command("import_articles", str(tmp_path), stdout=StringIO(), verbosity=0)
    builders.topic("AI")
    builders.topic("Health")
    users = [editor(f"editor{number}") for number in range(6)]

    def work(number: int) -> None:
        chance = random.Random(f"{seed} {number}")  # noqa: S311
        for _ in range(WALK_STEPS):
            with suppress(ActionError):
                chance.choice(possible_actions(chance, by(users[number])))()

    def import_again() -> None:
        for turn in range(3):
            for path in sorted(tmp_path.glob("*.md"))[turn::3]:
                path.write_text(path.read_text().replace("What happened", f"In turn {turn}, what happened"))
            call_command("import_articles", str(tmp_path), stdout=StringIO(), verbosity=0)

    results = run_together([*(partial(work, number) for number in range(6)), import_again], timeout=120)

    assert [traceback.format_exception(error) for error in results if error] == []
    assert Operation.objects.count() > 10
    assert broken_rules() == []
    assert broken_chains() == []


@pytest.mark.django_db
@pytest.mark.parametrize("seed", SEEDS_IN_TURN)
def test_an_editor_and_imports_in_turn_leave_consistent_stories_and_events_after_each_step(seed, tmp_path):
    SitePolicy().save()
    write_demo_documents(tmp_path, stories=5)
    call_command("import_articles", str(tmp_path), stdout=StringIO(), verbosity=0)
    builders.topic("AI")
    builders.topic("Health")
    who, chance = by(editor("ana")), random.Random(f"w{seed}")  # noqa: S311

    outdated_before: dict[int, set[int]] = {}  # by operation

    for step in range(STEPS_IN_TURN):
        waiting = set(Article.objects.exclude(previous_lead=None).values_list("pk", flat=True))
        outdated = set(outdated_heats())
        if chance.random() < 0.1:
            call_command("import_articles", str(tmp_path), stdout=StringIO(), verbosity=0)
        else:
            with suppress(ActionError):
                chance.choice([*possible_actions(chance, who), *actions_around_leads(chance, who)])()
        problems = broken_rules() + broken_chains() + forgotten_members() + forgotten_waiters(waiting)
        assert problems == [], (step, Operation.objects.first())
        last = Operation.objects.first()
        outdated_before.setdefault(last.pk, outdated)
        if last.verb != Verb.IMPORT:  # imports take the heat that documents say, and undo restores what was so before
            new = outdated_heats().keys() - outdated - outdated_before.get(last.undoes_id, set())
            assert not new, (step, last, outdated_heats())


def broken_rules() -> list[str]:
    """Return the inconsistencies of the stories."""
    problems = []
    for article in Article.objects.select_related("lead"):
        if article.lead and article.lead.heat == FOLDED_HEAT:
            problems.append(f"{article.pk}: its lead is folded itself")
        if article.lead and not article.is_folded:
            problems.append(f"{article.pk}: it has a lead and isn't folded")
        if article.is_folded and article.public:
            problems.append(f"{article.pk}: folded and public")
        if article.staged is not None:
            problems.append(f"{article.pk}: still staged")
    return problems


def outdated_heats() -> dict[int, str]:
    """Return the articles whose heat follows from quality and coverage, and is other than that."""
    changes = preview_rescore(Article.objects.all())
    return {change.pk: str(change) for change in changes if "heat" in change.fields}


def forgotten_members() -> list[str]:
    """Return the articles that an editor folded and that have no lead, although the story goes on."""
    problems = []
    for pairing in Pairing.objects.filter(together=True).select_related("lead__lead", "member"):
        member, lead = pairing.member, pairing.lead.lead or pairing.lead
        is_apart = Pairing.objects.filter(of_pair(lead.pk, member.pk), together=False).exists()
        if member.is_folded and member.lead_id is None and not lead.is_folded and not is_apart:
            problems.append(f"{member.pk}: an editor folded it under {pairing.lead.pk}, and it has no lead")
    return problems


def forgotten_waiters(waiting: set[int]) -> list[str]:
    """Return those of the successors of withdrawn leads that an undo left by themselves for rules to publish."""
    last = Operation.objects.first()
    if last is None or last.undoes is None or last.undoes.verb in (Verb.UNDO, Verb.UNPIN):
        return []
    return [
        f"{article.pk}: waited, and no editor has decided on it"
        for article in Article.objects.filter(pk__in=waiting, state="undecided")
        if not article.is_folded and "published" not in article.pins
    ]
