"""The process that reads feeds and pages: `python -m sources.reading.reader_process`.

A request is a line of JSON, then the document: {"size": bytes, "kind": "feed", "url": ..., "content_type": ...} or
{"size": bytes, "kind": "page", "url": ..., "charset": ...}. The response is a line, {"feed": {...}}, {"page": {...}} or
{"error": reason}.
"""

from __future__ import annotations

import codecs
import encodings
import importlib
from contextlib import suppress
from dataclasses import asdict
from pkgutil import iter_modules
from typing import Any

from sandbox.server import serve

from .documents import read_document
from .page import read_page
from .values import NotAFeedError, ParsedEntry, ParsedFeed

MEMORY_BYTES = 300 * 2**20
CPU_SECONDS = 10  # for one document
# What is imported when a document needs it: a feed that is well-formed, one that isn't, and pictures in its markup.
SAMPLES = (
    b'<rss version="2.0"><channel><item><title>a</title><pubDate>Mon, 01 Jan 2024 00:00:00 GMT</pubDate>'
    b"<description>&lt;img src='a'&gt;</description></item></channel></rss>",
    b'<rss version="2.0"><channel><item><title>&nbsp; & <b></title></item>',
    b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"date_published": "Mon, 1 Jan 2024"}]}',
)
LATE_IMPORTS = ("_strptime", "encodings.idna", "stringprep", "unicodedata", "zlib")


def main() -> None:
    serve(_answer, memory_bytes=MEMORY_BYTES, cpu_seconds=CPU_SECONDS, prepare=_import_all)


def _answer(request: dict[str, Any], data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    try:
        if request["kind"] == "page":
            return {"page": asdict(read_page(data, request["url"], request["charset"]))}, []
        feed = read_document(data, request["url"], request["content_type"])
    except NotAFeedError as error:
        return {"error": str(error)}, []
    except MemoryError:
        return {"error": "needs more memory than a document may take"}, []
    except Exception as error:  # noqa: BLE001 feedparser raises anything on hostile bytes
        return {"error": f"can't be read ({type(error).__name__}: {error})"[:200]}, []
    return {"feed": _plain(feed)}, []


def _plain(feed: ParsedFeed) -> dict[str, Any]:
    return vars(feed) | {"entries": [_plain_entry(entry) for entry in feed.entries]}


def _plain_entry(entry: ParsedEntry) -> dict[str, Any]:
    return vars(entry) | {"published": entry.published and entry.published.timestamp()}


def _import_all() -> None:
    """Import what may be needed later: the confined process can't open files."""
    for name in LATE_IMPORTS:
        importlib.import_module(name)
    for encoding in iter_modules(encodings.__path__):
        with suppress(LookupError):  # those of other systems, and modules that are no encodings
            codecs.lookup(encoding.name)
    for sample in SAMPLES:
        read_document(sample)
    read_page(b"<h1>a</h1>", "https://host.invalid/")


if __name__ == "__main__":
    main()
