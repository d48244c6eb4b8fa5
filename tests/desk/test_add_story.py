"""Add a story by its URL. What its page says is given, so nothing is requested and no page is parsed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.urls import reverse

from articles.desk import add_story_views
from articles.models import Article, Operation
from sources.preview import PagePreview
from sources.reading.values import PageValue, ParsedPage
from tests import builders
from tests.documents import CANONICAL

pytestmark = pytest.mark.django_db

URL = "https://www.courier.example/bridge?utm_source=chat"
FIELDS = {
    "url": "https://www.courier.example/bridge",
    "title": "Harbour bridge closes",
    "excerpt": "For two weeks.",
    "published": "2026-03-04T12:00:00",
    "provider": "The Courier",
    "domain": "courier.example",
    "topics": "",
    "picture": "https://p.example/bridge.jpg",
    "add": "yes",
}


@pytest.fixture
def contributor(client):
    user = User.objects.create_user("ana", is_staff=True)
    user.groups.add(Group.objects.get(name="contributor"))
    client.force_login(user)
    return client


def a_page(**values: str) -> ParsedPage:
    stated = {
        "title": "Harbour bridge closes",
        "excerpt": "For two weeks.",
        "url": "https://www.courier.example/bridge",
        "published": "2026-03-04T12:00:00Z",
        "picture": "",
        "provider": "Courier Online",
        "language": "",
    } | values
    return ParsedPage(**{name: PageValue(text=text, origin="JSON-LD") for name, text in stated.items()}, feeds=())


def look(client, monkeypatch, preview: PagePreview, follow: bool = False) -> str:
    monkeypatch.setattr(add_story_views, "preview_page", lambda url, http: preview)
    return client.post(reverse("desk_add_story"), {"url": preview.url}, follow=follow).content.decode()


def add(client, **changes: str) -> str:
    return client.post(reverse("desk_add_story"), FIELDS | changes, follow=True).content.decode()


def test_the_form_shows_what_the_page_says_and_where(contributor, monkeypatch):
    builders.provider("The Courier", registered=True)
    builders.topic("Transport", keywords=["bridge"])

    text = look(contributor, monkeypatch, PagePreview(url=URL, page=a_page()))

    for value in ("Harbour bridge closes", "2026-03-04T12:00:00", "The Courier", "courier.example", "Transport"):
        assert f'value="{value}"' in text
    assert 'value="https://www.courier.example/bridge"' in text
    assert "From JSON-LD." in text
    assert "The page doesn’t say." in text
    assert not Article.objects.exists()


@pytest.mark.slow
def test_a_confirmed_story_waits_for_an_editor(contributor):
    builders.topic("Transport")

    assert "waits for an editor" in add(contributor, topics="Transport")

    article = Article.objects.get()
    assert (article.title, article.web_url, article.name) == (
        "Harbour bridge closes",
        FIELDS["url"],
        "2026-03-04-harbour-bridge-closes",
    )
    assert article.published_at == datetime(2026, 3, 4, 12, tzinfo=UTC)
    assert (article.state, article.public, article.pins) == ("undecided", False, ["published"])
    assert [str(topic) for topic in article.topics.all()] == ["Transport"]
    assert (article.provider.name, article.picture_count, article.quality) == ("The Courier", 1, 30)
    operation = Operation.objects.get()
    assert (operation.verb, operation.via, operation.actor_name) == ("add", "desk", "ana")


@pytest.mark.slow
def test_an_import_that_prunes_keeps_it(contributor, tmp_path):
    add(contributor)
    (tmp_path / "2020-06-09-a.md").write_text(CANONICAL)

    call_command("import_articles", str(tmp_path), "--prune", verbosity=0)

    assert not Article.objects.filter(missing=True).exists()


@pytest.mark.slow
@pytest.mark.parametrize("url", [URL, "http://courier.example/bridge/", "https://other.example/short"])
def test_a_story_that_is_here_already_is_shown_instead(contributor, monkeypatch, url):
    article = builders.article("Here before", web_url="https://courier.example/bridge")

    text = look(contributor, monkeypatch, PagePreview(url=url, page=a_page()), follow=True)

    assert "This story is here already." in text
    assert f'data-pk="{article.pk}"' in text
    add(contributor)
    assert Article.objects.count() == 1


def test_a_page_that_can_not_be_read_still_has_a_form(contributor, monkeypatch):
    text = look(contributor, monkeypatch, PagePreview(url=URL, reason="responds with 403"))

    assert "it responds with 403. Fill in the form yourself." in text
    assert 'value="courier.example"' in text


def test_a_feed_is_offered_as_a_source_to_those_who_may_follow_one(contributor, monkeypatch):
    feed = PagePreview(url="https://courier.example/feed", is_feed=True, reason="is a feed, not a story")

    assert "Follow it as a source" not in look(contributor, monkeypatch, feed)
    User.objects.get().groups.set([Group.objects.get(name="publisher")])
    assert "sources/add/?url=https%3A//courier.example/feed" in look(contributor, monkeypatch, feed)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"title": " "}, "This field is required"),
        ({"title": "A\u200b", "excerpt": "a\x07b"}, "control character U+0007"),
        ({"picture": "javascript:alert(1)"}, "must start with http"),
        ({"url": "ftp://courier.example/bridge"}, "must start with http"),
        ({"topics": "Nonsense"}, "There is no topic “Nonsense”"),
        ({"published": "soon"}, "Enter a valid date/time"),
        ({"published": "0001-01-01T00:00:00"}, "year"),
    ],
)
def test_a_story_that_no_document_can_hold_is_refused_with_the_reason(contributor, changes, problem):
    assert problem in add(contributor, **changes)
    assert not Article.objects.exists()
    assert not Operation.objects.exists()


def test_who_may_not_add_articles_adds_none(client):
    user = User.objects.create_user("reader", is_staff=True)
    user.groups.add(Group.objects.get(name="importer"))
    client.force_login(user)

    assert client.post(reverse("desk_add_story"), FIELDS).status_code == 403


def test_a_bookmark_opens_the_form_with_the_page_that_is_read(contributor):
    page = contributor.get(reverse("desk_add_story")).content.decode()
    assert "javascript:location.href=&quot;http://testserver/admin/desk/stories/add/&quot;+&#x27;?url=&#x27;+" in page
    assert (
        f'value="{FIELDS["url"]}"'
        in contributor.get(reverse("desk_add_story"), {"url": FIELDS["url"]}).content.decode()
    )


@pytest.mark.parametrize("text", ["not a url", "https://", "the bridge"])
def test_what_is_no_url_is_not_looked_at(contributor, monkeypatch, text):
    monkeypatch.setattr(add_story_views, "preview_page", lambda url, http: pytest.fail("looked at"))
    page = contributor.post(reverse("desk_add_story"), {"url": text}).content.decode()
    assert f"“{text}” is not a URL. Write it like https://news.example/story." in page
    assert f'value="{text}"' in page
    assert 'name="domain"' not in page
