"""Fetch all sources that are due, several hosts at a time, each host one request at a time.

Threads make the requests and read the documents in child processes. Only the main thread uses the database, in short
transactions, never while it waits for a server.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import DataError, IntegrityError
from django.utils.translation import gettext as _

from fetching.client import HttpClient
from fetching.host_queue import HostQueue
from sandbox.workers import Workers

from .fetcher import Fetched, FetchJob, fetch_document
from .models import Source
from .reading.reader import FeedReader
from .storing import Stored, delete_old_fetches, postpone_host, store

WORKERS = 4
PAUSE = 1.0  # seconds between two requests to a host
BUSY_PAUSE = 5.0  # ... after it said that there were too many
TOO_MANY = 429


@dataclass(frozen=True)
class FetchResult:
    """What happened to one source."""

    pk: int
    stored: Stored


def due_jobs(now: datetime, *, only: int | None = None, limit: int | None = None) -> list[FetchJob]:
    """Return what to fetch at `now`. `only` is the key of a source that is fetched whether it is due or not."""
    sources = Source.objects.due(now) if only is None else Source.objects.filter(pk=only)
    columns = ("pk", "url", "host", "etag", "last_modified", "body_digest", "time_zone")
    return [FetchJob(**row) for row in sources.values(*columns)[:limit]]


def fetch_sources(
    jobs: Iterable[FetchJob],
    client: HttpClient,
    *,
    now: Callable[[], datetime],
    on_result: Callable[[FetchResult], None] = lambda result: None,
) -> None:
    """Fetch sources and store what they list. Each is stored by itself: a run that is stopped loses nothing."""
    queue = HostQueue(jobs)
    with Workers(WORKERS, FeedReader) as workers:
        while True:
            while workers.busy < workers.number and (job := queue.take()):
                workers.start(job, partial(fetch_document, job, client))
            delay = queue.seconds_to_next() if workers.busy < workers.number else None
            if workers.busy:
                if result := workers.wait(delay):
                    _store(queue, *result, now(), on_result)
            elif delay is not None:
                time.sleep(delay)
            else:
                break
    delete_old_fetches(now())


def _store(
    queue: HostQueue[FetchJob],
    job: FetchJob,
    future: Future[Any],
    now: datetime,
    on_result: Callable[[FetchResult], None],
) -> None:
    error = future.exception()
    # A hostile response that causes anything must not stop the others.
    not_understood = _("sends what can't be understood (%(error)s)") % {"error": type(error).__name__}
    fetched = Fetched(reason=not_understood) if error else future.result()
    try:
        stored = store(job, fetched, now)
    except (DataError, IntegrityError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        not_stored = _("sends what can't be stored (%(error)s)") % {"error": type(error).__name__}
        fetched = Fetched(status=fetched.status, reason=not_stored)
        stored = store(job, fetched, now)
    if fetched.host_wait and fetched.wait:
        postpone_host(job.host, now + fetched.wait)
        queue.drop_host(job.host)
    else:
        queue.release(job.host, BUSY_PAUSE if fetched.status == TOO_MANY else PAUSE)
    on_result(FetchResult(job.pk, stored))
