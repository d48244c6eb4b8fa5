"""Notes on stories and reasons of decisions: who sees them, where they are found, and that readers never do."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.desk.filters import DeskFilters, filtered_queue
from articles.desk.queues import QUEUES, Viewer
from articles.models import Article, Operation
from tests import builders
from tests.desk.helpers import DESK, HISTORY, member, messages_of, restore, run_action, sent_rows, undo

pytestmark = pytest.mark.django_db

REASON = "the mayor’s office asked"


def last_operation() -> Operation:
    return Operation.objects.first()


def found(**query: str) -> list[str]:
    """Return the titles that a search in all stories of the desk finds."""
    stories = filtered_queue(QUEUES["all"], Viewer(0, timezone.now()), DeskFilters(query), is_first_page=True)
    return sorted(stories.values_list("title", flat=True))


class TestNotes:
    @pytest.mark.slow
    def test_a_note_is_logged_marked_and_undone_and_changes_nothing_else(self, publisher):
        lead = builders.article("Lead", quality=50, heat=75)
        version = lead.version

        run_action(publisher, "note", lead, note="Call\r\nback  ")

        lead.refresh_from_db()
        assert (lead.note, lead.version, lead.pins, lead.heat) == ("Call\nback", version + 1, [], 75)
        assert [event.field for event in last_operation().events.all()] == ["note"]
        assert '<span class="noted">note</span>' in publisher.get(f"{DESK}?view=all").content.decode()
        pane = publisher.get(reverse("desk_story", args=[lead.pk])).content.decode()
        assert "Call\nback</textarea>" in pane
        undo(publisher, last_operation())
        lead.refresh_from_db()
        assert lead.note is None
        run_action(publisher, "note", lead, note="New")
        lead.refresh_from_db()
        run_action(publisher, "note", lead, note="  ")
        lead.refresh_from_db()
        assert lead.note is None
        restore(publisher, lead, "note")
        lead.refresh_from_db()
        assert lead.note == "New"

    def test_two_editors_notes_conflict_and_nothing_beyond_the_limits_is_stored(self, publisher):
        article = builders.article()
        old = sent_rows(article)
        operations.edit(article, note="Theirs", by=Actor(User.objects.create_user("bob")))

        page = publisher.post(reverse("desk_act"), {"action": "note", "row": old, "note": "Mine"})

        assert page.status_code == 409
        for note in ("x" * 2001, "nul\0"):
            page = run_action(publisher, "note", article, note=note)
            assert messages_of(page)[0].startswith("This story can't be saved, because its note")
        article.refresh_from_db()
        assert article.note == "Theirs"

    @pytest.mark.slow
    def test_who_may_not_edit_reads_the_note_only(self, client):
        article = builders.article()
        operations.edit(article, note="Embargo until noon")
        client.force_login(member("importer"))

        pane = client.get(reverse("desk_story", args=[article.pk])).content.decode()

        assert "Embargo until noon" in pane
        assert 'name="note"' not in pane
        assert run_action(client, "note", article, note="Mine", htmx=True).status_code == 403

    def test_the_search_of_the_desk_finds_notes_that_of_readers_does_not(self, client):
        article = builders.article("Bridge closed", excerpt="In the morning.")
        builders.article("École opens")
        operations.edit(article, note="Ask Zanzibar's École again, about AT&T")

        assert found(q="zanzibar") == found(q='"école again"') == found(q="zanz -moon") == ["Bridge closed"]
        assert found(q="Zanzibar's") == found(q="at&t") == found(q='"again about"') == ["Bridge closed"]
        assert found(q="école") == ["Bridge closed", "École opens"]
        assert found(q="zanzibar -again") == found(q="bridge zanzibar") == []
        assert "Bridge closed" not in client.get("/search/?q=zanzibar").content.decode()

    @pytest.mark.slow
    def test_readers_clients_and_documents_never_get_notes_and_reasons(self, client, tmp_path):
        article = builders.article("Open", topics=["AI"])
        operations.edit(article, note="quagmire")
        operations.hold(article, by=Actor(reason="quagmire too"))
        operations.publish(article, by=Actor(reason="quagmire again"))
        name = article.name
        urls = ["/", "/latest/", f"/news/{name}/", "/feeds/latest.atom", "/api/changes"]
        urls += [f"/api/news/{name}/index.json", "/api/news/index.json", "/sitemap.xml"]

        answers = [client.get(url).content.decode() for url in urls]

        assert [url for url, answer in zip(urls, answers, strict=True) if "quagmire " in answer] == []
        call_command("export_articles", tmp_path)
        documents = [path.read_text() for path in tmp_path.rglob("*.md")]
        assert len(documents) == 1
        assert "quagmire" not in documents[0]


class TestReasons:
    @pytest.mark.slow
    def test_every_decision_keeps_its_reason(self, publisher):
        article, other = builders.article(topics=["AI"]), builders.article()
        sent = {
            "hold": {},
            "reopen": {},
            "spike": {"reason": "paywall"},
            "quality": {"quality": "70"},
            "topics": {"topics": "AI"},
        }
        for action, fields in sent.items():
            article.refresh_from_db()
            run_action(publisher, action, article, reason_text=f"{REASON} {action}", **fields)
        run_action(
            publisher, "fold", other, into=str(builders.article().pk), reason_text=f"{REASON} fold", confirmed="1"
        )

        kept = list(Operation.objects.order_by("pk").values_list("reason", flat=True))
        assert kept == [f"{REASON} {action}" for action in ("hold", "reopen", "spike", "quality", "fold")]
        history = publisher.get(reverse("desk_article_history", args=[article.pk])).content.decode()
        assert f"{REASON} spike" in history
        pane = publisher.get(reverse("desk_story", args=[article.pk])).content.decode()
        assert f"{REASON} hold" in pane

    @pytest.mark.slow
    def test_a_confirmation_keeps_the_reason_and_lets_the_editor_change_it(self, publisher):
        lead = builders.article("Lead")
        builders.folded(lead, "Member")

        page = run_action(publisher, "hold", lead, reason_text=REASON)

        assert page.content.decode().count('name="reason_text"') == 1
        assert f'value="{REASON}"' in page.content.decode()
        run_action(publisher, "hold", lead, reason_text="another", confirmed="1")
        assert last_operation().reason == "another"

    @pytest.mark.slow
    def test_a_reason_that_cannot_be_kept_decides_nothing(self, publisher, admin_client):
        article = builders.article()
        deletion = reverse("admin:articles_article_delete", args=[article.pk])
        urls = [reverse("admin:articles_article_changelist"), deletion]
        for reason in ("x" * 301, "nul\0"):
            page = run_action(publisher, "hold", article, reason_text=reason)
            assert messages_of(page)[0].startswith("Your reason")
            for url in urls:
                sent = {"action": "hold_selected", "_selected_action": article.pk, "post": "yes", "reason_text": reason}
                page = admin_client.post(url, sent, follow=True)
                assert messages_of(page)[0].startswith("Nothing was changed. Your reason")
        assert not Operation.objects.exists()

    @pytest.mark.slow
    def test_the_admin_asks_for_reasons_where_it_decides(self, admin_client):
        article, other = builders.article(), builders.article()
        listing = reverse("admin:articles_article_changelist")
        change = reverse("admin:articles_article_change", args=[article.pk])
        for url in (listing, change, reverse("admin:articles_article_delete", args=[article.pk])):
            assert admin_client.get(url).content.decode().count('name="reason_text"') == 1, url

        sent = {"action": "hold_selected", "_selected_action": article.pk, "reason_text": f"{REASON} list"}
        admin_client.post(listing, sent)
        admin_client.post(
            reverse("admin:articles_article_delete", args=[other.pk]), {"post": "yes", "reason_text": f"{REASON} gone"}
        )

        kept = list(Operation.objects.order_by("pk").values_list("verb", "reason"))
        assert kept == [("hold", f"{REASON} list"), ("delete", f"{REASON} gone")]
        confirmation = admin_client.post(
            listing, {"action": "delete_selected", "_selected_action": article.pk, "reason_text": REASON}
        )
        assert f'value="{REASON}"' in confirmation.content.decode()

    @pytest.mark.slow
    def test_history_and_desk_find_operations_by_reason_and_note(self, publisher):
        by_reason, by_note, other = (builders.article(title) for title in ("Held", "Noted", "Other"))
        operations.hold(by_reason, by=Actor(reason="Überfall retracted"))
        operations.edit(by_note, note="überfall, says Ana")
        operations.edit(by_note, note="settled")
        operations.hold(other, by=Actor(reason="duplicate"))

        def listed(words: str) -> list[int]:
            page = publisher.get(HISTORY, {"words": words})
            return [entry.operation.pk for entry in page.context["entries"]]

        first, noted, changed, last = Operation.objects.order_by("pk").values_list("pk", flat=True)
        assert listed("überfall") == [changed, noted, first]
        assert listed("überfall -ana") == [first]
        assert listed("duplicate") == [last]
        assert listed("nowhere") == []
        assert found(reason="überfall") == ["Held"]
        assert found(reason="nowhere") == []


def test_what_was_spiked_long_ago_leaves_the_everyday_views(settings):
    settings.SPIKED_VIEW_DAYS = 30
    old, new = (builders.article(title, excerpt="", published=False, heat=20) for title in ("Old", "New"))
    operations.spike(Article.objects.all())
    now = timezone.now()
    for article, days in ((old, 31), (new, 29)):
        Article.objects.filter(pk=article.pk).update(
            state_since=now - timedelta(days=days), duplicate=True, warned=True, pictureless=True, removed=True
        )

    def titles(view: str) -> list[str]:
        return sorted(QUEUES[view].articles(Viewer(0, now)).values_list("title", flat=True))

    for view in ("spiked", "duplicates", "pictures", "warnings", "removed"):
        assert titles(view) == ["New"], view
    assert titles("spiked-older") == ["Old"]
    assert titles("all") == ["New", "Old"]

    def test_a_bulk_spike_says_why_in_the_history_and_on_its_page(self, publisher):
        stories = [builders.article() for _ in range(2)]
        rows = sent_rows(*stories)
        fields = {"action": "spike", "reason": "off topic", "reason_text": REASON, "row": rows}
        publisher.post(reverse("desk_act"), fields, follow=True)

        page = publisher.get(reverse("desk_operation", args=[last_operation().pk])).content.decode()
        assert f"<dt>Reason</dt><dd>off topic: {REASON}</dd>" in page
        history = " ".join(publisher.get(HISTORY).content.decode().split())
        assert "Spiked 2 stories" in history
        assert f'<span class="entry-label"> Reason:</span> off topic: {REASON} </p>' in history
