"""What is taken of an entry: every rule, and the warning where something is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html import escape

import pytest

from sources.fetcher import with_time_zone
from sources.reading.dates import is_in_future, parse_date
from sources.reading.text import excerpt_from, plain_text, title_from

from .feeds import LINK, TITLE, atom, entry_of, parsed, rss

URL = "https://courier.example/bridge"
FEED_URL = "https://courier.example/feeds/news.xml"
MEDIA = 'rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"'
FEEDBURNER = 'rss version="2.0" xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
ITUNES = 'rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
CONTENT = 'rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Bridge closes", "Bridge closes"),
        ("Bridge\n  closes\t ", "Bridge closes"),
        ("Bridge <b>closes</b>", "Bridge closes"),
        ("<p>One</p><p>Two<br/>Three</p>", "One Two Three"),
        ("Fish &amp; chips", "Fish & chips"),
        ("Fish &amp;amp; chips", "Fish & chips"),
        ("Fish &amp;amp;amp; chips", "Fish &amp; chips"),
        ("caf&eacute; &#8211; bar", "café – bar"),
        ("no\x85 it\x92s\x97really", "no… it’s—really"),
        ("AT&T & I <3 you", "AT&T & I <3 you"),
        ("Pharma <ABC.N> rises", "Pharma <ABC.N> rises"),
        ("<script>alert(1)</script>News", "News"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;News", "News"),
        ("<style>p {}</style>News", "News"),
        ("News<img src=x onerror=alert(1)>", "News"),
        ("News <!-- hidden --> today", "News today"),
        ("News<object data=x /> today<iframe src=x /><p>again", "News today again"),
        ("News <a href='https://x", "News"),
        ("What &lt;blink&gt; was", "What <blink> was"),
        ("What &lt;b&gt;blink&lt;/b&gt; was", "What blink was"),
        ("What&lt;br&gt;blink&lt;a href=x&gt; was", "What blink was"),
        ('News<div class="feedflare"><a href="x">Add to your reader</a></div>', "News"),
        ("", ""),
    ],
)
def test_markup_becomes_one_line_of_text(markup, text):
    assert plain_text(markup) == (text, 0)


@pytest.mark.parametrize(
    ("document", "title"),
    [
        (atom("<title type='text'>What &lt;blink&gt; was</title>"), "What <blink> was"),
        (atom("<title type='html'>What &lt;blink&gt; was</title>"), "What was"),
        (atom("<title>What &lt;b&gt;blink&lt;/b&gt; was &amp;amp; is</title>"), "What blink was & is"),
        (rss("<title>What &lt;blink&gt; was</title>"), "What <blink> was"),
        (b'{"version": "1", "items": [{"title": "What <blink> &amp; <b>it</b> was"}]}', "What & it was"),
        (b'{"version": "1", "items": [{"title": "What <blink> was"}]}', "What <blink> was"),
    ],
)
def test_a_title_that_is_text_keeps_the_elements_that_it_names(document, title):
    assert entry_of(document).title == title


def test_characters_that_nobody_sees_are_removed_and_counted():
    assert plain_text("a\u202eb\x00c\u2066d\ufeff\x81") == ("abcd", 5)
    assert plain_text("می\u200cخواهم") == ("می\u200cخواهم", 0)  # the joiner belongs to the word
    entry = entry_of(rss(f"<title>Bridge &#x202e;closes</title>{LINK}"))
    assert entry.title == "Bridge closes"
    assert "1 invisible control characters were removed." in entry.warnings


@pytest.mark.parametrize(
    ("text", "excerpt"),
    [
        ("The bridge is closed.", "The bridge is closed."),
        ("The bridge is closed. Read more", "The bridge is closed."),
        ("The bridge is closed. Read more »", "The bridge is closed."),
        ("The bridge is closed. Continue reading Bridge closes →", "The bridge is closed."),
        ("The bridge is closed [&#8230;]", "The bridge is closed [&#8230;]"),
        ("The bridge is closed […]", "The bridge is closed…"),
        ("Die Brücke ist zu. Weiterlesen", "Die Brücke ist zu."),
        ("It closed. The post Bridge closes appeared first on The Courier.", "It closed."),
        (
            "It closed. The post Bridge closes first appeared on X.",
            "It closed. The post Bridge closes first appeared on X.",
        ),
        ("It closed. Read more books this year, she says.", "It closed. Read more books this year, she says."),
        ("Read more", ""),
    ],
)
def test_calls_to_read_on_are_no_part_of_an_excerpt(text, excerpt):
    assert excerpt_from(text) == excerpt


def test_a_long_excerpt_ends_with_a_sentence_or_a_word():
    sentences = excerpt_from("The bridge is closed. " * 40)
    words = excerpt_from("bridge " * 100)
    unbroken = excerpt_from("x" * 600)

    assert sentences.endswith("closed.")
    assert 250 < len(sentences) <= 500
    assert words.endswith("bridge…")
    assert 450 < len(words) <= 500
    assert len(unbroken) == 500


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Bridge closes - The Courier", "Bridge closes"),
        ("Bridge closes | the courier", "Bridge closes"),
        ("Bridge closes - The Herald", "Bridge closes - The Herald"),
        ("The Courier", "The Courier"),
        ("word " * 100, ("word " * 60)[:299].rstrip() + "…"),
    ],
)
def test_a_title_has_no_outlet_at_its_end_and_300_characters(text, title):
    assert title_from(text.strip(), "The Courier") == title


def test_an_entry_without_title_is_named_by_its_excerpt():
    entry = entry_of(rss(f"{LINK}<description>{'The bridge is closed for weeks. ' * 9}</description>"))
    assert entry.title.startswith("The bridge is closed for weeks. The")
    assert entry.title.endswith("…")
    assert len(entry.title) <= 100
    assert "There is no title: the excerpt's beginning stands for it." in entry.warnings


@pytest.mark.parametrize("item", [LINK, f"{LINK}<title> &#8203; </title>", f"{LINK}<description>Oh.</description>"])
def test_an_entry_without_title_and_text_would_be_refused(item):
    entry = entry_of(rss(item))
    assert entry.title == ""
    assert "There is no title and no text to make one of: the entry would be refused." in entry.warnings


@pytest.mark.parametrize(
    ("item", "url"),
    [
        (LINK, URL),
        ("<link>/bridge</link>", URL),
        ("<link>../bridge</link>", URL),
        ("<link> https://courier.example/the bridge </link>", "https://courier.example/the%20bridge"),
        ("<link>https://courier.example/\nbridge</link>", URL),
        ("<link>https://courier.example/b?id=7&amp;utm_source=rss</link>", "https://courier.example/b?id=7"),
        (f"<link>https://www.google.com/url?q={URL}</link>", URL),
        (f"<guid>{URL}</guid>", URL),
        (f'<guid isPermaLink="false">{URL}</guid>', ""),
        (f'<link>tag:courier.example,2024:7</link><guid isPermaLink="false">{URL}</guid>', URL),
        ("<guid>7</guid>", ""),
        ("<guid>7</guid><link>/bridge</link>", URL),
        ("<link>/bridge</link><guid>/bridge</guid>", URL),
        ('<link>tag:courier.example,2024:7</link><guid isPermaLink="false">7</guid>', ""),
        ("<link>javascript:alert(1)</link>", ""),
        ("<link>nostr:abc</link>", ""),
        ("<link>https://user:password@courier.example/</link>", ""),
        ("<link>https://</link>", ""),
        ("<link>https://[::1/</link>", ""),
        (f"<link>https://courier.example/{'x' * 2100}</link>", ""),
    ],
)
def test_the_url_is_the_first_that_leads_to_a_page(item, url):
    entry = entry_of(rss(TITLE + item), FEED_URL)
    assert entry.url == url
    assert any("would be refused" in warning for warning in entry.warnings) == (not url)


@pytest.mark.parametrize(
    ("inside", "url"),
    [
        ("<id>7</id>", ""),
        ("<id>bridge</id>", ""),
        ("<id>tag:courier.example,2024:7</id>", ""),
        ("<id>urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a</id>", ""),
        ('<id>7</id><link rel="enclosure" href="/bridge.mp3"/>', ""),
        ('<id>7</id><link href="tag:courier.example,2024:7"/>', ""),
        ('<id>7</id><link href="/bridge"/>', URL),
        ('<link href="/bridge"/><id>bridge</id>', URL),
        (f"<id>{URL}</id>", URL),
    ],
)
def test_an_id_is_a_url_only_as_it_is_stated(inside, url):
    entry = entry_of(atom(TITLE + inside, attributes='xml:base="https://courier.example/"'), FEED_URL)
    assert entry.url == url
    assert any("would be refused" in warning for warning in entry.warnings) == (not url)


def test_a_stated_url_counts_although_the_id_of_another_entry_is_its_end():
    document = atom(f"{TITLE}<id>bridge</id></entry><entry>{TITLE}<id>{URL}</id>")
    assert [entry.url for entry in parsed(document, FEED_URL).entries] == ["", URL]


@pytest.mark.parametrize(("stated", "url"), [("7", ""), (7, ""), ("bridge", ""), (URL, URL)])
def test_an_id_of_a_json_feed_is_a_url_only_as_it_is_stated(stated, url):
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": stated, "title": "Bridge closes"}]}
    assert entry_of(json.dumps(feed).encode(), FEED_URL).url == url


def test_a_link_that_cannot_be_followed_is_named():
    warnings = entry_of(rss(TITLE + "<link>tag:courier.example,2024:7</link>")).warnings
    assert "The link is no URL of a page: tag:courier.example,2024:7" in warnings


def test_the_url_before_the_redirect_of_feedburner_is_taken():
    item = f"{TITLE}<link>http://feedproxy.example/~r/7</link><feedburner:origLink>{URL}</feedburner:origLink>"
    assert entry_of(rss(item, root=FEEDBURNER)).url == URL


def test_a_base_of_the_document_comes_before_its_address():
    entry = '<title>Bridge</title><link href="bridge"/><id>7</id>'
    assert (
        entry_of(atom(entry, attributes='xml:base="https://courier.example/"'), "https://mirror.example/x").url == URL
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wed, 01 May 2024 10:30:00 +0200", "2024-05-01T08:30:00"),
        ("Wed, 1 May 2024 10:30:00 EST", "2024-05-01T15:30:00"),
        ("2024-05-01T10:30:00.123Z", "2024-05-01T10:30:00"),
        ("2024-05-01", "2024-05-01T00:00:00"),
        ("Seg, 24 Set 2018 10:30:00 -0300", "2018-09-24T13:30:00"),
        ("mer, 16 nov 2022 10:30:00 +0100", "2022-11-16T09:30:00"),
        ("Mi, 01 Mai 2024 10:30:00 +0200", "2024-05-01T08:30:00"),
        ("lun., 3 août 2020 10:30:00 +0200", "2020-08-03T08:30:00"),
        ("Пн, 03 Авг 2020 10:30:00 +0300", "2020-08-03T07:30:00"),
        ("3 de marzo de 2020", "2020-03-03T00:00:00"),
        ("12. Dezember 2020 10:30", "2020-12-12T10:30:00"),
        ("Wed, 01 May 2024 10:30:00 CEST", "2024-05-01T08:30:00"),
        ("Mi, 01 Mai 2024 10:30:00 MESZ", "2024-05-01T08:30:00"),
        ("2024-05-01 10:30:00 JST", "2024-05-01T01:30:00"),
        ("Wed, 01 May 2024 10:30:00 +0200 (CEST)", "2024-05-01T08:30:00"),
        ("Wed, 01 May 2024 10:30:00 +02:00", "2024-05-01T08:30:00"),
        ("Wed,01 May 2024 10:30:00 +0200", "2024-05-01T08:30:00"),
        ("Wed, 01 May 2024 10:30:00 GMT+2", "2024-05-01T08:30:00"),
        ("Wed, 01 May 2024 10:30:00 UTC-0300", "2024-05-01T13:30:00"),
        ("Wed May 01 2024 10:30:00 GMT+0200 (CEST)", "2024-05-01T08:30:00"),
        ("Wed May 01 10:30:00 CEST 2024", "2024-05-01T08:30:00"),
        ("Wed, 01 May 2024 10:30:00 PM", "2024-05-01T22:30:00"),
        ("Wed, 01 May 2024 12:30 AM EST", "2024-05-01T05:30:00"),
        ("Wed, 01 May 2024 10:30:00 ET", "2024-05-01T15:30:00"),
        ("May 1, 2024", "2024-05-01T00:00:00"),
        ("Wednesday, May 1st, 2024 10:30 p.m. GMT", "2024-05-01T22:30:00"),
        ("2024-05-01t10:30:00z", "2024-05-01T10:30:00"),
        ("20240501T103000Z", "2024-05-01T10:30:00"),
        ("2024-W18-3", "2024-05-01T00:00:00"),
        ("2024/05/01 10:30:00", "2024-05-01T10:30:00"),
        ("2024.5.1", "2024-05-01T00:00:00"),
        ("2024年5月1日 10:30", "2024-05-01T10:30:00"),
        ("2024-05-01 10:30:00 UTC", "2024-05-01T10:30:00"),
        ("2024-05-01 10:30:00 EST", "2024-05-01T15:30:00"),
        ("2024-05-01T10:30:00.5+02", "2024-05-01T08:30:00"),
    ],
)
def test_dates_are_read_in_several_languages(text, expected):
    moment = datetime.fromisoformat(expected).replace(tzinfo=UTC)
    entry = entry_of(rss(f"{TITLE}{LINK}<pubDate>{text}</pubDate>"))
    assert entry.published == moment
    assert parse_date(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        *("soon", "0000-00-00", "Wed, 99 Foo 2024", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31"),
        *("1" * 500, "Mon, 01 Jan 0001 00:00:00 GMT", "1 Jan 0001", "2024-02-30", "2024/13/01", "2024-05-01 25:00"),
        *("01-05-2024", "2024 May 1", "2024-122", "20", "123456"),
    ],
)
def test_a_date_that_is_none_leaves_the_entry_undated(text):
    entry = entry_of(rss(f"{TITLE}{LINK}<pubDate>{text}</pubDate>"))
    assert entry.published is None
    assert any(warning.startswith("The date can't be read: ") for warning in entry.warnings)


def test_the_date_of_the_last_change_stands_for_one_of_publication():
    entry = entry_of(atom("<title>Bridge</title><id>7</id><updated>2024-05-01T10:30:00Z</updated>"))
    assert entry.published == datetime(2024, 5, 1, 10, 30, tzinfo=UTC)


def test_a_time_without_zone_is_read_as_utc_and_says_so():
    entry = entry_of(rss(f"{TITLE}{LINK}<pubDate>Wed, 01 May 2024 10:30:00</pubDate>"))
    assert entry.published == datetime(2024, 5, 1, 10, 30, tzinfo=UTC)
    assert entry.warnings == ("The date states no time zone: it is read as UTC.",)
    assert entry.lacks_zone


@pytest.mark.parametrize(
    ("zone", "is_known"),
    [("+02", True), (" GMT+0200", True), (" GMT+2 (CEST)", True), (" CEST", True), (" est", True), (" XYZ", False)],
)
def test_hours_alone_are_a_zone_and_a_name_that_nobody_knows_is_none(zone, is_known):
    entry = entry_of(rss(f"{TITLE}{LINK}<pubDate>2024-05-01T10:30:00{zone}</pubDate>"))
    assert entry.lacks_zone is not is_known


def test_a_time_without_zone_is_one_of_the_source_s_zone():
    stated = [f"<guid>{time}</guid><pubDate>{time}</pubDate>" for time in ("2024-05-01 10:30", "2024-01-01T10:30:00Z")]
    feed = parsed(rss(*stated))

    read = [entry.published for entry in with_time_zone(feed, "Europe/Berlin").entries]

    assert read == [datetime(2024, 5, 1, 8, 30, tzinfo=UTC), datetime(2024, 1, 1, 10, 30, tzinfo=UTC)]
    assert with_time_zone(feed, "") is feed


def test_a_date_more_than_ten_minutes_ahead_lies_in_the_future():
    now = datetime(2024, 5, 1, 10, 30, tzinfo=UTC)
    assert not is_in_future(datetime(2024, 5, 1, 10, 40, tzinfo=UTC), now)
    assert is_in_future(datetime(2024, 5, 1, 10, 41, tzinfo=UTC), now)


def media(url: str, width: int = 0, **attributes: str) -> str:
    size = f' width="{width}" height="{width}"' if width else ""
    others = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<media:content url="https://courier.example/{url}"{size}{others}/>'


@pytest.mark.parametrize(
    ("item", "picture"),
    [
        (media("small.jpg", 300) + media("large.jpg", 900), "large.jpg"),
        (media("tiny.jpg", 120) + '<media:thumbnail url="https://courier.example/thumbnail.jpg"/>', "thumbnail.jpg"),
        (media("narrow.jpg", width="120"), ""),
        (media("low.jpg", height="90"), ""),
        (media("film.mp4", 900, type="video/mp4"), ""),
        (media("film", 900, medium="image"), "film"),
        (f"<media:group>{media('grouped.jpg', 400)}</media:group>", "grouped.jpg"),
        ('<enclosure url="https://courier.example/a" type="image/png"/>', "a"),
        ('<enclosure url="https://courier.example/a.mp3" type="audio/mpeg"/>', ""),
        (f"<description>{escape('<img src=/first.jpg><img src=/second.jpg>')}</description>", "first.jpg"),
        (f"<description>{escape('<img src=/dot.gif width=1 height=1><img src=/a.jpg>')}</description>", "a.jpg"),
        (f"<description>{escape('<img src=data:image/png;base64,AAAA>')}</description>", ""),
        (f"<description>{escape('<img src=javascript:alert(1)>')}</description>", ""),
    ],
)
def test_the_picture_is_the_first_that_may_be_large_enough(item, picture):
    entry = entry_of(rss(TITLE + LINK + item, root=MEDIA), FEED_URL)
    assert entry.picture == (picture and f"https://courier.example/{picture}")


def test_the_picture_of_a_podcast_is_found():
    item = f'{TITLE}{LINK}<itunes:image href="https://courier.example/cover.jpg"/>'
    assert entry_of(rss(item, root=ITUNES)).picture == "https://courier.example/cover.jpg"


def test_a_picture_that_most_entries_share_is_a_logo():
    logo, own = media("logo.png"), media("own.jpg")
    feed = parsed(rss(logo + TITLE, logo + own + TITLE, logo + TITLE, TITLE, root=MEDIA))
    assert [entry.picture for entry in feed.entries] == ["", "https://courier.example/own.jpg", "", ""]


def test_the_excerpt_is_the_summary_and_else_the_content():
    content = "<content:encoded>&lt;p&gt;All of it.&lt;/p&gt;</content:encoded>"
    both = rss(f"{TITLE}{LINK}<description>In short.</description>{content}", root=CONTENT)
    assert entry_of(both).excerpt == "In short."
    assert entry_of(rss(TITLE + LINK + content, root=CONTENT)).excerpt == "All of it."


def test_the_outlet_is_the_one_that_a_search_feed_names():
    source = '<source url="https://herald.example">The Herald</source>'
    entry = entry_of(rss(f"<title>Bridge closes - The Herald</title>{LINK}{source}"))
    assert (entry.provider, entry.title) == ("The Herald", "Bridge closes")
    for nothing in ("", "<source>\u200b</source>", f"<source>{' ' * 300}</source>"):
        link = "<link>https://www.courier.example./bridge</link>"
        assert entry_of(rss(TITLE + link + nothing)).provider == "courier.example"


@pytest.mark.parametrize(("stated", "language"), [("de-AT", "de-AT"), ("en_US", "en-US"), ("English!", ""), ("", "")])
def test_the_language_is_the_feeds(stated, language):
    assert entry_of(rss(TITLE + LINK, head=f"<language>{stated}</language>")).language == language


def test_a_guid_that_repeats_identifies_nothing():
    feed = parsed(rss(*[f"{TITLE}{LINK}<guid>same</guid>"] * 2, f"{TITLE}{LINK}<guid>other</guid>"))
    warned = [any("same guid" in warning for warning in entry.warnings) for entry in feed.entries]
    assert warned == [True, True, False]


def test_a_guid_that_is_too_long_is_not_used():
    entry = entry_of(rss(f'{TITLE}{LINK}<guid isPermaLink="false">{"x" * 3000}</guid>'))
    assert entry.guid == ""
    assert any("guid is too long" in warning for warning in entry.warnings)


def test_several_elements_of_one_name_do_no_harm():
    entry = entry_of(rss(f"{TITLE}<title>Another</title>{LINK}<guid>1</guid><guid>2</guid><source>a</source>"))
    assert entry.url == URL
    assert entry.title
