"""Following a list or a story: each page leads to its own feeds."""

import re

import pytest
from django.urls import reverse

from tests import builders

from .newsroom import body, newsroom


def footer_links(page: str) -> list[str]:
    """Return the URLs of the links in the footer that say "Follow"."""
    footer = re.search("(?s)<footer.*</footer>", page)[0]
    return re.findall(r'<a href="([^"]*)">Follow\b', footer)


def own_feeds(page: str) -> list[str]:
    """Return the URLs to which `#follow` leads, apart from the explanation of feeds."""
    line = re.search('(?s)<p class="follow" id="follow">.*?</p>', page)
    return [url for url in re.findall('href="([^"]*)"', line[0]) if url != reverse("follow")] if line else []


@pytest.mark.parametrize("path", ["/", "/topics/", "/providers/", "/about/", "/feeds/", "/search/", "/archive/"])
def test_pages_without_a_feed_of_their_own_lead_to_all_feeds(client, db, path):
    newsroom()
    page = body(client, path)
    assert footer_links(page) == [reverse("follow")]
    assert not own_feeds(page)


@pytest.mark.parametrize(
    ("path", "feed"),
    [
        ("/topics/ai/", "/topics/ai/feed."),
        ("/topics/robotics/", "/topics/robotics/feed."),
        ("/providers/outlet0.example/", "/providers/outlet0.example/feed."),
        ("/latest/", "/feeds/latest."),
        ("/top/week/", "/top/week/feed."),
        ("/search/?q=Lead", "/search/feed."),
    ],
)
def test_following_leads_to_the_feeds_of_the_page(client, db, path, feed):
    newsroom()
    page = body(client, path)
    assert footer_links(page) == ["#follow"]
    feeds = own_feeds(page)
    assert len(feeds) == 3
    assert all(url.startswith(feed) for url in feeds)


def test_a_story_is_followed_by_its_own_feed(client, db):
    story = builders.article("Bridge closes")
    page = body(client, story.get_absolute_url())
    assert footer_links(page) == ["#follow"]
    assert own_feeds(page) == [f"{story.get_absolute_url()}feed.{form}" for form in ("rss", "atom", "json")]
