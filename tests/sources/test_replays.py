"""Real feeds beside the project, fetched again: reordered, with other guids or decorated URLs, nothing is new."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.utils import timezone

from articles.intake.run import take_in_new_entries
from articles.models import Article, Operation
from sources.fetcher import Fetched, FetchJob
from sources.models import Entry, Source
from sources.reading.documents import read_document
from sources.reading.urls import page_url
from sources.reading.values import NotAFeedError, ParsedEntry, ParsedFeed
from sources.storing import Attempt, store

FOLDER = settings.BASE_DIR.parent / "shared" / "feeds"
ROUNDS = 10
FEEDS_MIN, ARTICLES_MIN = 70, 500
OTHER_SUFFIXES = {".txt", ".tsv"}

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not FOLDER.exists(), reason="the feeds are not beside the project"),
]

Entries = Sequence[ParsedEntry]


def feeds() -> Iterator[tuple[str, ParsedFeed]]:
    """Yield the feeds that have entries, with the names of their files."""
    for path in sorted(FOLDER.iterdir()):
        if path.suffix not in OTHER_SUFFIXES:
            try:
                feed = read_document(path.read_bytes(), f"https://{path.stem}.example/feed")
            except NotAFeedError:
                continue
            if feed.entries:
                yield path.name, feed


def decorated(url: str, chance: random.Random) -> str:
    """Return another URL of the page, as a reader takes it."""
    if not url:
        return url
    parts = urlsplit(url)
    host = parts.netloc.removeprefix("www.")
    host = f"www.{host}" if "." in host and chance.random() < 0.5 else host
    path = parts.path.rstrip("/") + chance.choice(["", "/"]) if parts.path.strip("/") else parts.path
    query = "&".join(filter(None, [parts.query, "utm_source=rss&utm_medium=feed"]))
    return page_url(
        parts._replace(scheme=chance.choice(["http", "https"]), netloc=host, path=path, query=query).geturl(), ""
    )


def with_other_guids(entries: Entries, chance: random.Random) -> Entries:
    prefix = f"urn:round:{chance.random()}:"
    return [replace(entry, guid=entry.guid and prefix + entry.guid) for entry in entries]


def with_decorated_urls(entries: Entries, chance: random.Random) -> Entries:
    return [replace(entry, url=decorated(entry.url, chance)) for entry in entries]


def shuffled(entries: Entries, chance: random.Random) -> Entries:
    return chance.sample(entries, len(entries))


def with_both(entries: Entries, chance: random.Random) -> Entries:
    return shuffled(with_decorated_urls(with_other_guids(entries, chance), chance), chance)


VARIANTS: tuple[Callable[[Entries, random.Random], Entries], ...] = (shuffled, with_other_guids, with_decorated_urls)


def follow(feeds: Iterable[tuple[str, ParsedFeed]], now: datetime) -> list[tuple[Source, ParsedFeed]]:
    """Follow the feeds and take in all of their entries, however old."""
    followed = []
    for name, feed in feeds:
        source = Source.objects.create(name=name, url=f"https://{name}.example/feed")
        fetch(source, Fetched(status=200, feed=feed), now)
        followed.append((source, feed))
    Entry.objects.filter(outcome="history").update(outcome="new")  # as *Take older stories too* does
    take_in_new_entries()
    return followed


def fetch(source: Source, fetched: Fetched, now: datetime) -> None:
    store([Attempt(FetchJob(pk=source.pk, url=source.url, host=source.host), fetched, now)])


def counts() -> dict[str, int]:
    """Return what a new story would add to. Entries without a link or a title are refused, also the second time."""
    stories = Entry.objects.exclude(outcome=Entry.Outcome.REFUSED)
    return {"articles": Article.objects.count(), "operations": Operation.objects.count(), "entries": stories.count()}


@pytest.mark.parametrize(
    "variant",
    [
        *(pytest.param(variant, marks=pytest.mark.thorough) for variant in VARIANTS),
        pytest.param(with_both, marks=pytest.mark.systematic),
    ],
)
def test_nothing_is_new_when_a_feed_is_fetched_again(variant):
    chance = random.Random(7)  # noqa: S311  the same variants each time
    now = timezone.now()
    followed = follow(feeds(), now)
    before = counts()
    assert len(followed) >= FEEDS_MIN
    assert before["articles"] >= ARTICLES_MIN

    for number in range(ROUNDS):
        now += timedelta(hours=1)
        for source, feed in followed:
            entries = tuple(variant(feed.entries, chance))
            is_unchanged = chance.random() < 0.2
            fetch(
                source,
                Fetched(status=304) if is_unchanged else Fetched(status=200, feed=replace(feed, entries=entries)),
                now,
            )
        take_in_new_entries()
        assert counts() == before, number
