"""Every format gives the same values; what is no feed is refused with the reason."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime

import pytest

from sources.reading import documents
from sources.reading.documents import read_document
from sources.reading.values import ENTRIES_MAX, NotAFeedError

from .feeds import LINK, TITLE, atom, entry_of, parsed, rss

SITEMAP_HEAD = (
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" '
    'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">'
)
SITEMAP = f"""<?xml version="1.0" encoding="UTF-8"?>{SITEMAP_HEAD}
<url><loc>https://courier.example/bridge</loc><lastmod>2024-05-02</lastmod>
<image:image><image:loc>https://courier.example/bridge.jpg</image:loc></image:image>
<news:news><news:publication><news:name>The Courier</news:name><news:language>en</news:language></news:publication>
<news:publication_date>2024-05-01T10:30:00+02:00</news:publication_date>
<news:title>Bridge closes &amp; ferry runs</news:title></news:news></url>
<url><loc>https://courier.example/about</loc></url></urlset>"""
JSON_ITEM = {
    "id": 7,
    "url": "https://courier.example/bridge",
    "title": "Bridge closes & ferry runs",
    "content_html": "<p>For <b>two</b> weeks.</p>",
    "date_published": "2024-05-01T10:30:00.25+02:00",
    "image": "https://courier.example/bridge.jpg",
}


def json_feed(*items: object, **values: object) -> bytes:
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Courier", "language": "en", "items": items}
    return json.dumps(feed | values).encode()


RSS_ITEM = (
    "<title>Bridge closes &amp; ferry runs</title><link>https://courier.example/bridge</link><guid>7</guid>"
    "<description>&lt;p&gt;For &lt;b&gt;two&lt;/b&gt; weeks.&lt;/p&gt;</description>"
)
ATOM_ENTRY = (
    '<title type="html">Bridge closes &amp;amp; ferry runs</title><link href="https://courier.example/bridge"/>'
    "<id>7</id><published>2024-05-01T10:30:00.5+02:00</published><updated>2024-05-03T10:30:00Z</updated>"
    '<summary type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">For <b>two</b> weeks.</div></summary>'
)
RSS_1 = (
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://courier.example/"><title>Courier</title>'
    b'</channel><item rdf:about="https://courier.example/bridge"><title>Bridge closes &amp;amp; ferry runs</title>'
    b"<link>https://courier.example/bridge</link><description>For two weeks.</description>"
    b"<dc:date>2024-05-01T10:30:00+02:00</dc:date></item></rdf:RDF>"
)
DATED = RSS_ITEM + "<pubDate>Wed, 01 May 2024 10:30:00 +0200</pubDate>"


@pytest.mark.parametrize(
    ("document", "format", "dated"),
    [
        (rss(RSS_ITEM, root='rss version="0.91"'), "rss091u", False),
        (rss(RSS_ITEM, root='rss version="0.92"'), "rss092", False),
        (RSS_1, "rss10", True),
        (rss(DATED), "rss20", True),
        (atom(ATOM_ENTRY), "atom10", True),
        (json_feed(JSON_ITEM), "json", True),
        (json_feed(JSON_ITEM, version="https://jsonfeed.org/version/1"), "json", True),
        (b"\xef\xbb\xbf" + json_feed(JSON_ITEM), "json", True),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_format_gives_the_same_entry(document, format, dated):
    feed = parsed(document)
    [entry] = feed.entries

    assert feed.format == format
    assert entry.title == "Bridge closes & ferry runs"
    assert entry.excerpt == "For two weeks."
    assert entry.url == "https://courier.example/bridge"
    assert entry.published == (datetime(2024, 5, 1, 8, 30, tzinfo=UTC) if dated else None)
    assert entry.guid in ("7", "https://courier.example/bridge")
    assert entry.provider == "courier.example"
    assert entry.warnings == (() if dated else ("There is no date.",))


def test_a_news_sitemap_gives_its_stories_and_not_its_other_pages():
    feed = parsed(SITEMAP.encode())
    [entry] = feed.entries

    assert feed.format == "sitemap"
    assert entry.title == "Bridge closes & ferry runs"
    assert entry.excerpt == ""
    assert entry.published == datetime(2024, 5, 1, 8, 30, tzinfo=UTC)
    assert (entry.provider, entry.language) == ("The Courier", "en")
    assert entry.picture == "https://courier.example/bridge.jpg"
    assert entry.url == entry.guid == "https://courier.example/bridge"


@pytest.mark.parametrize("document", [rss(), atom(), json_feed(), f"{SITEMAP_HEAD}</urlset>".encode()])
def test_a_feed_without_entries_is_a_feed(document):
    assert parsed(document).entries == ()


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"<!DOCTYPE html><html><head><title>News</title></head><body><p>No feed</body></html>", "is a web page"),
        (b"<html xmlns='http://www.w3.org/1999/xhtml'><body/></html>", "is a web page"),
        (b"not a feed at all", "is neither RSS, Atom"),
        (b"%PDF-1.7 \x00\x01", "is neither RSS, Atom"),
        (gzip.compress(rss(RSS_ITEM), mtime=0), "is neither RSS, Atom"),
        (b"<opml version='1.0'><body/></opml>", "is OPML"),
        (b"<sitemapindex/>", "is a list of sitemaps"),
        (b"<urlset><url><loc>https://courier.example/</loc></url></urlset>", "is a sitemap without news"),
        (b'{"items": []}', "needs a version"),
        (b'{"version": "1.1", "items": {}}', "needs a version"),
        (b'{"version": ', "is no valid JSON"),
        (b'{"a":' * 100_000, "nested too deeply"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_feed_is_refused_with_the_reason(document, reason):
    with pytest.raises(NotAFeedError, match=reason):
        read_document(document)


def test_items_in_an_unknown_format_are_read():
    feed = parsed(b"<channel><item><title>Bridge closes</title>" + LINK.encode() + b"</item></channel>")
    assert [entry.title for entry in feed.entries] == ["Bridge closes"]
    with pytest.raises(NotAFeedError, match="is a web page"):
        read_document(b"<html><item><title>Bridge closes</title></item></html>")


def test_a_feed_inside_a_page_is_read():
    page = b"<html>" + atom(ATOM_ENTRY) + b"</html>"
    assert [entry.title for entry in parsed(page).entries] == ["Bridge closes & ferry runs"]


@pytest.mark.parametrize(
    "document",
    [
        rss(*[f"<title>Story number {number}</title>" for number in range(ENTRIES_MAX + 3)]),
        json_feed(*[{"title": f"Story number {number}"} for number in range(ENTRIES_MAX + 3)]),
        (
            SITEMAP_HEAD
            + "<url><news:news><news:title>Story number 0</news:title></news:news></url>" * (ENTRIES_MAX + 3)
            + "</urlset>"
        ).encode(),
    ],
)
def test_the_first_500_entries_are_read_and_the_others_counted(document):
    feed = parsed(document)
    assert len(feed.entries) == ENTRIES_MAX
    assert feed.entries[0].title == "Story number 0"
    assert feed.warnings == ("The document has 503 entries; the first 500 were read.",)


def test_a_feed_says_how_long_nothing_new_is_to_be_expected():
    syndication = 'rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    cases = {
        "": 0,
        "<ttl>90</ttl>": 90,
        "<ttl>soon</ttl>": 0,
        "<ttl>99999999999</ttl>": 366 * 24 * 60,
        "<sy:updatePeriod> hourly </sy:updatePeriod>": 60,
        "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>": 360,
        "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>": 1440,
        "<sy:updatePeriod>hourly</sy:updatePeriod><ttl>30</ttl>": 60,
    }

    read = {head: parsed(rss(head=head, root=syndication)).wait_minutes for head in cases}

    assert read == cases


def test_a_truncated_feed_gives_what_is_complete_and_says_so():
    document = rss(TITLE + LINK, "<title>Ferry runs</title><link>https://courier.example/ferry</link>")
    feed = parsed(document[: document.index(b"runs</title>")])
    assert [entry.title for entry in feed.entries] == ["Bridge closes", ""]
    assert "would be refused" in feed.entries[1].warnings[0]
    assert feed.warnings == ("The document is not well-formed XML; it was read as far as possible.",)


def test_a_bare_ampersand_and_leading_blanks_do_no_harm():
    feed = parsed(b"\n\n " + rss("<title>Fish & chips</title>" + LINK))
    assert [(entry.title, entry.url) for entry in feed.entries] == [("Fish & chips", "https://courier.example/bridge")]


def test_items_of_a_json_feed_that_are_no_objects_are_left_out():
    feed = parsed(json_feed("text", None, JSON_ITEM, 7))
    assert len(feed.entries) == 1
    assert feed.warnings == ("Some items are no JSON objects; they were left out.",)


def test_values_of_the_wrong_type_in_a_json_feed_are_ignored():
    wrong = {name: [1] for name in JSON_ITEM} | {"url": "https://courier.example/bridge", "attachments": [1, {}]}
    entry = entry_of(json_feed(wrong))
    assert (entry.title, entry.excerpt, entry.guid, entry.picture) == ("", "", "", "")


def test_a_json_feed_that_links_to_another_site_keeps_its_own_url():
    item = {"external_url": "https://other.example/story", "title": "Elsewhere"}
    assert entry_of(json_feed(item)).url == "https://other.example/story"
    assert entry_of(json_feed(item | {"url": "/bridge"}), "https://courier.example/feed.json").url == (
        "https://courier.example/bridge"
    )


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252", "utf-8", "utf-16", "shift_jis", "koi8-r"])
def test_the_declared_encoding_is_used(encoding):
    title = {"shift_jis": "橋が閉鎖", "koi8-r": "Мост закрыт"}.get(encoding, "Brücke geschlossen")
    document = f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel><item><title>{title}</title>'
    document += f"{LINK}</item></channel></rss>"
    assert entry_of(document.encode(encoding)).title == title


def test_the_charset_of_the_response_is_used():
    document = rss(f"<title>Brücke geschlossen</title>{LINK}").decode().replace(' encoding="utf-8"', "")
    feed = parsed(document.encode("latin-1"), content_type="application/rss+xml; charset=iso-8859-1")
    assert feed.entries[0].title == "Brücke geschlossen"


def test_letters_that_cannot_be_read_are_counted():
    document = json_feed(JSON_ITEM | {"title": "Br*cke geschlossen"}).replace(b"*", b"\xfc")
    entry = entry_of(document)
    assert entry.title == "Br\ufffdcke geschlossen"
    assert entry.warnings == ("1 letters can't be read: the feed may state the wrong encoding.",)


def test_a_sitemap_that_defines_entities_is_refused():
    bomb = '<!DOCTYPE x [<!ENTITY a "boom"><!ENTITY b "&a;&a;&a;">]>' + SITEMAP.partition("?>")[2]
    with pytest.raises(NotAFeedError, match="defines entities"):
        read_document(bomb.encode())


def test_a_sitemap_that_is_nested_deeply_is_refused():
    with pytest.raises(NotAFeedError, match="nested more than 20 levels"):
        read_document(b"<urlset>" + b"<a>" * 100 + b"</a>" * 100 + b"</urlset>")


def test_a_truncated_sitemap_gives_its_complete_stories():
    story = SITEMAP[: SITEMAP.index("</url>") + 6]
    feed = parsed((story + "<url><loc>https://courier.example/fer").encode())
    assert [entry.title for entry in feed.entries] == ["Bridge closes & ferry runs"]
    assert "not well-formed" in feed.warnings[0]


def test_an_external_entity_is_not_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    document = rss(f"<title>Bridge &x; closes</title>{LINK}").decode()
    document = document.replace("?>", f'?><!DOCTYPE rss [<!ENTITY x SYSTEM "{secret.as_uri()}">]>', 1)
    assert "secret" not in entry_of(document.encode()).title


def test_a_web_page_without_a_feed_is_not_parsed_as_one(monkeypatch):
    monkeypatch.setattr(documents, "read_xml_feed", lambda *arguments: pytest.fail("feedparser takes seconds for it"))
    with pytest.raises(NotAFeedError, match="is a web page, no feed"):
        parsed(b"<!DOCTYPE html><html><p>An item of news" + b"<p>x" * 100)
