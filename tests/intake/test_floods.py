"""A source that suddenly lists thousands of stories, or its archive: readers see no difference, and nothing is lost."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from articles.intake.run import take_in_new_entries
from articles.models import Article
from sources.fetcher import Fetched, FetchJob
from sources.limits import NEW_MAX
from sources.models import Entry, Source
from sources.reading.documents import read_document
from sources.reading.values import ENTRIES_MAX
from sources.storing import Attempt, store
from tests import builders

pytestmark = [pytest.mark.django_db, pytest.mark.systematic]

FLOOD = 5000
PAGES = (
    "/",
    "/latest/",
    "/feeds/top.rss",
    "/topics/",
    "/providers/courier.example/",
    "/api/news/",
    "/search/?q=quarry",
)
HOUR, FOUR_YEARS = timedelta(hours=1), timedelta(days=4 * 365)


def rss(first: int, times: list[datetime]) -> bytes:
    items = "".join(
        f"<item><title>Quarry {number} reopens</title><link>https://courier.example/{number}</link>"
        f"<guid>{number}</guid><pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for number, at in enumerate(times, first)
    )
    return f"<rss version='2.0'><channel><title>Courier</title>{items}</channel></rss>".encode()


def fetch(source: Source, document: bytes, now: datetime) -> int:
    """Read and store a document, take in what is new, and return how many articles that made."""
    before = Article.objects.count()
    feed = read_document(document, source.url)
    store([Attempt(FetchJob(pk=source.pk, url=source.url, host=source.host), Fetched(status=200, feed=feed), now)])
    take_in_new_entries()
    return Article.objects.count() - before


@pytest.fixture(params=["editors", "policy"])
def source(request) -> Source:
    """A source that has been followed for an hour and had one story, which readers see if the policy publishes."""
    builders.provider("Courier", registered=True, weight=200)
    source = Source.objects.create(name="Courier", url="https://courier.example/feed", publication=request.param)
    now = timezone.now()
    assert fetch(source, rss(1, [now - 2 * HOUR]), now - HOUR) == 1
    for number in range(3):
        builders.article(f"Bridge {number} closes", quality=90, heat=90, published=True)
    assert Article.objects.public().count() == (4 if request.param == "policy" else 3)
    return source


def seen(client) -> dict[str, bytes]:
    """Return what readers see."""
    responses = {page: client.get(page) for page in PAGES}
    assert {page: response.status_code for page, response in responses.items()} == dict.fromkeys(PAGES, 200)
    return {page: response.getvalue() for page, response in responses.items()}


def test_a_flood_is_held_back_and_its_newest_stories_wait_for_an_editor(client, source):
    before = seen(client)
    now = timezone.now()

    assert fetch(source, rss(10, [now] * FLOOD), now) == NEW_MAX

    assert seen(client) == before
    flooded = Article.objects.filter(source_entries__first_seen_at=now)
    assert all(article.waits_for_editor for article in flooded)
    assert Entry.objects.filter(outcome__in=["history", "held"]).count() == ENTRIES_MAX - NEW_MAX
    for _ in range(3):
        now += HOUR
        assert fetch(source, rss(10, [now] * FLOOD), now) == 0


def test_an_archive_is_offered_and_nothing_of_it_is_taken(client, source):
    before = seen(client)
    now = timezone.now()
    number = 10
    for years in range(4):
        times = [now - FOUR_YEARS * (years + place / ENTRIES_MAX) / 4 - 26 * HOUR for place in range(ENTRIES_MAX)]
        assert fetch(source, rss(number, times), now + years * HOUR) == 0
        number += ENTRIES_MAX

    assert seen(client) == before
    assert Entry.objects.filter(outcome__in=["history", "held"]).count() == 4 * ENTRIES_MAX


@pytest.mark.parametrize("publication", ["editors", "policy"])
def test_a_first_fetch_takes_few_of_a_flood(publication):
    builders.provider("Courier", registered=True, weight=200)
    source = Source.objects.create(name="Courier", url="https://courier.example/feed", publication=publication)
    now = timezone.now()

    assert fetch(source, rss(1, [now - timedelta(minutes=place) for place in range(FLOOD)]), now) == source.take
    assert Entry.objects.filter(outcome__in=["history", "held"]).count() == ENTRIES_MAX - source.take
