"""One character that XML refuses costs no more than that character."""

from __future__ import annotations

import json

import pytest

from sources.reading.documents import read_document
from sources.reading.reader import FeedReader
from sources.reading.repair import repaired
from sources.reading.values import ParsedEntry

from .feeds import LINK, rss

JAPANESE = "こんにちは世界"
RUSSIAN = "Мост закрыт до июля"
UNREADABLE = "letters can't be read: the feed may state the wrong encoding."


DECLARED = ' encoding="utf-8"'


def entry_titled(title: bytes, declared: str = DECLARED) -> ParsedEntry:
    data = rss(f"<title>@</title>{LINK}").replace(DECLARED.encode(), declared.encode()).replace(b"@", title)
    [entry] = read_document(data, "https://courier.example/feed").entries
    return entry


@pytest.mark.parametrize("text", [JAPANESE, RUSSIAN])
@pytest.mark.parametrize("declared", ["", DECLARED])
def test_a_letter_that_was_cut_in_two_damages_no_other(text, declared):
    entry = entry_titled(text.encode()[:-1], declared)

    assert entry.title == f"{text[:-1]}\ufffd"
    assert f"1 {UNREADABLE}" in entry.warnings


@pytest.mark.parametrize(
    ("title", "encoding", "declared", "content_type"),
    [
        ("Café fermé", "windows-1252", "utf-8", ""),  # no letter is UTF-8
        ("Café fermé", "windows-1252", "", ""),
        (RUSSIAN, "windows-1251", "windows-1251", ""),
        (RUSSIAN, "windows-1251", "", "text/xml; charset=windows-1251"),
        (JAPANESE, "shift_jis", "Shift_JIS", "application/xml"),
        (JAPANESE, "utf-16", "utf-16", ""),
    ],
)
def test_other_encodings_are_read_as_before(title, encoding, declared, content_type):
    declaration = f' encoding="{declared}"' if declared else ""
    data = rss(f"<title>{title}</title>{LINK}").decode().replace(DECLARED, declaration).encode(encoding)

    if encoding != "windows-1252":
        assert repaired(data, content_type) == (data, content_type)
    assert read_document(data, content_type=content_type).entries[0].title == title


@pytest.mark.parametrize(
    ("declared", "content_type"),
    [
        ("utf-16", ""),
        ("UTF-16", "text/xml"),
        ("windows-1251", ""),
        ("ISO-8859-1", "application/rss+xml"),
        ("", "text/xml; charset=windows-1251"),
    ],
)
@pytest.mark.parametrize("title", ["Bridge closes", RUSSIAN, JAPANESE, "Café"])
def test_a_document_that_is_utf_8_is_read_as_such_whatever_it_states(title, declared, content_type):
    declaration = f' encoding="{declared}"' if declared else ""
    data = rss(f"<title>{title}</title>{LINK}").replace(DECLARED.encode(), declaration.encode())

    for start in (b"", b"\xef\xbb\xbf"):
        assert read_document(start + data, content_type=content_type).entries[0].title == title


@pytest.mark.parametrize("title", [RUSSIAN, JAPANESE])
def test_utf_8_is_told_from_encodings_of_two_bytes(title):
    data = rss(f"<title>{title}</title>{LINK}")

    assert read_document(data, content_type="application/xml; charset=Shift_JIS").entries[0].title == title


@pytest.mark.parametrize("title", ["三", "三三三三"])
def test_letters_that_are_utf_8_by_chance_are_read_as_stated(title):
    data = rss(f"<title>{title}</title>{LINK}").decode().replace("utf-8", "euc-kr").encode("euc-kr")

    data.decode()
    assert read_document(data).entries[0].title == title


def test_an_encoding_of_ascii_alone_is_kept():
    data = rss(f"<title>{JAPANESE}</title>{LINK}").decode().replace("utf-8", "iso-2022-jp").encode("iso-2022-jp")

    assert read_document(data).entries[0].title == JAPANESE


@pytest.mark.parametrize(
    ("references", "text"),
    [
        ("&#xD83D;&#xDE00;", "😀"),
        ("&#55357;&#56832;", "😀"),
        ("&#233;&#xd83d;&#xde00;&#xD83D;&#xDE00;!", "é😀😀!"),
        ("&#xD83D;", "\ufffd"),
        ("&#xDE00;&#xD83D;", "\ufffd\ufffd"),
        ("&#x110000;", "\ufffd"),
        (f"&#{'9' * 5000};", "\ufffd"),
        ("&#0000000000128512;&#x0001F600;", "😀😀"),
        ("&#55357 &#12ab; &#;", "&#55357 &#12ab; &#;"),
    ],
)
def test_references_to_halves_of_characters_and_to_none_are_repaired(references, text):
    data = rss(f"<title>Bridge {references}</title>{LINK}")
    if text != references:
        assert entry_titled(f"Bridge {references}".encode()).title == f"Bridge {text}"
    else:
        assert repaired(data, "") == (data, "")


def test_half_a_character_in_json_is_replaced():
    item = {"id": "\ud83d", "url": "https://courier.example/1", "title": "A \ud83d <b> &", "image": "https://a/\ud83d"}
    item |= {"content_html": "<p>\ud83d &amp; <img src='/\ud83d'></p>", "date_published": "\ud83d"}
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "\ud83d", "items": [item]}

    [entry] = read_document(json.dumps(feed).encode()).entries

    assert (entry.title, entry.excerpt) == ("A \ufffd <b> &", "\ufffd &")
    assert "".join(entry.warnings).isprintable()


def test_a_news_sitemap_in_windows_1252_that_states_nothing_is_read():
    sitemap = (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://courier.example/1</loc>'
        "<news:news><news:title>Café “fermé”</news:title></news:news></url></urlset>"
    )

    [entry] = read_document(sitemap.encode("cp1252")).entries

    assert entry.title == "Café “fermé”"


def test_json_may_have_line_ends_in_its_texts():
    data = (
        b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"url": "https://a.example/1", "title": "A\nb"}]}'
    )

    assert read_document(data).entries[0].title == "A b"


@pytest.mark.integration
def test_the_reading_process_knows_all_encodings_and_guesses_none():
    ukrainian = rss(f"<title>Їжак</title>{LINK}").decode().replace("utf-8", "koi8-u").encode("koi8-u")
    item = {"url": "https://courier.example/1", "title": "Café"}
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": [item]}
    with FeedReader() as reader:
        assert reader.read(rss(f"<title>Café</title>{LINK}").decode().encode("latin-1")).entries[0].title == "Café"
        assert reader.read(json.dumps(feed).encode("utf-8-sig")).entries[0].title == "Café"
        assert reader.read(ukrainian).entries[0].title == "Їжак"
