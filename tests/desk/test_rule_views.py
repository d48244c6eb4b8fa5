"""The rules for new stories at the desk: what each would match, their order, and who may change them."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from articles import operations
from articles.operations.results import ActionError
from sources.models import AppliedRule, Rule, Source
from tests import builders

from .test_source_views import entry, page, publisher, sign_in, source  # noqa: F401  fixtures

pytestmark = pytest.mark.django_db

VALUES = {"words": "storm\n flood ", "places": ["title"], "action": "quality", "points": "20"}


def send(client, name: str = "desk_add_rule", *args, **values) -> str:
    response = client.post(reverse(name, args=args), VALUES | values, follow=True)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def seen_in(text: str) -> str:
    return text.partition('name="seen" value="')[2].partition('"')[0]


def some_entries(of: Source) -> None:
    article = builders.article("Storm grows", web_url="https://courier.example/1")
    operations.edit(article, title="An editor's words")
    article.refresh_from_db()
    article.wishes |= {"title": "Storm grows"}
    article.save(update_fields=["wishes"])
    entry(of, "taken", article=article)
    entry(of, "taken", article_id=99_999)
    values = {"excerpt": "", "url": "https://herald.example/2", "provider": ""}
    entry(of, "history", values=values | {"title": "Flood"})
    entry(of, "ruled", values=values | {"title": "Calm"})


def test_what_is_left_in_a_field_of_another_kind_does_not_count(publisher, source):  # noqa: F811
    some_entries(source)
    left = {"topic": "No such topic", "points": "a lot"}
    shown = send(publisher, action="hold", look="yes", **left)
    assert "It would have matched 2 of the last 3" in shown
    send(publisher, action="hold", save="yes", seen=seen_in(shown), **left)
    rule = Rule.objects.get()
    assert (rule.action, rule.topic, rule.points, rule.spike_reason) == ("hold", None, 0, "")


@pytest.mark.slow
def test_a_rule_is_saved_only_as_it_was_looked_at(publisher, source):  # noqa: F811
    some_entries(source)

    shown = send(publisher, look="yes")
    assert "It would have matched 2 of the last 3" in shown
    assert all(text in shown for text in ("Storm grows", "Flood", "“storm” or “flood” in headline: quality +20"))
    assert not Rule.objects.exists()

    other = send(publisher, save="yes", seen=seen_in(shown), words="calm")
    assert "You changed the rule after you looked" in other
    assert "matched 1 of the last 3" in other
    assert not Rule.objects.exists()

    saved = send(publisher, save="yes", seen=seen_in(shown), topic="", spike_reason="other")
    assert "Saved: “storm” or “flood” in headline: quality +20" in saved
    rule = Rule.objects.get()
    assert (rule.words, rule.points, rule.spike_reason, rule.source) == (["storm", "flood"], 20, "", None)
    assert LogEntry.objects.get().object_repr == str(rule)

    form = page(publisher, "desk_change_rule", rule.pk)
    assert "storm flood</textarea>" in form
    shown = send(publisher, "desk_change_rule", rule.pk, look="yes", source=source.pk, action="never")
    send(publisher, "desk_change_rule", rule.pk, save="yes", seen=seen_in(shown), source=source.pk, action="never")
    rule.refresh_from_db()
    assert (rule.source, rule.action, rule.points) == (source, "never", 0)
    assert "it was: “storm” or “flood” in headline: quality +20" in page(publisher, "desk_rules")


@pytest.mark.slow
def test_a_rule_that_makes_no_sense_says_why(publisher):  # noqa: F811
    cases = [
        ({"words": ""}, "Enter a word or an outlet"),
        ({"places": []}, "Choose where to look"),
        ({"places": ["body"]}, "Select a valid choice"),
        ({"action": "topic"}, "Name the topic to add."),
        ({"action": "topic", "topic": "Nonsense"}, "There is no topic “Nonsense”"),
        ({"action": "publish"}, "Select a valid choice"),
        ({"points": ""}, "Enter how many points"),
        ({"points": "100000"}, "less than or equal to 1000"),
        ({"words": "\n".join(map(str, range(101)))}, "100 are allowed"),
        ({"words": "x" * 201}, "200 are allowed"),
        ({"words": "a\x00b"}, "Null characters are not allowed"),
        ({"source": "9" * 30}, "Select a valid choice"),
        ({"action": "spike", "spike_reason": "boredom"}, "Select a valid choice"),
    ]

    missing = [(values, text) for values, text in cases if text not in send(publisher, save="yes", **values)]

    assert not missing
    assert not Rule.objects.exists()


@pytest.mark.slow
def test_rules_are_moved_switched_and_deleted_and_each_is_logged(publisher):  # noqa: F811
    first, second = (Rule.objects.create(action="hold", words=[word], position=n) for n, word in enumerate("ab"))

    def act(rule: Rule, name: str) -> str:
        url = reverse("desk_rule_act", args=[rule.pk])
        return publisher.post(url, {"act": name}, follow=True).content.decode()

    assert "Moved up" in act(second, "up")
    assert list(Rule.objects.all()) == [second, first]
    assert "This rule is the first already." in act(second, "up")
    assert "This rule is the last already." in act(first, "down")
    assert "Switch it off before you delete it." in act(second, "delete")
    assert "There is no such action." in act(second, "explode")
    assert "Switched off" in act(second, "switch_off")
    assert "Deleted: “b” in headline: hold" in act(second, "delete")
    logged = [log.change_message.split()[0] for log in LogEntry.objects.order_by("pk")]
    assert logged == ["Moved:", "Switched", "Deleted."]
    assert Rule.objects.get() == first


@pytest.mark.slow
def test_what_rules_kept_out_is_counted_and_found(publisher, source, django_assert_num_queries):  # noqa: F811
    rule = Rule.objects.create(action="never", words=["calm"])
    entry(source, "taken", article=builders.article("Storm"))

    def keep_out(title: str) -> None:
        values = {"title": title, "url": "https://courier.example/1?a=b&c=d", "excerpt": "", "provider": ""}
        AppliedRule.objects.create(entry=entry(source, "ruled", values=values, reason=str(rule)), rule=rule, text=rule)

    keep_out("Calm")
    with CaptureQueriesContext(connection) as queries:
        page(publisher, "desk_source", source.pk)
    for number in range(3):
        keep_out(f"Calm {number}")
    with django_assert_num_queries(len(queries)):
        text = page(publisher, "desk_source", source.pk)

    assert "4 kept out by rules" in text
    found = publisher.get(reverse("desk_source", args=[source.pk]), {"outcome": "ruled"}).content.decode()
    assert "Calm 2" in found
    assert "Storm</a>" not in found
    assert "?url=https%3A%2F%2Fcourier.example%2F1%3Fa%3Db%26c%3Dd" in found
    assert "kept out by rules" in page(publisher, "desk_sources")
    assert "applied to 4 entries" in page(publisher, "desk_rules")
    assert "Calm 2" in page(publisher, "desk_rule", rule.pk)


def test_editors_see_rules_and_change_nothing(client, source):  # noqa: F811
    rule = Rule.objects.create(action="never", words=["calm"], source=source)
    sign_in(client, "editor")

    assert "<button" not in page(client, "desk_rules").partition("<h1>Rules")[2]
    assert "Change it" not in page(client, "desk_rule", rule.pk)
    assert client.get(reverse("desk_add_rule")).status_code == 403
    assert client.post(reverse("desk_change_rule", args=[rule.pk]), VALUES).status_code == 403
    assert client.post(reverse("desk_rule_act", args=[rule.pk]), {"act": "switch_off"}).status_code == 403
    assert Rule.objects.get().active


def test_a_topic_that_a_rule_adds_can_not_be_deleted():
    topic = builders.topic("AI")
    Rule.objects.create(action="topic", words=["ai"], topic=topic)

    with pytest.raises(ActionError, match="still in use by rules"):
        operations.delete_references([topic])


def test_a_preview_without_stories_says_that_there_are_none(publisher):  # noqa: F811
    shown = send(publisher, look="yes")
    assert "There are no stories of sources yet to try it on" in shown
    assert "of the last" not in shown
