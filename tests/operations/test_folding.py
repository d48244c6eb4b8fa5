"""Stories by an editor's hand: what folding does at once, and that no import turns it round."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from articles import operations
from articles.audit_log import snapshots
from articles.models import Article, Operation, Pairing, RelatedLink
from articles.operations.results import ActionError
from tests import builders
from tests.documents import edition
from tests.operations.documents import (
    LEAD,
    MEMBER,
    OTHER,
    better,
    import_,
    named,
    put,
    unfolded_by_document,
    without_coverage,
    worded,
)

pytestmark = pytest.mark.django_db

APART = "2020-06-09-event-1-as-outlet-0-tells-it"


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
    def test_it_goes_under_the_lead_which_gains_its_heat(self):
        lead, single = builders.article("Lead", quality=80), builders.article("Single", quality=90)

        outcome = operations.fold_into(single, lead)

        fresh(lead, single)
        assert (single.heat, single.lead, single.published, single.public) == (-1, lead, False, False)
        assert (lead.heat, lead.public, lead.lead) == (90, True, None)
        assert listed(lead) == ["Single"]
        assert single.pins == ["lead"]
        assert outcome.operation.articles == 2

    def test_members_and_foreign_coverage_come_along(self):
        lead, *_ = story("Lead", 80, 1)
        former, *members = story("Former", 70, 2)
        builders.related(former, title="Told elsewhere", quality=55)

        operations.fold_into(former, lead)

        fresh(lead, former, *members)
        assert [each.lead for each in (former, *members)] == [lead] * 3
        assert [each.heat for each in (former, *members)] == [-1] * 3
        assert listed(lead) == ["Former", "Told elsewhere", "Lead 1", "Former 1", "Former 2"]
        assert lead.heat == 80 + 5 * 10
        assert listed(former)[-1] == "Told elsewhere", "the coverage of the folded one stays its own too"

    def test_coverage_that_both_list_is_listed_once(self):
        lead, former = builders.article("Lead", quality=80), builders.article("Former", quality=70)
        link = builders.related(lead, title="Told elsewhere")
        builders.related(former, title=link.title, web_url=link.web_url, published_at=link.published_at)

        operations.fold_into(former, lead)

        assert sorted(listed(lead)) == ["Former", "Told elsewhere"]

    def test_pictures_of_copied_coverage_come_along(self):
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

    def test_the_editor_decides_where_another_lead_claims_it_with_better_right(self):
        """Both list each other, and the other lead is better: still it goes where it was put."""
        lead, single = builders.article("Lead", quality=60), builders.article("Single", quality=90)
        better = builders.article("Better", quality=99)
        builders.related(better, single)
        builders.related(single, better)

        operations.fold_into(single, lead)

        fresh(single)
        assert (single.lead, single.ambiguous) == (lead, False)

    def test_what_was_decided_of_two_the_other_way_round_is_void(self):
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
    def test_refusals_are_sentences_and_leave_nothing(self, spoil, why):
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

    def test_in_bulk_the_others_go_on(self):
        lead, single = builders.article("Lead", quality=90), builders.article("Single")

        outcome = operations.fold_into(Article.objects.all(), lead)

        assert outcome.done == [single.pk]
        assert [(each.title, each.reason) for each in outcome.rejections] == [
            ("Lead", "can't be folded under itself; choose another story")
        ]

    def test_a_second_click_changes_nothing_and_is_no_clash(self):
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

    def test_it_is_apart_from_every_member(self):
        lead, member, other = story(members=2)
        builders.related(member, other)
        builders.related(other, member)

        operations.take_out(member)

        assert not RelatedLink.objects.filter(target=member).exists()
        assert set(Pairing.objects.values_list("lead", "member", "together")) == {
            (lead.pk, member.pk, False),
            (other.pk, member.pk, False),
        }

    def test_a_good_one_is_published_by_the_policy(self):
        lead = builders.article("Lead", quality=90)
        member = builders.folded(lead, quality=85)

        operations.take_out(member)

        assert (member.heat, member.published, member.public) == (85, True, True)

    def test_what_is_not_folded_is_refused(self):
        with pytest.raises(ActionError, match="is not folded; it stands by itself already"):
            operations.take_out(builders.article())

    def test_a_second_click_is_no_clash(self):
        _, member = story()
        seen = {member.pk: member.version}
        operations.take_out(member, versions=seen)

        outcome = operations.take_out(member, versions=seen)

        assert (outcome.operation, outcome.done) == (None, [member.pk])

    def test_it_can_be_folded_again_by_hand(self):
        lead, member = story()
        operations.take_out(member)

        operations.fold_into(member, lead)

        fresh(lead, member)
        assert (member.lead, lead.heat) == (lead, 90)
        assert Pairing.objects.get().together

    def test_an_unscored_one_is_unscored_again(self):
        lead = builders.article("Lead", quality=90)
        raw = builders.article("Raw", quality=None, heat=None)
        operations.fold_into(raw, lead)
        assert not Article.objects.get(pk=raw.pk).public

        operations.take_out(raw)

        assert (raw.quality, raw.heat, raw.published, raw.public) == (None, None, None, True)


class TestMakeLead:
    def test_all_others_go_under_it(self):
        lead, member, other = story(members=2)
        builders.related(lead, title="Told elsewhere", quality=5)

        operations.make_lead(member)

        fresh(lead, member, other)
        assert (member.heat, member.lead, member.public) == (39, None, False)  # quality below the floor: no bonus
        assert [(each.lead, each.heat, each.public) for each in (lead, other)] == [(member, -1, False)] * 2
        assert listed(member) == ["Lead", "Lead 2", "Told elsewhere"]

    def test_the_policy_publishes_a_good_one(self):
        lead = builders.article("Lead", quality=90)
        member = builders.folded(lead, quality=75)

        operations.make_lead(member)

        fresh(lead)
        assert (member.heat, member.public, lead.lead) == (85, True, member)

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
    def test_refusals(self, build, why):
        with pytest.raises(ActionError) as refused:
            operations.make_lead(build())
        assert str(refused.value) == why

    def test_a_second_click_is_no_clash(self):
        _, member = story()
        seen = {member.pk: member.version}
        operations.make_lead(member, versions=seen)

        assert operations.make_lead(member, versions=seen).operation is None

    def test_rescoring_does_not_give_the_lead_back(self):
        lead, member = story()
        operations.make_lead(member)

        assert operations.rescore(Article.objects.all()) == []
        fresh(lead, member)
        assert (lead.lead, member.heat) == (member, 40 - 1)


class TestMerge:
    def test_two_stories_become_one_and_no_outlet_is_lost(self):
        lead, *own = story("Lead", 80, 2)
        former, *theirs = story("Former", 90, 2)
        builders.related(former, title="Told elsewhere")

        operation = operations.merge(former, lead).operation

        fresh(lead, former, *own, *theirs)
        assert (lead.heat, lead.public) == (80 + 6 * 10, True)
        assert {each.lead for each in (former, *own, *theirs)} == {lead}
        assert not Article.objects.filter(heat=-1, public=True).exists()
        assert operation.verb == "merge"

    def test_undoing_it_parts_them_again(self):
        lead, *_ = story("Lead", 80, 2)
        former, *_ = story("Former", 90, 2)
        builders.related(former, title="Told elsewhere")
        before = table()

        operations.undo(operations.merge(former, lead).operation)

        assert table() == before


def table() -> dict[str, object]:
    """Return how the stories stand: heat, lead, pins and lists of each article."""
    ids = list(Article.objects.values_list("pk", flat=True))
    lists = {name: snapshots.read_list(ids, name) for name in ("related", "pairings")}
    return {
        article.title: (
            article.heat,
            article.published,
            article.public,
            str(article.lead),
            article.pins,
            *(lists[name][article.pk] for name in lists),
        )
        for article in Article.objects.select_related("lead")
    }


# What imports make of it


def folded_by_document(text: str) -> str:
    lines = [line for line in text.split("\n") if not line.startswith(("heat:", "published:"))]
    at = next(number for number, line in enumerate(lines) if line.startswith("quality:"))
    return "\n".join([*lines[: at + 1], "heat: -1", "published: false", *lines[at + 1 :]])


DOCUMENTS: dict[str, Callable[[Path], None]] = {
    "nothing new": lambda folder: None,
    "other words of the lead": lambda folder: put(folder, LEAD, worded),
    "other words of the member": lambda folder: put(folder, MEMBER, worded),
    "other words of another member": lambda folder: put(folder, OTHER, worded),
    "a better member": lambda folder: put(folder, MEMBER, better),
    "a member that is folded now": lambda folder: put(folder, MEMBER, lambda text: worded(folded_by_document(text))),
    "a member that is published now": lambda folder: put(
        folder, MEMBER, lambda text: worded(unfolded_by_document(text))
    ),
    "a lead without coverage": lambda folder: put(folder, LEAD, without_coverage),
    "all documents anew": lambda folder: [put(folder, name, worded) for name in (LEAD, MEMBER, OTHER)] and None,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A story of three, and a second one; both stored."""
    edition(tmp_path, stories=2, members=2)
    import_(tmp_path)
    return tmp_path


rescored = pytest.mark.parametrize("rescore", [False, True], ids=["as it says", "rescored"])


@pytest.mark.parametrize("change", DOCUMENTS.values(), ids=DOCUMENTS)
class TestImports:
    @rescored
    def test_do_not_fold_back_what_was_taken_out(self, folder, change, rescore):
        operations.take_out(named(MEMBER))

        change(folder)
        import_(folder, rescore=rescore)

        member = named(MEMBER)
        assert (member.is_folded, member.lead, member.pins) == (False, None, ["lead"])
        assert not RelatedLink.objects.filter(target=member, article__name__in=[LEAD, OTHER]).exists()
        assert not RelatedLink.objects.filter(article=member, target__name__in=[LEAD, OTHER]).exists()
        assert not named(LEAD).is_folded
        assert named(OTHER).is_folded
        sound()

    @rescored
    def test_do_not_unfold_what_was_folded(self, folder, change, rescore):
        operations.fold_into(named(MEMBER), named(APART))

        change(folder)
        import_(folder, rescore=rescore)

        member = named(MEMBER)
        assert (member.heat, member.lead, member.public) == (-1, named(APART), False)
        assert RelatedLink.objects.filter(article__name=APART, target=member).count() == 1
        sound()

    def test_do_not_depose_the_lead_that_an_editor_made(self, folder, change):
        operations.make_lead(named(MEMBER))

        change(folder)
        import_(folder, rescore=True)

        member = named(MEMBER)
        assert not member.is_folded
        for name in (LEAD, OTHER):
            assert (named(name).heat, named(name).lead, named(name).public) == (-1, member, False)
        sound()

    def test_keep_two_merged_stories_one(self, folder, change):
        operations.merge(named(LEAD), named(APART))

        change(folder)
        import_(folder)

        for name in (LEAD, MEMBER, OTHER):
            assert (named(name).heat, named(name).lead) == (-1, named(APART)), name
        sound()

    def test_fold_as_the_documents_say_once_the_decision_is_undone(self, folder, change):
        before = table()
        operation = operations.take_out(named(MEMBER)).operation
        operations.undo(operation)
        assert table() == before

        change(folder)
        import_(folder)
        undone = table()
        Article.objects.all().delete()
        import_(folder)

        assert {title: row[:4] for title, row in undone.items()} == {title: row[:4] for title, row in table().items()}


def sound() -> None:
    """Assert what holds for all stories at any time."""
    for article in Article.objects.select_related("lead"):
        assert article.lead is None or not article.lead.is_folded, article
        assert article.is_folded or article.lead is None, article
        assert not (article.is_folded and article.public), article
    positions = snapshots.read_list(list(Article.objects.values_list("pk", flat=True)), "related")
    for pk in positions:
        numbers = list(RelatedLink.objects.filter(article=pk).order_by("position").values_list("position", flat=True))
        assert numbers == list(range(len(numbers))), pk


def test_an_import_between_take_out_and_its_undo_lets_the_next_one_fold_again(folder):
    operation = operations.take_out(named(MEMBER)).operation
    put(folder, MEMBER, worded)
    put(folder, LEAD, worded)
    import_(folder)
    assert not named(MEMBER).is_folded

    operations.undo(operation)
    import_(folder)

    assert (named(MEMBER).is_folded, named(MEMBER).lead, named(MEMBER).pins) == (True, named(LEAD), [])
    assert named(LEAD).related_links.filter(target__name=MEMBER).count() == 1
    assert not Pairing.objects.exists()
    sound()


@pytest.mark.parametrize(
    "decide",
    [
        lambda: operations.take_out(named(MEMBER)),
        lambda: operations.fold_into(named(MEMBER), named(APART)),
        lambda: operations.make_lead(named(MEMBER)),
        lambda: operations.merge(named(LEAD), named(APART)),
    ],
    ids=["taken out", "folded", "made lead", "merged"],
)
def test_what_is_exported_makes_the_same_stories_elsewhere(folder, tmp_path_factory, decide):
    """The documents that come out hold the editors' stories: a newsroom without pins and pairings reads the same."""
    decide()
    stories = {name: row[:4] for name, row in table().items()}
    lists = {article.name: listed(article) for article in Article.objects.all()}
    out = tmp_path_factory.mktemp("out")
    call_command("export_articles", str(out), stdout=StringIO(), verbosity=0)
    Article.objects.all().delete()

    import_(out)

    assert {name: row[:4] for name, row in table().items()} == stories
    assert {article.name: listed(article) for article in Article.objects.all()} == lists
