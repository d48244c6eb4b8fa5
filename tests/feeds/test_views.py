"""Feeds: every list in three formats, by their specifications, and nothing unpublished."""

import json
import re
import xml.etree.ElementTree as ET
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import feedparser
import pytest
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from articles import operations
from articles.feeds import entries
from articles.models import Article, Picture
from articles.search import postgresql
from tests import builders
from tests.builders import MORNING
from tests.public.newsroom import newsroom, with_picture

pytestmark = pytest.mark.django_db

LISTS = ["/feeds/latest.", "/topics/ai/feed.", "/providers/courier.example/feed.", "/search/feed.{}?q=story"]
FORMS = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json",
}
FEEDS = [(start, form) for start in LISTS for form in FORMS]
ATOM = "{http://www.w3.org/2005/Atom}"
ICON = "http://testserver/apple-touch-icon.png"
HOSTILE = "Story <PFE.N> <script>alert(1)</script> \x01\x0b\ufffe]]> \"'&amp; &#8217; &lt;b&gt; \u202e"
TOLD = "Story <PFE.N> <script>alert(1)</script> ]]> \"'& ’ <b> \u202e"


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    cache.clear()


def url(start, form):
    return start.format(form) if "{}" in start else start + form


def get(client, start, form, status=200):
    response = client.get(url(start, form))
    assert response.status_code == status, url(start, form)
    return response


def text_of(client, start, form):
    return get(client, start, form).content.decode()


def published(title="A story", **values):
    return builders.article(title, **{"topics": ["AI"], **values})


def hold_copy(article, number=1, size=1234):
    url = with_picture(article, number)
    Picture.objects.update(enclosure_bytes=size)
    return f"http://testserver{url}"


def items(client, start, form):
    """Return what a reader's program finds: title, link, id, description as it would show it, dates."""
    body = get(client, start, form).content
    if form == "json":
        return json.loads(body)["items"]
    parsed = feedparser.parse(body, sanitize_html=False)
    assert not parsed.bozo, parsed.get("bozo_exception")
    return parsed.entries


# By the specifications


@pytest.mark.parametrize(("start", "form"), FEEDS)
def test_every_list_has_a_feed_in_each_format(client, start, form):
    published("The first story")
    published("The second story")
    response = get(client, start, form)
    assert response["Content-Type"] == FORMS[form]
    assert [item["title"] for item in items(client, start, form)] == ["The second story", "The first story"]


def is_web_address(text):
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.netloc) and text.isascii() and not re.search(r"\s", text)


@pytest.mark.parametrize("start", LISTS)
def test_rss_follows_its_specification(client, start):
    """RSS 2.0.11 (rssboard.org/rss-specification)."""
    hold_copy(published("A story"))
    builders.article("Another story", topics=["AI"], web_url="", original_url="")
    root = ET.fromstring(text_of(client, start, "rss"))  # noqa: S314
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    (channel,) = root
    for name in ("title", "link", "description"):
        assert channel.findtext(name)
    assert is_web_address(channel.findtext("link"))
    assert [element.text for element in channel.find("image")] == [
        ICON,
        channel.findtext("title"),
        channel.findtext("link"),
    ]
    assert parsedate_to_datetime(channel.findtext("lastBuildDate")).tzinfo
    assert channel.find(f"{ATOM}link[@rel='self']").get("href") == f"http://testserver{url(start, 'rss')}"
    assert len(channel.findall("item")) == 2
    for item in channel.findall("item"):
        assert item.findtext("title")
        assert is_web_address(item.findtext("link"))
        assert item.find("guid").get("isPermaLink") == "true"
        assert is_web_address(item.findtext("guid"))
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", item.findtext("pubDate"))
        assert item.find("author") is None  # that would have to be a mail url
        assert item.findtext("{http://purl.org/dc/elements/1.1/}creator") == "The Courier"
        assert [category.text for category in item.findall("category")] == ["AI"]
    enclosures = channel.findall("item/enclosure")
    assert [set(enclosure.keys()) for enclosure in enclosures] == [{"url", "length", "type"}]


@pytest.mark.parametrize("start", LISTS)
def test_atom_follows_its_specification(client, start):
    """RFC 4287; dates are RFC 3339."""
    hold_copy(published("A story"))
    published("Another story")
    root = ET.fromstring(text_of(client, start, "atom"))  # noqa: S314
    assert root.tag == f"{ATOM}feed"
    assert root.findtext(f"{ATOM}icon") == ICON
    for element in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
            assert element.findtext(f"{ATOM}{name}")
        assert is_web_address(element.findtext(f"{ATOM}id"))
        assert datetime.fromisoformat(element.findtext(f"{ATOM}updated")).tzinfo
        assert len(element.findall(f"{ATOM}link[@rel='alternate']")) == 1
        assert all(is_web_address(link.get("href")) for link in element.findall(f"{ATOM}link"))
    assert root.find(f"{ATOM}link[@rel='self']").get("href") == f"http://testserver{url(start, 'atom')}"
    atom_entries = root.findall(f"{ATOM}entry")
    assert len({entry.findtext(f"{ATOM}id") for entry in atom_entries}) == 2
    for entry in atom_entries:
        assert entry.findtext(f"{ATOM}author/{ATOM}name") == "The Courier"
        assert entry.findtext(f"{ATOM}published") < entry.findtext(f"{ATOM}updated")
        assert entry.find(f"{ATOM}summary").get("type") == "html"


@pytest.mark.parametrize("start", LISTS)
def test_json_feed_follows_its_specification(client, start):
    """JSON Feed 1.1 (jsonfeed.org/version/1.1)."""
    article = published("A story", excerpt="")
    picture = hold_copy(article, size=99)
    feed = json.loads(text_of(client, start, "json"))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"]
    assert feed["feed_url"] == f"http://testserver{url(start, 'json')}"
    assert is_web_address(feed["home_page_url"])
    assert feed["icon"] == ICON
    (item,) = feed["items"]
    page = f"http://testserver{article.get_absolute_url()}"
    assert item["id"] == item["url"] == page
    assert item["external_url"] == article.web_url
    assert item["content_text"] == "A story"  # there must be one
    assert datetime.fromisoformat(item["date_published"]) == article.published_at
    assert datetime.fromisoformat(item["date_modified"]).tzinfo
    assert item["authors"] == [{"name": "The Courier", "url": "http://testserver/providers/courier.example/"}]
    assert item["tags"] == ["AI"]
    assert item["image"] == picture
    assert item["attachments"] == [{"url": picture, "mime_type": "image/jpeg", "size_in_bytes": 99}]


@pytest.mark.parametrize("form", FORMS)
def test_a_site_without_stories_has_an_empty_feed_that_stays_the_same(client, form):
    first = text_of(client, LISTS[0], form)
    assert items(client, LISTS[0], form) == []
    assert text_of(client, LISTS[0], form) == first


@pytest.mark.parametrize(("start", "form"), FEEDS)
def test_feeds_set_no_cookie_and_reject_other_methods(client, start, form):
    published()
    response = get(client, start, form)
    assert not response.cookies
    assert client.post(url(start, form)).status_code == 405
    assert client.head(url(start, form)).status_code == 200


# Text and urls


@pytest.mark.parametrize(("start", "form"), FEEDS)
def test_text_is_escaped_in_every_feed(client, start, form):
    """A title is plain text; a description is shown as HTML, so that what it says is escaped in it."""
    outlet = builders.provider(HOSTILE.replace("\x01", "")[:190], "courier.example")
    published(HOSTILE, excerpt=HOSTILE, provider=outlet, topics=["AI", HOSTILE[:90]])
    (item,) = items(client, start, form)
    assert item["title"] == TOLD
    if form == "json":
        assert item["content_text"] == TOLD
    else:
        assert item["summary"] == TOLD.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        assert "<script" not in feedparser.parse(get(client, start, form).content).entries[0]["summary"]
    tags = item["tags"] if form == "json" else [tag["term"] for tag in item["tags"]]
    assert "<script>" in tags[1]


@pytest.mark.parametrize("form", FORMS)
def test_a_title_without_valid_characters_becomes_the_storys_name(client, form):
    article = published("\x01")
    (item,) = items(client, LISTS[0], form)
    assert item["title"] == article.name


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://courier.example/ü x?a=b&c=\"<d>'", "https://courier.example/%C3%BC%20x?a=b&c=%22%3Cd%3E'"),
        ("HTTPS://courier.example/1", "HTTPS://courier.example/1"),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_only_web_urls_of_providers_become_links(client, url, link, form):
    published(web_url=url)
    (item,) = items(client, LISTS[0], form)
    assert item["external_url" if form == "json" else "link"] == link


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_headlines_lead_to_the_source_with_the_story_as_related_link(client, settings, form):
    article = published()
    page = f"http://testserver{article.get_absolute_url()}"
    (item,) = items(client, LISTS[0], form)
    assert (item["link"], item["id"]) == (article.web_url, page)
    assert f'href="{page}" rel="related"' in text_of(client, LISTS[0], form)

    settings.HEADLINE_TARGET = "story"

    (item,) = items(client, LISTS[0], form)
    assert (item["link"], item["id"]) == (page, page)
    assert 'rel="related"' not in text_of(client, LISTS[0], form)


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_a_story_without_a_source_leads_to_its_page(client, form):
    article = published(web_url="")
    (item,) = items(client, LISTS[0], form)
    assert item["link"] == f"http://testserver{article.get_absolute_url()}"


@pytest.mark.slow
def test_an_edited_headline_is_ours_and_a_link_names_the_outlets_own(client):
    article = published("Theirs &amp; theirs", web_url="https://courier.example/1?a=ü")
    operations.edit(article, title="Ours")
    for form in ("rss", "atom"):
        root = ET.fromstring(text_of(client, LISTS[0], form))  # noqa: S314  our own
        (via,) = [link.attrib for link in root.iter(ATOM + "link") if link.get("rel") == "via"]
        assert via == {"rel": "via", "href": "https://courier.example/1?a=%C3%BC", "title": "Theirs & theirs"}
    (item,) = items(client, LISTS[0], "json")
    assert (item["title"], item["_newsfold"]["outlets_headline"]) == ("Ours", "Theirs & theirs")

    operations.unpin(article, "title")
    for form in FORMS:
        assert not re.search("via|outlets_headline", text_of(client, LISTS[0], form))


def test_site_url_makes_feeds_the_same_under_every_host(client, settings):
    published()
    settings.SITE_URL = "https://news.example/"
    body = text_of(client, LISTS[0], "atom")
    assert "testserver" not in body
    assert 'href="https://news.example/feeds/latest.atom" rel="self"' in body
    assert client.get("/feeds/latest.atom", headers={"host": "localhost"}).content.decode() == body


def test_a_domain_may_be_a_whole_path(client):
    outlet = builders.provider("Live", "cnn.example/us/live-news/x?y#z")
    builders.article("From a path", provider=outlet)
    response = client.get(f"{outlet.get_absolute_url()}feed.json")
    feed = response.json()
    assert [item["title"] for item in feed["items"]] == ["From a path"]
    assert feed["feed_url"] == f"http://testserver{outlet.get_absolute_url()}feed.json"


# Which stories


@pytest.mark.slow
def test_hidden_articles_are_in_no_feed(client):
    published("A shown story")
    outlet = builders.provider("Secret Outlet", "secret.example")
    for why, hidden in builders.HIDDEN.items():
        for provider in (outlet, None):  # an outlet of its own, and one that is shown
            secret = builders.article(f"Buried: {why}", topics=["AI", "Secret topic"], provider=provider, **hidden)
            if not hidden.keys() & {"publish_at", "unpublish_at"}:
                Article.objects.filter(pk=secret.pk).update(public=False)
    for start, form in FEEDS:
        assert not re.findall("buried.{0,20}|secret.{0,20}", text_of(client, start, form), re.IGNORECASE), (start, form)
    for start in ("/topics/secret-topic/feed.", "/providers/secret.example/feed."):
        for form in FORMS:
            get(client, start, form, 404)


def test_a_feed_shows_changes_on_the_next_request(client):
    article = published("Now you see it")
    assert "Now you see it" in text_of(client, LISTS[0], "rss")
    operations.hold(article)
    assert "Now you see it" not in text_of(client, LISTS[0], "rss")


@pytest.mark.slow
def test_a_feed_holds_the_newest_fifty_stories(client):
    for number in range(52):
        builders.article(f"Number {number}", published_at=MORNING + timedelta(hours=number))
    titles = [item["title"] for item in items(client, LISTS[0], "rss")]
    assert titles == [f"Number {number}" for number in range(51, 1, -1)]


def test_a_topics_feed_holds_the_stories_of_its_subtopics(client):
    builders.topic("Robotics", parent=builders.topic("AI"))
    builders.article("Deep down", topics=["Robotics"])
    assert [item["title"] for item in items(client, "/topics/ai/feed.", "json")] == ["Deep down"]


def test_the_feed_of_a_search_is_not_indexed(client):
    builders.article("Glacier melts")
    builders.article("Something else")
    response = client.get("/search/feed.json", {"q": 'glacier "melts"'})
    feed = response.json()
    assert [item["title"] for item in feed["items"]] == ["Glacier melts"]
    assert feed["title"] == 'glacier "melts" – Newsfold'
    assert client.get(feed["feed_url"]).json() == feed
    assert response["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize("query", ["", "?q=", "?q=%00", "?q=...", "?q=%F0%9F"])
def test_a_search_for_nothing_has_no_feed(client, query):
    published()
    assert client.get(f"/search/feed.rss{query}").status_code == 404


@pytest.mark.parametrize("query", ["x" * 5000, "%3Cscript%3E", "a%0Bb", "%EF%BF%BEstory", "-story"])
def test_any_search_is_answered(client, query):
    published()
    for form in FORMS:
        response = client.get(f"/search/feed.{form}?q={query}")
        assert response.status_code == 200
        if form != "json":
            ET.fromstring(response.content)  # noqa: S314


@pytest.mark.parametrize(
    "place",
    ["/feeds/latest.xml", "/feeds/latest.rss/", "/topics/nowhere/feed.rss", "/providers/nowhere.example/feed.rss"],
)
def test_a_missing_feed_is_not_found(client, place):
    published()
    assert client.get(place).status_code == 404


# When they changed


def updated(client):
    (item,) = json.loads(text_of(client, LISTS[0], "json"))["items"]
    return datetime.fromisoformat(item["date_modified"])


def test_a_story_is_updated_only_when_readers_see_a_difference(client):
    article = published()
    operations.score(article, quality=90)
    came = updated(client)
    assert came == article.created_at

    operations.score(article, quality=95)
    assert updated(client) == came
    outcome = operations.edit(article, title="Another title")
    assert updated(client) == outcome.operation.at > came


def test_a_scheduled_story_is_updated_when_its_schedule_begins(client):
    article = published()
    begun = timezone.now() - timedelta(minutes=1)
    Article.objects.update(created_at=MORNING, publish_at=begun)
    assert updated(client) == begun
    Article.objects.filter(pk=article.pk).update(publish_at=None)
    assert updated(client) == MORNING


def test_withdrawn_coverage_updates_a_story(client):
    lead = published()
    member = builders.folded(lead)
    before = updated(client)
    outcome = operations.edit(member, removed=True)
    assert updated(client) == outcome.operation.at > before


# Pictures


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_a_picture_is_the_stored_copy_with_its_length_and_type(client, form):
    picture = hold_copy(published(), size=4321)
    (item,) = items(client, LISTS[0], form)
    (enclosure,) = item["enclosures"]
    assert (enclosure["href"], enclosure["length"], enclosure["type"]) == (picture, "4321", "image/jpeg")


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_without_a_copy_is_left_out(client, form):
    builders.picture(published(), held=False)
    assert "picture" not in text_of(client, LISTS[0], form)


# Links to feeds


@pytest.mark.systematic
def test_every_page_links_to_feeds_that_exist(client):
    lead = newsroom()
    pages = {"/topics/ai/": "/topics/ai/feed.", "/providers/outlet0.example/": "/providers/outlet0.example/feed."}
    pages[lead.get_absolute_url()] = f"{lead.get_absolute_url()}feed."
    for page in ["/", "/latest/", "/topics/", "/providers/", *pages]:
        html = client.get(page).content.decode()
        links = re.findall(r'<link rel="alternate" type="([^"]+)" title="[^"]+" href="([^"]+)">', html)
        start = pages.get(page, "/feeds/latest.")
        assert [href for _, href in links] == [start + form for form in FORMS], page
        follow = re.search(r'<a href="([^"]+)">Follow', html)[1]  # to the feeds of the page, or to the page of feeds
        linked = html if follow.startswith("#") else client.get(follow).content.decode()
        for content_type, href in links:
            assert client.get(href)["Content-Type"].startswith(content_type)
            assert f'<a href="{href}">' in linked


# What a feed costs


@pytest.mark.systematic
@pytest.mark.parametrize("form", FORMS)
def test_a_feed_takes_the_same_queries_for_one_story_and_for_many(client, count_queries, form):
    starts = ("/feeds/latest.", "/topics/ai/feed.", "/providers/outlet0.example/feed.", "/search/feed.{}?q=lead")

    def costs(stories):
        with transaction.atomic():
            newsroom(stories)
            counts = {}
            for start in starts:
                with count_queries() as queries:
                    get(client, start, form)
                counts[start] = len(queries)
            transaction.set_rollback(True)
        cache.clear()
        postgresql.to_tsquery.cache_clear()
        return counts

    assert costs(6) == costs(1)


def test_an_article_deleted_meanwhile_breaks_no_feed(client, monkeypatch):
    published("Stays")
    gone = published("Goes")
    rows = entries.ENTRY_ROWS.rows
    monkeypatch.setattr(entries.ENTRY_ROWS, "rows", lambda keys: [row for row in rows(keys) if row[0] != gone.pk])
    text = text_of(client, "/feeds/latest.", "rss")
    assert "Stays" in text
    assert "Goes" not in text
