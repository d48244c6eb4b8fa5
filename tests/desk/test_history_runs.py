"""Runs of the history: which decisions stand together."""

import pytest

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.models import Article, Operation, Via
from tests import builders
from tests.desk.helpers import HISTORY, member

pytestmark = pytest.mark.django_db


def runs_of(client) -> list[list[str]]:
    """Return the titles of each run of the history, in its order."""
    return [[entry.rows[0].label for entry in run.entries] for run in client.get(HISTORY).context["runs"]]


@pytest.mark.slow
def test_decisions_of_one_person_and_kind_stand_together(publisher):
    bob = Actor(member("publisher", "bob"), Via.DESK)
    cid = Actor(member("publisher", "cid"), Via.DESK)
    stories = [builders.article(f"Story {number}", quality=10) for number in range(6)]
    for story in stories[:2]:
        operations.hold(story, by=bob)
    operations.hold(stories[2], by=cid)
    operations.spike(stories[3], "paywall", by=cid)
    operations.spike(stories[4], "paywall", by=Actor(cid.user, Via.DESK, "An advertisement"))

    assert runs_of(publisher) == [["Story 4"], ["Story 3"], ["Story 2"], ["Story 1", "Story 0"]]
    page = publisher.get(HISTORY).content.decode()
    assert "Held 2 stories, one by one" in page
    assert page.count("held (was undecided)") == 3


def test_an_operation_says_how_many_articles_changed_as_a_result(publisher):
    lead = builders.article("Lead", quality=80, heat=90)
    builders.folded(lead, "Member")
    operations.delete(Article.objects.filter(pk=lead.pk))

    page = publisher.get(HISTORY).content.decode()

    assert "Deleted 1 article; 1 more changed" in page
    operation = publisher.get(f"/admin/desk/operations/{Operation.objects.get().pk}/")
    assert operation.context["summary"] == "deleted 1 article; 1 more changed"


def test_what_was_undone_stands_by_itself(publisher):
    bob = Actor(member("publisher", "bob"), Via.DESK)
    for number in range(3):
        operations.hold(builders.article(f"Story {number}", quality=10), by=bob)
    operations.undo(Operation.objects.order_by("pk")[1], by=bob)

    assert runs_of(publisher)[1:] == [["Story 2"], ["Story 1"], ["Story 0"]]
