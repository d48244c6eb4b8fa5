"""What becomes of a story whose lead is withdrawn: its best member follows and waits for an editor."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.models import Article, Operation, SitePolicy
from articles.operations.results import ActionError, ActionResult, succession_sentences
from tests import builders
from tests.operations.states import link_targets, newsroom_state

pytestmark = pytest.mark.django_db


def row(article: Article) -> Article:
    return Article.objects.select_related("lead").get(pk=article.pk)


def story(**values: object) -> tuple[Article, Article, Article]:
    """Return a lead on the site, its best member and another one, which would reach the threshold by themselves."""
    lead = builders.article("Lead", quality=95, **values)
    builders.related(lead, title="Elsewhere")
    best, other = (builders.folded(lead, title, quality=quality) for title, quality in (("Best", 90), ("Other", 80)))
    for member in (best, other):
        builders.related(member, lead)
    return lead, best, other


def delete(article: Article) -> ActionResult:
    return operations.delete(Article.objects.filter(pk=article.pk))


WITHDRAWALS = pytest.mark.parametrize("withdraw", [operations.hold, operations.spike, delete])


@WITHDRAWALS
def test_the_best_member_leads_next_and_waits_for_an_editor(withdraw: Callable[[Article], ActionResult]):
    lead, best, other = story()

    result = withdraw(lead)

    assert (result.appeared, result.disappeared) == ({}, {lead.pk: "Lead"})
    best = row(best)
    assert (best.state, best.published, best.public, best.previous_lead) == ("undecided", False, False, lead.name)
    assert best.heat == 90 + 3 * 10, "it lists the other two and the coverage elsewhere"
    assert (row(other).lead, row(other).public) == (best, False)
    assert {link.title for link in best.related_links.all()} == {"Lead", "Other", "Elsewhere"}


def test_publishing_a_spiked_lead_is_refused_and_moves_no_member():
    lead, *_ = story()
    operations.spike(lead, "paywall")
    before, targets = newsroom_state(), link_targets()

    outcome = operations.publish(Article.objects.filter(pk=lead.pk))

    assert [refusal.reason for refusal in outcome.rejections] == ["was spiked; reopen it first"]
    assert (outcome.operation, newsroom_state(), link_targets()) == (None, before, targets)


@WITHDRAWALS
def test_no_rescore_publishes_a_member(withdraw):
    lead, *_ = story()
    withdraw(lead)
    SitePolicy.objects.update(publish_threshold=1)

    operations.rescore(Article.objects.all())

    assert not Article.objects.filter(public=True).exists()


@pytest.mark.slow
@WITHDRAWALS
def test_undo_restores_every_row_and_redo_withdraws_again(withdraw):
    lead, *_ = story()
    before, targets = newsroom_state(), link_targets()
    operation = withdraw(lead).operation
    after = newsroom_state()

    undone = operations.undo(operation)
    assert (undone.not_restored, newsroom_state(), link_targets()) == ([], before, targets)

    assert operations.undo(undone.operation).not_restored == []
    assert newsroom_state() == after


@pytest.mark.slow
@WITHDRAWALS
def test_the_best_member_can_be_published_in_its_place_by_the_same_operation(withdraw):
    lead, best, other = story()
    before = newsroom_state()

    if withdraw is delete:
        result = operations.delete(Article.objects.filter(pk=lead.pk), in_place=[best.pk])
    else:
        result = withdraw(lead, in_place=[best.pk])

    assert (result.appeared, result.disappeared) == ({best.pk: "Best"}, {lead.pk: "Lead"})
    assert (row(best).state, row(best).previous_lead, row(other).lead) == ("published", None, best)
    operations.undo(result.operation)
    assert newsroom_state() == before


def test_publishing_in_its_place_needs_the_permission():
    lead, best, _ = story()
    user = User.objects.create_user("editor", is_staff=True)
    user.groups.add(Group.objects.get(name="editor"))

    with pytest.raises(ActionError, match="without the permission to publish"):
        operations.delete(Article.objects.filter(pk=lead.pk), in_place=[best.pk], by=Actor(user))

    assert row(lead).public


def test_an_article_that_leads_nothing_next_is_not_published_in_its_place():
    lead, _, other = story()
    unrelated = builders.article(quality=90, published=False)

    operations.hold(lead, in_place=[other.pk, unrelated.pk])

    assert not Article.objects.filter(public=True).exists()


@pytest.mark.parametrize("decide", [operations.hold, operations.spike])
def test_the_story_of_an_unpublished_lead_stays_together(decide):
    lead, best, other = story(published=False)

    decide(lead)

    assert (row(best).lead, row(best).previous_lead, row(other).lead) == (lead, None, lead)


def test_deleting_an_unpublished_lead_leaves_a_story_that_waits():
    lead, best, _ = story(published=False)

    delete(lead)

    assert (row(best).state, row(best).published, "published" in row(best).pins) == ("undecided", False, True)


@pytest.mark.slow
def test_a_member_that_was_decided_or_has_no_quality_does_not_lead():
    lead, best, other = story()
    builders.folded(lead, "Unscored", quality=None)
    operations.spike(best)

    operations.hold(lead)

    assert (row(other).state, row(other).lead, row(best).lead) == ("undecided", None, other)


def test_of_a_story_that_is_withdrawn_as_a_whole_nothing_is_left():
    lead, best, other = story()

    operations.spike(Article.objects.all())

    assert {row(article).state for article in (lead, best, other)} == {"spiked"}
    assert row(best).lead == lead


@pytest.mark.slow
def test_stories_withdrawn_together_each_get_a_lead(monkeypatch):
    monkeypatch.setattr("articles.stories.rescoring.CHUNK", 1)
    monkeypatch.setattr("articles.audit_log.unit_of_work.FLUSH_THRESHOLD", 1)
    (one, best, _), (two, second_best, other) = story(), story()
    before = newsroom_state()

    result = operations.spike(Article.objects.filter(pk__in=[one.pk, two.pk, second_best.pk]))

    assert [row(article).previous_lead for article in (best, second_best, other)] == [one.name, None, two.name]
    assert not Article.objects.filter(public=True).exists()
    assert operations.undo(result.operation).not_restored == []
    assert newsroom_state() == before


def folded_by_merging(lead: Article, second: Article) -> Operation | None:
    return operations.merge(second, lead).operation


def folded_by_another_lead(lead: Article, second: Article) -> Operation | None:
    operations.fold_into(lead, second)
    return operations.make_lead(lead).operation


@pytest.mark.slow
@pytest.mark.parametrize("fold", [folded_by_merging, folded_by_another_lead])
def test_no_undo_of_an_earlier_act_shows_a_story_that_waits_since(fold):
    lead, second = (builders.article(title, quality=quality) for title, quality in (("Lead", 95), ("Second", 90)))
    operation = fold(lead, second)
    operations.hold(row(lead), by=Actor(User.objects.create_superuser("ana")))

    undone = operations.undo(operation)

    assert (row(second).state, row(second).published, "published" in row(second).pins) == ("undecided", False, True)
    assert ("state", "held by ana since then") in [(kept.event.field, kept.reason) for kept in undone.not_restored]
    operations.undo(undone.operation)
    assert not Article.objects.filter(public=True).exists()


def test_no_undo_of_an_earlier_act_shows_a_folded_article_that_was_reopened_since():
    lead, second = (builders.article(title, quality=quality) for title, quality in (("Lead", 95), ("Second", 90)))
    operation = folded_by_merging(lead, second)
    operations.reopen(row(second), by=Actor(User.objects.create_superuser("ana")))

    undone = operations.undo(operation)

    assert (row(second).lead, row(second).state, row(second).public) == (None, "undecided", False)
    assert [(kept.event.field, kept.reason) for kept in undone.not_restored] == [
        ("state", "reopened by ana since then")
    ]


class TestPublishingTheLeadAgain:
    @pytest.mark.slow
    @pytest.mark.parametrize("acts", [[operations.hold], [operations.spike, operations.reopen]])
    def test_it_takes_its_members_back(self, acts):
        lead, best, other = story()
        for act in acts:
            act(lead)

        operations.publish(lead)

        assert row(lead).public
        assert [row(article).lead for article in (best, other)] == [lead, lead]
        assert (row(best).previous_lead, "published" in row(best).pins, row(best).heat) == (None, False, -1)
        assert row(lead).related_links.count() == 3
        operations.undo(Operation.objects.first())
        assert (row(best).previous_lead, row(other).lead) == (lead.name, best)

    @pytest.mark.slow
    def test_unpinning_does_the_same_and_says_so(self):
        lead, best, other = story(wishes={"published": True})
        operations.hold(lead)

        result = operations.unpin(row(lead))

        assert row(lead).public
        assert [row(article).lead for article in (best, other)] == [lead, lead]
        assert (row(best).previous_lead, row(best).heat, row(best).public) == (None, -1, False)
        assert succession_sentences(result.operation) == ["“Best” is folded under its previous lead again."]
        operations.undo(result.operation)
        assert (row(best).previous_lead, row(other).lead, row(lead).public) == (lead.name, best, False)

    def test_unpinning_what_leaves_it_hidden_takes_no_members_back(self):
        lead, best, _other = story()
        operations.hold(lead)
        SitePolicy.objects.update(publish_threshold=500)

        operations.unpin(row(lead))

        assert (row(lead).public, row(best).lead, row(best).previous_lead) == (False, None, lead.name)

    def test_a_member_that_was_decided_meanwhile_stays(self):
        lead, best, other = story()
        operations.hold(lead)
        operations.publish(best)

        operations.publish(lead)

        assert (row(best).public, row(best).lead, row(other).lead) == (True, None, best)

    def test_the_second_lead_can_be_withdrawn_too(self):
        lead, best, other = story()
        operations.hold(lead, in_place=[best.pk])

        operations.hold(row(best))

        assert (row(other).previous_lead, row(other).public) == (best.name, False)
