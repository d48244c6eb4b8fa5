"""The demo's own sources: feeds that grow while one watches."""

from __future__ import annotations

import socket
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from articles.management.demo_feeds import FIRST, GAP, HOST, DemoFeed, DemoFeeds, read_feeds
from articles.management.demo_schedule import FEEDS
from articles.models import Article
from sources.health import State
from sources.models import Entry, Source
from sources.reading.documents import read_document
from tests import builders


def listening() -> socket.socket:
    return socket.create_server((HOST, 0))


def feed(number: int = 5, name: str = "Courier") -> DemoFeed:
    stories = [{"title": f"Story {n}", "excerpt": "", "path": f"/{n}"} for n in range(number)]
    return DemoFeed(name=name, domain=f"{name.lower()}.example", format="rss", written=stories)


def minutes_until(moment: datetime) -> int:
    return round((moment - timezone.now()) / timedelta(minutes=1))


def test_every_format_is_read_as_it_was_written():
    now = timezone.now().replace(microsecond=0)
    feeds = read_feeds(FEEDS)
    for written in feeds:
        while written.add_story(now):
            pass

    assert {written.format for written in feeds} == {"rss", "atom", "json"}
    for written in feeds:
        entries = read_document(written.document()).entries
        read = [(entry.title, entry.excerpt, entry.url, entry.picture, entry.published) for entry in entries]
        assert read == [(s.title, s.excerpt, s.url, s.picture, s.at) for s in reversed(written.listed)]
        assert not [entry.warnings for entry in entries if entry.warnings]


@pytest.mark.django_db
def test_a_later_start_goes_on_with_the_sources_of_the_first():
    outlet = builders.provider("Courier")
    first = feed()
    with listening() as port:
        DemoFeeds([first], port).follow()
    source = Source.objects.get()
    assert (source.provider, len(first.listed)) == (outlet, FIRST)
    assert timezone.now() - first.listed[0].at < GAP * (FIRST + 1)
    Source.objects.update(etag="x", name="Renamed", next_at=timezone.now() + timedelta(days=1))
    now = timezone.now()
    values = {"title_key": "t", "fingerprint": "f", "first_seen_at": now, "last_seen_at": now, "outcome": "taken"}
    Entry.objects.bulk_create(Entry(source=source, **values) for _ in range(FIRST + 1))

    later = feed()
    with listening() as port:
        feeds = DemoFeeds([later], port)
        feeds.follow()
        source.refresh_from_db()
        assert (source.name, source.etag, len(later.listed)) == ("Renamed", "", FIRST + 1)
        assert source.url == f"http://127.0.0.1:{port.getsockname()[1]}/courier.example"

        Source.objects.update(next_at=timezone.now() + timedelta(days=1))
        feeds.grow()
        feeds.grow()  # there is none left

    assert len(later.listed) == 5
    assert Source.objects.due(timezone.now()).count() == 1


@pytest.mark.django_db
def test_pages_say_when_a_feed_is_fetched_for_its_next_story():
    more, none_left, last = feed(), feed(FIRST, "Herald"), feed(name="Gazette")
    with listening() as port:
        feeds = DemoFeeds([more, none_left, last], port)
        feeds.follow()
        Source.objects.update(next_at=timezone.now() + timedelta(hours=1))
        feeds.plan_fetches(timedelta(minutes=1))
        waits = dict(Source.objects.values_list("name", "next_at"))
        feeds.grow()
        Source.objects.update(next_at=timezone.now() + timedelta(hours=1))
        feeds.plan_fetches(timedelta(minutes=1))
        after = dict(Source.objects.values_list("name", "next_at"))

    assert [minutes_until(waits[row.name]) for row in (more, none_left, last)] == [1, 60, 2]
    assert [minutes_until(after[row.name]) for row in (more, none_left, last)] == [2, 60, 1]


@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
def test_stories_of_the_demo_arrive_one_after_another(settings):
    port = listening()
    settings.FETCH_SERVERS = [f"{HOST}:{port.getsockname()[1]}"]
    with DemoFeeds(read_feeds(FEEDS), port) as feeds:
        feeds.follow()
        call_command("fetch_sources", verbosity=0)
        assert Article.objects.count() == 3 * FIRST
        feeds.grow()
        call_command("fetch_sources", verbosity=0)

    assert Article.objects.count() == 3 * FIRST + 1
    assert {source.health(timezone.now()).state for source in Source.objects.all()} == {State.FINE}
