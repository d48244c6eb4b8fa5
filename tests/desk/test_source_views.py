"""The sources at the desk. What a URL has is given, so nothing is requested and no document is parsed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.urls import reverse
from django.utils import timezone

from articles.desk import looking, source_views
from sources.models import Entry, Source
from sources.preview import Preview
from sources.reading.values import FeedLink, ParsedEntry, ParsedFeed
from tests import builders

pytestmark = pytest.mark.django_db

URL = "https://courier.example/feed"


@pytest.fixture
def source() -> Source:
    return Source.objects.create(name="Courier", url=URL, next_at=timezone.now() + timedelta(days=1))


@pytest.fixture
def publisher(client):
    return sign_in(client, "publisher")


def sign_in(client, group: str):
    user = User.objects.create_user(group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client.force_login(user)
    return client


def entry(source: Source, outcome: str, **values) -> Entry:
    now = timezone.now()
    return Entry.objects.create(
        source=source, title_key="t", fingerprint="f", first_seen_at=now, last_seen_at=now, outcome=outcome, **values
    )


def act(client, source: Source, name: str) -> str:
    url = reverse("desk_source_act", args=[source.pk])
    page = client.post(url, {"act": name, "next": reverse("desk_sources")}, follow=True).content.decode()
    source.refresh_from_db()
    return page


def page(client, name: str, *args) -> str:
    return " ".join(client.get(reverse(name, args=args)).content.decode().split())


def feed(*titles: str) -> ParsedFeed:
    entries = [
        ParsedEntry(
            title=title,
            excerpt="",
            url=f"https://courier.example/{title}",
            published=None,
            provider="courier.example",
            picture="",
            language="",
            guid=title,
        )
        for title in titles
    ]
    return ParsedFeed(format="RSS", title="The Courier", url="", language="", entries=tuple(entries))


def test_the_list_says_how_sources_are_with_those_that_need_attention_first(publisher, source):
    now = timezone.now()
    Source.objects.filter(pk=source.pk).update(fetched_at=now, last_ok_at=now)
    Source.objects.create(
        name="Zeitung", url="https://z.example/", fetched_at=now, failures=2, reason="responds with 403", status=403
    )
    entry(source, "taken", article=builders.article())
    entry(source, "held")

    text = page(publisher, "desk_sources")

    assert text.index("Zeitung") < text.index("Courier")
    assert "2 followed, 1 of them needs attention" in text
    assert "It responds with 403 (2 times in a row)." in text
    assert "1 in all: 1 published (100&nbsp;%), 0 spiked (0&nbsp;%)" in text
    assert "Take 1 held back" in text


def test_a_week_is_drawn_as_bars_with_the_numbers_in_words(publisher, source):
    now = timezone.now()
    for days, number in ((0, 4), (1, 1), (6, 2), (7, 9)):
        keys = [entry(source, "taken", article_id=99_999).pk for _ in range(number)]
        Entry.objects.filter(pk__in=keys).update(first_seen_at=now - timedelta(days=days))

    text = page(publisher, "desk_sources")

    assert ': 2, 0, 0, 0, 0, 1, 4"' in text
    assert re.findall(r'height="(\d+)"/>', text)[::2] == ["12", "0", "0", "0", "0", "6", "24"]


def test_the_page_of_a_source_says_what_became_of_each_entry(publisher, source):
    entry(source, "taken", article=builders.article("Still here"))
    entry(source, "taken", article_id=99_999)
    entry(source, "refused", reason="There is no link.")
    entry(source, "history", values={"title": "From the archive"})

    text = page(publisher, "desk_source", source.pk)

    assert "Still here</a>" in text
    assert "deleted or undone; it isn’t taken again" in text
    assert "refused: There is no link." in text
    assert "From the archive" in text
    assert "Take 1 older story too" in text


def test_a_source_is_paused_resumed_and_fetched_at_once(publisher, source):
    assert "until you resume it" in act(publisher, source, "pause")
    assert source.paused

    assert "It is paused. Resume it first." in act(publisher, source, "fetch")
    assert "within a minute" in act(publisher, source, "resume")

    assert (source.paused, source.next_at <= timezone.now()) == (False, True)
    assert "no such action" in act(publisher, source, "explode")


@pytest.mark.parametrize("name", ["use_new_url", "take_held_back", "take_history", "judge_again", "explode"])
def test_what_is_not_done_is_an_error_and_not_logged(publisher, source, name):
    text = act(publisher, source, name)

    assert '<li class="error">' in text
    assert not LogEntry.objects.exists()


def test_what_was_held_back_is_taken_and_the_archive_only_if_asked(publisher, source):
    entry(source, "held")
    entry(source, "history")

    assert "1 story comes in" in act(publisher, source, "take_held_back")

    assert sorted(source.entries.values_list("outcome", flat=True)) == ["history", "new"]
    act(publisher, source, "take_history")
    assert source.entries.waiting().count() == 2


def test_what_rules_kept_out_is_judged_again(publisher, source):
    entry(source, "ruled")

    assert "Apply the rules again to 1 kept out" in page(publisher, "desk_source", source.pk)
    assert "The rules judge 1 entry again" in act(publisher, source, "judge_again")

    assert source.entries.waiting().count() == 1


def test_the_new_url_of_a_source_that_moved_is_taken_unless_another_follows_it(publisher, source):
    Source.objects.update(moved_to="https://new.example/feed", moved_count=3, etag="x")
    other = Source.objects.create(name="New", url="https://new.example/feed/")
    assert "“New” follows the new URL already" in act(publisher, source, "use_new_url").replace("&quot;", '"')
    other.delete()

    act(publisher, source, "use_new_url")

    assert (source.url, source.moved_to, source.etag) == ("https://new.example/feed", "", "")


def test_a_source_that_moved_to_https_takes_its_new_url(publisher, source):
    Source.objects.update(url="http://courier.example/feed", moved_to=URL)

    assert f"It is fetched from {URL} from now on." in act(publisher, source, "use_new_url")

    assert source.url == URL


def test_a_feed_is_shown_before_it_is_followed(publisher, monkeypatch):
    builders.topic("AI")
    outlet = builders.provider()
    monkeypatch.setattr(
        source_views, "preview_source", lambda url, client: Preview(url=url, feed=feed("Storm", "Calm"))
    )
    add = reverse("desk_add_source")

    shown = publisher.post(add, {"url": URL}).content.decode()
    assert all(text in shown for text in ("Storm", "Calm", 'value="The Courier"', "The Courier (courier.example)"))
    assert not Source.objects.exists()

    values = {"url": URL, "name": "Courier", "provider": outlet.pk, "topic_names": "AI", "publication": "policy"}
    followed = publisher.post(add, values | {"follow": "yes"}, follow=True)

    assert "Courier is followed" in followed.content.decode()
    source = Source.objects.get()
    assert (source.provider, source.publication, [str(topic) for topic in source.topics.all()]) == (
        outlet,
        "policy",
        ["AI"],
    )


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        (" https://courier.example/feed ", "https://courier.example/feed"),
        ("courier.example/feed", "https://courier.example/feed"),
        ("courier.example:8080/feed", "https://courier.example:8080/feed"),
        ("//courier.example", "https://courier.example"),
        ("feed://courier.example/feed", "https://courier.example/feed"),
        ("feed:http://courier.example/feed", "http://courier.example/feed"),
        ("file:///etc/passwd", "file:///etc/passwd"),
    ],
)
def test_a_url_may_be_typed_without_its_scheme(publisher, monkeypatch, typed, url):
    monkeypatch.setattr(source_views, "preview_source", lambda url, client: Preview(url=url, reason=f"is {url}"))

    assert f"it is {url}." in publisher.post(reverse("desk_add_source"), {"url": typed}).content.decode()


def test_a_page_offers_the_feeds_that_it_names(publisher, monkeypatch):
    links = (FeedLink(url=URL, title="All stories"),)
    found = Preview(url="https://courier.example/", feeds=links, reason="sends a document that is a web page")
    monkeypatch.setattr(source_views, "preview_source", lambda url, client: found)

    shown = publisher.post(reverse("desk_add_source"), {"url": "https://courier.example/"}).content.decode()

    assert "This is a web page, which names these feeds" in shown
    assert "can’t be followed" not in shown
    assert f'value="{URL}"' in shown
    assert "Look at All stories" in shown


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"url": "file:///etc/passwd"}, "must start with http"),
        ({"url": "http://www.taken.example/feed/"}, "follows this URL already"),
        ({"name": ""}, "This field is required"),
        ({"topic_names": "Nonsense"}, "There is no topic “Nonsense”"),
        ({"provider": "x"}, "not one of the available choices"),
    ],
)
def test_a_source_that_can_not_be_followed_says_why(publisher, changes, problem):
    Source.objects.create(name="Taken", url="https://taken.example/feed")
    values = {"url": URL, "name": "Courier", "publication": "editors", "follow": "yes"}

    shown = publisher.post(reverse("desk_add_source"), values | changes).content.decode()

    assert problem in shown
    assert Source.objects.count() == 1


def test_only_who_may_publish_lets_a_new_source_publish(client):
    sign_in(client, "publisher")
    group = Group.objects.get(name="publisher")
    group.permissions.remove(group.permissions.get(codename="publish"))
    values = {"url": URL, "name": "Courier", "publication": "policy", "follow": "yes"}

    assert "needs the permission to publish" in client.post(reverse("desk_add_source"), values).content.decode()
    assert not Source.objects.exists()


def test_one_person_looks_at_one_url_at_a_time(publisher, monkeypatch):
    def look_again(url, client):
        again = publisher.post(reverse("desk_add_source"), {"url": url})
        assert again.status_code == 429
        return Preview(url=url, reason="is slow")

    monkeypatch.setattr(source_views, "preview_source", look_again)

    assert "it is slow" in publisher.post(reverse("desk_add_source"), {"url": URL}).content.decode()


def test_a_look_at_a_url_has_eight_seconds(publisher, monkeypatch):
    limits = []
    monkeypatch.setattr(looking, "source_client", lambda seconds: limits.append(seconds))
    monkeypatch.setattr(source_views, "preview_source", lambda url, client: Preview(url=url, reason="is slow"))

    publisher.post(reverse("desk_add_source"), {"url": URL})

    assert limits == [8.0]


def test_editors_see_sources_and_change_nothing(client, source):
    sign_in(client, "editor")

    assert "Courier" in page(client, "desk_sources")
    assert "<button" not in page(client, "desk_source", source.pk).partition("source-sheet")[2]
    assert client.post(reverse("desk_source_act", args=[source.pk]), {"act": "pause"}).status_code == 403
    assert client.get(reverse("desk_add_source")).status_code == 403


@pytest.mark.slow
def test_a_row_says_which_source_brought_the_story(publisher, source):
    article = builders.article("Storm", published=False, heat=10)
    entry(source, "taken", article=article)

    assert "from Courier" in page(publisher, "desk")
    assert "from the source Courier" in page(publisher, "desk_story", article.pk)
