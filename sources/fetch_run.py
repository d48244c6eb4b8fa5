"""Fetch all sources that are due, several hosts at a time, each host one request at a time.

Threads make the requests and read the documents in child processes. Only the main thread uses the database, in short
transactions, never while it waits for a server.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
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
from .storing import Attempt, Stored, delete_old_fetches, postpone_host, store

WORKERS = 4
PAUSE = 1.0  # seconds between two requests to a host
BUSY_PAUSE = 5.0  # ... after it said that there were too many
TOO_MANY = 429
TOGETHER_MAX = 25  # attempts that are stored together; a run that is killed makes so many again

OnResult = Callable[[int, Stored], None]


def due_jobs(now: datetime, *, only: int | None = None, limit: int | None = None) -> list[FetchJob]:
    """Return what to fetch at `now`. `only` is the key of a source that is fetched whether it is due or not."""
    sources = Source.objects.due(now) if only is None else Source.objects.filter(pk=only)
    columns = ("pk", "url", "host", "etag", "last_modified", "body_digest", "time_zone")
    return [FetchJob(**row) for row in sources.values(*columns)[:limit]]


def fetch_sources(
    jobs: Iterable[FetchJob], client: HttpClient, *, now: Callable[[], datetime], on_result: OnResult
) -> None:
    """Fetch sources and store what they list. `on_result` gets the key of each source, and what was stored of it.

    A document is stored as soon as it is there, with the attempts before it that brought none: most bring none.
    """
    pending: list[Attempt] = []
    with closing(_attempts(jobs, client, now)) as attempts:
        for attempt in attempts:
            pending.append(attempt)
            if attempt.fetched.feed or len(pending) == TOGETHER_MAX:
                _store(pending, on_result)
                pending = []
    _store(pending, on_result)
    delete_old_fetches(now())


def _attempts(
    jobs: Iterable[FetchJob], client: HttpClient, now: Callable[[], datetime]
) -> Generator[Attempt, None, None]:
    """Make the requests, and yield each attempt when it ends."""
    queue = HostQueue(jobs)
    with Workers(WORKERS, FeedReader) as workers:
        while True:
            while workers.busy < workers.number and (job := queue.take()):
                workers.start(job, partial(fetch_document, job, client))
            delay = queue.seconds_to_next() if workers.busy < workers.number else None
            if workers.busy:
                if result := workers.wait(delay):
                    yield _attempt(queue, *result, now())
            elif delay is not None:
                time.sleep(delay)
            else:
                break


def _attempt(queue: HostQueue[FetchJob], job: FetchJob, future: Future[Any], at: datetime) -> Attempt:
    """Return how an attempt ended. Its host gets the next request after a pause, or none if it asks to wait."""
    error = future.exception()
    # A hostile response that causes anything must not stop the others.
    not_understood = _("sends what can't be understood (%(error)s)") % {"error": type(error).__name__}
    fetched = Fetched(reason=not_understood) if error else future.result()
    if fetched.host_wait and fetched.wait:
        queue.drop_host(job.host)
    else:
        queue.release(job.host, BUSY_PAUSE if fetched.status == TOO_MANY else PAUSE)
    return Attempt(job, fetched, at)


def _store(attempts: Sequence[Attempt], on_result: OnResult) -> None:
    """Store attempts together; each by itself if one of them can't be stored, which is then noted as its failure."""
    if not attempts:
        return
    try:
        results = store(attempts)
    except (DataError, IntegrityError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        if len(attempts) > 1:
            for attempt in attempts:
                _store([attempt], on_result)
            return
        not_stored = _("sends what can't be stored (%(error)s)") % {"error": type(error).__name__}
        failed = Fetched(status=attempts[0].fetched.status, reason=not_stored)
        results = store([replace(attempts[0], fetched=failed)])
    for attempt, stored in zip(attempts, results, strict=True):
        if attempt.fetched.host_wait and attempt.fetched.wait:
            postpone_host(attempt.job.host, attempt.at + attempt.fetched.wait)
        on_result(attempt.job.pk, stored)
