"""What a page says about its story: which value is trusted first, and which is none."""

from __future__ import annotations

import json

import pytest

from sources.reading.documents import read_document
from sources.reading.page import read_page
from sources.reading.values import NotAFeedError, ParsedPage

URL = "https://www.courier.example/news/bridge?utm_source=mail"
ARTICLE = {
    "@type": "NewsArticle",
    "headline": "Bridge closes",
    "description": "For two weeks.",
    "datePublished": "2024-05-01T10:30:00+02:00",
    "image": [{"@type": "ImageObject", "url": "/bridge.jpg"}],
    "publisher": {"@type": "Organization", "name": "The Courier"},
    "inLanguage": "en-GB",
}
OPEN_GRAPH = """
<meta property="og:title" content="Bridge &amp; ferry | The Courier">
<meta property="og:site_name" content="The Courier">
<meta property="og:description" content="Two weeks."><meta property="og:image" content="https://cdn.example/og.jpg">
<meta property="article:published_time" content="2024-05-02T00:00:00Z"><meta property="og:locale" content="en_US">
"""
ELEMENTS = """
<title>Bridge - courier.example</title></head><body><h1>The <b>bridge</b></h1>
<time datetime="2024-05-03">Friday</time>"""


def page(head: str = "", article: object = None, language: str = "") -> bytes:
    script = f'<script type="application/ld+json">{json.dumps(article)}</script>' if article else ""
    return f"<!DOCTYPE html><html{language and f' lang={language}'}><head>{script}{head}</html>".encode()


def read(head: str = "", article: object = None, language: str = "") -> ParsedPage:
    return read_page(page(head, article, language), URL)


@pytest.mark.parametrize(
    "article",
    [
        ARTICLE,
        [{"@type": "WebSite", "name": "Courier"}, ARTICLE],
        {"@graph": [{"@type": "BreadcrumbList"}, ARTICLE]},
        {"@type": "WebPage", "mainEntity": ARTICLE},
        ARTICLE | {"@type": ["Thing", "BlogPosting"]},
    ],
)
def test_json_ld_is_trusted_first(article):
    parsed = read(OPEN_GRAPH + ELEMENTS, article)
    assert (parsed.title.text, parsed.title.origin) == ("Bridge closes", "JSON-LD")
    assert parsed.excerpt.text == "For two weeks."
    assert parsed.published.text == "2024-05-01T08:30:00Z"
    assert parsed.picture.text == "https://www.courier.example/bridge.jpg"
    assert parsed.provider.text == "The Courier"
    assert parsed.language.text == "en-GB"


@pytest.mark.parametrize(
    "article",
    [
        None,
        {"@type": "WebSite", "name": "x"},
        {"@type": "Article"},
        {"@type": "Article", "headline": 7, "image": {}},
        "x",
    ],
)
def test_open_graph_comes_next(article):
    parsed = read(OPEN_GRAPH + ELEMENTS, article)
    assert (parsed.title.text, parsed.title.origin) == ("Bridge & ferry", "og:title")
    assert (parsed.excerpt.text, parsed.excerpt.origin) == ("Two weeks.", "og:description")
    assert (parsed.published.text, parsed.published.origin) == ("2024-05-02T00:00:00Z", "article:published_time")
    assert parsed.picture.text == "https://cdn.example/og.jpg"
    assert parsed.language.text == "en-US"


@pytest.mark.parametrize("script", ["{broken", "[" * 100_000, "", "null", '{"@graph": 7}'])
def test_json_ld_that_is_broken_is_skipped(script):
    head = f'<script type="application/ld+json">{script}</script>{OPEN_GRAPH}'
    assert read_page(page(head), URL).title.text == "Bridge & ferry"


def test_the_elements_of_the_page_come_last():
    parsed = read(ELEMENTS, language="de")
    assert (parsed.title.text, parsed.title.origin) == ("The bridge", "h1")
    assert (parsed.published.text, parsed.published.origin) == ("2024-05-03T00:00:00Z", "time")
    assert (parsed.language.text, parsed.language.origin) == ("de", "html")
    assert read("<title>Bridge - courier.example</title>").title.text == "Bridge"


def test_an_empty_page_says_nothing_but_its_url():
    parsed = read_page(b"", URL)
    assert parsed.url.text == "https://www.courier.example/news/bridge"
    assert (parsed.title.text, parsed.excerpt.text, parsed.published.text, parsed.feeds) == ("", "", "", ())


@pytest.mark.parametrize(
    ("canonical", "url"),
    [
        ("/news/bridge", "https://www.courier.example/news/bridge"),
        ("https://courier.example/news/7", "https://courier.example/news/7"),
        ("https://edition.courier.example/news/7", "https://edition.courier.example/news/7"),
        ("https://www.courier.example/", "https://www.courier.example/news/bridge"),
        ("https://other.example/news/7", "https://www.courier.example/news/bridge"),
        ("https://evilcourier.example/news/7", "https://www.courier.example/news/bridge"),
        ("javascript:alert(1)", "https://www.courier.example/news/bridge"),
        ("", "https://www.courier.example/news/bridge"),
    ],
)
def test_a_canonical_url_is_one_of_the_same_site_and_no_front_page(canonical, url):
    assert read(f'<link rel="canonical" href="{canonical}">').url.text == url


def test_values_are_text_and_urls_of_the_web():
    parsed = read(
        '<meta property="og:title" content="&lt;script&gt;x&lt;/script&gt;Bridge">'
        '<meta property="og:image" content="javascript:alert(1)">'
        '<meta property="article:published_time" content="soon">'
    )
    assert (parsed.title.text, parsed.picture.text, parsed.published.text) == ("Bridge", "", "")


def test_the_feeds_of_a_page_are_named_those_of_comments_last():
    alternate = '<link rel="alternate" type="{}" href="{}" title="{}">'
    head = (
        alternate.format("application/rss+xml", "/comments/feed", "Comments")
        + alternate.format("application/atom+xml; charset=utf-8", "/feed", "The Courier")
        + alternate.format("text/html", "/de", "Deutsch")
        + alternate.format("application/rss+xml", "javascript:alert(1)", "")
        + alternate.format("application/rss+xml", "/feed", "Twice")
    )
    feeds = read(head).feeds
    assert [feed.url.removeprefix("https://www.courier.example") for feed in feeds] == ["/feed", "/comments/feed"]
    assert feeds[0].title == "The Courier"
    with pytest.raises(NotAFeedError, match=r"is a web page, no feed; it names https://www\.courier\.example/feed and"):
        read_document(page(head), URL)


@pytest.mark.parametrize(
    ("encoding", "meta", "charset"),
    [
        ("utf-8", "", ""),
        ("utf-8-sig", "<meta charset=latin-1>", ""),
        ("latin-1", '<meta charset="iso-8859-1">', ""),
        ("latin-1", '<meta http-equiv="Content-Type" content="text/html; charset=ISO-8859-1">', ""),
        ("cp1252", "", ""),
        ("cp1252", "<meta charset=no-such-encoding>", ""),
        ("latin-1", "<meta charset=utf-8>", "iso-8859-1"),
    ],
)
def test_the_encoding_is_that_of_the_response_the_page_or_a_likely_one(encoding, meta, charset):
    data = f"<html><head>{meta}<title>Brücke</title></head></html>".encode(encoding)
    assert read_page(data, URL, charset).title.text == "Brücke"


def test_a_page_that_is_cut_within_a_letter_is_utf_8_still():
    data = "<html><head><title>Brücke öffnet</title></head><body>für alle, auch früh".encode()
    assert read_page(data + "ü".encode()[:1], URL).title.text == "Brücke öffnet"
