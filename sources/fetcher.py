"""Fetch and read the document of one source. Uses no database, so that it can run in a thread."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from fetching.client import NOT_MODIFIED, TOO_BUSY, FetchError, HttpClient
from fetching.site_client import client_options

from .limits import REASON_MAX, VALIDATOR_MAX
from .reading.dates import read_in_zone
from .reading.reader import FeedReader
from .reading.values import DOCUMENT_BYTES_MAX, NotAFeedError, ParsedFeed

WIRE_BYTES_MAX = 8_000_000
ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, application/xml;q=0.9, "
    "text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)


@dataclass(frozen=True, kw_only=True)
class FetchJob:
    """What to ask for. The validators are those of the last response, as it sent them."""

    pk: int
    url: str
    host: str
    etag: str = ""
    last_modified: str = ""
    body_digest: str = ""
    time_zone: str = ""  # of dates that state none


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """The outcome of a request. `reason` says what is wrong, and completes a sentence about the source: "it ..."."""

    status: int | None = None
    url: str = ""
    moved_to: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    size: int = 0
    body_digest: str = ""
    feed: ParsedFeed | None = None  # None if the document is the last one
    reason: str = ""
    wait: timedelta | None = None  # that the server asks for
    host_wait: bool = False  # ... for all its sources
    milliseconds: int = 0

    def validator(self, name: str) -> str:
        """Return a validator as it was received; one that is too long is not used."""
        value = str(self.headers.get(name, ""))
        return value if len(value) <= VALIDATOR_MAX and value.isprintable() else ""


def source_client(**options: Any) -> HttpClient:
    """Return the client for feeds; `options` are those of HttpClient."""
    options |= client_options()
    return HttpClient(accept=ACCEPT, max_bytes=WIRE_BYTES_MAX, max_unpacked_bytes=DOCUMENT_BYTES_MAX, **options)


def fetch_document(job: FetchJob, client: HttpClient, reader: FeedReader) -> Fetched:
    """Return the document of a source, or why there is none."""
    begin = time.monotonic()
    try:
        fetched = _fetch(job, client, reader)
    except FetchError as error:
        fetched = Fetched(
            status=error.status,
            reason=str(error)[:REASON_MAX],
            wait=None if error.wait is None else timedelta(seconds=error.wait),
            host_wait=error.wait is not None and error.status in TOO_BUSY,
        )
    return replace(fetched, milliseconds=round((time.monotonic() - begin) * 1000))


def _fetch(job: FetchJob, client: HttpClient, reader: FeedReader) -> Fetched:
    conditions = {"If-None-Match": job.etag, "If-Modified-Since": job.last_modified}
    response = client.request(job.url, {name: value for name, value in conditions.items() if value})
    fetched = Fetched(
        status=response.status,
        url=response.url,
        moved_to=response.moved_to,
        headers=response.headers,
        size=len(response.body),
        body_digest=job.body_digest,
    )
    if response.status == NOT_MODIFIED:
        return fetched
    body_digest = hashlib.blake2b(response.body, digest_size=16).hexdigest()
    if body_digest == job.body_digest:
        return fetched
    try:
        feed = reader.read(response.body, response.url, response.headers.get("Content-Type", ""))
    except NotAFeedError as error:
        return replace(fetched, reason=(_("sends a document that %(problem)s") % {"problem": error})[:REASON_MAX])
    return replace(fetched, body_digest=body_digest, feed=with_time_zone(feed, job.time_zone))


def with_time_zone(feed: ParsedFeed, name: str) -> ParsedFeed:
    """Return the feed with the dates that state no time zone read in this one; as it is without a name."""
    if not name or not any(entry.lacks_zone for entry in feed.entries):
        return feed
    zone = ZoneInfo(name)
    entries = tuple(
        replace(entry, published=read_in_zone(entry.published, zone)) if entry.lacks_zone and entry.published else entry
        for entry in feed.entries
    )
    return replace(feed, entries=entries)
