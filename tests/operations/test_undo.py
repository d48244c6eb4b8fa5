"""Whatever the newsroom does is logged field by field, and taken back as a whole."""

import os
import random
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from articles import operations
from articles.audit_log import snapshots
from articles.audit_log.events import logged_values
from articles.audit_log.unit_of_work import Actor
from articles.models import Article, Event, Operation, Pairing, RelatedLink, SitePolicy, Subject, Via
from tests import builders
from tests.random_walks import build_newsroom, operate_at_random

pytestmark = pytest.mark.django_db

QUICK_WALKS = 2
SEEDS = [
    pytest.param(seed, marks=[pytest.mark.thorough] if seed >= QUICK_WALKS else [])
    for seed in range(int(os.environ.get("UNDO_WALKS", "6")))
]
STEPS = 6


def state() -> dict[str, Any]:
    """Return all that editors and documents decide, and what follows, by article name."""
    found = {}
    for article in Article.objects.order_by("pk"):
        own = logged_values(article) | {
            name: getattr(article, name) for name in ("public", "hot", "twin", "duplicate", "warned", "pictureless")
        }
        own |= {name: snapshots.read_list([article.pk], name)[article.pk] for name in snapshots.LIST_NAMES}
        for link in own["related"]:
            link.pop("target_id")  # `links` tells it
        found[article.name] = own
    return found


def links() -> list[str]:
    return sorted(map(str, RelatedLink.objects.values_list("article", "match_key", "target")))


def marked_and_true_twins() -> tuple[set[int], set[int]]:
    marked = set(Article.objects.filter(twin=True).values_list("pk", flat=True))
    keys = list(Article.objects.exclude(url_key="").values_list("pk", "url_key"))
    return marked, {pk for pk, key in keys if sum(other == key for _, other in keys) > 1}


@pytest.mark.parametrize("seed", SEEDS)
def test_every_change_is_an_event_and_undoing_restores_everything(seed):
    """A random walk: the events of each operation say exactly what changed; undone in reverse, nothing is left."""
    build_newsroom()
    chance = random.Random(seed)  # noqa: S311
    states, done = [(state(), links())], []
    for _ in range(STEPS):
        before = state()
        operation = operate_at_random(chance, Actor(via=Via.DESK))
        after = state()
        assert changes_between(before, after) == told_by(operation), operation
        marked, shared = marked_and_true_twins()
        assert marked == shared, operation
        if operation:
            done.append(operation)
            states.append((after, links()))
    for operation in reversed(done):
        states.pop()
        outcome = operations.undo(operation)
        assert outcome.not_restored == [], operation
        assert changes_between(state(), states[-1][0], but=()) == set(), operation
        assert links() == states[-1][1], operation


TOLD = {"public", "hot", "twin", "duplicate", "warned", "pictureless"}  # these follow from the others


def changes_between(before: dict[str, Any], after: dict[str, Any], but: Collection[str] = TOLD) -> set[tuple[str, str]]:
    """Return (name, field) of all that changed; articles that came or went count as one."""
    changed = set()
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            changed.add((name, "created" if old is None else "deleted"))
            continue
        changed |= {(name, field) for field in old.keys() | new.keys() if old.get(field) != new.get(field)}
    return {(name, field) for name, field in changed if field not in but}


def told_by(operation: Operation | None) -> set[tuple[str, str]]:
    if operation is None:
        return set()
    names = dict(Article.objects.values_list("pk", "name"))
    deleted = operation.events.filter(subject=Subject.ARTICLE, field="deleted")
    gone = {event.subject_id: event.before["columns"]["name"] for event in deleted}
    events = operation.events.filter(subject=Subject.ARTICLE)
    return {((gone | names)[event.subject_id], event.field) for event in events}


def test_undo_leaves_alone_what_others_changed_since_and_says_who():
    ana = get_user_model().objects.create_user("ana")
    article = builders.article("Storm", quality=60)
    first = operations.edit(article, title="Gale", excerpt="Wind.").operation
    operations.edit(article, title="Hurricane", by=Actor(ana, Via.ADMIN))

    outcome = operations.undo(first)

    article.refresh_from_db()
    assert (article.title, article.excerpt) == ("Hurricane", "What happened, in a sentence or two.")
    assert [
        (kept.event.field, kept.reason) for kept in outcome.not_restored if not kept.event.field.startswith("pin")
    ] == [("title", "edited by ana since")]


def test_undoing_does_not_break_up_what_others_decided_since():
    """A spike after a hold changes the state alone: undoing the hold must not publish what was thrown out."""
    article = builders.article(quality=90)
    held = operations.hold(article).operation
    operations.spike(article, "paywall")
    outcome = operations.undo(held)
    article.refresh_from_db()
    assert (article.decision, article.public, article.pins) == ("spiked: paywall", False, ["published"])
    assert [(kept.event.field, outcome.operation) for kept in outcome.not_restored] == [("state", None)]

    lead, other, member = (builders.article(quality=quality) for quality in (90, 80, 50))
    folded = operations.fold_into(member, lead).operation
    operations.take_out(member)
    operations.fold_into(member, other)
    operations.undo(folded)
    member.refresh_from_db()
    assert (member.lead, member.heat, member.pins) == (other, -1, ["lead"])


def test_undoing_an_undo_does_it_again():
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


def test_an_unpinned_address_meets_its_twins_and_coverage_anew():
    article, twin = builders.article(), builders.article()
    lead = builders.article(quality=90)
    builders.related(lead, article)
    own = article.web_url
    operations.edit(article, web_url=twin.web_url)
    assert len(marked_and_true_twins()[0]) == 2
    RelatedLink.objects.update(target=None)

    operations.unpin(Article.objects.filter(pk=article.pk), "web_url")

    assert Article.objects.get(pk=article.pk).web_url == own
    assert marked_and_true_twins() == (set(), set())
    assert RelatedLink.objects.get().target == article


def test_nothing_changed_is_no_operation():
    article = builders.article()
    operations.hold(article)
    operations.hold(article)

    assert Operation.objects.count() == 1
    assert Article.objects.get().version == 2


def test_a_deleted_article_comes_back_with_all_its_parts():
    build_newsroom()
    lead = Article.objects.get(title="Lead 1")
    before = (state(), links())
    operation = operations.delete(Article.objects.filter(pk=lead.pk)).operation
    assert not Article.objects.filter(lead=lead.pk).exists()

    operations.undo(operation)

    assert (state(), links()) == before


def test_what_is_secured_is_in_no_event():
    article = builders.article(secured="c2VjcmV0")
    operations.edit(article, title="Gale")
    operations.delete(Article.objects.all())

    assert not any("c2VjcmV0" in str(values) for values in Event.objects.values_list("before", "after"))


def test_pairings_of_a_taken_out_article_are_remembered():
    lead = builders.article("Lead", quality=80)
    member = builders.folded(lead)
    operations.take_out(member)

    assert list(Pairing.objects.values_list("lead", "member", "together")) == [(lead.pk, member.pk, False)]
    assert (member.lead, member.heat) == (None, 40)
    assert not SitePolicy.objects.filter(pk=2).exists()


def test_a_revived_article_keeps_the_time_it_came_in():
    article = builders.article()
    Article.objects.filter(pk=article.pk).update(created_at=builders.MORNING)

    operations.undo(operations.delete(Article.objects.all()).operation)

    assert Article.objects.get().created_at == builders.MORNING


@pytest.mark.django_db
def test_half_a_schedule_is_not_taken_back_where_it_would_end_before_it_begins():
    article = builders.article()
    days = [timezone.now() + timedelta(days=number) for number in range(12)]
    operations.schedule(article, publish_at=days[2], unpublish_at=days[3])
    longer = operations.schedule(article, publish_at=days[2], unpublish_at=days[10]).operation
    later = operations.schedule(article, publish_at=days[5], unpublish_at=days[10]).operation

    outcome = operations.undo(longer)
    article.refresh_from_db()

    assert [kept.event.field for kept in outcome.not_restored] == ["unpublish_at"]
    assert (article.publish_at, article.unpublish_at) == (days[5], days[10])
    operations.undo(later)
    operations.undo(longer)
    article.refresh_from_db()
    assert (article.publish_at, article.unpublish_at) == (days[2], days[3])
