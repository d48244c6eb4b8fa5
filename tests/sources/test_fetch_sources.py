"""`fetch_sources` against a server on this machine."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from articles import operations
from articles.models import Article, Operation
from sources import fetch_run, storing
from sources.models import Entry, Fetch, Source
from tests.hostile import answer, redirect, serving

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


@pytest.fixture
def server(settings, monkeypatch):
    monkeypatch.setattr(fetch_run, "PAUSE", 0)
    with serving() as started:
        settings.FETCH_SERVERS = [f"127.0.0.1:{started.port}"]
        yield started


def follow(server, path: str = "/feed", **values) -> Source:
    return Source.objects.create(name=path, url=f"http://127.0.0.1:{server.port}{path}", **values)


def rss(*numbers: int) -> bytes:
    at = timezone.now() - timedelta(hours=1)
    items = "".join(
        f"<item><title>Story {n}</title><link>https://courier.example/{n}</link><guid>{n}</guid>"
        f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for n in numbers
    )
    return f"<rss version='2.0'><channel><title>Courier</title>{items}</channel></rss>".encode()


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("fetch_sources", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_a_source_is_fetched_when_it_is_due_and_asked_conditionally_afterwards(server):
    source = follow(server)
    server.answers["/feed"] = answer(rss(1, 2), content_type="application/rss+xml", ETag='"v1"')

    assert "1 sources: 1 read, 0 failed" in run()
    assert "0 sources" in run()
    later = (timezone.now() + timedelta(hours=1)).isoformat()
    server.answers["/feed"] = answer(b"", 304)
    assert "1 sources: 1 read, 0 failed" in run("--now", later)

    assert Entry.objects.filter(source=source).count() == 2
    assert ["If-None-Match" in head for head in server.requests] == [False, True]
    assert 'If-None-Match: "v1"' in server.requests[1]
    assert "User-Agent: Newsfold" in server.requests[0]


def test_new_entries_of_a_source_wait_at_the_desk_and_undoing_the_intake_is_final(server):
    follow(server)
    server.answers["/feed"] = answer(rss(1, 2), content_type="application/rss+xml")

    assert "2 new entries: 2 taken" in run()
    assert list(Article.objects.values_list("state", "public", "version")) == [("undecided", False, 1)] * 2
    server.answers["/feed"] = answer(rss(2, 1), content_type="application/rss+xml")
    later = [(timezone.now() + timedelta(hours=hours)).isoformat() for hours in (7, 14)]
    assert "new" not in run("--now", later[0])
    operations.undo(Operation.objects.get())
    assert "new" not in run("--now", later[1])

    assert not Article.objects.exists()


def test_new_entries_wait_while_an_import_runs(server, monkeypatch):
    source = follow(server)
    server.answers["/feed"] = answer(rss(1))
    monkeypatch.setattr("articles.intake.run.database_lock", lambda *arguments: nullcontext(False))

    assert "new entries wait" in run()
    assert not Article.objects.exists()
    monkeypatch.undo()
    assert "1 new entry: 1 taken" in run("--source", str(source.pk))


def test_failures_of_one_source_stop_no_other_and_say_why(server):
    pages = {"/500": answer(b"", 500), "/page": answer(b"<html><body>No feed</body></html>", content_type="text/html")}
    server.answers |= pages | {"/feed": answer(rss(1)), "/moved": redirect("http://127.0.0.1:1/feed", 301)}
    for path in ("/500", "/page", "/missing", "/moved", "/feed"):
        follow(server, path)

    output = run("-v2")

    assert "5 sources: 1 read, 4 failed" in output
    assert (
        dict(Source.objects.exclude(reason="").values_list("name", "reason"))
        == {
            "/500": "responds with 500",
            "/page": "sends a document that is a web page",
            "/missing": "responds with 404",
            "/moved": "redirects to a URL that uses port 1; only ports 80 and 443 are allowed",
        }
        or output
    )


def follow_unchanged(server, path: str) -> Source:
    server.answers[path] = answer(b"", 304)
    return follow(server, path, etag='"v1"', last_ok_at=timezone.now() - timedelta(hours=1))


def test_unchanged_sources_are_stored_together(server, monkeypatch):
    monkeypatch.setattr(fetch_run, "TOGETHER_MAX", 2)
    for number in range(5):
        follow_unchanged(server, f"/{number}")

    assert "5 sources: 5 read, 0 failed" in run()
    assert list(Fetch.objects.order_by("pk").values_list("source__name", "status")) == [
        (f"/{number}", 304) for number in range(5)
    ]
    assert "0 sources" in run()


def test_a_document_that_can_not_be_stored_stops_no_other(server, monkeypatch):
    follow_unchanged(server, "/unchanged")
    for path in ("/odd", "/feed"):
        follow(server, path)
        server.answers[path] = answer(rss(1 if path == "/feed" else 2))
    add = storing.add_unknown
    monkeypatch.setattr(
        storing, "add_unknown", lambda source, *rest: add(source, *rest) if source.name == "/feed" else 1 / 0
    )

    assert "3 sources: 2 read, 1 failed" in run()
    assert Source.objects.get(name="/unchanged").last_ok_at == Fetch.objects.get(status=304).at
    assert Source.objects.get(name="/odd").reason == "sends what can't be stored (ZeroDivisionError)"
    assert Article.objects.count() == 1


def test_a_host_that_is_too_busy_is_left_alone_with_all_its_sources(server):
    follow_unchanged(server, "/unchanged")
    for path in ("/a", "/b", "/c"):
        follow(server, path)
        server.answers[path] = answer(b"", 429, Retry_After=3600)

    run()

    assert server.paths == ["/unchanged", "/a"]
    assert all(source.next_at > timezone.now() + timedelta(minutes=59) for source in Source.objects.all())


@pytest.mark.integration
def test_a_host_is_asked_one_thing_at_a_time(server):
    server.delay = 0.02
    for number in range(6):
        follow(server, f"/{number}")
        server.answers[f"/{number}"] = answer(rss(number))

    run()

    assert (server.busiest, Fetch.objects.filter(new=1).count()) == (1, 6)


def test_dry_runs_paused_sources_and_internal_addresses_ask_nobody(server, settings):
    follow(server, paused=True)
    settings.FETCH_SERVERS = []
    follow(server, "/inside")

    assert "1 sources would be fetched from 1 hosts" in run("--dry-run")
    run()

    assert server.requests == []
    assert "only ports 80 and 443 are allowed" in Source.objects.get(name="/inside").reason


def test_a_single_source_by_its_key(server):
    source = follow(server, next_at=timezone.now() + timedelta(days=1))
    server.answers["/feed"] = answer(rss(1))

    assert "1 read" in run("--source", str(source.pk))
    with pytest.raises(CommandError, match="no source 99"):
        run("--source", "99")
