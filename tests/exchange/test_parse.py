"""Parsing documents: values, and messages for everything that is invalid."""

import re
from datetime import UTC, datetime

import pytest

from articles.exchange.format.document import Document, DocumentError, OrganizationEntry, TopicEntry
from articles.exchange.format.parse import content_hash, parse_file
from articles.rules.limits import FILE_SIZE_MAX
from tests.documents import CANONICAL, document

STEM = "2020-06-09-harbour-bridge-closes-for-repairs"


def read(text: str | bytes, stem: str = STEM):
    raw = text if isinstance(text, bytes) else text.encode()
    return parse_file(raw, "news.md", stem)


def problems(text: str | bytes) -> list[str]:
    with pytest.raises(DocumentError) as rejected:
        read(text)
    return [str(problem) for problem in rejected.value.problems]


def test_every_key_of_the_format_is_parsed():
    story = read(CANONICAL)

    assert isinstance(story, Document)
    assert story.name == STEM
    assert (story.quality, story.heat, story.published) == (80, 90, True)
    assert story.excerpt == 'The bridge will be shut for "three" weeks,\nthe port says.'
    assert story.published_at == datetime(2020, 6, 9, 12, 37, tzinfo=UTC)
    assert (story.provider.name, story.provider.domain) == ("The Courier & Sons", "courier.example")
    assert [(logo.width, logo.height) for logo in story.provider.images] == [(50, 50)]
    assert story.topics == ["Transport", "Harbour towns"]
    assert [(image.width, image.is_cached) for image in story.images] == [(1200, True)]
    assert [(link.title, link.quality, len(link.images)) for link in story.related] == [
        ("Port city loses its bridge until July", 60, 1)
    ]
    assert story.secured == "AAAA;BBBB"
    assert not story.extra
    assert not story.layout


def test_a_file_without_a_document_name_gets_one_from_date_and_title():
    assert read(CANONICAL, "000_351ff85292f71d50").name == STEM


def test_names_and_topics_are_text_even_if_yaml_would_guess_another_type():
    story = read(document(name="NO").replace("  - Transport\n", "  - 1843\n  - yes\n"))

    assert story.provider.name == "NO"
    assert story.topics == ["1843", "yes", "Harbour towns"]


def test_line_ends_a_byte_order_mark_and_secured_do_not_count_as_changes():
    windows = CANONICAL.replace("\n", "\r\n")

    assert read(b"\xef\xbb\xbf" + CANONICAL.encode()).title == read(CANONICAL).title
    assert read(windows) == read(CANONICAL)
    assert content_hash(windows.encode()) == content_hash(CANONICAL.replace("AAAA;BBBB", "CCCC;DDDD").encode())
    assert content_hash(CANONICAL.encode()) != content_hash(document(quality=81).encode())


@pytest.mark.parametrize("char", ["\x97", "\x85", "\u2028", "\u2029", "\ufeff", "\x7f", "\uffff", "\u200b", "👀"])
def test_unusual_characters_are_preserved(char):
    assert read(document(title=f'"A {char} B"')).title == f"A {char} B"


def test_unknown_keys_are_preserved_at_every_level():
    story = read(
        document(type='article\nrating: 5\nnote: "x"').replace("    isCached: true\n", "    credit: Ann\n", 1)
        + "The text under it.\n"
    )

    assert story.extra == [["rating", 5], ["note", "x"]]
    assert story.images[0].extra == [["credit", {"plain": "Ann"}]]
    assert story.body == "The text under it.\n"


def test_missing_scores_are_none_and_removed_is_read():
    story = read(document(quality=None, heat=None, published="false\nremoved: true"))

    assert (story.quality, story.heat, story.published, story.removed) == (None, None, False, True)


def test_an_empty_url_of_a_related_video_is_no_url():
    story = read(CANONICAL.replace('webUrl: "https://www.herald.example/detour"', 'webUrl: ""'))

    assert story.related[0].web_url == ""
    assert story.related[0].layout == {"blank": {"webUrl": '""'}}


def test_white_space_around_a_url_is_stripped():
    story = read(CANONICAL.replace("bridge.jpg", "bridge.jpg\\t"))

    assert story.images[0].url == "https://cdn.courier.example/bridge.jpg"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (document(title=None), "news.md:2: title: is missing"),
        (document(excerpt=None), "news.md:2: excerpt: is missing"),
        (document(title='""'), "news.md:3: title: is empty"),
        (document(title=f'"{"x" * 301}"'), "news.md:3: title: has 301 characters; 300 are allowed"),
        (document(title='"two\\nlines"'), "news.md:3: title: must be a single line without tabs"),
        (document(title="[a, b]"), "news.md:3: title: must be text"),
        (document(quality='"80"'), "news.md:11: quality: must be a whole number without quotes"),
        (document(quality="8.5"), "news.md:11: quality: must be a whole number without quotes"),
        (document(quality="0x10"), "news.md:11: quality: must be a whole number without quotes"),
        (document(quality="9" * 5000), "news.md:11: quality: must be a whole number without quotes"),
        (document(quality="-1"), "news.md:11: quality: is -1; it must be from 0 to 1,000,000"),
        (document(heat="-2"), "news.md:12: heat: is -2; it must be from -1 to 1,000,000"),
        (document(published="yes"), "news.md:13: published: must be true or false, without quotes"),
        (document(published='"true"'), "news.md:13: published: must be true or false, without quotes"),
        (document(publishedDateTime="yesterday"), "publishedDateTime: must be a time such as 2020-06-09T12:37:00Z"),
        (document(publishedDateTime="2020-06-31T12:00:00Z"), "is a time that doesn't exist: 2020-06-31T12:00:00Z"),
        (document(publishedDateTime="2020-06-09T12:00:00"), "must be a time such as 2020-06-09T12:37:00Z"),
        (document(publishedDateTime="0001-01-01T00:00:00+14:00"), "is a time that doesn't exist"),
        (document(publishedDateTime="9999-12-31T23:59:59Z"), "must lie between the years 1900 and 2199"),
        (document(webUrl='"javascript:alert(1)"'), "webUrl: must start with http:// or https://: javascript:alert(1)"),
        (document(webUrl='"data:text/html,x"'), "webUrl: must start with http:// or https://: data:text/html,x"),
        (document(webUrl='"//herald.example/x"'), "webUrl: must start with http:// or https://"),
        (document(webUrl='"https:///x"'), "webUrl: has no host: https:///x"),
        (document(webUrl='"https://[::1"'), "webUrl: is not a valid URL: https://[::1"),
        (document(webUrl='"https://a.example:99999/"'), "webUrl: is not a valid URL"),
        (document(webUrl='"https://a.example/\\nx"'), "webUrl: contains a control character"),
        (document(webUrl=f'"https://a.example/{"x" * 2048}"'), "webUrl: has 2,066 characters; 2,048 are allowed"),
        (document(webUrl='"https://ann:secret@a.example/"'), "webUrl: contains a user name; remove it"),
        (document(webUrl='"https://a\u200bb.example/"'), "webUrl: has no host"),
        (document(webUrl='"https://a\u00a0b/"'), "webUrl: has no host"),
        (document(webUrl='"https://./"'), "webUrl: has no host"),
        (document(webUrl='"https://a.example:0/"'), "webUrl: has an invalid port"),
        (document(webUrl="[]"), "webUrl: must be text"),
        (document(published="[]"), "published: must be true or false"),
        (document(published="{}"), "published: must be true or false"),
        (document(published='""'), "published: must be true or false"),
        (document(published="null"), "published: must be true or false"),
        (document(published=""), "published: must be true or false"),
        (document(published="false\nremoved: []"), "removed: must be true or false"),
        (document(quality="null"), "quality: must be a whole number"),
        (document(heat="[]"), "heat: must be a whole number"),
        (document(title="null"), "news.md:3: title: is null; write text in quotes"),
        (document(excerpt=""), "news.md:4: excerpt: is empty"),
        (document(name="~"), "provider.name: is null"),
        (CANONICAL.replace("type: article\n", "~: 1\n", 1), "news.md:10: has a value without a key"),
        (CANONICAL.replace("type: article\n", f"? {'k' * 501}\n: 1\n", 1), "news.md:10: has a key of 501 characters"),
        (document(width="-5"), "width: is -5"),
        (document(name=None), "provider.name: is missing"),
        (document(provider="Courier"), "is not well-formed YAML"),
        (document(topics="Transport").replace("  - Transport\n  - Harbour towns\n", ""), "topics: must be a list"),
        (document(topics="[]").replace("  - Transport\n  - Harbour towns\n", ""), "topics: needs at least one name"),
        (document(isCached="1"), "images[0].isCached: must be true or false"),
        (CANONICAL.replace("quality: 60", "quality: many"), "related[0].quality: must be a whole number"),
        (
            CANONICAL.replace("category: news\n", "category: news\ncategory: news\n"),
            "news.md:3: category: appears twice",
        ),
        (CANONICAL.replace("type: article\n", "type: *x\n", 1), "news.md:10: alias *x: documents may not use aliases"),
        (CANONICAL.replace("type: article\n", "type: &x article\n", 1), "anchor &x: documents may not use anchors"),
        (CANONICAL.replace("type: article\n", "type: !!python/object:os.system x\n", 1), "may not use YAML tags"),
        (CANONICAL.replace("type: article\n", "<<: {a: 1}\n", 1), "merge key <<"),
        (
            CANONICAL.replace("type: article\n", "\ttype: article\n", 1),
            "news.md:10: is indented with a tab; use spaces",
        ),
        (CANONICAL.replace("type: article\n", "x: " + "[" * 5000 + "\n", 1), "news.md:10: nests deeper than 12 levels"),
        (CANONICAL + "Text\nand a \0", "news.md:53: contains the control character U+0000"),
        ("---\ntaxonomy: topic\n_id: x\nname: X\n---\n\0", "news.md:6: contains the control character U+0000"),
        (document(title='"\u200b\ufeff"'), "news.md:3: title: is empty"),
        (document(name='"\u3164"'), "provider.name: is empty"),
        (CANONICAL + "a\rb", "body: contains a carriage return"),
        ("taxonomy: topic\n_id: x\nname: X\nservices:\n  a: javascript:x\n", "services: must start with http://"),
        ("taxonomy: topic\n_id: x\nname: X\nimages:\n  - javascript:x\n", "images: must start with http://"),
        (CANONICAL.replace("bridge closes", "bridge \x07 closes"), "news.md:3: contains the control character U+0007"),
        (document(title='"a \\a b"'), "news.md:3: contains the escaped character U+0007"),
        (document(title='"a \\uD800 b"'), "news.md:3: "),
        (CANONICAL.replace("excerpt:", "abstract:", 1), "dialect D1"),
        (CANONICAL[:300], "ends before the line `---`"),
        ("just text", "news.md:1: doesn't start with a line `---`"),
        ("", "news.md:1: doesn't start with a line `---`"),
        ("---\n---\n\n", "is empty"),
        ("---\n- a\n---\n", "is not a list of `key: value` lines"),
        ("---\na: 1\r\r\r\rb: 2\n---\n", "news.md:2: title: is missing"),
        ("---\na: 1\r\r\r\rb: *x\n---\n", "news.md:6: alias *x"),
        ("---\na: 1\r\r\r\rb\n---\n", "news.md:7: is not well-formed YAML"),
        ("---\na: 1\r\r\r\r\x07\n---\n", "news.md:6: contains the control character"),
        ('---\na: "1\n---\n', "news.md:3: is not well-formed YAML"),
        ("taxonomy: person\n_id: x\n", "news.md:1: taxonomy: must be topic or organization"),
        (b"---\ntitle: \xff\n---\n", "news.md:2: is not UTF-8"),
        (b"x" * (FILE_SIZE_MAX + 1), "news.md: has 1,000,001 bytes"),
    ],
)
def test_an_error_names_the_line_the_field_and_the_problem(text, message):
    reported = problems(text)

    assert any(message in problem for problem in reported), reported
    assert all(re.match(r"news\.md(:\d+)?: ", problem) for problem in reported)


def test_all_problems_of_a_file_are_reported_at_once():
    reported = problems(document(quality="many", published="maybe"))

    assert len(reported) == 2


def test_registry_files_are_recognised_by_their_taxonomy():
    topic = read("taxonomy: topic\n_id: ports\nname: Ports\nparent: Transport\nkeywords:\n  - port\n", "03-ports")
    outlet = read(
        "---\ntaxonomy: organization\n_id: a.example\nname: A\ndomain: a.example\nimages:\n"
        "  - url: /logo.jpg\n    width: 50\n    height: 50\n---\n"
    )

    assert isinstance(topic, TopicEntry)
    assert (topic.slug, topic.name, topic.parent, topic.keywords) == ("ports", "Ports", "Transport", ["port"])
    assert isinstance(outlet, OrganizationEntry)
    assert [image.url for image in outlet.images] == ["/logo.jpg"]


def repeated(start: str, end: str, times: int) -> str:
    """Return the document with the block from `start` up to `end` repeated."""
    block = CANONICAL[CANONICAL.index(start) : CANONICAL.index(end)].rstrip("\n") + "\n"
    return CANONICAL.replace(block, block * times)


MAX_LENGTHS = {
    "topics": (
        100,
        lambda times: CANONICAL.replace("  - Transport\n", "".join(f"  - t{n}\n" for n in range(1, times))),
    ),
    "images": (50, lambda times: repeated('  - url: "https://cdn.courier.example/bridge', "\nrelated:", times)),
    "provider.images": (50, lambda times: repeated('    - url: "https://cdn.courier.example/logo', "\ntopics:", times)),
    "related": (500, lambda times: repeated("  - title:", "\nsecured:", times)),
    "document": (
        100,
        lambda times: CANONICAL.replace("\ntopics:", "".join(f"\nx{n}: 1" for n in range(times)) + "\ntopics:"),
    ),
}


@pytest.mark.parametrize("where", MAX_LENGTHS)
def test_lists_have_a_maximum_length(where):
    maximum, make_text = MAX_LENGTHS[where]
    read(make_text(maximum))
    assert re.search(
        rf"{where}.*({maximum} are allowed|more than {maximum})", "\n".join(problems(make_text(maximum + 1)))
    )
