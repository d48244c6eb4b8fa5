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
        [refusal] = messages_of(run_action(publisher, action, article, **again))
        assert refusal.startswith("Give a reason")
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

    def test_undo_is_not_stopped(self, publisher):
        article = builders.article()
        run_action(publisher, "unpublish", article)
        publisher.post(reverse("desk_undo_last"))
        assert state(article) == "published"


@pytest.mark.usefixtures("asking")
class TestAdmin:
    def test_the_form_keeps_what_was_typed_and_asks(self, admin_client):
        article = waiting()
        page = save(admin_client, change_url(article), decision="published", title="Gale")
        text = page.content.decode()
        assert "Failed publish checks ask for a reason. “Gale”: no topic." in text
        assert 'value="Gale"' in text
        assert state(article) == "undecided"

        typed = {"decision": "published", "override_checks": "on", "reason_text": "agreed"}
        save(admin_client, change_url(article), **typed)
        assert state(article) == "published"

    def test_the_list_says_how_to_override(self, admin_client):
        article = waiting()
        page = run_admin_action(admin_client, "publish_selected", article)
        assert "Nothing was saved." in messages_of(page)[0]
        assert "tick “Publish in spite of failed checks” and give a reason" in messages_of(page)[0]
        sent = {"action": "publish_selected", "_selected_action": article.pk}
        admin_client.post(ARTICLES, sent | {"override_checks": "on", "reason_text": "agreed"})
        assert state(article) == "published"


def test_changes_of_the_checks_are_logged_and_undone(admin_client):
    operation_count = Operation.objects.count()
    operations.change_policy({"check_topic": "ask", "excerpt_max": 100})
    assert Event.objects.filter(field="check_topic", before="warn", after="ask").exists()
    operations.undo(Operation.objects.first())
    assert SitePolicy.current_checks().modes[Check.TOPIC] is Mode.WARN
    assert Operation.objects.count() == operation_count + 2
