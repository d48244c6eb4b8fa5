"""Each change of an operation is an event, and undo reverses the whole operation."""

import os
import random
from collections.abc import Collection
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from articles import operations
from articles.audit_log.unit_of_work import Actor, unit_of_work
from articles.db.bulk import chunked
from articles.models import Article, Operation, Subject, Verb, Via
from articles.operations.results import succession_sentences
from tests import builders
from tests.operations.states import FOLLOWING_FIELDS, link_targets, newsroom_state
from tests.random_walks import build_newsroom, operate_at_random
from tests.record import wrong_records
from tests.stories.duplicates import marked_and_true_duplicates, marked_and_true_repetitions

pytestmark = pytest.mark.django_db

QUICK_WALKS = 1
SEEDS = [
    pytest.param(seed, marks=pytest.mark.thorough if seed >= QUICK_WALKS else pytest.mark.systematic)
    for seed in range(int(os.environ.get("UNDO_WALKS", "6")))
]
STEPS = 6


@pytest.mark.slow
def test_many_articles_take_no_more_work_each_than_a_few(monkeypatch):
    """Articles are restored in chunks; those of earlier chunks aren't written again with each."""
    monkeypatch.setattr("articles.operations.undoing.chunked", partial(chunked, size=2))

    assert rows_of_an_undo(12) == 6 * rows_of_an_undo(2)


def rows_of_an_undo(number: int) -> int:
    """Return how many rows of articles undo writes for so many spiked ones, or values on PostgreSQL."""
    articles = [builders.article() for _ in range(number)]
    operation = operations.spike(Article.objects.filter(pk__in=[article.pk for article in articles])).operation
    rows = []

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('UPDATE "articles_article"'):
            rows.extend(params)  # on PostgreSQL the values of many rows
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        assert operations.undo(operation).not_restored == []
    return len(rows)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_change_is_an_event_and_undoing_restores_everything(seed):
    """A random walk: the events of each operation say exactly what changed, and undo in reverse order restores it."""
    build_newsroom()
    chance = random.Random(seed)  # noqa: S311
    states, done = [(newsroom_state(), link_targets())], []
    for _ in range(STEPS):
        before = newsroom_state()
        operation = operate_at_random(chance, Actor(via=Via.DESK))
        after = newsroom_state()
        assert changes_between(before, after) == events_of(operation), operation
        marked, shared = marked_and_true_duplicates()
        assert marked == shared, operation
        marked, repeated = marked_and_true_repetitions()
        assert marked == repeated, operation
        assert wrong_records() == [], operation
        if operation:
            done.append(operation)
            states.append((after, link_targets()))
    for operation in reversed(done):
        states.pop()
        outcome = operations.undo(operation)
        assert outcome.not_restored == [], operation
        assert changes_between(newsroom_state(), states[-1][0], ignore=()) == set(), operation
        assert link_targets() == states[-1][1], operation
        assert wrong_records() == [], operation


def changes_between(
    before: dict[str, Any], after: dict[str, Any], ignore: Collection[str] = FOLLOWING_FIELDS
) -> set[tuple[str, str]]:
    """Return (name, field) of all changes; a created or deleted article counts as one."""
    changed = set()
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            changed.add((name, "created" if old is None else "deleted"))
            continue
        changed |= {(name, field) for field in old.keys() | new.keys() if old.get(field) != new.get(field)}
    return {(name, field) for name, field in changed if field not in ignore}


def events_of(operation: Operation | None) -> set[tuple[str, str]]:
    if operation is None:
        return set()
    names = dict(Article.objects.values_list("pk", "name"))
    deletions = operation.events.filter(subject=Subject.ARTICLE, field="deleted")
    deleted_names = {event.subject_id: event.before["columns"]["name"] for event in deletions}
    events = operation.events.filter(subject=Subject.ARTICLE)
    return {((deleted_names | names)[event.subject_id], event.field) for event in events}


@pytest.mark.slow
def test_undo_keeps_what_others_changed_since_and_says_who():
    ana = get_user_model().objects.create_user("ana")
    article = builders.article("Storm", quality=60)
    first = operations.edit(article, title="Gale", excerpt="Wind.").operation
    operations.edit(article, title="Hurricane", by=Actor(ana, Via.ADMIN))

    outcome = operations.undo(first)

    article.refresh_from_db()
    assert (article.title, article.excerpt) == ("Hurricane", "What happened, in a sentence or two.")
    assert [(row.event.field, row.reason) for row in outcome.not_restored if not row.event.field.startswith("pin")] == [
        ("title", "edited by ana since then")
    ]


@pytest.mark.slow
def test_undo_keeps_all_parts_of_a_later_decision():
    """A spike after a hold changes the state alone: undoing the hold must not publish a rejected article."""
    article = builders.article(quality=90)
    held = operations.hold(article).operation
    operations.spike(article, "paywall")
    outcome = operations.undo(held)
    article.refresh_from_db()
    assert (article.decision, article.public, article.pins) == ("spiked: paywall", False, ["published"])
    assert [(row.event.field, outcome.operation) for row in outcome.not_restored] == [("state", None)]

    lead, other, member = (builders.article(quality=quality) for quality in (90, 80, 50))
    folded = operations.fold_into(member, lead).operation
    operations.take_out(member)
    operations.fold_into(member, other)
    operations.undo(folded)
    member.refresh_from_db()
    assert (member.lead, member.heat, member.pins) == (other, -1, ["lead"])


@pytest.mark.slow
def test_undo_leaves_a_field_that_its_operation_changed_there_and_back():
    article = builders.article("Storm")
    with unit_of_work(Verb.EDIT) as uow:
        for title, category in (("Gale", "Weather"), ("Storm", "World")):
            [row] = uow.load([article.pk])
            row.title, row.category = title, category
            uow.flush()
    category = article.category
    operations.edit(article, title="Gale")

    outcome = operations.undo(uow.operation)

    article.refresh_from_db()
    assert (article.title, article.category, outcome.not_restored) == ("Gale", category, [])


@pytest.mark.slow
def test_unpinning_that_was_undone_counts_as_no_later_decision():
    """The member of a deleted lead waits for an editor: its pin goes with the deletion."""
    lead, member = builders.article(quality=90), builders.article(quality=80)
    operations.fold_into(member, lead)
    member.refresh_from_db()
    pins = member.pins
    deleted = operations.delete(Article.objects.filter(pk=lead.pk)).operation
    member.refresh_from_db()
    assert "published" in member.pins
    operations.undo(operations.unpin(member, "published").operation)
    operations.undo(deleted)
    member.refresh_from_db()
    assert member.pins == pins


def test_undoing_an_undo_redoes_the_operation():
    article = builders.article(quality=60)
    spiked = operations.spike(article, "paywall").operation
    undone = operations.undo(spiked).operation
    operations.undo(undone)

    article.refresh_from_db()
    assert (article.decision, article.published, article.pins) == ("spiked: paywall", False, ["published"])


def test_undoing_a_spike_of_a_published_article_publishes_it_again():
    article = builders.article(quality=90)
    operation = operations.spike(article, "duplicate").operation

    operations.undo(operation)

    article.refresh_from_db()
    assert (article.state, article.public, article.pins) == ("published", True, [])


def test_a_bulk_action_is_one_operation():
    ana = get_user_model().objects.create_superuser("ana")
    for _ in range(5):
        builders.article()

    operation = operations.spike(Article.objects.all(), "off topic", by=Actor(ana, Via.DESK, "a quiet day")).operation

    assert (operation.articles, operation.actor, operation.reason) == (5, ana, "a quiet day")
    assert Operation.objects.count() == 1
    assert operations.undo(operation).changed == 5
    assert Article.objects.filter(state="published").count() == 5


def test_an_action_that_changes_nothing_is_no_operation():
    article = builders.article()
    operations.hold(article)
    operations.hold(article)

    assert Operation.objects.count() == 1
    assert Article.objects.get().version == 2


def test_undo_keeps_a_schedule_of_which_half_would_end_before_it_starts():
    article = builders.article()
    days = [timezone.now() + timedelta(days=number) for number in range(12)]
    operations.schedule(article, publish_at=days[2], unpublish_at=days[3])
    longer = operations.schedule(article, publish_at=days[2], unpublish_at=days[10]).operation
    later = operations.schedule(article, publish_at=days[5], unpublish_at=days[10]).operation

    outcome = operations.undo(longer)
    article.refresh_from_db()

    assert [row.event.field for row in outcome.not_restored] == ["unpublish_at"]
    assert (article.publish_at, article.unpublish_at) == (days[5], days[10])
    operations.undo(later)
    operations.undo(longer)
    article.refresh_from_db()
    assert (article.publish_at, article.unpublish_at) == (days[2], days[3])


def story(quality: int, member_quality: int) -> tuple[Article, Article]:
    """Return a published lead and its member, which list each other."""
    lead = builders.article("Lead", quality=quality)
    member = builders.folded(lead, "Member", quality=member_quality)
    builders.related(member, lead)
    return lead, member


def leads() -> dict[str, str | None]:
    """Return the title of the lead of each article that is folded."""
    folded = Article.objects.filter(heat=-1).select_related("lead")
    return {article.title: article.lead and article.lead.title for article in folded}


def newcomer(*listed: Article, under: Article) -> Article:
    """Return an article that was folded as its document says, and that lists others and is listed by them."""
    row = builders.folded(under, "Newcomer", quality=50)
    for article in listed:
        builders.related(row, article)
        if article != under:
            builders.related(article, row)
    return row


def test_a_story_changes_its_lead_with_undo_and_redo():
    _, member = story(90, 80)
    scored = operations.score(member, quality=120).operation

    undone = operations.undo(scored)
    assert (leads(), undone.not_restored) == ({"Member": "Lead"}, [])
    redone = operations.undo(undone.operation)
    assert (leads(), redone.not_restored) == ({"Lead": "Member"}, [])


def test_a_member_that_came_since_follows_the_lead_that_a_score_had_replaced():
    lead, member = story(90, 80)
    scored = operations.score(member, quality=120).operation
    newcomer(lead, member, under=member)
    assert leads() == {"Lead": "Member", "Newcomer": "Member"}

    operations.undo(scored)

    assert leads() == {"Member": "Lead", "Newcomer": "Lead"}


def test_a_member_that_came_since_and_is_linked_to_the_successor_alone_stands_by_itself():
    lead, member = story(90, 40)
    spiked = operations.spike(lead).operation
    row = newcomer(under=member)

    outcome = operations.undo(spiked)

    row.refresh_from_db()
    assert leads() == {"Member": "Lead"}
    assert (row.heat, row.state, row.public, outcome.not_restored) == (50, "undecided", False, [])


@pytest.mark.slow
@pytest.mark.parametrize("is_refused", [False, True])
def test_a_member_that_an_editor_folded_since_goes_with_the_successor_unless_it_was_kept_apart(is_refused):
    lead, member = story(90, 40)
    row = builders.article("Newcomer", quality=50)
    if is_refused:
        operations.keep_apart(row, lead)
    spiked = operations.spike(lead).operation
    operations.fold_into(row, Article.objects.get(pk=member.pk))
    before = newsroom_state()

    undone = operations.undo(spiked)

    assert leads() == {"Member": "Lead", "Newcomer": None if is_refused else "Lead"}
    operations.undo(undone.operation)
    assert changes_between(before, newsroom_state()) == set()


@pytest.mark.slow
def test_undo_leaves_a_successor_under_which_the_previous_lead_was_folded_since():
    lead, member = story(90, 80)
    other = builders.folded(lead, "Other", quality=40)
    spiked = operations.spike(lead).operation
    operations.publish(member)
    operations.fold_into(lead, Article.objects.get(pk=member.pk))

    outcome = operations.undo(spiked)

    assert leads() == {"Lead": "Member", "Other": "Member"}
    member.refresh_from_db()
    assert (member.state, member.public) == ("published", True)
    assert not Article.objects.get(pk=lead.pk).public
    reasons = {(row.event.subject_id, row.reason) for row in outcome.not_restored if row.event.field == "lead_id"}
    assert reasons == {(pk, "its previous lead doesn't lead a story any more") for pk in (member.pk, other.pk)}


def row(article: Article) -> Article:
    return Article.objects.select_related("lead").get(pk=article.pk)


def test_a_heat_that_undo_restores_follows_from_the_quality_of_today():
    """An editor typed a heat, another one a quality: without the first, the second decides."""
    article = builders.article(quality=60)
    typed = operations.score(article, heat=99).operation
    operations.score(article, quality=90)
    before = newsroom_state()

    undone = operations.undo(typed)

    article = row(article)
    assert (article.heat, article.pins, undone.not_restored) == (90, ["quality"], [])
    assert article.public, "readers saw it before, and it reaches the threshold"
    assert (undone.appeared, undone.disappeared) == ({}, {})
    operations.undo(undone.operation)
    assert newsroom_state() == before


@pytest.mark.slow
@pytest.mark.parametrize(("quality", "is_public"), [(20, False), (90, True)])
def test_an_unfolded_article_has_the_heat_of_its_quality_of_today(quality, is_public):
    lead, member = builders.article(quality=95), builders.article(quality=80)
    folded = operations.fold_into(member, lead).operation
    operations.score(row(member), quality=quality)

    operations.undo(folded)

    assert (row(member).heat, row(member).public) == (quality, is_public)


@pytest.mark.slow
def test_an_article_that_was_scored_while_folded_and_taken_out_since_gets_the_heat_of_the_old_quality():
    lead, member = builders.article(quality=95), builders.article(quality=80)
    operations.fold_into(member, lead)
    scored = operations.score(row(member), quality=60).operation
    operations.take_out(row(member))

    operations.undo(scored)

    assert (row(member).quality, row(member).heat, row(member).public) == (80, 80, False)


@pytest.mark.slow
def test_a_heat_that_a_document_says_is_restored_as_it_was():
    """Nothing that it follows from has changed: no rule makes another one of it."""
    lead, member = builders.article(quality=95), builders.article(quality=80, heat=83)
    folded = operations.fold_into(member, lead).operation
    operations.edit(row(member), title="Gale")
    operations.undo(folded)
    assert row(member).heat == 83


def coverage(lead: Article, member: Article) -> None:
    operations.fold_into(builders.article("Newcomer", quality=50), row(member))


def better_quality(lead: Article, member: Article) -> None:
    operations.score(row(member), quality=85)


@pytest.mark.slow
@pytest.mark.parametrize("change", [coverage, better_quality])
@pytest.mark.parametrize("act", [operations.spike, operations.hold])
def test_a_successor_whose_heat_followed_from_other_things_since_is_folded_again(act, change):
    lead, member = story(90, 80)
    other = builders.folded(lead, "Other", quality=40)
    builders.related(other, lead)
    withdrawn = act(lead).operation
    change(lead, member)
    assert row(member).heat != 90

    outcome = operations.undo(withdrawn)

    assert {kept.event.field for kept in outcome.not_restored} <= {"related"}, "the newcomer stays listed"
    assert {row(member).lead, row(other).lead} == {lead}
    assert (row(member).previous_lead, "published" in row(member).pins, row(lead).public) == (None, False, True)
    assert set(leads().values()) == {"Lead"}
    assert "“Member” is folded under its previous lead again." in succession_sentences(outcome.operation)


def test_a_successor_with_a_heat_that_an_editor_typed_goes_on_waiting():
    lead, member = story(90, 80)
    spiked = operations.spike(lead).operation
    operations.score(row(member), heat=130)

    outcome = operations.undo(spiked)

    [kept] = outcome.not_restored
    assert (kept.event.field, kept.reason) == ("heat", "scored by the system since then, so it isn't folded again")
    member = row(member)
    assert (member.lead, member.heat, member.state, member.previous_lead) == (None, 130, "undecided", lead.name)
    assert (member.pins, row(lead).public) == (["heat", "lead", "published"], True)
    operations.rescore(Article.objects.all())
    assert not row(member).public


def test_a_successor_that_became_better_than_its_lead_goes_on_waiting():
    lead, member = story(90, 80)
    spiked = operations.spike(lead).operation
    operations.score(row(member), quality=130)

    operations.undo(spiked)

    member = row(member)
    assert (member.state, member.previous_lead, row(lead).lead) == ("undecided", lead.name, member)
    operations.rescore(Article.objects.all())
    assert not Article.objects.filter(public=True).exists()


def test_a_taken_out_article_that_was_scored_since_is_folded_again():
    lead, member = story(90, 80)
    taken_out = operations.take_out(member).operation
    operations.score(row(member), quality=70)

    outcome = operations.undo(taken_out)

    assert (leads(), outcome.not_restored) == ({"Member": "Lead"}, [])
    assert (row(member).quality, row(member).public) == (70, False)


@pytest.mark.slow
def test_a_member_is_listed_again_by_a_lead_whose_coverage_changed_since():
    lead, one, other = (builders.article(title, quality=90) for title in ("Lead", "One", "Other"))
    operations.fold_into(Article.objects.exclude(pk=lead.pk), lead)
    taken_out = operations.take_out(row(one)).operation
    operations.take_out(row(other))

    operations.undo(taken_out)

    assert leads() == {"One": "Lead"}
    assert list(row(lead).related_links.values_list("target", flat=True)) == [one.pk]
    assert row(lead).heat == 90 + 10


@pytest.mark.slow
def test_a_deleted_member_comes_back_to_the_lead_of_its_lead():
    lead, member = story(90, 80)
    hand = builders.article("Hand", quality=50)
    operations.fold_into(hand, lead)
    deleted = operations.delete(Article.objects.filter(pk=hand.pk)).operation
    operations.score(row(member), quality=120)

    operations.undo(deleted)

    assert leads() == {"Lead": "Member", "Hand": "Member"}
