"""Fetching all pictures that are due: whose turn it is, what comes of each, when to stop.

Threads ask hosts, decode and write files; this one alone works with the database, in short transactions, so that no
import waits for a picture. A picture counts once its row is written: whatever is cut short is asked for again.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from django.utils import timezone

from articles.models import Picture
from fetching.client import FetchError
from pictures.decoder import SECONDS, Decoder
from pictures.fetcher import PictureFetcher
from pictures.sizes import Kind, PictureRefused

from . import fetch_queue
from .host_queue import Line, Wanted
from .store import ROUNDS, PictureRemoved, Vanished, link, look_up, make
from .workers import Workers

WORKERS = 4
PICTURE_SECONDS = 24.0  # for one picture in all
LEAST_SECONDS = 4.0  # of them for decoding, however long the host took
LONGEST_REST = 60.0  # seconds that a run waits for a host; a longer wish is kept for later runs
PATIENCE = 3  # failures of a host, one after another, that are not the picture's: then the rest waits
HOST_WAIT = timedelta(hours=1)

STORED, KNOWN, FAILED, REMOVED = "stored", "known", "failed", "taken down"
OUTCOMES = (STORED, KNOWN, FAILED, REMOVED)


class StoreFailed(Exception):
    """A picture could not be stored, nor can others be; the message says why."""


@dataclass(frozen=True)
class Told:
    """What became of one address: one of OUTCOMES, and why if it failed."""

    url: str
    outcome: str
    reason: str = ""


@dataclass
class Job:
    """A picture on its way, and what is known of it so far."""

    wanted: Wanted
    started: float = field(default_factory=time.monotonic)
    data: bytes = b""
    digest: str = ""
    rounds: int = 0


def wanted_now(*, limit: int | None = None, retry: bool = False) -> list[Wanted]:
    """Return what is due, in the order in which it is fetched."""
    due = fetch_queue.due_addresses(retry=retry).values_list("url", "host")
    return [Wanted(url, host) for url, host in (due if limit is None else due[:limit])]


def collect(
    wanted: Iterable[Wanted], fetcher: PictureFetcher, *, workers: int = WORKERS, on_told: Callable[[Told], None]
) -> Counter[str]:
    """Fetch and keep pictures; return how many ended in which of OUTCOMES. What was left for later is in none.

    Raises StoreFailed and DatabaseError; what was told of by then is kept.
    """
    with Workers(workers) as threads:
        return _Collection(Line(wanted), fetcher, threads, on_told).run()


class _Collection:
    def __init__(self, line: Line, fetcher: PictureFetcher, workers: Workers, on_told: Callable[[Told], None]) -> None:
        self._line = line
        self._fetcher = fetcher
        self._workers = workers
        self._on_told = on_told
        self._counts: Counter[str] = Counter()
        self._host_failures: Counter[str] = Counter()

    def run(self) -> Counter[str]:
        while True:
            while self._workers.is_free and (wanted := self._line.take()):
                job = Job(wanted)
                self._workers.start((job, self._fetched), partial(_fetch, self._fetcher, job))
            pause = self._line.pause() if self._workers.is_free else None  # else there is nobody to ask again
            if self._workers.busy:
                result = self._workers.wait(pause)
                if result is not None:
                    job, follow = result.subject
                    follow(job, result.get)
            elif pause is not None:
                time.sleep(pause)
            else:
                return self._counts

    def _fetched(self, job: Job, get: Callable[[], Any]) -> None:
        host = job.wanted.host
        try:
            get()
        except FetchError as failure:
            self._fail(job, f"can't be fetched: the server {failure}", failure)
            self._rest(host, failure)
            return
        self._host_failures[host] = 0
        self._line.give_back(host)
        self._keep(job)

    def _keep(self, job: Job) -> None:
        """Show what we hold already; have the rest decoded and stored."""
        job.rounds += 1
        if job.rounds > ROUNDS:
            raise StoreFailed("files of pictures disappear while they are stored")
        try:
            picture, missing = look_up(job.wanted.url, job.digest)
            if picture is None or missing:
                self._workers.start((job, self._made), partial(_make, job, missing))
            else:
                self._link(job, picture)
        except PictureRemoved:
            self._tell(job, REMOVED)

    def _made(self, job: Job, get: Callable[[], Any]) -> None:
        try:
            self._link(job, get(), is_new=True)
        except PictureRemoved:
            self._tell(job, REMOVED)
        except PictureRefused as refused:
            self._fail(job, str(refused))

    def _link(self, job: Job, picture: Picture, *, is_new: bool = False) -> None:
        try:
            link(job.wanted.url, picture, is_new=is_new)
        except Vanished:
            self._keep(job)
        else:
            self._tell(job, STORED if is_new else KNOWN)

    def _fail(self, job: Job, reason: str, failure: FetchError | None = None) -> None:
        wait = timedelta(seconds=failure.wait) if failure and failure.wait else None
        fetch_queue.fail(job.wanted.url, reason, retry_after=wait, permanent=bool(failure and failure.permanent))
        self._tell(job, FAILED, reason)

    def _rest(self, host: str, failure: FetchError) -> None:
        """Ask the host again, later, or no more in this run: as it wishes and as it behaves."""
        self._host_failures[host] = self._host_failures[host] + 1 if failure.host_down else 0
        rest = failure.wait or 0.0
        if rest > LONGEST_REST:
            fetch_queue.postpone(host, timezone.now() + timedelta(seconds=rest))
        elif self._host_failures[host] >= PATIENCE:
            fetch_queue.postpone(host, timezone.now() + HOST_WAIT)
        else:
            self._line.give_back(host, rest)
            return
        self._line.leave(host)

    def _tell(self, job: Job, outcome: str, reason: str = "") -> None:
        job.data = b""
        self._counts[outcome] += 1
        self._on_told(Told(job.wanted.url, outcome, reason))


def _fetch(fetcher: PictureFetcher, job: Job, _: Decoder) -> None:
    try:
        job.data = fetcher.fetch(job.wanted.url)
    except FetchError:
        raise
    except Exception as error:  # whatever a hostile answer brings about, the other pictures go on
        raise FetchError(f"sends what can't be understood ({type(error).__name__})") from error
    job.digest = hashlib.sha256(job.data).hexdigest()


def _make(job: Job, kinds: list[Kind], decoder: Decoder) -> Picture:
    seconds = min(SECONDS, max(LEAST_SECONDS, PICTURE_SECONDS - (time.monotonic() - job.started)))
    try:
        return make(job.digest, job.data, kinds, decoder, seconds)
    except PictureRefused:
        raise
    except Exception as error:  # each storage has errors of its own
        raise StoreFailed(getattr(error, "strerror", None) or str(error) or type(error).__name__) from error
