"""Fold, take out, make lead and merge: what happens to the stories at once."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from articles import operations
from articles.db.bulk import chunked
from articles.models import Article, Operation, Pairing, RelatedLink
from articles.operations.results import ActionError, ActionResult
from tests import builders
from tests.operations.states import newsroom_state, story_table

pytestmark = pytest.mark.django_db


def story(title: str = "Lead", quality: int = 80, members: int = 1) -> tuple[Article, ...]:
    """Return a lead with its members, by title `Lead 1` and so on; each lists the lead, which lists them all."""
    lead = builders.article(title, quality=quality)
    folded = [
        builders.folded(lead, f"{title} {number}", quality=quality // 2 - number) for number in range(1, members + 1)
    ]
    for member in folded:
        builders.related(member, lead)
    operations.rescore(Article.objects.filter(pk=lead.pk))
    lead.refresh_from_db()
    return lead, *folded


def fresh(*articles: Article) -> None:
    for article in articles:
        article.refresh_from_db()


def listed(article: Article) -> list[str]:
    return list(article.related_links.order_by("position").values_list("title", flat=True))


class TestFold:
    def test_the_article_goes_under_the_lead_which_gains_heat(self):
        lead, single = builders.article("Lead", quality=80), builders.article("Single", quality=90)

        outcome = operations.fold_into(single, lead)

        fresh(lead, single)
        assert (single.heat, single.lead, single.published, single.public) == (-1, lead, False, False)
        assert (lead.heat, lead.public, lead.lead) == (90, True, None)
        assert listed(lead) == ["Single"]
        assert single.pins == ["lead"]
        assert outcome.operation.articles == 2

    def test_its_members_and_external_links_go_along(self):
        lead, *_ = story("Lead", 80, 1)
        former, *members = story("Former", 70, 2)
        builders.related(former, title="Told elsewhere", quality=55)

        operations.fold_into(former, lead)

        fresh(lead, former, *members)
        assert [article.lead for article in (former, *members)] == [lead] * 3
        assert [article.heat for article in (former, *members)] == [-1] * 3
        assert listed(lead) == ["Former", "Told elsewhere", "Lead 1", "Former 1", "Former 2"]
        assert lead.heat == 80 + 5 * 10
        assert listed(former)[-1] == "Told elsewhere", "the coverage of the folded one stays its own too"

    def test_coverage_that_both_list_is_listed_once(self):
        lead, former = builders.article("Lead", quality=80), builders.article("Former", quality=70)
        link = builders.related(lead, title="Told elsewhere")
        builders.related(former, title=link.title, web_url=link.web_url, published_at=link.published_at)

        operations.fold_into(former, lead)

        assert sorted(listed(lead)) == ["Former", "Told elsewhere"]

    def test_copied_links_keep_their_pictures(self):
        lead, former = builders.article(quality=80), builders.article(quality=70)
        builders.related(former, title="Told elsewhere").images.create(url="https://x.example/1.jpg", width=3)

        operations.fold_into(former, lead)

        [link] = lead.related_links.filter(target=None)
        assert list(link.images.values_list("url", "width")) == [("https://x.example/1.jpg", 3)]
        assert former.related_links.get(target=None).images.count() == 1

    def test_many_at_once_go_under_one_lead(self):
        lead, former, single = story("Lead", 90)[0], story("Former", 70, 1)[0], builders.article("Single", quality=60)

        outcome = operations.fold_into(
            Article.objects.filter(title__startswith="Former") | Article.objects.filter(pk=single.pk), lead
        )

        assert len(outcome.done) == 3
        assert set(Article.objects.filter(lead=lead).values_list("title", flat=True)) == {
            "Lead 1",
            "Former",
            "Former 1",
            "Single",
        }
        assert not Article.objects.filter(lead=former).exists()

    def test_a_folded_one_moves_to_another_story(self):
        lead, member = story("Lead", 80)
        other, _ = story("Other", 90)

        operations.fold_into(member, other)

        fresh(lead, member, other)
        assert (member.lead, member.heat) == (other, -1)
        assert list(Pairing.objects.filter(member=member, together=True).values_list("lead", flat=True)) == [other.pk]

    def test_the_editor_overrides_a_better_lead(self):
        """The article and the better lead list each other, but the editor folded it under another."""
        lead, single = builders.article("Lead", quality=60), builders.article("Single", quality=90)
        better = builders.article("Better", quality=99)
        builders.related(better, single)
        builders.related(single, better)

        operations.fold_into(single, lead)

        fresh(single)
        assert (single.lead, single.ambiguous) == (lead, False)

    def test_folding_replaces_a_decision_with_the_roles_reversed(self):
        lead, member = story()
        operations.take_out(member)

        operations.fold_into(lead, member)

        assert list(Pairing.objects.values_list("lead", "member", "together")) == [(member.pk, lead.pk, True)]

    @pytest.mark.parametrize(
        ("spoil", "why"),
        [
            (lambda lead: lead, "can't be folded under itself; choose another story"),
            (
                lambda lead: builders.folded(lead, "Low"),
                "can't be folded under “Low”, which is folded itself; choose its lead",
            ),
            (
                lambda lead: builders.article("Raw", quality=None, heat=None),
                "can't be folded under “Raw”, which has no heat yet; score that one first",
            ),
            (lambda lead: builders.article("Gone", removed=True), "can't be folded under “Gone”, which was rejected"),
            (
                lambda lead: operations.spike(builders.article("Bad"), "other") and Article.objects.get(title="Bad"),
                "can't be folded under “Bad”, which was rejected; reopen that one first",
            ),
        ],
        ids=["itself", "folded", "unscored", "removed", "spiked"],
    )
    def test_an_impossible_fold_says_why_and_changes_nothing(self, spoil, why):
        lead = builders.article("Lead")
        under = spoil(lead)
        before = list(Article.objects.order_by("pk").values()), RelatedLink.objects.count(), Operation.objects.count()

        with pytest.raises(ActionError) as refused:
            operations.fold_into(lead, under)

        assert str(refused.value).startswith(why)
        assert (
            list(Article.objects.order_by("pk").values()),
            RelatedLink.objects.count(),
            Operation.objects.count(),
        ) == before
        assert not Pairing.objects.exists()

    def test_of_many_articles_the_possible_ones_are_folded(self):
        lead, single = builders.article("Lead", quality=90), builders.article("Single")

        outcome = operations.fold_into(Article.objects.all(), lead)

        assert outcome.done == [single.pk]
        assert [(rejection.title, rejection.reason) for rejection in outcome.rejections] == [
            ("Lead", "can't be folded under itself; choose another story")
        ]

    def test_a_second_click_changes_nothing_and_is_no_conflict(self):
        lead, single = builders.article("Lead", quality=90), builders.article("Single")
        seen = {single.pk: single.version}
        operations.fold_into(single, lead, versions=seen)
        version = single.version

        outcome = operations.fold_into(Article.objects.filter(pk=single.pk), lead, versions=seen)

        single.refresh_from_db()
        assert (outcome.operation, outcome.rejections, single.version) == (None, [], version)


class TestTakeOut:
    def test_it_stands_by_itself_and_the_lead_loses_its_heat(self):
        lead, member, other = story(members=2)
        assert lead.heat == 100

        operations.take_out(member)

        fresh(lead, member, other)
        assert (member.heat, member.lead, member.published, member.pins) == (39, None, False, ["lead"])
        assert (lead.heat, listed(lead)) == (90, ["Lead 2"])
        assert other.lead == lead
        assert listed(member) == []

    def test_it_is_unlinked_from_every_member(self):
        lead, member, other = story(members=2)
        builders.related(member, other)
        builders.related(other, member)

        operations.take_out(member)

        assert not RelatedLink.objects.filter(target=member).exists()
        assert set(Pairing.objects.values_list("lead", "member", "together")) == {
            (lead.pk, member.pk, False),
            (other.pk, member.pk, False),
        }

    @pytest.mark.parametrize("is_announced", [True, False])
    def test_the_policy_may_publish_it_if_a_preview_said_so(self, is_announced):
        lead = builders.article("Lead", quality=90)
        member = builders.folded(lead, quality=85)

        operations.take_out(member, announced=[member.pk] if is_announced else [])

        assert (member.heat, member.published, member.public) == (85, is_announced, is_announced)

    def test_an_article_that_is_not_folded_cannot_be_taken_out(self):
        with pytest.raises(ActionError, match="is not folded; it stands by itself already"):
            operations.take_out(builders.article())

    def test_a_second_click_is_no_conflict(self):
        _, member = story()
        seen = {member.pk: member.version}
        operations.take_out(member, versions=seen)

        outcome = operations.take_out(member, versions=seen)

        assert (outcome.operation, outcome.done) == (None, [member.pk])

    @pytest.mark.slow
    def test_an_editor_can_fold_it_again(self):
        lead, member = story()
        operations.take_out(member)

        operations.fold_into(member, lead)

        fresh(lead, member)
        assert (member.lead, lead.heat) == (lead, 90)
        assert Pairing.objects.get().together

    @pytest.mark.slow
    def test_an_unscored_article_is_unscored_again(self):
        lead = builders.article("Lead", quality=90)
        raw = builders.article("Raw", quality=None, heat=None)
        operations.fold_into(raw, lead)
        assert not Article.objects.get(pk=raw.pk).public

        undone = operations.take_out(raw, announced=[raw.pk]).operation
        assert (raw.quality, raw.heat, raw.published, raw.public) == (None, None, None, True)
        operations.undo(undone)

        operations.take_out(raw)
        assert (raw.quality, raw.heat, raw.published, raw.public) == (None, None, False, False)


class TestMakeLead:
    def test_all_other_members_are_folded_under_it(self):
        lead, member, other = story(members=2)
        builders.related(lead, title="Told elsewhere", quality=5)

        operations.make_lead(member)

        fresh(lead, member, other)
        assert (member.heat, member.lead) == (39, None)  # quality below the floor: no bonus
        assert [(article.lead, article.heat, article.public) for article in (lead, other)] == [(member, -1, False)] * 2
        assert listed(member) == ["Lead", "Lead 2", "Told elsewhere"]

    def test_the_publication_of_the_story_moves_to_the_new_lead(self):
        lead = builders.article("Lead", quality=90)
        member = builders.folded(lead, quality=75)

        operations.make_lead(member)

        fresh(lead)
        assert (member.heat, member.public, lead.lead) == (85, True, member)
        assert member.pins == ["lead"]

    def test_the_story_stays_published_below_the_threshold_and_with_its_schedule(self):
        lead, later = builders.article("Lead", quality=90), timezone.now() + timedelta(days=1)
        member = builders.folded(lead, quality=40)
        builders.related(member, lead)
        operations.schedule(lead, publish_at=later)

        operations.make_lead(member)

        fresh(lead)
        assert (member.heat, member.public, member.publish_at, member.pins) == (40, True, later, ["lead", "published"])
        assert (lead.published, lead.pins) == (False, ["lead"])
        operations.rescore(Article.objects.all())
        fresh(member)
        assert member.public

    def test_a_decision_against_the_new_lead_stays(self):
        lead = builders.article("Lead", quality=90)
        member = builders.folded(lead, quality=75)
        builders.related(member, lead)
        operations.hold(member)

        operations.make_lead(member)

        assert (member.state, member.public) == ("held", False)

    @pytest.mark.parametrize("is_announced", [True, False])
    def test_an_unpublished_story_appears_only_if_a_preview_said_so(self, is_announced):
        lead = builders.article("Lead", quality=90, published=False)
        member = builders.folded(lead, quality=75)

        operations.make_lead(member, announced=[member.pk] if is_announced else [])

        assert member.public == is_announced

    @pytest.mark.parametrize(
        ("build", "why"),
        [
            (lambda: builders.article(), "is not folded under a lead; there is no story to lead"),
            (
                lambda: builders.folded(builders.article(), quality=None),
                "has no quality yet; score it first",
            ),
        ],
        ids=["single", "unscored"],
    )
    def test_an_impossible_lead_says_why(self, build, why):
        with pytest.raises(ActionError) as refused:
            operations.make_lead(build())
        assert str(refused.value) == why

    def test_a_second_click_is_no_conflict(self):
        _, member = story()
        seen = {member.pk: member.version}
        operations.make_lead(member, versions=seen)

        assert operations.make_lead(member, versions=seen).operation is None

    def test_rescoring_keeps_the_editors_lead(self):
        lead, member = story()
        operations.make_lead(member)

        assert operations.rescore(Article.objects.all()) == []
        fresh(lead, member)
        assert (lead.lead, member.heat) == (member, 40 - 1)


class TestMerge:
    @pytest.mark.slow
    def test_two_stories_become_one_without_losing_links(self):
        lead, *members = story("Lead", 80, 2)
        former, *former_members = story("Former", 90, 2)
        builders.related(former, title="Told elsewhere")

        operation = operations.merge(former, lead).operation

        fresh(lead, former, *members, *former_members)
        assert (lead.heat, lead.public) == (80 + 6 * 10, True)
        assert {article.lead for article in (former, *members, *former_members)} == {lead}
        assert not Article.objects.filter(heat=-1, public=True).exists()
        assert operation.verb == "merge"

    @pytest.mark.parametrize("is_announced", [True, False])
    def test_a_lead_that_gains_heat_appears_only_if_a_preview_said_so(self, is_announced):
        lead, single = builders.article("Lead", quality=65), builders.article("Single", quality=50)

        operations.merge(single, lead, announced=[lead.pk] if is_announced else [])

        fresh(lead)
        assert (lead.heat, lead.public) == (75, is_announced)

    @pytest.mark.slow
    def test_undo_separates_them_again(self):
        lead, *_ = story("Lead", 80, 2)
        former, *_ = story("Former", 90, 2)
        builders.related(former, title="Told elsewhere")
        before = story_table()

        operations.undo(operations.merge(former, lead).operation)

        assert story_table() == before


def test_a_pairing_keeps_a_taken_out_article_apart_from_its_lead():
    lead = builders.article("Lead", quality=80)
    member = builders.folded(lead)
    operations.take_out(member)

    assert list(Pairing.objects.values_list("lead", "member", "together")) == [(lead.pk, member.pk, False)]
    assert (member.lead, member.heat) == (None, 40)


class TestALeadThatIsFoldedByRules:
    """Its members that an editor folded go with it, as in a merge."""

    def story(self, *, is_apart: bool = False) -> tuple[Article, Article, Article]:
        """Return a lead, a member by rules, and one that an editor folded and that only the lead lists."""
        lead = builders.article("Lead", quality=90)
        member = builders.folded(lead, "Member", quality=80)
        builders.related(member, lead)
        hand = builders.article("Hand", quality=50)
        if is_apart:
            operations.keep_apart(hand, member)
        operations.fold_into(hand, lead)
        return lead, Article.objects.get(pk=member.pk), hand

    def better_member(self, lead: Article, member: Article) -> ActionResult:
        return operations.score(member, quality=120)

    def worse_lead(self, lead: Article, member: Article) -> ActionResult:
        return operations.edit(Article.objects.get(pk=lead.pk), quality=60)

    def unpinned_quality(self, lead: Article, member: Article) -> ActionResult:
        operations.score(member, quality=10)
        Article.objects.filter(pk=member.pk).update(wishes={"quality": 120})
        return operations.unpin(Article.objects.get(pk=member.pk), "quality")

    @pytest.mark.slow
    @pytest.mark.parametrize("change", ["better_member", "worse_lead", "unpinned_quality"])
    def test_they_follow_to_the_new_lead(self, change):
        lead, member, hand = self.story()
        before = newsroom_state()

        result = getattr(self, change)(lead, member)

        lead.refresh_from_db()
        hand.refresh_from_db()
        member.refresh_from_db()
        assert (lead.lead, hand.lead, hand.heat, hand.pins) == (member, member, -1, ["lead"])
        assert member.heat == member.quality + 2 * 10, "it counts the one that came"
        assert list(Pairing.objects.values_list("lead", "member", "together")) == [(member.pk, hand.pk, True)]
        assert "“Hand” is folded under “Member” now." in [change.sentence for change in result.consequences]
        after = newsroom_state()
        undone = operations.undo(result.operation)
        if change != "unpinned_quality":
            assert newsroom_state() == before
        operations.undo(undone.operation)
        assert newsroom_state() == after

    @pytest.mark.parametrize("chunk", [1, 500])
    def test_they_follow_in_a_rescoring(self, monkeypatch, chunk):
        monkeypatch.setattr("articles.operations.rescoring.chunked", partial(chunked, size=chunk))
        monkeypatch.setattr("articles.audit_log.unit_of_work.FLUSH_THRESHOLD", chunk)
        lead, member, hand = self.story()
        Article.objects.filter(pk=member.pk).update(quality=120)

        changes = operations.rescore(Article.objects.all())

        hand.refresh_from_db()
        assert (hand.lead, Article.objects.get(pk=lead.pk).lead) == (member, member)
        [of_member] = [change for change in changes if change.pk == member.pk]
        assert of_member.fields["heat"] == (-1, 120 + 2 * 10)
        assert "“Hand” is folded under “Member” now." in [change.sentence for change in changes]

    def test_one_that_was_kept_apart_from_the_new_lead_has_none_and_comes_back(self):
        lead, member, hand = self.story(is_apart=True)

        result = operations.score(member, quality=120)

        hand.refresh_from_db()
        assert (hand.lead, hand.heat) == (None, -1)
        sentence = "“Hand” is folded and has no lead now; find it in the view “Folded, no lead”."
        assert sentence in [change.sentence for change in result.consequences]
        operations.score(Article.objects.get(pk=lead.pk), quality=130)
        hand.refresh_from_db()
        assert hand.lead == lead
