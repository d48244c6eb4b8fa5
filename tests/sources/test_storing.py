"""What a fetch leaves in the database. Nothing is requested, and no document is parsed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sources.fetcher import Fetched, FetchJob
from sources.health import State
from sources.models import Entry, Fetch, Source
from sources.reading.values import ParsedEntry, ParsedFeed
from sources.storing import Attempt, Stored, postpone_host, store

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def source() -> Source:
    return Source.objects.create(name="Courier", url="https://courier.example/feed", next_at=NOON, created_at=NOON)


def entry(number: int, **values: object) -> ParsedEntry:
    stated = {
        "title": f"Story {number}",
        "excerpt": "What happened.",
        "url": f"https://courier.example/{number}",
        "published": NOON - number * HOUR,
        "provider": "courier.example",
        "picture": "",
        "language": "",
        "guid": f"guid-{number}",
    }
    return ParsedEntry(**stated | values)


def feed(*entries: ParsedEntry) -> Fetched:
    parsed = ParsedFeed(format="RSS", title="The Courier", url="", language="", entries=entries)
    return Fetched(status=200, feed=parsed, size=900, body_digest="d", headers={"ETag": '"1"'})


def fetch(source: Source, fetched: Fetched, now: datetime = NOON):
    source.refresh_from_db()
    [stored] = store([Attempt(FetchJob(pk=source.pk, url=source.url, host=source.host), fetched, now)])
    source.refresh_from_db()
    return stored


def outcomes() -> list[str]:
    return list(Entry.objects.order_by("pk").values_list("outcome", flat=True))


def test_entries_and_validators_are_stored_together(source):
    stored = fetch(source, feed(entry(1), entry(2)))

    assert (stored.entries, stored.new) == (2, 2)
    assert [row.values["title"] for row in Entry.objects.waiting()] == ["Story 2", "Story 1"]
    assert (source.etag, source.title, source.format) == ('"1"', "The Courier", "RSS")
    assert source.next_at > NOON
    assert source.health(NOON).state == State.FINE
    assert Fetch.objects.filter(new=2, entries=2, status=200, bytes=900).count() == 1


def test_the_feed_s_own_pace_counts_also_when_it_is_unchanged(source):
    slow = feed(entry(1))
    fetch(source, replace(slow, feed=replace(slow.feed, wait_minutes=600)))
    assert source.next_at >= NOON + 10 * HOUR

    fetch(source, Fetched(status=304), NOON + DAY)
    assert source.next_at >= NOON + DAY + 10 * HOUR


def test_any_number_of_unchanged_sources_takes_as_many_statements_as_one(source, django_assert_num_queries):
    others = [Source.objects.create(name=str(n), url=f"https://courier.example/{n}") for n in range(9)]
    unchanged = Fetched(status=304)
    jobs = [FetchJob(pk=followed.pk, url=followed.url, host=followed.host) for followed in (source, *others)]

    with django_assert_num_queries(5):  # read, update and note, in a savepoint
        store([Attempt(job, unchanged, NOON + HOUR) for job in jobs])

    assert Source.objects.filter(fetched_at=NOON + HOUR, last_ok_at=NOON + HOUR, next_at__gt=NOON + HOUR).count() == 10
    assert Fetch.objects.filter(at=NOON + HOUR, status=304).count() == 10


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"guid": "other"},
        {"url": "http://www.courier.example/1/?utm_source=rss"},
        {"guid": "other", "url": "https://courier.example/moved"},
    ],
)
def test_the_same_feed_again_brings_nothing_new(source, changes):
    fetch(source, feed(entry(1), entry(2)))

    stored = fetch(source, feed(entry(2), replace(entry(1), **changes)), NOON + HOUR)

    assert (stored.new, Entry.objects.count()) == (0, 2)
    assert not Entry.objects.exclude(last_seen_at=NOON + HOUR).exists()


def test_a_feed_that_lists_an_entry_twice_brings_it_once(source):
    fetch(source, feed(entry(1), entry(1)))

    assert Entry.objects.count() == 1


def test_an_archive_that_appears_later_is_history_and_a_flood_is_held_back(source):
    fetch(source, feed(entry(1)))

    fetch(source, feed(entry(1), *(entry(n) for n in range(100, 103))), NOON + HOUR)
    assert outcomes() == ["new", "history", "history", "history"]

    flood = [entry(n, published=NOON + HOUR) for n in range(200, 260)]
    stored = fetch(source, feed(*flood), NOON + 2 * HOUR)
    assert stored.new == 50
    assert Entry.objects.filter(outcome__in=["history", "held"]).count() == 13
    assert Entry.objects.filter(outcome__in=["history", "held"]).order_by("-pk")[0].values["title"] == "Story 250"


def test_an_entry_that_waits_is_kept_up_to_date_and_one_that_was_taken_waits_again(source):
    fetch(source, feed(entry(1), entry(2)))
    Entry.objects.filter(guid_key=Entry.objects.order_by("pk")[0].guid_key).update(outcome="taken", values={})

    stored = fetch(source, feed(entry(1, title="Better"), entry(2, title="Better too")), NOON + HOUR)

    assert stored.changed == 2
    assert Entry.objects.get(outcome="new").values["title"] == "Better"
    assert Entry.objects.get(outcome="changed").values["title"] == "Better too"


def test_an_entry_without_a_link_is_refused_until_it_has_one(source):
    fetch(source, feed(entry(1, url="")))
    assert "no link" in Entry.objects.get(outcome="refused").reason

    fetch(source, feed(entry(1)), NOON + HOUR)

    assert outcomes() == ["new"]


def test_nothing_is_stored_of_a_document_that_is_the_last_one(source):
    fetch(source, feed(entry(1)))
    unchanged = Fetched(status=304, headers={"Cache-Control": "max-age=7200"}, body_digest="d")

    stored = fetch(source, unchanged, NOON + HOUR)

    assert stored.entries == 0
    assert source.etag == '"1"'
    assert source.next_at >= NOON + HOUR + 1.8 * HOUR


def test_failures_back_off_and_one_success_ends_them(source):
    for number in range(5):
        fetch(source, Fetched(reason="responds with 500", status=500), NOON + number * DAY)
    assert source.health(NOON).text == "It responds with 500 (5 times in a row). It is tried again at least once a day."
    assert source.failing_since == NOON
    assert source.next_at - (NOON + 4 * DAY) <= 1.1 * DAY

    fetch(source, feed(entry(1, published=NOON + 5 * DAY)), NOON + 5 * DAY)

    assert source.health(NOON + 5 * DAY).state == State.FINE
    assert (source.failures, source.failing_since, source.reason) == (0, None, "")
    assert source.next_at - (NOON + 5 * DAY) < HOUR


def test_a_source_that_is_gone_is_asked_once_a_month(source):
    fetch(source, Fetched(reason="responds with 410", status=410))

    assert source.next_at == NOON + 30 * DAY
    assert source.health(NOON).state == State.GONE


def test_a_move_for_good_is_proposed_after_three_days_and_not_before(source):
    fetch(source, feed(entry(1)))
    moved = replace(feed(entry(1)), moved_to="https://new.example/feed")
    for hours in (1, 2, 71):
        fetch(source, moved, NOON + hours * HOUR)
        assert source.health(NOON + hours * HOUR).state != State.MOVED

    fetch(source, moved, NOON + 73 * HOUR)

    assert source.health(NOON + 73 * HOUR).state == State.MOVED
    assert source.url == "https://courier.example/feed"


def test_a_move_to_a_feed_of_others_is_not_proposed(source):
    fetch(source, feed(entry(1)))

    fetch(source, replace(feed(entry(9, title="Buy this domain", guid="x")), moved_to="https://parked.example/"))

    assert source.moved_to == ""


def test_all_sources_of_a_host_wait_when_it_asks_for_that(source):
    other = Source.objects.create(name="Sport", url="https://www.courier.example/sport", next_at=NOON)
    away = Source.objects.create(name="Herald", url="https://herald.example/feed", next_at=NOON)

    postpone_host(source.host, NOON + HOUR)

    assert list(Source.objects.due(NOON)) == [away]
    other.refresh_from_db()
    assert other.next_at == NOON + HOUR


def test_what_was_fetched_from_a_former_url_is_dropped(source):
    job = FetchJob(pk=source.pk, url=source.url, host=source.host)
    Source.objects.update(url="https://courier.example/new")

    assert store([Attempt(job, feed(entry(1)), NOON)]) == [Stored()]
    assert not Entry.objects.exists()


def test_entries_without_an_article_go_long_after_they_left_the_document(source):
    fetch(source, feed(entry(1), entry(90), entry(91)))
    Entry.objects.filter(outcome="new").update(outcome="taken", article=7)

    fetch(source, feed(entry(90)), NOON + 91 * DAY)

    assert sorted(outcomes()) == ["history", "taken"]
