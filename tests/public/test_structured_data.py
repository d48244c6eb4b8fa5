"""The metadata of pages: JSON-LD, OpenGraph and the head."""

import json
import re
from datetime import timedelta
from html import unescape
from types import SimpleNamespace

import pytest

from articles.models import Article
from articles.public.structured_data import collection, script_tag, story
from tests import builders
from tests.builders import MORNING
from tests.public.newsroom import LIST_PATHS, newsroom, with_picture

SITE = "http://testserver"
HOSTILE = "</script><script>alert(1)</script><!-- & \u2028 \" ' <PFE.N>"
db = pytest.mark.django_db


def work(**values):
    defaults = {
        "type": "article",
        "title": "It happened",
        "source_url": "https://c.example/1",
        "outlets_title": "",
        "lang": None,
    }
    return SimpleNamespace(**(defaults | {"provider_name": "The Courier", "published_at": MORNING} | values))


# Pure


def test_a_list_is_a_collection_of_story_pages_in_order():
    data = collection("https://n.example/", "News", "The news", ["https://n.example/b", "https://n.example/a"])
    assert (data["@context"], data["@type"], data["url"]) == (
        "https://schema.org",
        "CollectionPage",
        "https://n.example/",
    )
    assert data["mainEntity"] == {
        "@type": "ItemList",
        "numberOfItems": 2,
        "itemListElement": [
            {"@type": "ListItem", "position": 1, "url": "https://n.example/b"},
            {"@type": "ListItem", "position": 2, "url": "https://n.example/a"},
        ],
    }


def test_a_story_mentions_the_works_of_providers():
    data = story("https://n.example/news/x/", "", work(), [work(source_url="")])
    assert (data["@type"], data["name"]) == ("WebPage", "It happened")
    assert data.keys().isdisjoint({"description", "headline", "isBasedOn"})
    assert data["mentions"] == [
        {
            "@type": "NewsArticle",
            "headline": "It happened",
            "url": "https://c.example/1",
            "datePublished": "2020-06-09T08:00:00+00:00",
            "publisher": {"@type": "Organization", "name": "The Courier"},
        }
    ]


@pytest.mark.parametrize(
    ("kind", "type_name"),
    [("article", "NewsArticle"), ("", "NewsArticle"), ("video", "VideoObject"), ("book", "CreativeWork")],
)
def test_a_work_has_the_type_of_its_document(kind, type_name):
    (mention,) = story("a", "b", work(type=kind), [])["mentions"]
    assert mention["@type"] == type_name
    assert ("uploadDate" in mention, "datePublished" in mention) == (kind == "video", kind != "video")


def test_an_edited_headline_is_the_pages_and_the_outlets_own_is_its_reports():
    data = story("a", "", work(title="Ours", outlets_title="Theirs &amp; more"), [])
    assert (data["name"], data["headline"]) == ("Ours", "Ours")
    assert (data["isBasedOn"]["headline"], data["isBasedOn"]["url"]) == ("Theirs & more", "https://c.example/1")
    assert data["mentions"] == [data["isBasedOn"]]
    assert "isBasedOn" not in story("a", "", work(outlets_title="Theirs", source_url=""), [])


def test_a_work_of_midnight_has_a_date_without_a_time():
    (mention,) = story("a", "b", work(published_at=MORNING.replace(hour=0)), [])["mentions"]
    assert mention["datePublished"] == "2020-06-09"


def test_nothing_ends_the_element_that_holds_the_data():
    element = script_tag({"name": HOSTILE})
    inner = element.removeprefix('<script type="application/ld+json">').removesuffix("</script>")
    assert json.loads(inner) == {"name": HOSTILE}
    assert not re.search("[<>&\u2028\u2029]", inner)


# On pages


def head(client, url):
    """Return the linked data of a page and what its head says by name."""
    html = client.get(url).content.decode()
    (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)
    meta = dict(re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', html))
    meta["canonical"] = re.search(r'<link rel="canonical" href="([^"]+)">', html)[1]
    return json.loads(data), {name: unescape(text) for name, text in meta.items()}


@db
@pytest.mark.parametrize("url", LIST_PATHS)
def test_every_list_describes_itself_and_its_links(client, url):
    newsroom(2)
    data, meta = head(client, url)
    assert data["@type"] == "CollectionPage"
    assert data["url"] == meta["canonical"] == meta["og:url"] == SITE + url
    assert data["name"] == meta["og:title"]
    assert data["isPartOf"] == {"@type": "WebSite", "url": f"{SITE}/", "name": "Newsfold"}
    assert data["description"] == meta["description"] == meta["og:description"]
    assert meta["og:type"] == "website"
    assert meta["og:site_name"] == "Newsfold"
    assert "robots" not in meta
    items = data["mainEntity"]["itemListElement"]
    assert len(items) == data["mainEntity"]["numberOfItems"] > 0
    assert [item["position"] for item in items] == list(range(1, len(items) + 1))
    html = client.get(url).content.decode()
    for item in items:
        page = client.get(item["url"].removeprefix(SITE)).content.decode()
        assert re.search(r"<h1[^>]*>(?:<bdi>)?([^<]+)", page)[1] in html


@pytest.mark.systematic
@db
def test_the_front_page_lists_its_stories_in_their_order(client):
    newsroom(20)
    html = client.get("/").content.decode()
    data, _ = head(client, "/")
    titles = {article.get_absolute_url(): article.title for article in Article.objects.all()}
    listed = [titles[item["url"].removeprefix(SITE)] for item in data["mainEntity"]["itemListElement"]]
    assert listed == re.findall(r'<h[23] class="headline" dir="auto">\s*<a [^>]*>([^<]+)<', html)
    assert len(listed) == 36


@db
@pytest.mark.parametrize("url", ["/", "/latest/", "/topics/", "/providers/"])
def test_an_empty_list_has_no_items(client, url):
    data, _ = head(client, url)
    assert data["mainEntity"]["itemListElement"] == []


@db
def test_an_older_page_of_a_list_has_its_own_canonical_url(client):
    for number in range(26):
        builders.article(published_at=MORNING + timedelta(hours=number))
    older = re.search(r'href="(\?before=[^"]+)"', client.get("/latest/").content.decode())[1]
    data, meta = head(client, f"/latest/{older}")
    assert data["url"] == meta["canonical"] == f"{SITE}/latest/{older}"


@db
def test_a_story_mentions_its_provider_and_all_visible_coverage(client):
    lead = builders.article("It didn&#8217;t last", excerpt="Words.", topics=["AI"])
    builders.folded(lead, "Told elsewhere", provider=builders.provider("Herald", "herald.example"))
    builders.related(lead, title="Nowhere to read", web_url="")
    gone = builders.folded(lead, "Gone")
    Article.objects.filter(pk=gone.pk).update(removed=True)
    other = builders.article("See also this one", topics=["AI"])
    builders.related(lead, other)
    data, meta = head(client, lead.get_absolute_url())
    assert data["@type"] == "WebPage"
    assert data["url"] == meta["canonical"] == SITE + lead.get_absolute_url()
    assert data["name"] == meta["og:title"] == "It didn’t last"
    assert data["description"] == meta["description"] == "Words."
    assert [(mention["headline"], mention["publisher"]["name"]) for mention in data["mentions"]] == [
        ("It didn’t last", "The Courier"),
        ("Told elsewhere", "Herald"),
    ]
    for mention in data["mentions"]:
        assert mention["@type"] == "NewsArticle"
        assert mention["url"].startswith("https://")
        assert mention["datePublished"]


@db
def test_a_storys_picture_is_the_stored_copy_with_its_size(client):
    article = builders.article()
    copy = with_picture(article)
    _, meta = head(client, article.get_absolute_url())
    assert meta["og:image"] == SITE + copy
    assert (meta["og:image:width"], meta["og:image:height"]) == ("640", "360")


@db
def test_text_of_providers_stays_text_in_the_data(client):
    outlet = builders.provider(HOSTILE, "hostile.example")
    lead = builders.article(HOSTILE, excerpt=HOSTILE, topics=[HOSTILE], provider=outlet)
    builders.related(lead, title=HOSTILE, provider=outlet)
    topic = lead.topics.get()
    for url in ["/", "/latest/", topic.get_absolute_url(), outlet.get_absolute_url(), lead.get_absolute_url()]:
        data, _ = head(client, url)
        assert data["name"] in (HOSTILE, "Newsfold", "Latest stories")
    assert [mention["headline"] for mention in data["mentions"]] == [HOSTILE, HOSTILE]


@db
def test_site_url_is_the_base_of_canonical_urls(client, settings):
    settings.SITE_URL = "https://news.example"
    lead = newsroom()
    for url in [*LIST_PATHS, lead.get_absolute_url()]:
        data, meta = head(client, url)
        assert data["url"] == meta["canonical"] == meta["og:url"] == f"https://news.example{url}"


@db
def test_a_story_of_one_provider_is_indexed_only_if_the_site_allows_it(client, settings):
    single, own, shared = builders.article(), builders.article(), builders.article()
    builders.related(own, provider=own.provider)
    builders.related(shared)
    robots = {page.pk: head(client, page.get_absolute_url())[1].get("robots") for page in (single, own, shared)}
    assert robots == {single.pk: "noindex,follow", own.pk: "noindex,follow", shared.pk: None}

    settings.INDEX_SINGLE_STORIES = True

    assert "robots" not in head(client, single.get_absolute_url())[1]


@db
def test_a_list_describes_itself_without_entities(client):
    builders.article(topics=[builders.topic("Arts & Culture").name])
    data, meta = head(client, "/topics/arts-culture/")
    assert data["name"] == meta["og:title"] == "Arts & Culture"
    assert data["description"] == meta["description"]
    assert "Arts & Culture" in data["description"]
