"""The newsroom's home."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.models import ImportProblem, ImportRun, Via
from sources.models import Source
from tests import builders
from tests.desk.helpers import member

pytestmark = pytest.mark.django_db
HOME = "/admin/"


def test_it_lists_what_waits_and_links_there(publisher):
    builders.article("Storm", quality=10)
    builders.article("Orphan", heat=-1, quality=5, published=False)
    now = timezone.now()
    run = ImportRun.objects.create(paths="news", started_at=now)
    ImportProblem.objects.create(run=run, kind="refused", label="news/a.md", message="title: missing")
    Source.objects.create(name="Herald", url="https://herald.example/feed", fetched_at=now, failures=3, status=500)

    tasks = {str(task.label): (task.number, task.url) for task in publisher.get(HOME).context["tasks"]}

    assert tasks["Undecided"] == ("1", "/admin/desk/?view=undecided")
    assert tasks["Folded, no lead"] == ("1", "/admin/desk/?view=no-lead")
    assert tasks["Import problems"] == ("1", "/admin/desk/imports/problems/")
    assert tasks["Sources that need attention"] == ("1", "/admin/desk/sources/")
    assert "Held" not in tasks


def test_it_says_who_decided_what_today(publisher):
    bob = Actor(member("publisher", "bob"), Via.DESK)
    for title in ("One", "Two"):
        operations.hold(builders.article(title, quality=10), by=bob)
    operations.spike(builders.article("Three", quality=10), "paywall", by=bob)
    operations.publish(builders.article("Four", quality=10), by=Actor(User.objects.get(username="ana"), Via.DESK))

    page = publisher.get(HOME)

    assert [(person.name, person.decisions) for person in page.context["deciders"]] == [
        ("bob", [("held", 2), ("spiked", 1)]),
        ("ana", [("published", 1)]),
    ]
    assert [story.article.title for story in page.context["leading"]] == ["Four"]


def test_only_what_a_decision_was_made_on_counts_as_decided(publisher):
    bob = Actor(member("publisher", "bob"), Via.DESK)
    lead, other, third = (builders.article(title, quality=10) for title in ("Lead", "Other", "Third"))
    operations.fold_into(other, lead, by=bob)
    operations.claim(third, by=bob)

    page = publisher.get(HOME)

    assert [(person.name, person.decisions) for person in page.context["deciders"]] == [("bob", [("folded", 1)])]


def test_what_was_undone_does_not_count_as_decided(publisher):
    bob = Actor(member("publisher", "bob"), Via.DESK)
    kept, undone = (builders.article(title, quality=10) for title in ("Kept", "Undone"))
    operations.hold(kept, by=bob)
    operations.undo(operations.spike(undone, "other", by=bob).operation, by=bob)

    page = publisher.get(HOME)

    assert [(person.name, person.decisions) for person in page.context["deciders"]] == [("bob", [("held", 1)])]


def test_its_records_stand_under_words_of_the_trade(admin_client):
    page = admin_client.get(HOME)

    names = {
        str(section["name"]): [str(model["name"]) for model in section["models"]]
        for section in page.context["sections"]
    }
    assert names == {
        "Newsroom": ["Articles", "Outlets", "Topics", "Policy", "Sources"],
        "The site": ["Look of the site", "Pages"],
        "People and roles": ["People", "Roles"],
        "Security": ["Failed sign-ins", "Sign-ins"],
    }
    assert "Axes" not in page.content.decode()


def test_staff_without_rights_find_a_sentence_instead(client):
    builders.article("Storm", quality=10)
    client.force_login(User.objects.create_user("idle", is_staff=True))

    page = client.get(HOME).content.decode()

    assert "You don’t have a role yet." in page
    assert "Storm" not in page
    assert "Waiting" not in page
