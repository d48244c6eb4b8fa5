"""What becomes of a story whose lead an import withdraws: nothing appears unasked, nothing is lost from sight."""

from __future__ import annotations

import pytest

from articles import operations
from articles.models import Article
from tests.documents import import_documents, write_demo_documents
from tests.operations.documents import LEAD, MEMBER, OTHER, named, put

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def removed_by_source(text: str) -> str:
    head, _, tail = text.partition("quality:")
    return head + "quality:" + tail.replace("published: true", "removed: true\npublished: false", 1)


def withdraw_by_removed(folder):
    put(folder, LEAD, removed_by_source)
    return import_documents(folder)


def withdraw_by_prune(folder):
    (folder / f"{LEAD}.md").unlink()
    return import_documents(folder, prune=True)


@pytest.fixture
def folder(tmp_path):
    write_demo_documents(tmp_path, stories=2)
    import_documents(tmp_path)
    assert named(LEAD).public
    assert named(MEMBER).lead == named(LEAD) == named(OTHER).lead
    return tmp_path


@pytest.mark.parametrize("withdraw", [withdraw_by_removed, withdraw_by_prune])
def test_its_members_wait_at_the_desk_and_the_last_lines_name_it(folder, withdraw, admin_client):
    lines = withdraw(folder).splitlines()

    assert not named(LEAD).public
    assert not Article.objects.filter(name__in=(MEMBER, OTHER), public=True).exists()
    assert set(Article.objects.folded_without_lead().values_list("name", flat=True)) == {MEMBER, OTHER}
    assert (
        f"2 folded articles have no lead here, or one that was withdrawn ({LEAD}), so readers don't see them: "
        "see “Folded, no lead” at the desk."
    ) in lines
    page = admin_client.get("/admin/desk/", {"view": "no-lead"}).content.decode()
    assert all(named(name).title in page for name in (MEMBER, OTHER))


@pytest.mark.parametrize("withdraw", [withdraw_by_removed, withdraw_by_prune])
def test_no_rescore_shows_its_members_and_the_document_brings_the_story_back(folder, withdraw):
    before = (folder / f"{LEAD}.md").read_text(encoding="utf-8")
    withdraw(folder)

    import_documents(folder, rescore=True)
    operations.rescore(Article.objects.all())

    assert not Article.objects.filter(name__in=(LEAD, MEMBER, OTHER), public=True).exists()
    (folder / f"{LEAD}.md").write_text(before, encoding="utf-8")
    assert "no lead" not in import_documents(folder)
    assert named(LEAD).public
    assert named(MEMBER).lead == named(LEAD)
