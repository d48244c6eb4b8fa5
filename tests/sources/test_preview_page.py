"""Pages of every kind, as servers send them: each value is right, or the editor reads why there is none."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from sources.fetcher import source_client
from sources.preview import PagePreview, preview_page
from tests.hostile import Answer, Server, answer, picture, redirect, serving
from tests.measuring import measuring

pytestmark = [pytest.mark.django_db, pytest.mark.integration]  # a server, and a child process for each page

ARTICLE = {
    "@context": "https://schema.org",
    "@type": "NewsArticle",
    "headline": "Bridge &amp; ferry",
    "description": "For two weeks.",
    "datePublished": "2026-05-01T10:30:00+02:00",
    "image": {"@type": "ImageObject", "url": "/bridge.jpg"},
    "publisher": {"name": "The Courier"},
}
OPEN_GRAPH = (
    '<meta property="og:title" content="Bridge closes"><meta property="og:description" content="Two weeks.">'
    '<meta property="article:published_time" content="2026-05-02"><meta property="og:image" content="/og.jpg">'
)
FEED = b'<rss version="2.0"><channel><item><title>Bridge</title><link>https://a.example/1</link></item></channel></rss>'
HERE = "the page"  # its URL
CPU_SECONDS = 2.0  # of both processes: somebody waits


def page(head: str = "", body: str = "", article: object = None, **headers: object) -> bytes:
    script = f'<script type="application/ld+json">{json.dumps(article)}</script>' if article else ""
    return html(f"<!DOCTYPE html><html><head>{script}{head}</head><body>{body}</body></html>".encode(), **headers)


def html(data: bytes, content_type: str = "text/html", **headers: object) -> bytes:
    return answer(data, content_type=content_type, **headers)


def hang_up(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<title>Br")


# What is sent, and what the editor sees: values, or the beginning of the reason.
PAGES: dict[str, tuple[Answer, dict[str, str] | str]] = {
    "JSON-LD": (
        page(article=ARTICLE),
        {"title": "Bridge & ferry", "excerpt": "For two weeks.", "published": "2026-05-01T08:30:00Z"}
        | {"provider": "The Courier", "picture": "/bridge.jpg", "url": HERE},
    ),
    "JSON-LD in a graph": (page(article={"@graph": [{"@type": "WebSite"}, ARTICLE]}), {"title": "Bridge & ferry"}),
    "JSON-LD in a list": (page(article=[{"@type": "Person"}, ARTICLE]), {"title": "Bridge & ferry"}),
    "JSON-LD of several types": (page(article=ARTICLE | {"@type": ["Thing", "Report"]}), {"title": "Bridge & ferry"}),
    "JSON-LD below the page": (page(article={"@type": "WebPage", "mainEntity": ARTICLE}), {"title": "Bridge & ferry"}),
    "JSON-LD that is broken": (
        page('<script type="application/ld+json">{"@type": "NewsArticle", "headline": </script>' + OPEN_GRAPH),
        {"title": "Bridge closes", "published": "2026-05-02T00:00:00Z"},
    ),
    "JSON-LD of something else": (
        page(OPEN_GRAPH, article={"@type": "Recipe", "name": "Soup"}),
        {"title": "Bridge closes"},
    ),
    "JSON-LD with values of other types": (
        page(OPEN_GRAPH, article=ARTICLE | {"headline": 7, "image": [], "datePublished": None}),
        {"title": "Bridge closes", "picture": "/og.jpg", "published": "2026-05-02T00:00:00Z"},
    ),
    "Open Graph": (page(OPEN_GRAPH), {"title": "Bridge closes", "excerpt": "Two weeks.", "picture": "/og.jpg"}),
    "Twitter": (page('<meta name="twitter:title" content="Bridge closes">'), {"title": "Bridge closes"}),
    "elements alone": (
        page("<title>News</title>", '<h1>Bridge <b>closes</b></h1><time datetime="2026-05-03T10:00+02:00">May</time>'),
        {"title": "Bridge closes", "published": "2026-05-03T08:00:00Z", "excerpt": ""},
    ),
    "a title with its outlet": (
        page('<title>Bridge closes | The Courier</title><meta property="og:site_name" content="The Courier">'),
        {"title": "Bridge closes", "provider": "The Courier"},
    ),
    "a canonical URL that is the front page": (page('<link rel="canonical" href="/">' + OPEN_GRAPH), {"url": HERE}),
    "a canonical URL of another site": (page('<link rel="canonical" href="https://evil.example/a">'), {"url": HERE}),
    "a canonical URL that is relative": (page('<link rel="canonical" href="/bridge">'), {"url": "/bridge"}),
    "a canonical URL with tracking": (page('<link rel="canonical" href="/bridge?utm_source=x">'), {"url": "/bridge"}),
    "a base": (page('<base href="/2026/"><meta property="og:image" content="og.jpg">'), {"picture": "/2026/og.jpg"}),
    "no date": (page("<title>Bridge closes</title>"), {"title": "Bridge closes", "published": ""}),
    "a date in words": (page('<meta name="date" content="3. Mai 2026 10:00">'), {"published": "2026-05-03T10:00:00Z"}),
    "a date that is none": (page('<meta name="date" content="yesterday">'), {"published": ""}),
    "Windows-1252 by its meta": (
        html('<meta charset="windows-1252"><title>Brücke – zu</title>'.encode("cp1252")),
        {"title": "Brücke – zu"},
    ),
    "Latin-1 by its header": (
        html("<title>Brücke</title>".encode("latin-1"), content_type="text/html; charset=ISO-8859-1"),
        {"title": "Brücke"},
    ),
    "UTF-8 that says nothing": (html("<title>Brücke</title>".encode(), content_type=""), {"title": "Brücke"}),
    "gzip": (html(gzip.compress(b"<title>Bridge</title>"), Content_Encoding="gzip"), {"title": "Bridge"}),
    "markup and scripts in values": (
        page('<meta property="og:title" content="&lt;b&gt;Bridge&lt;/b&gt; &lt;script&gt;x()&lt;/script&gt;closes">'),
        {"title": "Bridge closes"},
    ),
    "pictures that are none": (page('<meta property="og:image" content="data:image/png;base64,AA">'), {"picture": ""}),
    "two megabytes": (page("<title>Bridge</title>", "<p>x</p>" * 250_000), {"title": "Bridge"}),
    "a title behind two megabytes": (page("<!--" + "x" * 2_000_000 + "--><title>Bridge</title>"), {"title": ""}),
    "nine megabytes": (page("", "x" * 9_000_000), "sends more than 8 MB"),
    "a bomb": (html(gzip.compress(bytes(40_000_000)), Content_Encoding="gzip"), "sends more than 16 MB"),
    "a paywall": (answer(b"Pay", 402), "responds with 402"),
    "a page for subscribers": (
        page(article=ARTICLE | {"isAccessibleForFree": False}, body="<p>Subscribe to read on.</p>"),
        {"title": "Bridge & ferry", "excerpt": "For two weeks."},
    ),
    "a refusal": (answer(b"", 403), "responds with 403"),
    "nothing there": (answer(b"", 404), "responds with 404"),
    "nothing there any more": (answer(b"", 410), "responds with 410"),
    "a failing server": (answer(b"", 500), "responds with 500"),
    "a redirect": (redirect("/moved"), {"title": "Moved", "url": "/moved"}),
    "a redirect in a circle": (redirect("/a-redirect-in-a-circle"), "redirects more than"),
    "a redirect into the network": (redirect("http://10.0.0.1/"), "leads to the IP address 10.0.0.1"),
    "a redirect to a file": (redirect("file:///etc/passwd"), "redirects to a URL that doesn't start with http"),
    "a connection that breaks off": (hang_up, "breaks off"),
    "an empty page": (html(b" \n"), "sends an empty document"),
    "a feed": (answer(FEED, content_type="application/rss+xml"), "is a feed, not a story"),
    "a PDF": (answer(b"%PDF-1.7 \xe2\xe3", content_type="application/pdf"), "is no web page (application/pdf)"),
    "a PDF that says it is a page": (html(b"%PDF-1.7 \xe2\xe3"), "is no web page (application/pdf)"),
    "a picture": (answer(picture(), content_type="image/jpeg"), "is no web page (image/jpeg)"),
    "JSON": (answer(b'{"title": "Bridge"}', content_type="application/json"), "is no web page (application/json)"),
}


def path_of(kind: str) -> str:
    return "/" + kind.replace(" ", "-")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    answers = {path_of(kind): sent for kind, (sent, _) in PAGES.items()}
    with serving(answers | {"/moved": page("<title>Moved</title>")}) as started:
        yield started


def look_at(server: Server, path: str, settings: Any) -> PagePreview:
    settings.FETCH_SERVERS = [f"127.0.0.1:{server.port}"]
    return preview_page(f"http://127.0.0.1:{server.port}{path}", source_client(seconds=8.0))


@pytest.mark.parametrize("kind", PAGES)
def test_a_page_is_read_or_the_editor_is_told_why_not(server, settings, kind):
    expected = PAGES[kind][1]
    site = f"http://127.0.0.1:{server.port}"

    with measuring() as cost:
        preview = look_at(server, path_of(kind), settings)

    assert cost.cpu_seconds < CPU_SECONDS
    if isinstance(expected, str):
        assert preview.page is None
        assert preview.reason.startswith(expected)
        return
    assert preview.page, preview.reason
    values = {name: getattr(preview.page, name).text for name in expected}
    stated = {
        name: HERE if value == site + path_of(kind) else value.removeprefix(site) for name, value in values.items()
    }
    assert stated == expected


def test_the_feeds_of_a_page_are_offered(server, settings):
    links = '<link rel="alternate" type="application/rss+xml" href="/feed" title="All">'
    server.answers["/with-feeds"] = page(links + OPEN_GRAPH)

    preview = look_at(server, "/with-feeds", settings)

    assert [(feed.url.rpartition("/")[2], feed.title) for feed in preview.page.feeds] == [("feed", "All")]
