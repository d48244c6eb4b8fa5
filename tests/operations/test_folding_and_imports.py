"""No import reverses how editors arranged the stories, whatever the documents say."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from articles import operations
from articles.audit_log import snapshots
from articles.models import Article, Pairing, RelatedLink
from tests.documents import write_demo_documents
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
from tests.operations.states import story_table

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

APART = "2020-06-09-event-1-as-outlet-0-tells-it"


def listed(article: Article) -> list[str]:
    return list(article.related_links.order_by("position").values_list("title", flat=True))


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
    "all documents changed": lambda folder: [put(folder, name, worded) for name in (LEAD, MEMBER, OTHER)] and None,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A story of three, and a second one; both stored."""
    write_demo_documents(tmp_path, stories=2, members=2)
    import_(tmp_path)
    return tmp_path


QUICK = ("a member that is published now", "all documents changed")

rescored = pytest.mark.parametrize(
    "rescore", [False, pytest.param(True, marks=pytest.mark.systematic)], ids=["as the document says", "rescored"]
)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(change, id=name, marks=() if name in QUICK else pytest.mark.systematic)
        for name, change in DOCUMENTS.items()
    ],
)
class TestAnImport:
    @rescored
    def test_does_not_fold_an_article_that_was_taken_out(self, folder, change, rescore):
        operations.take_out(named(MEMBER))

        change(folder)
        import_(folder, rescore=rescore)

        member = named(MEMBER)
        assert (member.is_folded, member.lead, member.pins) == (False, None, ["lead"])
        assert not RelatedLink.objects.filter(target=member, article__name__in=[LEAD, OTHER]).exists()
        assert not RelatedLink.objects.filter(article=member, target__name__in=[LEAD, OTHER]).exists()
        assert not named(LEAD).is_folded
        assert named(OTHER).is_folded
        assert_consistent()

    @rescored
    def test_does_not_unfold_an_article_that_was_folded(self, folder, change, rescore):
        operations.fold_into(named(MEMBER), named(APART))

        change(folder)
        import_(folder, rescore=rescore)

        member = named(MEMBER)
        assert (member.heat, member.lead, member.public) == (-1, named(APART), False)
        assert RelatedLink.objects.filter(article__name=APART, target=member).count() == 1
        assert_consistent()

    def test_keeps_the_lead_that_an_editor_made(self, folder, change):
        operations.make_lead(named(MEMBER))

        change(folder)
        import_(folder, rescore=True)

        member = named(MEMBER)
        assert not member.is_folded
        for name in (LEAD, OTHER):
            assert (named(name).heat, named(name).lead, named(name).public) == (-1, member, False)
        assert_consistent()

    def test_keeps_two_stories_merged(self, folder, change):
        operations.merge(named(LEAD), named(APART))

        change(folder)
        import_(folder)

        for name in (LEAD, MEMBER, OTHER):
            assert (named(name).heat, named(name).lead) == (-1, named(APART)), name
        assert_consistent()

    def test_folds_as_the_documents_say_once_the_decision_is_undone(self, folder, change):
        before = story_table()
        operation = operations.take_out(named(MEMBER)).operation
        operations.undo(operation)
        assert story_table() == before

        change(folder)
        import_(folder)
        undone = story_table()
        Article.objects.all().delete()
        import_(folder)

        assert {title: row[:4] for title, row in undone.items()} == {
            title: row[:4] for title, row in story_table().items()
        }


def assert_consistent() -> None:
    """Check what is true of all stories at any time."""
    for article in Article.objects.select_related("lead"):
        assert article.lead is None or not article.lead.is_folded, article
        assert article.is_folded or article.lead is None, article
        assert not (article.is_folded and article.public), article
    positions = snapshots.read_list(list(Article.objects.values_list("pk", flat=True)), "related")
    for pk in positions:
        numbers = list(RelatedLink.objects.filter(article=pk).order_by("position").values_list("position", flat=True))
        assert numbers == list(range(len(numbers))), pk


def test_after_the_undo_of_take_out_the_next_import_folds_the_article_again(folder):
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
    assert_consistent()


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
def test_an_export_makes_the_same_stories_on_another_site(folder, tmp_path_factory, decide):
    """The exported documents contain the editors' decisions: another site has no pins and pairings."""
    decide()
    stories = {name: row[:4] for name, row in story_table().items()}
    lists = {article.name: listed(article) for article in Article.objects.all()}
    out = tmp_path_factory.mktemp("out")
    call_command("export_articles", str(out), stdout=StringIO(), verbosity=0)
    Article.objects.all().delete()

    import_(out)

    assert {name: row[:4] for name, row in story_table().items()} == stories
    assert {article.name: listed(article) for article in Article.objects.all()} == lists
