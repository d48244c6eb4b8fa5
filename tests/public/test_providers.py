"""The pages of providers."""

import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from articles.models import Article
from articles.public import views
from articles.public.pagination import page_for_providers
from tests import builders
from tests.builders import MORNING
from tests.public.newsroom import body

pytestmark = pytest.mark.django_db


def test_a_provider_page_shows_a_domain_with_all_its_names(client):
    now = timezone.now()
    for name in ("Channel One", "Channel Two"):
        builders.article(f"By {name}", provider=builders.provider(name, "tube.example"), published_at=now)
    old = now - timedelta(days=40)
    builders.article("Long ago", provider=builders.provider("Channel One", "tube.example"), published_at=old)
    builders.article("By Three", quality=10, provider=builders.provider("Channel Three", "tube.example"))
    page = body(client, "/providers/tube.example/")
    assert "By Channel One" in page
    assert "By Channel Two" in page
    assert "Three" not in page
    index = body(client, "/providers/")
    assert "Channel One, Channel Two" in index
    assert "2 stories" in index  # of the past 30 days


def test_a_domain_may_be_a_whole_path(client):
    outlet = builders.provider("Live", "cnn.example/us/live-news/x?y#z")
    builders.article("From a path", provider=outlet)
    assert "From a path" in body(client, outlet.get_absolute_url())


def test_the_list_of_providers_is_paginated_by_domain(client, monkeypatch):
    assert views.PROVIDERS_PER_PAGE == 60
    monkeypatch.setattr(views, "PROVIDERS_PER_PAGE", 2)
    for number in range(3):
        builders.article(provider=builders.provider(f"Paper {number}", f"p{number}.example"))
    first = body(client, "/providers/")
    assert "Paper 2" not in first
    more = re.search(r'href="(\?after=[^"]+)"', first)[1]
    assert "Paper 2" in body(client, f"/providers/{more}")
    assert "Paper 0" in body(client, "/providers/?after=nonsense")


def test_outlets_are_found_by_their_letter_and_by_words_of_their_names(client, monkeypatch):
    monkeypatch.setattr(views, "PROVIDERS_PER_PAGE", 2)
    for name in ("Öra Nachrichten", "Orbit", "Wire", "7 Days", "新聞"):
        builders.article(provider=builders.provider(name, f"{len(name)}{name[-1].casefold()}.example"))

    def shown(query):
        return re.findall(r"<bdi>([^<]+)</bdi></a>", re.sub("(?s)<footer.*", "", body(client, f"/providers/{query}")))

    assert re.findall(r"\?letter=([^\"]+)", body(client, "/providers/")) == ["O", "W", "%23"]
    assert shown("?letter=O") == ["Öra Nachrichten", "Orbit"]
    assert shown("?letter=%23") == ["7 Days", "新聞"]
    assert shown("?letter=Q") == ["7 Days", "Öra Nachrichten"]  # no letter of the list: the first page
    assert shown("?q=ORA") == ["Öra Nachrichten"]
    page = body(client, "/providers/?q=nothing+like+it")
    assert "0 outlets with" in page
    assert '<meta name="robots" content="noindex,follow">' in page


def test_lists_count_the_last_stories_of_an_archive(client):
    for days in (0, 29, 31):
        builders.article(topics=["AI"], tags=["FR"], published_at=MORNING - timedelta(days=days))
    for url in ("/providers/", "/topics/", "/places/"):
        page = " ".join(re.sub("<[^>]+>", "", body(client, url)).split())
        assert "in the 30 days up to 9 June 2020" in page, url
        assert "2 stories" in page, url


# Outlets that report stories of others


@pytest.fixture
def covered():
    """Return a published story with coverage by the Herald, which leads no story."""
    lead = builders.article("Bridge closes")
    builders.folded(lead, "Detours for weeks", provider=builders.provider("Herald", "herald.example"))
    return lead


def test_an_outlet_that_appears_only_as_coverage_has_a_page_and_a_feed(client, covered):
    page = body(client, "/providers/herald.example/")
    assert re.search(
        r"Detours for weeks</a>\s*</h3>\s*<p class=\"outlets\">part of <a href=\"" + covered.get_absolute_url(), page
    )
    assert "herald.example" in body(client, "/providers/")
    [item] = json.loads(body(client, "/providers/herald.example/feed.json"))["items"]
    assert (item["title"], item["id"]) == ("Detours for weeks", "http://testserver" + covered.get_absolute_url())
    assert item["content_text"].startswith("Part of: Bridge closes")
    assert [author["name"] for author in item["authors"]] == ["Herald"]


def test_an_outlets_page_lists_its_leads_and_its_coverage_by_the_time_of_the_stories(client, covered):
    herald = builders.provider("Herald", "herald.example")
    older = MORNING - timedelta(days=1)
    builders.article("Older lead", provider=herald, published_at=older)
    builders.related(builders.article("Oldest story", published_at=older - timedelta(days=1)), title="Its report")
    builders.article("Newest lead", provider=herald, published_at=MORNING + timedelta(days=1))

    page = body(client, "/providers/herald.example/")

    shown = ["Newest lead", "Detours for weeks", "Older lead", "Its report"]
    assert re.findall("|".join(shown), re.sub("(?s)<head>.*</head>", "", page)) == shown


def test_pages_of_leads_and_coverage_repeat_and_skip_nothing(covered):
    herald = builders.provider("Herald", "herald.example")
    expected = {covered.pk}
    for number in range(9):
        story = builders.article(provider=herald if number % 2 else None)
        for _ in range(number % 3):
            builders.related(story)
        if number % 2 or number % 3:
            expected.add(story.pk)
    seen, before = [], ""
    while True:
        page = page_for_providers([herald.pk], before, size=2)
        seen += page.ids
        if not page.older:
            break
        before = str(page.older)
    assert (len(seen), set(seen)) == (len(expected), expected)


@pytest.mark.parametrize(
    "hide", [{"public": False}, {"removed": True, "public": False}, {"unpublish_at": MORNING}], ids=str
)
def test_the_coverage_of_a_hidden_story_is_on_no_page(client, covered, hide):
    Article.objects.filter(pk=covered.pk).update(**hide)
    assert client.get("/providers/herald.example/").status_code == 404
    assert "herald.example" not in body(client, "/providers/")


def test_stories_are_counted_once_for_a_domain_that_leads_and_covers_them(client):
    now = timezone.now()
    lead = builders.article(provider=builders.provider("One", "tube.example"), published_at=now)
    builders.related(lead, provider=builders.provider("Two", "tube.example"))
    other = builders.article(published_at=now)
    for name in ("One", "Two"):
        builders.related(other, provider=builders.provider(name, "tube.example"))
    assert "2 stories" in body(client, "/providers/")
