"""Publish checks at the desk and in the admin: marks, questions before a person publishes, overrides."""

from __future__ import annotations

import pytest
from django.urls import reverse

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.models import Article, Event, LinkCheck, Operation, SitePolicy, Via
from articles.models.publish_checks import failed_checks_of
from articles.rules.publish_checks import Check, Mode
from tests import builders
from tests.admin.forms import ARTICLES, change_url, save
from tests.admin.forms import run_action as run_admin_action
from tests.desk.helpers import DESK, HISTORY, messages_of, run_action

pytestmark = pytest.mark.django_db


@pytest.fixture
def asking() -> None:
    """Let a missing topic ask before somebody publishes."""
    SitePolicy(check_topic=Mode.ASK.value).save()


def waiting(title: str = "Storm", **values) -> Article:
    return builders.article(title, quality=10, **values)


def state(article: Article) -> str:
    return Article.objects.get(pk=article.pk).state


class TestMarks:
    @pytest.mark.slow
    def test_rows_and_panes_name_failed_checks(self, publisher):
        article = waiting(excerpt="")
        for url in (DESK, reverse("desk_story", args=[article.pk])):
            page = publisher.get(url).content.decode()
            for text in ("no picture", "no excerpt", "no topic"):
                assert page.count(f'<span class="mark">{text}</span>') == 1, text

    def test_checks_that_are_off_mark_nothing(self, publisher):
        SitePolicy(check_topic="off").save()
        waiting()
        assert '<span class="mark">no topic</span>' not in publisher.get(DESK).content.decode()

    def test_duplicates_and_dead_links_are_found_in_the_database(self):
        url = "https://www.courier.example/storm"
        article = waiting(web_url=url, topics=["AI"])
        builders.article("Shown", web_url="http://courier.example/storm/?utm_source=x")
        checked = {"checked_at": article.published_at, "due_at": article.published_at, "is_dead": True}
        link = LinkCheck.objects.create(article=article, url=article.source_url, **checked)

        def failed() -> list[Check]:
            return failed_checks_of([article], SitePolicy.current_checks(), article.published_at)[article.pk]

        assert failed() == [Check.PICTURE, Check.DUPLICATE, Check.DEAD_LINK]
        link.url = "https://www.courier.example/moved"  # a look at another URL says nothing about this one
        link.save()
        assert failed() == [Check.PICTURE, Check.DUPLICATE]


@pytest.mark.usefixtures("asking")
class TestAsking:
    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("action", "fields"),
        [("publish", {}), ("schedule_tomorrow", {}), ("heat", {"heat": "90"}), ("quality", {"quality": "95"})],
    )
    def test_publishing_stops_at_a_confirmation_until_a_reason_is_given(self, publisher, action, fields):
        article = waiting()

        page = run_action(publisher, action, article, **fields).content.decode()
        assert "1 story fails publish checks" in page
        assert '<li>Storm <span class="mark">no topic</span></li>' in page
        assert (state(article), Operation.objects.count()) == ("undecided", 0)

        again = {"confirmed": "1", "override_checks": "1", **fields}
        page = run_action(publisher, action, article, **again).content.decode()
        assert "Give a reason: without one, nothing is published." in page
        assert "1 story fails publish checks" in page
        assert not Operation.objects.exists()
        run_action(publisher, action, article, **again, reason_text="desk agreed")

        operation = Operation.objects.get()
        assert state(article) == "published"
        assert (operation.reason, operation.overridden) == ("desk agreed", {str(article.pk): ["topic"]})
        for url in (f"{HISTORY}?reason=agreed", reverse("desk_operation", args=[operation.pk])):
            assert "Overridden checks" in publisher.get(url).content.decode()
        publisher.post(reverse("desk_undo_last"))
        assert state(article) == "undecided"

    def test_of_many_all_that_fail_are_named(self, publisher):
        sound, *failing = waiting("Sound", topics=["AI"]), waiting("One"), waiting("Two")
        page = run_action(publisher, "publish", sound, *failing).content.decode()
        assert "2 stories fail publish checks" in page
        assert '<li>Sound <span class="mark">' not in page

    def test_a_story_that_passes_and_one_that_is_public_already_are_not_asked_about(self, publisher):
        shown = builders.article()
        sound = waiting(topics=["AI"])
        run_action(publisher, "schedule", shown, unpublish_at="2199-01-01T08:00")
        run_action(publisher, "publish", sound)
        assert Operation.objects.count() == 2

    @pytest.mark.parametrize("by", [Actor(via=Via.COMMAND), Actor(via=Via.SOURCE)])
    def test_programs_are_not_stopped(self, by):
        article = waiting()
        operations.publish(article, by=by)
        assert state(article) == "published"

    @pytest.mark.slow
    @pytest.mark.parametrize("htmx", [False, True])
    @pytest.mark.parametrize("name", ["desk_undo_last", "desk_undo"])
    def test_an_undo_that_publishes_asks_for_a_reason(self, publisher, name, htmx):
        article = builders.article("Storm")
        run_action(publisher, "unpublish", article)
        done = Operation.objects.get()
        url = reverse(name, args=[done.pk] if name == "desk_undo" else [])
        headers = {"HX-Request": "true"} if htmx else {}

        page = publisher.post(url, {"next": DESK}, headers=headers)
        text = " ".join(page.content.decode().split())
        assert page.headers.get("HX-Retarget") == ("body" if htmx else None)
        assert '<li>Storm <span class="mark">no topic</span></li>' in text
        assert "<h2>1 story would appear on the site</h2>" in text
        assert f'<input type="hidden" name="next" value="{DESK}">' in text
        assert (state(article), Operation.objects.count()) == ("held", 1)

        sent = {"confirmed": "yes", "override_checks": "1"}
        page = publisher.post(reverse("desk_undo", args=[done.pk]), sent)
        assert "Give a reason: without one" in page.content.decode()
        publisher.post(reverse("desk_undo", args=[done.pk]), sent | {"reason_text": "agreed"})
        assert state(article) == "published"
        undo = Operation.objects.first()
        assert (undo.verb, undo.reason, undo.overridden) == ("undo", "agreed", {str(article.pk): ["topic"]})

    def test_an_undo_that_publishes_nothing_asks_nothing(self, publisher):
        article = builders.article()
        run_action(publisher, "pick", article)
        publisher.post(reverse("desk_undo_last"))
        assert Operation.objects.first().verb == "undo"

    def test_a_field_is_not_restored_if_that_publishes(self, publisher):
        article = builders.article("Storm")
        run_action(publisher, "unpublish", article)
        event = Event.objects.get(field="state")
        page = publisher.post(reverse("desk_restore", args=[article.pk, event.pk]), follow=True)
        assert "Publish it at the desk instead" in messages_of(page)[0]
        assert state(article) == "held"

    @pytest.mark.slow
    def test_the_next_lead_that_is_published_in_its_place_is_marked_and_asked_about(self, publisher):
        lead = builders.article("Lead", quality=90)
        member = builders.folded(lead, "Member")
        page = run_action(publisher, "hold", lead)
        text = " ".join(page.content.decode().split())
        offer = f"Publish “Member” ({member.provider.name}) in its place</label>"
        assert f'{offer} <span class="mark">no picture, no topic</span>' in text

        fields = {"confirmed": "1", "in_place": str(member.pk)}
        text = " ".join(run_action(publisher, "hold", lead, **fields).content.decode().split())
        assert "1 story fails publish checks" in text
        assert f'<input type="hidden" name="in_place" value="{member.pk}">' in text
        assert not Operation.objects.exists()

        run_action(publisher, "hold", lead, **fields, override_checks="1", reason_text="agreed")
        assert Operation.objects.get().overridden == {str(member.pk): ["topic"]}
        assert state(member) == "published"

    @pytest.mark.slow
    def test_so_is_the_next_lead_when_a_story_is_taken_down(self, admin_client):
        lead = builders.article("Lead", quality=90)
        member = builders.folded(lead, "Member")
        url = reverse("desk_take_down_story", args=[lead.pk])
        sent = {"reason_text": "court order", "sure": "1", "in_place": member.pk}
        text = admin_client.post(url, sent).content.decode()
        assert "1 story fails publish checks" in text
        assert Article.objects.filter(pk=lead.pk).exists()
        admin_client.post(url, sent | {"override_checks": "1"})
        assert state(member) == "published"
        assert not Article.objects.filter(pk=lead.pk).exists()


@pytest.mark.usefixtures("asking")
class TestAdmin:
    @pytest.mark.slow
    def test_the_form_keeps_what_was_typed_and_asks(self, admin_client):
        article = waiting()
        assert "override_checks" not in admin_client.get(change_url(article)).content.decode()
        page = save(admin_client, change_url(article), decision="published", title="Gale")
        text = page.content.decode()
        assert "1 story fails publish checks" in text
        assert '<li>Gale <span class="mark">no topic</span></li>' in text
        assert '<button name="override_checks" value="1" class="button">Save and publish</button>' in text
        assert 'value="Gale"' in text
        assert state(article) == "undecided"

        page = save(admin_client, change_url(article), decision="published", override_checks="1")
        assert "Give a reason: without one, nothing is published." in page.content.decode()
        assert state(article) == "undecided"

        typed = {"decision": "published", "override_checks": "1", "reason_text": "agreed"}
        save(admin_client, change_url(article), **typed)
        assert state(article) == "published"

    def test_the_form_says_which_checks_fail_before_anybody_publishes(self, admin_client):
        text = admin_client.get(change_url(waiting())).content.decode()
        assert "no picture, no topic" in text

    @pytest.mark.slow
    def test_an_action_of_the_list_asks(self, admin_client):
        article = waiting()
        page = run_admin_action(admin_client, "publish_selected", article)
        text = " ".join(page.content.decode().split())
        assert "Publish 1 article?" in text
        assert '<li>Storm <span class="mark">no topic</span></li>' in text
        assert '<input type="hidden" name="override_checks" value="1">' in text
        assert state(article) == "undecided"
        run_admin_action(admin_client, "publish_selected", article, override_checks="1", reason_text="agreed")
        assert state(article) == "published"

    def test_saving_scores_in_the_list_asks_and_keeps_what_was_typed(self, admin_client):
        article = waiting()
        rows = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": article.pk, "_save": "Save"}
        sent = rows | {"form-0-quality": 95, "form-0-heat": 95, "reason_text": ""}
        page = admin_client.post(ARTICLES, sent)
        assert '<li>Storm <span class="mark">no topic</span></li>' in page.content.decode()
        assert ("form-0-heat", "95") in page.context["fields"]
        assert state(article) == "undecided"
        again = dict(page.context["fields"]) | {"override_checks": "1", "reason_text": "agreed"}
        admin_client.post(ARTICLES, again)
        assert state(article) == "published"
        assert Operation.objects.get().overridden == {str(article.pk): ["topic"]}

    @pytest.mark.slow
    @pytest.mark.parametrize("is_one", [True, False])
    def test_a_deletion_asks_about_the_article_that_is_published_in_its_place(self, admin_client, is_one):
        lead = builders.article("Lead", quality=90)
        member = builders.folded(lead, "Member")
        url = f"{ARTICLES}{lead.pk}/delete/" if is_one else ARTICLES
        sent = {"post": "yes", "in_place": member.pk, "action": "delete_selected", "_selected_action": lead.pk}
        text = " ".join(admin_client.post(url, sent).content.decode().split())
        assert '<li>Member <span class="mark">no topic</span></li>' in text
        assert f'<input type="hidden" name="in_place" value="{member.pk}">' in text
        assert f'action="{ARTICLES}"' in text
        assert Article.objects.filter(pk=lead.pk).exists()
        admin_client.post(ARTICLES, sent | {"override_checks": "1", "reason_text": "agreed"})
        assert state(member) == "published"
        assert not Article.objects.filter(pk=lead.pk).exists()


def test_changes_of_the_checks_are_logged_and_undone(admin_client):
    operation_count = Operation.objects.count()
    operations.change_policy({"check_topic": "ask", "excerpt_max": 100})
    assert Event.objects.filter(field="check_topic", before="warn", after="ask").exists()
    operations.undo(Operation.objects.first())
    assert SitePolicy.current_checks().modes[Check.TOPIC] is Mode.WARN
    assert Operation.objects.count() == operation_count + 2
