"""Hostile documents end in entries or in a reason, within 12 s of CPU, and don't harm the next document.

The child process that reads them has 10 s and 300 MB for each; the memory of its parent rises by 20 MB at most.

Those that take long are marked `faults`, which `make nightly` runs.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import confinement
from sources.reading import reader as reader_module
from sources.reading import reader_process
from sources.reading.reader import FeedReader
from sources.reading.values import DOCUMENT_BYTES_MAX, NotAFeedError, ParsedFeed, ParsedPage
from tests.measuring import measuring

from .feeds import LINK, TITLE, atom, rss

pytestmark = pytest.mark.integration  # reads in child processes

SECONDS = reader_module.SECONDS + 5  # as slow as an overloaded machine makes it
CPU_SECONDS = 12
PARENT_MEMORY = 20  # MB
MEMORY = 330 * 1024  # kB: the limit counts data alone
REASON_PATTERN = re.compile(
    r"is (empty|neither .+|a web page, no feed.*|no valid JSON .+|JSON that is nested too deeply|XML that is nested .+)"
    r"|has more than 16 MB|needs more memory than a document may take|takes too long to read|made the reader crash"
    r"|can't be read \(.+\)|defines entities, .+"
)


@pytest.fixture(scope="module")
def reader() -> Iterator[FeedReader]:
    with FeedReader() as reader:
        yield reader


def outcome(reader: FeedReader, data: bytes) -> tuple[ParsedFeed | None, str]:
    """Read the document; return the feed or the reason. Checks the limits, and that the next one can be read."""
    begun = time.monotonic()
    feed, reason = None, ""
    with measuring(lambda: reader.pid) as cost:
        try:
            feed = reader.read(data, "https://courier.example/feed")
        except NotAFeedError as error:
            reason = str(error)
    if reason:
        assert REASON_PATTERN.fullmatch(reason), reason
        assert reason.isprintable()
    assert time.monotonic() - begun < SECONDS
    assert cost.cpu_seconds < CPU_SECONDS
    assert cost.memory_rise < PARENT_MEMORY
    if reader.pid:
        peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{reader.pid}/status").read_text())
        assert int(peak[1]) < MEMORY
    assert [entry.title for entry in reader.read(rss(TITLE + LINK)).entries] == ["Bridge closes"]
    return feed, reason


def repeated(level: int, width: int) -> str:
    return f"&e{level};" * width


def attributes(count: int, pattern: str = 'a{}=""') -> str:
    return " ".join(pattern.format(number) for number in range(count))


def laughs(depth: int, width: int) -> bytes:
    """Return an RSS feed whose title is an entity that grows with every level."""
    entities = "".join(f'<!ENTITY e{level + 1} "{repeated(level, width)}">' for level in range(depth))
    head = f'<!DOCTYPE rss [<!ENTITY e0 "ha">{entities}]>'
    return rss(f"<title>&e{depth};</title>{LINK}").replace(b"?>", b"?>" + head.encode(), 1)


def large(size: int) -> bytes:
    """Return a feed of this many bytes."""
    item = f"{TITLE}{LINK}<description>{'The bridge is closed. ' * 3000}</description>"
    return rss(*[item] * (size // len(item)))


QUICK = {
    "nothing": b"",
    "zeros": bytes(100_000),
    "noise": bytes(range(256)) * 400,
    "an entity bomb": laughs(9, 10),
    "nested elements": rss("<a>" * 20_000 + "</a>" * 20_000),
    "nested elements that never end": rss("<a>" * 20_000),
    "nested markup": rss(f"{TITLE}<description>{'&lt;div&gt;' * 20_000}</description>"),
    "nested JSON": b'{"version": "1", "items": [{"title": ' + b"[" * 100_000,
    "nested JSON that is valid": b'{"version": "1", "items": [' + b"[" * 5000 + b"]" * 5000 + b"]}",
    "a huge number": b'{"version": "1", "items": [{"id": ' + b"9" * 100_000 + b"}]}",
    "a surrogate": b'{"version": "1", "items": [{"title": "a long \\ud800 title", "url": "https://a.example/\\udfff"}]}',
    "a null byte": rss("<title>a\x00b</title>"),
    "many attributes": rss(f"<title {attributes(3000)}>x</title>"),
    "an encoding that is none": b'<?xml version="1.0" encoding="rot13"?>' + rss(TITLE),
    "an encoding that compresses": b'<?xml version="1.0" encoding="bz2"?>' + rss(TITLE),
    "an encoding with a path": b'<?xml version="1.0" encoding="../../etc/passwd"?>' + rss(TITLE),
    "a long title": rss(f"<title>{'x' * 500_000}</title>"),
    "a long link": rss(f"{TITLE}<link>https://a.example/{'x' * 500_000}</link>"),
    "10 MB": large(10_000_000),
    "too many bytes": b" " * (DOCUMENT_BYTES_MAX + 1),
    "many entries": atom(*["<title>x</title>"] * 20_000),
}
SLOW = {
    "many namespaces": rss(root='rss version="2.0" ' + attributes(20_000, 'xmlns:n{0}="urn:{0}"')),
    "very many attributes": rss(f"<title {attributes(50_000)}>x</title>"),
    "a megabyte of <": rss(f"<title>{'<' * 1_000_000}</title>"),
    "a megabyte of &": rss(f"<title>{'&' * 1_000_000}</title>"),
    "elements that never end": rss(f"<description>{'<p>' * 200_000}"),
    "a long author": rss(f"<author>{'a@' * 100_000}</author>"),
    "16 MB of elements": rss("<a/>" * 3_900_000),
    "16 MB of JSON": b'{"version": "1", "items": [' + b"{}," * 5_000_000 + b"{}]}",
    "16 MB that are broken": large(15_900_000)[:-1000],
    "a quadratic entity bomb": rss(f"<title>{'&e;' * 50_000}</title>").replace(
        b"?>", b'?><!DOCTYPE rss [<!ENTITY e "' + b"x" * 50_000 + b'">]>', 1
    ),
}


@pytest.mark.parametrize("data", QUICK.values(), ids=QUICK.keys())
def test_a_hostile_document_is_read_or_refused(reader, data):
    outcome(reader, data)


@pytest.mark.faults
@pytest.mark.parametrize("data", SLOW.values(), ids=SLOW.keys())
def test_a_hostile_document_that_takes_long_is_read_or_refused(reader, data):
    outcome(reader, data)


def test_ten_megabytes_are_read(reader):
    feed, _ = outcome(reader, large(10_000_000))
    assert len(feed.entries) > 100
    assert len(feed.entries[0].excerpt) <= 500


PAGES = {
    "nothing": b"",
    "noise": bytes(range(256)) * 4000,
    "nested elements": b"<div>" * 5000,
    "nested JSON": b'<script type="application/ld+json">' + b"[" * 1_000_000,
    "many metas": b"<meta property=og:title content=x>" * 50_000,
    "many attributes": b"<meta " + b" ".join(b"a%d=x" % number for number in range(3000)) + b">",
    "a long title": b"<title>" + b"x" * 1_900_000,
    "a canonical URL without an end": b"<link rel=canonical href='https://a.example/" + b"x" * 1_000_000,
    "more than it may have": b"<title>Bridge</title>" + b"x" * 30_000_000,
}


@pytest.mark.parametrize("data", PAGES.values(), ids=PAGES.keys())
def test_a_hostile_page_is_read(reader, data):
    page = reader.read_page(data, "https://courier.example/bridge")
    assert page.url.text == "https://courier.example/bridge"
    assert len(page.title.text) <= 300


@pytest.mark.faults
def test_a_page_that_is_nested_very_deeply_is_refused(reader):
    with pytest.raises(NotAFeedError, match="takes too long to read"):
        reader.read_page(b"<div>" * 400_000, "https://courier.example/bridge")


@pytest.mark.parametrize(
    "change", [{"url": {"text": "javascript:x", "origin": ""}}, {"title": "x"}, {"feeds": 7}, {"feeds": [1]}]
)
def test_an_invalid_page_of_a_compromised_process_is_rejected(monkeypatch, tmp_path, change):
    value = {"text": "", "origin": ""}
    names = ("title", "excerpt", "url", "published", "picture", "provider", "language")
    answer = json.dumps({"page": dict.fromkeys(names, value) | {"feeds": []} | change}).encode() + b"\n"
    with pytest.raises(NotAFeedError, match="made the reader crash"):
        read_with(monkeypatch, tmp_path, answer, is_page=True)


def test_a_document_that_takes_too_long_is_refused(reader):
    with pytest.raises(NotAFeedError, match="takes too long"):
        reader.read(large(15_000_000), seconds=0.05)
    assert reader.read(rss(TITLE + LINK)).entries


ENTRY = {
    "title": "Bridge closes",
    "excerpt": "",
    "url": "https://courier.example/bridge",
    "published": 1714552200.0,
    "provider": "courier.example",
    "picture": "",
    "language": "",
    "guid": "7",
    "warnings": [],
    "lacks_zone": False,
}


def response(*entries: object, **values: object) -> bytes:
    head = {"format": "rss20", "title": "", "url": "", "language": "", "wait_minutes": 0, "warnings": []}
    feed = head | {"entries": entries} | values
    return json.dumps({"feed": feed}).encode() + b"\n"


def read_with(monkeypatch, tmp_path, answer: bytes, *, is_page: bool = False) -> ParsedFeed | ParsedPage:
    """Read a document with a process that responds with `answer` to anything."""
    path = tmp_path / "answer"
    path.write_bytes(answer)
    program = f"import sys; sys.stdin.buffer.read(60); sys.stdout.buffer.write(open({str(path)!r}, 'rb').read())"
    monkeypatch.setattr(reader_module, "COMMAND", [sys.executable, "-c", program])
    with FeedReader() as reader:
        return reader.read_page(b"x" * 100, "") if is_page else reader.read(b"x" * 100)


def test_a_valid_response_is_taken(monkeypatch, tmp_path):
    feed = read_with(monkeypatch, tmp_path, response(ENTRY))
    assert feed.entries[0].published.isoformat() == "2024-05-01T08:30:00+00:00"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"no json\n",
        b"[" * 100_000 + b"\n",
        b"{}\n",
        b"[]\n",
        b'{"feed": []}\n',
        b'{"error": 7}\n',
        b'{"error": "a\\nb"}\n',
        response(*[ENTRY] * 501),
        response(title="x" * 301),
        response(url="javascript:alert(1)"),
        response(warnings=["x"] * 21),
        response("text"),
        response(ENTRY | {"title": "a\nb"}),
        response(ENTRY | {"title": None}),
        response(ENTRY | {"excerpt": "x" * 501}),
        response(ENTRY | {"url": "file:///etc/passwd"}),
        response(ENTRY | {"picture": "data:image/png;base64,AAAA"}),
        response(ENTRY | {"published": 1e300}),
        response(ENTRY | {"published": "now"}),
        response(ENTRY | {"guid": "x" * 3000}),
        response(ENTRY | {"warnings": 7}),
        response(ENTRY, wait_minutes="soon"),
        response(ENTRY, wait_minutes=float("inf")),
    ],
    ids=lambda answer: str(answer[-60:]),
)
def test_an_invalid_response_of_a_compromised_process_is_rejected(monkeypatch, tmp_path, answer):
    with pytest.raises(NotAFeedError, match="made the reader crash"):
        read_with(monkeypatch, tmp_path, answer)


def test_the_process_has_no_secrets_and_may_write_no_file(reader):
    reader.read(rss(TITLE + LINK))
    process = Path(f"/proc/{reader.pid}")
    names = {line.split(b"=")[0] for line in (process / "environ").read_bytes().split(b"\0") if line}
    limits = (process / "limits").read_text()
    assert names <= {b"LANG", b"MALLOC_ARENA_MAX", b"MALLOC_MMAP_THRESHOLD_"}
    assert re.search(r"Max file size\s+0\s+0 ", limits)
    assert re.search(rf"Max data size\s+{reader_process.MEMORY_BYTES}\s+{reader_process.MEMORY_BYTES} ", limits)
    allowed = int(re.search(r"Max cpu time\s+(\d+) ", limits)[1])
    assert reader_process.CPU_SECONDS <= allowed <= 3 * reader_process.CPU_SECONDS  # on top of what it has used


@pytest.mark.skipif(bool(confinement.missing_support()), reason="the kernel can't confine processes")
def test_the_process_that_reads_feeds_is_confined(reader):
    reader.read(rss(TITLE + LINK))
    process = Path(f"/proc/{reader.pid}")
    assert re.search(r"Seccomp:\s+2\n", (process / "status").read_text())
    assert {path.name for path in (process / "fd").iterdir()} == {"0", "1", "2"}
    assert os.readlink(process / "fd" / "0").startswith("pipe:")


@pytest.mark.parametrize("encoding", ["shift_jis", "gb18030", "euc-kr", "koi8-r", "windows-1251", "utf-16", "big5"])
def test_the_confined_process_reads_every_encoding(reader, encoding):
    title = "Мост" if encoding in ("koi8-r", "windows-1251") else "三"
    document = f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel><item><title>{title}</title>'
    feed = reader.read(f"{document}</item></channel></rss>".encode(encoding))
    assert feed.entries[0].title == title


def test_the_confined_process_reads_what_is_not_well_formed(reader):
    feed = reader.read(b"<rss version='2.0'><channel><item><title>Fish &nbsp; & chips</title>" + LINK.encode())
    assert feed.entries[0].title == "Fish & chips"
