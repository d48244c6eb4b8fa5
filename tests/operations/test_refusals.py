"""A refusal holds until it is undone, also for articles that were deleted and imported again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.models import Article, Operation, Pairing, RefusedPair, Suggestion
from articles.suggestions import working_out
from backups import tables
from config.migrations import known_migrations
from tests.documents import document, import_documents, write_demo_documents, write_document
from tests.operations.states import broken_chains

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

FIRST, SECOND = "2020-06-09-first", "2020-06-09-second"
TITLES = {FIRST: "Apple acquires Xnor.ai", SECOND: "Xnor.ai is acquired by Apple"}


@pytest.fixture(autouse=True)
def _log_has_all_pairings(db) -> Iterator[None]:
    """Each event of an article's pairings must begin where the last one ended."""
    yield
    assert broken_chains() == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, title in TITLES.items():
        write_document(tmp_path, document(title=title), f"{name}.md")
    import_documents(tmp_path)
    return tmp_path


def get(name: str) -> Article:
    return Article.objects.get(name=name)


def refuse() -> Operation:
    return operations.keep_apart(get(SECOND), get(FIRST)).operation


def delete(*names: str) -> Operation:
    return operations.delete(Article.objects.filter(name__in=names)).operation


def waiting() -> int:
    working_out.rebuild()
    return Suggestion.objects.unanswered().count()


@pytest.mark.parametrize("deleted", [(FIRST,), (SECOND,), (FIRST, SECOND)])
def test_it_holds_for_articles_that_are_deleted_and_imported_again(folder, deleted):
    assert waiting() == 1
    refusal = refuse()
    delete(*deleted)
    import_documents(folder)

    assert waiting() == 0
    assert not RefusedPair.objects.exists()
    assert {get(name).lead for name in TITLES} == {None}
    operations.undo(refusal)
    assert waiting() == 1


def test_a_lead_that_comes_back_is_shown_without_the_member_that_was_taken_out(tmp_path):
    write_demo_documents(tmp_path, stories=1, members=1)
    import_documents(tmp_path)
    lead = Article.objects.get(lead=None)
    operations.take_out(Article.objects.exclude(pk=lead.pk))
    delete(lead.name)
    import_documents(tmp_path)

    lead = get(lead.name)
    assert (lead.staged, lead.public) == (None, True)
    assert not lead.related_links.exists()


def test_it_holds_when_they_come_back_one_by_one(folder):
    refuse()
    delete(FIRST)
    delete(SECOND)
    second = folder / f"{SECOND}.md"
    text = second.read_text()
    second.unlink()
    import_documents(folder)
    second.write_text(text)
    import_documents(folder)

    assert waiting() == 0


def test_it_holds_after_the_undo_of_an_import_and_of_a_deletion(folder):
    refuse()
    delete(FIRST)
    import_documents(folder)
    imported = Operation.objects.filter(verb="import").first()
    operations.undo(imported)
    import_documents(folder)
    assert waiting() == 0

    operations.undo(delete(FIRST, SECOND))
    assert waiting() == 0
    assert Pairing.objects.filter(together=False).count() == 1


@pytest.mark.parametrize("deleted", [(FIRST,), (SECOND,), (FIRST, SECOND)])
def test_undoing_it_ends_it_while_they_are_deleted_and_redoing_begins_it_again(folder, deleted):
    refusal = refuse()
    delete(*deleted)
    undone = operations.undo(refusal)
    assert not undone.not_restored
    assert not RefusedPair.objects.exists()
    redone = operations.undo(undone.operation)
    assert not redone.not_restored
    import_documents(folder)
    assert waiting() == 0

    operations.undo(redone.operation)
    assert waiting() == 1


@pytest.mark.parametrize("names", [(FIRST,), (SECOND,), (FIRST, SECOND)])
def test_it_does_not_return_with_an_undone_deletion_if_it_was_undone_meanwhile(folder, names):
    refusal = refuse()
    deleted = delete(*names)
    operations.undo(refusal)

    assert operations.undo(deleted).not_restored == []
    assert waiting() == 1


def test_a_refusal_that_returns_is_logged_as_a_result_and_is_no_later_change(folder):
    write_document(folder, document(title="Apple fined in Italy"), "2020-06-09-third.md")
    import_documents(folder)
    refuse()
    second = get(SECOND)
    deleted = delete(FIRST)
    operations.keep_apart(second, get("2020-06-09-third"))
    restored = operations.undo(deleted)

    assert restored.not_restored == []
    [event] = restored.operation.events.filter(field="pairings", subject_id=second.pk)
    assert [(lead, together) for lead, together in event.after if [lead, together] not in event.before] == [
        (get(FIRST).pk, False)
    ]
    assert event.derived
    assert operations.undo(restored.operation).not_restored == []
    assert Pairing.objects.get().lead == get("2020-06-09-third")


@pytest.mark.thorough
@pytest.mark.parametrize("deleted", [(), (FIRST,)])
def test_it_holds_after_a_restore(folder, tmp_path, deleted):
    refuse()
    delete(*deleted)
    call_command("backup", tmp_path / "all.tar", verbosity=0)
    tables.delete_all_rows(tables.tables_at(known_migrations()))
    call_command("restore", tmp_path / "all.tar", verbosity=0)
    import_documents(folder)

    assert Article.objects.count() == 2
    assert waiting() == 0


def test_nothing_is_kept_of_a_story_that_was_taken_down(folder):
    refuse()
    operations.take_down_story(get(SECOND), by=Actor(reason="libel"))

    assert not RefusedPair.objects.exists()
