"""Undo of imports: created articles are deleted, changed fields restored, and editors' later changes kept."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.models import Article, Operation, Pairing, Verb, Via
from tests import builders, database_dump
from tests.documents import write_demo_documents
from tests.operations.documents import (
    LEAD,
    MEMBER,
    OTHER,
    better,
    named,
    put,
    unfolded_by_document,
    without_coverage,
    worded,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

# Undo is a change too, and the next import compares the document again: these columns differ.
CHANGE_COLUMNS = {"version", "content_hash", "editor_id"}


def import_(folder: Path, **options: bool) -> Operation | None:
    last = Operation.objects.first()
    call_command("import_articles", str(folder), stdout=StringIO(), stderr=StringIO(), verbosity=0, **options)
    newest = Operation.objects.first()
    return None if newest == last else newest


def dumped(*, ignore: set[str] = CHANGE_COLUMNS) -> list[str]:
    """Return all articles with their lists as sorted lines. Undo leaves outlets and topics of the registry."""
    lines = []
    for kind, line in database_dump.lines():
        if kind == "article":
            lines.append(json.dumps({key: line[key] for key in line if key not in ignore}, default=str, sort_keys=True))
    return sorted(lines)


def retopic(text: str) -> str:
    return text.replace("  - Topic 0", "  - Topic 0\n  - Storms")


def repicture(text: str) -> str:
    return text.replace(".jpg", "-2.jpg")


def unscore(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if not line.startswith(("quality:", "heat:", "published:")))


CHANGES: dict[str, Any] = {
    "words": {MEMBER: worded, LEAD: worded},
    "topics": {LEAD: retopic},
    "pictures": {LEAD: repicture},
    "coverage": {LEAD: without_coverage},
    "scores": {MEMBER: better},
    "a folded placement": {MEMBER: unfolded_by_document, OTHER: worded},
    "lost scores": {LEAD: unscore},
    "everything": {LEAD: lambda text: retopic(repicture(worded(text))), MEMBER: unfolded_by_document, OTHER: better},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_demo_documents(tmp_path, stories=2)
    return tmp_path


@pytest.mark.parametrize("rescore", [False, True], ids=["as the document says", "rescored"])
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(changes, id=name, marks=() if name == "everything" else pytest.mark.systematic)
        for name, changes in CHANGES.items()
    ],
)
def test_updates_are_undone_and_the_next_import_makes_them_again(folder, changes, rescore):
    import_(folder)
    before = dumped()
    for name, change in changes.items():
        put(folder, name, change)
    operation = import_(folder, rescore=rescore)
    after = dumped()
    assert after != before

    outcome = operations.undo(operation)

    assert outcome.not_restored == []
    assert dumped() == before
    assert import_(folder, rescore=rescore) is not None
    assert dumped() == after


def test_created_articles_are_deleted_and_the_next_import_creates_them_again(folder):
    builders.article("Here before")
    before = dumped()
    operation = import_(folder)
    after = dumped()

    outcome = operations.undo(operation)

    assert (dumped(), outcome.not_restored) == (before, [])
    import_(folder)
    assert dumped() == after


def test_several_imports_undone_in_reverse_order_leave_nothing(folder):
    first = import_(folder)
    put(folder, LEAD, worded)
    put(folder, MEMBER, unfolded_by_document)
    second = import_(folder)

    operations.undo(second)
    outcome = operations.undo(first)

    assert outcome.not_restored == []
    assert not Article.objects.exists()


def test_undoing_an_import_keeps_what_a_later_one_changed(folder):
    first = import_(folder)
    put(folder, MEMBER, worded)
    import_(folder)

    outcome = operations.undo(first)

    assert [(row.event.label, row.reason) for row in outcome.not_restored] == [
        ("Event 0 as outlet 1 tells it", "imported from the command line since then")
    ]
    assert [article.name for article in Article.objects.all()] == [MEMBER]


def test_undo_brings_back_what_pruning_withdrew(folder):
    import_(folder)
    before = dumped()
    (folder / f"{LEAD}.md").unlink()
    operation = import_(folder, prune=True)
    assert named(LEAD).missing
    assert not named(LEAD).public

    operations.undo(operation)

    assert dumped() == before
    assert import_(folder, prune=True) is not None
    assert named(LEAD).missing


def test_an_article_that_an_editor_changed_stays_and_the_result_says_who(folder):
    ana = User.objects.create_superuser("ana")
    operation = import_(folder)
    operations.edit(named(OTHER), title="Gale", by=Actor(ana, Via.DESK))

    outcome = operations.undo(operation)

    assert [(row.event.field, row.reason) for row in outcome.not_restored] == [("created", "edited by ana since then")]
    article = Article.objects.get()
    assert (article.name, article.title, article.lead, article.public) == (OTHER, "Gale", None, False)


def test_a_field_that_an_editor_changed_stays_and_the_others_are_restored(folder):
    ana = User.objects.create_superuser("ana")
    import_(folder)
    put(folder, LEAD, lambda text: retopic(worded(text)))
    operation = import_(folder)
    operations.edit(named(LEAD), excerpt="Ana's words.", by=Actor(ana, Via.DESK))

    outcome = operations.undo(operation)

    assert [(row.event.field, row.reason) for row in outcome.not_restored] == [("excerpt", "edited by ana since then")]
    lead = named(LEAD)
    assert lead.excerpt == "Ana's words."
    assert [item.tag.name for item in lead.article_topics.all()] == ["Topic 0"]


def test_undoing_the_undo_of_an_import_restores_all_articles(folder):
    operation = import_(folder)
    after = dumped(ignore=CHANGE_COLUMNS | {"secured"})  # it is never logged; the next import restores it
    undone = operations.undo(operation).operation

    outcome = operations.undo(undone)

    assert (dumped(ignore=CHANGE_COLUMNS | {"secured"}), outcome.not_restored) == (after, [])
    import_(folder)
    assert all(article.secured for article in Article.objects.all())


def test_undoing_the_undo_of_updates_redoes_them(folder):
    import_(folder)
    put(folder, LEAD, lambda text: retopic(worded(text)))
    put(folder, MEMBER, unfolded_by_document)
    operation = import_(folder)
    after = dumped()

    operations.undo(operations.undo(operation).operation)

    assert dumped() == after


def test_undo_does_not_restore_a_deleted_article_that_was_imported_again(folder):
    import_(folder)
    operation = operations.delete(Article.objects.filter(name=LEAD)).operation
    import_(folder)
    again = dumped()

    outcome = operations.undo(operation)

    assert "it exists again" in [row.reason for row in outcome.not_restored]
    assert Article.objects.filter(name=LEAD).count() == 1
    assert [line for line in dumped() if f'"name": "{LEAD}"' in line] == [
        line for line in again if f'"name": "{LEAD}"' in line
    ]


def test_a_deleted_lead_is_restored_with_editors_decisions_on_its_members(folder):
    import_(folder)
    operations.fold_into(named("2020-06-09-event-1-as-outlet-0-tells-it"), named(LEAD))
    before = (
        dumped(ignore=CHANGE_COLUMNS | {"secured"}),
        {*Pairing.objects.values_list("lead", "member", "together")},
    )
    operation = operations.delete(Article.objects.filter(name=LEAD)).operation
    assert not Pairing.objects.filter(lead__name=LEAD).exists()

    operations.undo(operation)

    pairings = {*Pairing.objects.values_list("lead", "member", "together")}
    assert (dumped(ignore=CHANGE_COLUMNS | {"secured"}), pairings) == before


def test_an_import_is_one_operation(folder):
    operation = import_(folder)

    assert (operation.verb, operation.articles) == (Verb.IMPORT, 6)
    assert Operation.objects.count() == 1


def test_undoing_a_decision_that_was_replaced_keeps_the_pin(folder):
    """The later decision needs the pin that the earlier one set: without it the next import would reverse it."""
    ana = Actor(User.objects.create_superuser("ana"), Via.DESK)
    import_(folder)
    first = operations.edit(named(LEAD), excerpt="First words.").operation
    operations.edit(named(LEAD), excerpt="Ana's words.", by=ana)

    operations.undo(first)
    put(folder, LEAD, worded)
    import_(folder)

    assert (named(LEAD).excerpt, named(LEAD).pins) == ("Ana's words.", ["excerpt"])


@pytest.mark.parametrize("later", ["spiked: paywall", "held"])
def test_undoing_a_publication_keeps_a_later_rejection(folder, later):
    import_(folder)
    operations.hold(named(LEAD))
    operations.unpin(named(LEAD), "published")
    first = operations.publish(named(LEAD)).operation
    operations.apply_decision(named(LEAD), later)

    operations.undo(first)
    operations.rescore(Article.objects.all())

    assert (named(LEAD).decision, named(LEAD).pins, named(LEAD).public) == (later, ["published"], False)
