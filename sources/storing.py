"""Store what fetches brought: the entries, the validators and the time of the next fetch, in one transaction.

So a run that is killed in between asks again instead of losing entries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Avg, Q

from articles.db.bulk import chunked

from . import schedule
from .fetcher import Fetched, FetchJob
from .health import GONE
from .limits import ENTRIES_KEPT, FETCHES_KEPT, SOURCE_URL_MAX
from .matching import Keys, fingerprint, keys_of, match_entries
from .models import Entry, EntryQuerySet, Fetch, Source
from .reading.dates import ISO_FORMAT
from .reading.entries import NO_TITLE, NO_URL
from .reading.values import ParsedEntry, ParsedFeed
from .sorting import is_change_taken, sort_unknown

Outcome = Entry.Outcome
NEWEST_ENTRIES = 500  # that interval and quietness are worked out from
ARRIVALS_SINCE = timedelta(days=90)


@dataclass(frozen=True)
class Stored:
    """What a fetch brought. `reason` says what failed; empty if nothing did."""

    entries: int = 0
    known: int = 0
    new: int = 0
    changed: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Attempt:
    """What was asked for, what came of it, and when."""

    job: FetchJob
    fetched: Fetched
    at: datetime


def store(attempts: Sequence[Attempt]) -> list[Stored]:
    """Store attempts to fetch in one transaction and return what each brought.

    Of a source that was deleted or got another URL meanwhile nothing is stored.
    """
    with transaction.atomic():
        urls = {attempt.job.pk: attempt.job.url for attempt in attempts}
        rows = Source.objects.select_for_update().filter(pk__in=urls).order_by("pk")
        sources = {source.pk: source for source in rows if source.url == urls[source.pk]}
        before = {pk: vars(source).copy() for pk, source in sources.items()}
        results = [_store_attempt(sources.get(attempt.job.pk), attempt) for attempt in attempts]
        changed = {
            field.name
            for field in Source._meta.concrete_fields
            for pk, source in sources.items()
            if vars(source)[field.attname] != before[pk][field.attname]
        }
        if changed:
            Source.objects.bulk_update(sources.values(), changed)
        Fetch.objects.bulk_create(
            _fetch_row(attempt, stored)
            for attempt, stored in zip(attempts, results, strict=True)
            if attempt.job.pk in sources
        )
    return results


def _store_attempt(source: Source | None, attempt: Attempt) -> Stored:
    """Store the entries of one attempt, and note on the source, unsaved, how it is and when it is fetched next."""
    if source is None:
        return Stored()
    store_outcome = _store_failure if attempt.fetched.reason else _store_success
    stored = store_outcome(source, attempt.fetched, attempt.at)
    source.fetched_at, source.status = attempt.at, attempt.fetched.status
    return stored


def _fetch_row(attempt: Attempt, stored: Stored) -> Fetch:
    return Fetch(
        source_id=attempt.job.pk,
        at=attempt.at,
        status=attempt.fetched.status,
        bytes=attempt.fetched.size,
        milliseconds=attempt.fetched.milliseconds,
        entries=stored.entries,
        new=stored.new,
        changed=stored.changed,
        reason=stored.reason,
    )


def postpone_host(host: str, until: datetime) -> None:
    """Leave the host alone until a time that it asked for: all its sources wait."""
    Source.objects.filter(host=host, next_at__lt=until).update(next_at=until)


def delete_old_fetches(now: datetime) -> None:
    Fetch.objects.filter(at__lt=now - FETCHES_KEPT).delete()


def _store_failure(source: Source, fetched: Fetched, now: datetime) -> Stored:
    source.failures += 1
    source.failing_since = source.failing_since or now
    source.reason = fetched.reason
    if fetched.status == GONE:
        source.next_at = now + schedule.GONE_INTERVAL
    else:
        source.next_at = schedule.next_after_failure(now, source.failures, source.pk, fetched.wait)
    return Stored(reason=fetched.reason)


def _store_success(source: Source, fetched: Fetched, now: datetime) -> Stored:
    stored = _store_feed(source, fetched.feed, now) if fetched.feed else Stored()
    source.failures, source.failing_since, source.reason = 0, None, ""
    source.etag, source.last_modified = _validators(source, fetched)
    source.body_digest = fetched.body_digest
    _note_move(source, fetched, stored, now)
    source.last_ok_at = now
    interval = timedelta(seconds=source.interval_seconds)
    ttl = timedelta(minutes=source.stated_minutes)
    source.next_at = schedule.next_after_success(now, interval, fetched.headers, source.pk, ttl)
    return stored


def _validators(source: Source, fetched: Fetched) -> tuple[str, str]:
    """Return ETag and Last-Modified for the next request; a response without a body may leave them out."""
    etag, last_modified = fetched.validator("ETag"), fetched.validator("Last-Modified")
    if fetched.status == 200:
        return etag, last_modified
    return etag or source.etag, last_modified or source.last_modified


def _note_move(source: Source, fetched: Fetched, stored: Stored, now: datetime) -> None:
    """Count how often the source was found to have moved for good, to a place with entries that we know."""
    shares_entries = stored.known > 0 or fetched.feed is None or source.last_ok_at is None
    url = fetched.moved_to if shares_entries and len(fetched.moved_to) <= SOURCE_URL_MAX else ""
    if url != source.moved_to:
        source.moved_to, source.moved_since, source.moved_count = url, now if url else None, 0
    if url:
        source.moved_count += 1


def _store_feed(source: Source, feed: ParsedFeed, now: datetime) -> Stored:
    entries = _distinct(feed.entries)
    all_keys = keys_of(entries)
    guids = Counter(entry.guid for entry in entries if entry.guid)
    rows = {row.pk: row for row in _listed_entries(source, all_keys)}
    matching = match_entries(
        all_keys,
        {pk: _keys_of_row(row) for pk, row in rows.items()},
        trusts_guids=source.trusts_guids,
        repeated_guids=sum(count for count in guids.values() if count > 1),
    )
    known = {pk: place for place, pk in enumerate(matching.pks) if pk is not None}
    changed = _update_known([(rows[pk], entries[place], all_keys[place]) for pk, place in known.items()], now)
    unknown = [place for place, pk in enumerate(matching.pks) if pk is None]
    new = add_unknown(source, [(entries[place], all_keys[place]) for place in unknown], now)
    source.trusts_guids = matching.trusts_guids
    source.format, source.title, source.stated_minutes = feed.format, feed.title, feed.wait_minutes
    source.entries.filter(article=None, last_seen_at__lt=now - ENTRIES_KEPT).delete()
    if unknown:
        _note_arrivals(source, now)
    if new:
        source.last_entry_at = now
    return Stored(len(entries), len(known), new, changed)


def _distinct(entries: Sequence[ParsedEntry]) -> list[ParsedEntry]:
    """Return the entries, each once: some feeds list one twice. What says nothing at all is left out."""
    by_identity = {(entry.guid, entry.url, entry.title, entry.published): entry for entry in reversed(entries)}
    return [entry for entry in reversed(by_identity.values()) if entry.guid or entry.url or entry.title]


def _listed_entries(source: Source, all_keys: Sequence[Keys]) -> EntryQuerySet:
    guids, pages, titles = ({getattr(keys, name) for keys in all_keys} - {""} for name in ("guid", "page", "title"))
    listed = Q(guid_key__listed=guids) | Q(page_key__listed=pages) | Q(title_key__listed=titles)
    return source.entries.filter(listed).order_by("pk")


def _keys_of_row(row: Entry) -> Keys:
    return Keys(guid=row.guid_key, page=row.page_key, title=row.title_key, stated_at=row.stated_at)


def _update_known(known: Sequence[tuple[Entry, ParsedEntry, Keys]], now: datetime) -> int:
    """Note that these entries were seen again; return how many have changed."""
    changed = []
    for row, entry, keys in known:
        if row.fingerprint != fingerprint(entry) or row.guid_key != keys.guid:
            _update_changed(row, entry, keys, now)
            changed.append(row)
    for chunk in chunked(row.pk for row, _, _ in known):
        Entry.objects.filter(pk__in=chunk).update(last_seen_at=now)
    fields = ["guid_key", "page_key", "title_key", "fingerprint", "changes", "values", "outcome", "reason", "stated_at"]
    Entry.objects.bulk_update(changed, fields, batch_size=100)
    return len(changed)


def _update_changed(row: Entry, entry: ParsedEntry, keys: Keys, now: datetime) -> None:
    is_changed, has_new_title = row.fingerprint != fingerprint(entry), row.title_key != keys.title
    row.guid_key = keys.guid or row.guid_key
    row.page_key, row.title_key = keys.page or row.page_key, keys.title
    row.changes += is_changed
    row.fingerprint = fingerprint(entry)
    if row.outcome == Outcome.REFUSED and not refusal(entry):
        row.outcome, row.reason = Outcome.NEW, ""
    elif (
        row.outcome in (Outcome.TAKEN, Outcome.RULED_OUT)
        and is_changed
        and not refusal(entry)
        and is_change_taken(changes=row.changes, first_seen_at=row.first_seen_at, now=now, has_new_title=has_new_title)
    ):
        row.outcome = Outcome.CHANGED if row.outcome == Outcome.TAKEN else Outcome.NEW  # the rules judge it again
    if row.outcome in (Outcome.NEW, Outcome.CHANGED, Outcome.HISTORY, Outcome.HELD_BACK):
        row.values, row.stated_at = values_of(entry), entry.published


def add_unknown(source: Source, unknown: Sequence[tuple[ParsedEntry, Keys]], now: datetime) -> int:
    """Store unknown entries and return how many of them will be taken."""
    if not unknown:
        return 0
    usual = source.fetches.filter(new__gt=0).aggregate(usual=Avg("new"))["usual"] if len(unknown) > 1 else 0
    outcomes = sort_unknown(
        [entry.published for entry, _ in unknown],
        now=now,
        last_complete=source.last_ok_at,
        take=source.take,
        usual=usual or 0,
    )
    rows = [
        _new_entry(source, entry, keys, str(outcome), now)
        for (entry, keys), outcome in zip(unknown, outcomes, strict=True)
    ]
    rows.reverse()  # documents begin with the newest, and keys go up with time
    Entry.objects.bulk_create(rows)
    return sum(row.outcome == Outcome.NEW for row in rows)


def _new_entry(source: Source, entry: ParsedEntry, keys: Keys, outcome: str, now: datetime) -> Entry:
    reason = refusal(entry)
    return Entry(
        source=source,
        guid_key=keys.guid,
        page_key=keys.page,
        title_key=keys.title,
        fingerprint=fingerprint(entry),
        stated_at=entry.published,
        first_seen_at=now,
        last_seen_at=now,
        outcome=Outcome.REFUSED if reason else outcome,
        reason=reason,
        values={} if reason else values_of(entry),
    )


def refusal(entry: ParsedEntry) -> str:
    """Return why no article can come of the entry; empty if one can."""
    if not entry.title:
        return NO_TITLE
    return "" if entry.url else NO_URL


def values_of(entry: ParsedEntry) -> dict[str, Any]:
    """Return what an article is made of, as JSON can hold it."""
    return {
        "title": entry.title,
        "excerpt": entry.excerpt,
        "url": entry.url,
        "published": entry.published and entry.published.strftime(ISO_FORMAT),
        "provider": entry.provider,
        "picture": entry.picture,
        "language": entry.language,
    }


def _note_arrivals(source: Source, now: datetime) -> None:
    """Work out from the newest entries how often to fetch, and when the source counts as quiet."""
    rows = source.entries.order_by("-pk").values_list("stated_at", "first_seen_at")[:NEWEST_ENTRIES]
    arrivals = [min(stated or seen, seen) for stated, seen in rows]
    source.interval_seconds = int(schedule.interval_from(arrivals).total_seconds())
    recent = [time for time in arrivals if time >= now - ARRIVALS_SINCE]
    source.quiet_at = schedule.quiet_from(recent or arrivals)
