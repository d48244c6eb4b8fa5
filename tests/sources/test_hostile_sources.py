"""Hostile documents and responses beside sound sources: one run serves those, and says of the others what is wrong."""

from __future__ import annotations

import gzip
from io import StringIO

import pytest
from django.core.management import call_command

from articles.models import Article
from sources import fetch_run
from sources.models import Fetch, Source
from tests.hostile import Answer, answer, redirect, serving
from tests.measuring import measuring

from .feeds import LINK, rss
from .test_hostile_feeds import QUICK

pytestmark = [pytest.mark.django_db, pytest.mark.integration]

SOUND = 5
KINDS_MIN = 40
MEMORY = 20  # MB that they may add to those of sound sources
RESPONSES: dict[str, Answer] = {
    "a bomb in gzip": answer(gzip.compress(bytes(40_000_000)), Content_Encoding="gzip"),
    "gzip that is none": answer(b"no gzip", Content_Encoding="gzip"),
    "gzip that is cut off": answer(gzip.compress(rss(LINK) * 50)[:-20], Content_Encoding="gzip"),
    "another compression": answer(rss(LINK), Content_Encoding="br"),
    "chunks without an end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<rss>\r\n",
    "chunks of no size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n<rss>\r\n0\r\n\r\n",
    "a size that is too large": answer(rss(LINK), Content_Length="99999999999"),
    "a size that is none": answer(rss(LINK), Content_Length="many"),
    "no HTTP": b"220 mail.example ESMTP\r\n",
    "nothing": b"",
    "headers without an end": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000,
    "a redirect to itself": redirect("/a-redirect-to-itself"),
    "a redirect into the network": redirect("http://169.254.169.254/latest/"),
    "a redirect to a file": redirect("file:///etc/passwd"),
    "a redirect without a place": b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
    "304 that nobody asked for": answer(b"", 304),
    "a status that is none": b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n",
    "a long validator": answer(rss(LINK), ETag='"' + "x" * 60_000 + '"'),
    "a page": answer(b"<html><title>No feed</title></html>", content_type="text/html"),
    "a picture": answer(b"\x89PNG\r\n\x1a\n" * 500, content_type="image/png"),
}
HARMLESS = {"a size that is none", "a long validator"}


def test_hostile_sources_harm_no_other(settings, monkeypatch):
    monkeypatch.setattr(fetch_run, "PAUSE", 0)
    hostile = {f"document {kind}": answer(data) for kind, data in QUICK.items()} | RESPONSES
    assert len(hostile) >= KINDS_MIN
    sound = {
        f"sound {n}": answer(rss(f"<title>Story {n}</title><link>https://courier.example/{n}</link>"))
        for n in reversed(range(SOUND))
    }
    paths = {kind: "/" + kind.replace(" ", "-") for kind in hostile | sound}
    with serving({paths[kind]: sent for kind, sent in (hostile | sound).items()}) as server:
        settings.FETCH_SERVERS = [f"127.0.0.1:{server.port}"]
        for kinds in (["sound 0"], list(paths)[:-1]):  # a run loads what every run needs; then the sound ones come last
            for kind in kinds:
                Source.objects.create(name=kind, url=f"http://127.0.0.1:{server.port}{paths[kind]}")
            output = StringIO()
            with measuring() as cost:
                call_command("fetch_sources", stdout=output, stderr=output)

    assert cost.memory_rise < MEMORY
    assert Fetch.objects.count() == len(paths)
    assert set(Article.objects.values_list("title", flat=True)) >= {f"Story {n}" for n in range(SOUND)}
    refused = dict(Source.objects.exclude(reason="").values_list("name", "reason"))
    assert not [kind for kind in refused if kind.startswith("sound")]
    assert set(RESPONSES) - set(refused) == HARMLESS
    assert all(reason.isprintable() and " " in reason for reason in refused.values())
