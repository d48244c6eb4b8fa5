"""Taking a story down for good: none of its words stay in any table, and nothing brings them back."""

from __future__ import annotations

import re
from contextlib import suppress
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from articles import operations, search
from articles.audit_log import snapshots
from articles.audit_log.unit_of_work import Actor
from articles.db import locks
from articles.intake.run import take_in_new_entries
from articles.models import (
    Article,
    Event,
    ImportProblem,
    ImportRun,
    Operation,
    Picture,
    PictureAddress,
    TakenDownStory,
)
from articles.operations import taking_down
from articles.operations.results import ActionError
from articles.operations.undo_rights import undo_refusal
from articles.rules.undo_permissions import UndoRefusal
from sources.models import Entry, Source
from tests import builders
from tests.desk.helpers import member, messages_of, undo
from tests.documents import document
from tests.record import record_built_articles, wrong_records

pytestmark = pytest.mark.django_db

ONE, TWO = "2020-06-09-story-one", "2020-06-09-story-two"
PAGE = "https://www.courier.example/one"
REASON = "a court order"
WORDS = ("quagmir", "morass", "swamp", "fenland")  # of its title, as the index has it, excerpt, note and picture
BY = Actor(reason=REASON)


def import_(folder: Any) -> str:
    out = StringIO()
    with suppress(SystemExit):  # it refused files
        call_command("import_articles", str(folder), stdout=out, stderr=out, verbosity=1)
    return out.getvalue()


def dump() -> str:
    """Return everything that any table of the database holds, also those of the search index, in lower case."""
    parts = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            for row in cursor.fetchall():
                values = [
                    bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else value for value in row
                ]
                parts.append(f"{table}: {values}")
    return "\n".join(parts).lower()


def tables_with(word: str) -> set[str]:
    return {line.partition(":")[0] for line in dump().split("\n") if word in line}


@pytest.fixture
def folder(tmp_path):
    """Return a folder with the documents of a story and of another one that lists it."""
    one = {"title": "Quagmire at the port", "excerpt": "A morass of permits.", "originalUrl": PAGE, "webUrl": PAGE}
    text = document(**one)
    (tmp_path / f"{ONE}.md").write_text(text)
    other = document(
        title="Two", originalUrl="https://www.courier.example/two", webUrl="https://www.courier.example/two"
    )
    other = other.replace("Port city loses its bridge until July", one["title"])
    other = other.replace("Lorries face a detour of forty kilometres.", one["excerpt"])
    other = other.replace("https://www.herald.example/detour", "http://courier.example/one/?utm_source=x")
    (tmp_path / f"{TWO}.md").write_text(other)
    return tmp_path


@pytest.fixture
def story(folder, client) -> Article:
    """Return a published story with history, coverage elsewhere, a note, pictures, a preview link and more."""
    import_(folder)
    story, two = Article.objects.get(name=ONE), Article.objects.get(name=TWO)
    operations.edit(story, title="Quagmire at the harbour", note="Ask the swamp board")
    related = snapshots.read_list([two.pk], "related")[two.pk]
    write = lambda: snapshots.replace_list(two, "related", [value | {"quality": 7} for value in related])  # noqa: E731
    operations.edit_related_rows(two, "related", write=write)
    operations.undo(operations.delete(Article.objects.filter(pk=two.pk)).operation)
    operations.undo(operations.delete(Article.objects.filter(pk=story.pk)).operation)
    story.refresh_from_db()
    builders.picture(story, "https://pictures.example/fenland.jpg", alt="A fenland")
    follower = builders.article("A follower", quality=40, heat=40)
    operations.fold_into(follower, story)
    operations.publish(story)
    builders.preview_link(story)
    run = ImportRun.objects.first()
    ImportProblem.objects.create(run=run, kind="warning", label=f"x/{ONE}.md", message="“Quagmire at the port” is long")
    source = Source.objects.create(name="Courier", url="https://courier.example/feed")
    moment = timezone.now()
    values = {"title": "Quagmire", "excerpt": "", "url": PAGE, "published": None, "picture": "", "provider": ""}
    seen = {"source": source, "first_seen_at": moment, "last_seen_at": moment, "values": values}
    Entry.objects.create(**seen, outcome="held", title_key="t", page_key=story.url_key)
    Entry.objects.create(**seen, outcome="held", title_key="t")  # its feed lists the page twice
    root = User.objects.create_superuser("root")
    LogEntry.objects.log_actions(root.pk, Article.objects.filter(pk=story.pk), CHANGE, "Changed.")
    added = [{"added": {"name": "related link", "object": story.title}}]
    LogEntry.objects.log_actions(root.pk, Article.objects.filter(pk=two.pk), CHANGE, added)
    client.force_login(root)
    story.refresh_from_db()
    assert {"articles_article", "articles_event", "articles_relatedlink", "django_admin_log"} <= tables_with(WORDS[0])
    assert all(tables_with(word) for word in WORDS)
    return story


@pytest.mark.slow
def test_its_words_leave_every_table(story, client):
    changes = client.get("/api/changes").json()
    two = Article.objects.get(name=TWO)
    files = Picture.objects.count()
    record_built_articles()

    result = operations.take_down_story(story, by=BY)

    assert {word: tables_with(word) for word in WORDS} == {word: set() for word in WORDS}
    assert (result.operation.verb, result.operation.reason) == ("story_down", REASON)
    assert not Article.objects.filter(name=ONE).exists()
    assert not PictureAddress.objects.filter(url__contains="fenland").exists()
    assert Picture.objects.count() == files - 1
    two.refresh_from_db()
    assert not two.related_links.exists()
    assert wrong_records() == []
    page = client.get(f"/news/{ONE}/")
    assert page.status_code == 410
    assert "This story was taken down" in page.content.decode()
    assert REASON not in page.content.decode()
    withdrawn = [
        change["name"]
        for change in client.get(f"/api/changes?since={changes['next']}").json()["changes"]
        if change["withdrawn"]
    ]
    assert withdrawn == [ONE]
    history = client.get(reverse("desk_article_history", args=[story.pk])).content.decode()
    assert "taken down for good" in history
    assert REASON in history
    assert client.get(reverse("desk_history")).status_code == 200


@pytest.mark.slow
def test_nothing_brings_it_back(story, folder):
    earlier = list(Operation.objects.order_by("-pk"))
    taken = operations.take_down_story(story, by=BY).operation

    for operation in earlier:
        try:
            outcome = operations.undo(operation)
        except ActionError:
            continue
        kept = [item.reason for item in outcome.not_restored if item.event.subject_id == story.pk]
        touched = operation.events.filter(subject="article", subject_id=story.pk).exists()
        assert kept == (["nothing brings it back"] if touched else []), operation
    renamed = folder / "2020-06-09-story-three.md"
    renamed.write_text((folder / f"{ONE}.md").read_text())
    text = import_(folder)
    text_of_two = (folder / f"{TWO}.md").read_text()
    (folder / f"{TWO}.md").write_text(text_of_two.replace("title: Two", "title: Two again"))
    import_(folder)
    words = {"title": "Quagmire", "url": PAGE}
    Entry.objects.update(outcome="new", values=words, reason="")
    for entry in list(Entry.objects.all()):
        entry.pk, entry.outcome = None, "history"  # another source may list the page too
        entry.save()
    take_in_new_entries()

    assert f"{ONE} was taken down on" in text
    assert f"by the system: {REASON}. It isn't imported again" in text
    assert f"its page is that of {ONE}, which was taken down on" in text
    assert Article.objects.get(name=TWO).title == "Two again"
    left_out = "1 related link to a story that was taken down was left out"
    assert ImportProblem.objects.filter(kind="warning", name=TWO, message=left_out).exists()
    assert {entry.outcome for entry in Entry.objects.all()} == {"refused"}
    assert all(entry.reason.startswith("was taken down") for entry in Entry.objects.all())
    assert {word: tables_with(word) for word in WORDS} == {word: set() for word in WORDS}
    assert undo_refusal(User.objects.create_superuser("boss"), taken) == UndoRefusal()
    with pytest.raises(ActionError, match="a story is taken down for good"):
        operations.undo(taken)


def test_pictures_and_reports_of_others_stay():
    story, other = builders.article("Flood", web_url=PAGE), builders.article("Other")
    for article in (story, other):
        builders.picture(article, "https://pictures.example/shared.jpg")
    builders.related(other, title="Flood", web_url="https://www.herald.example/flood")
    operations.edit(other, title="Flood")

    operations.take_down_story(story, by=BY)

    other.refresh_from_db()
    assert other.title == "Flood"
    assert [link.title for link in other.related_links.all()] == ["Flood"]
    assert PictureAddress.objects.get().status == "held"
    assert Event.objects.filter(subject_id=other.pk, field="title").get().after == "Flood"


@pytest.mark.slow
def test_an_undo_at_the_desk_says_what_it_left_out(client):
    story, other = builders.article(), builders.article()
    operation = operations.hold(Article.objects.all()).operation
    operations.take_down_story(story, by=BY)
    client.force_login(member("publisher"))

    page = undo(client, operation)

    assert "Left unchanged: a story that was taken down (nothing brings it back)." in messages_of(page)
    other.refresh_from_db()
    assert other.state == "published"


def test_the_url_of_a_story_that_readers_never_saw_says_nothing(client):
    secret = builders.article(published=False, heat=20)
    operations.take_down_story(secret, by=BY)

    assert client.get(f"/news/{secret.name}/").status_code == 404


def test_it_needs_a_reason_both_permissions_and_no_running_import(monkeypatch):
    story = builders.article()
    for user, reason, refusal in (
        (member("publisher", "pia"), "", "needs a reason"),
        (member("editor", "eve"), REASON, "permissions to publish and to delete"),
    ):
        with pytest.raises(ActionError, match=refusal):
            operations.take_down_story(story, by=Actor(user, reason=reason))
    with locks.database_lock("import", locks.IMPORT_LOCK_KEY):
        monkeypatch.setattr(taking_down, "database_lock", lambda name, key: _taken())
        with pytest.raises(ActionError, match="while an import runs"):
            operations.take_down_story(story, by=BY)
    assert Article.objects.get() == story
    assert not TakenDownStory.objects.exists()


class _taken:
    def __enter__(self) -> bool:
        return False

    def __exit__(self, *error: object) -> None:
        pass


@pytest.mark.slow
def test_the_desk_asks_twice_and_says_what_disappears(client):
    lead = builders.article("Lead", web_url=PAGE)
    builders.article("Twin", web_url=PAGE)
    builders.folded(lead, "Follower")
    builders.related(builders.article("Listing"), lead)
    url = reverse("desk_take_down_story", args=[lead.pk])
    client.force_login(member("publisher"))
    pane = client.get(reverse("desk_story", args=[lead.pk])).content.decode()
    assert url in pane

    asked = client.get(url).content.decode()
    assert "the coverage of 1 other story" in asked
    assert re.search(r"Publish “Follower” \(.+\) in its place", asked)
    assert "Twin</a>" in asked
    for sent, problem in (({"sure": "1"}, "Type a reason"), ({"reason_text": REASON}, "Tick the box")):
        assert problem in client.post(url, sent).content.decode()
    assert Article.objects.filter(pk=lead.pk).exists()
    done = client.post(url, {"sure": "1", "reason_text": REASON}, follow=True)

    assert messages_of(done)[0] == "The story was taken down for good."
    assert not Article.objects.filter(pk=lead.pk).exists()
    again = client.post(url, {"sure": "1", "reason_text": REASON}, follow=True)
    assert any(text.startswith(f"{lead.name} was taken down on") for text in messages_of(again))
    assert client.get(reverse("desk_take_down_story", args=[lead.pk + 1000])).status_code == 404
    client.force_login(member("editor", "eve"))
    assert client.get(url).status_code == 403


@pytest.mark.slow
def test_its_name_and_its_page_are_refused_where_editors_add_stories(client):
    story = builders.article(web_url=PAGE)
    name = story.name
    operations.take_down_story(story, by=BY)
    client.force_login(member("publisher"))

    page = client.post(reverse("admin:articles_article_add"), {"name": name})

    assert f"{name} was taken down on" in page.content.decode()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL keeps no words of deleted rows in its index")
@pytest.mark.django_db(transaction=True)
def test_the_index_of_words_forgets_what_was_deleted():
    article = builders.article("Quagmire")
    assert "article_search_data" in tables_with("quagmir")
    Article.objects.filter(pk=article.pk).delete()
    assert "article_search_data" in tables_with("quagmir")

    search.purge_deleted()

    assert not tables_with("quagmir")
