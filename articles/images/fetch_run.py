"""Fetch all pictures that are due, several at a time.

Threads make the requests, decode pictures and write files. Only the main thread uses the database, in short
transactions, so that no import waits for a picture. Each picture is committed by itself: an interrupted run loses none.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from articles.models import Picture
from config.command_errors import CommandFailedError
from fetching.client import FetchError
from fetching.host_queue import HostQueue
from pictures.decoder import SECONDS, Decoder
from pictures.fetcher import PictureFetcher
from pictures.sizes import PictureError
from sandbox.workers import Workers

from . import fetch_queue
from .store import MAX_ATTEMPTS, FilesGoneError, TakenDownError, attach, look_up, make_renditions

WORKERS = 4
PICTURE_SECONDS = 24.0  # for one picture in all
MIN_DECODE_SECONDS = 4.0  # however long the request took
BACK_OFF_MAX_SECONDS = 60.0  # that a run waits for a host; a longer Retry-After postpones its pictures to later runs
HOST_FAILURES_MAX = 3  # in a row; then the host's other pictures are postponed
HOST_BACK_OFF = timedelta(hours=1)

STORED, UNCHANGED, FAILED, TAKEN_DOWN = OUTCOMES = ("stored", "unchanged", "failed", "taken down")

Steps = Generator[Callable[[Decoder], Any], Any, None]


class PictureRequest(NamedTuple):
    url: str
    host: str


class StoreError(CommandFailedError):
    """Neither this picture nor others can be stored."""

    def __init__(self, error: Exception | str) -> None:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        super().__init__(
            f"Pictures can't be stored: {reason}. Make room, allow writing to MEDIA_ROOT, or repair the storage that "
            "the settings name."
        )


@dataclass(frozen=True)
class FetchResult:
    """What happened to the picture at `url`: one of OUTCOMES, with a reason if it failed."""

    url: str
    outcome: str
    reason: str = ""


def due_requests(*, limit: int | None = None, retry: bool = False) -> list[PictureRequest]:
    """Return what is due, in the order in which it is fetched."""
    due = fetch_queue.due_addresses(retry=retry).values_list("url", "host")
    return [PictureRequest(url, host) for url, host in (due if limit is None else due[:limit])]


def fetch_due(
    requests: Iterable[PictureRequest],
    fetcher: PictureFetcher,
    *,
    workers: int = WORKERS,
    on_result: Callable[[FetchResult], None],
) -> Counter[str]:
    """Fetch and store pictures; return the number of each outcome. Postponed pictures have none.

    Raises StoreError and DatabaseError; what was reported to `on_result` by then is stored.
    """
    with Workers(workers, Decoder) as pool:
        return _FetchRun(HostQueue(requests), fetcher, pool, on_result).run()


class _FetchRun:
    def __init__(
        self,
        queue: HostQueue[PictureRequest],
        fetcher: PictureFetcher,
        workers: Workers[Decoder],
        on_result: Callable[[FetchResult], None],
    ) -> None:
        self._queue = queue
        self._fetcher = fetcher
        self._workers = workers
        self._on_result = on_result
        self._counts: Counter[str] = Counter()
        self._host_failures: Counter[str] = Counter()

    def run(self) -> Counter[str]:
        while True:
            while self._has_free_worker() and (request := self._queue.take()):
                steps = self._process(request)
                self._workers.start(steps, next(steps))
            delay = self._queue.seconds_to_next() if self._has_free_worker() else None
            if self._workers.busy:
                if result := self._workers.wait(delay):
                    self._resume(*result)
            elif delay is not None:
                time.sleep(delay)
            else:
                return self._counts

    def _has_free_worker(self) -> bool:
        return self._workers.busy < self._workers.number

    def _resume(self, steps: Steps, result: Any) -> None:
        """Run `steps` with the result of their last task, up to the next task."""
        try:
            error = result.exception()
            task = steps.throw(error) if error else steps.send(result.result())
        except StopIteration:
            return
        self._workers.start(steps, task)

    def _process(self, request: PictureRequest) -> Steps:
        """Fetch and store one picture. Yields the tasks for a worker and receives their results."""
        begin = time.monotonic()
        try:
            data = yield lambda _: self._fetcher.fetch(request.url)
        except Exception as error:  # noqa: BLE001 a hostile response that causes anything must not stop the others
            failure = error if isinstance(error, FetchError) else _unexpected(error)
            self._fail(request, _("can't be fetched: the server %(problem)s") % {"problem": failure}, failure)
            self._back_off(request.host, failure)
            return
        self._host_failures[request.host] = 0
        self._queue.release(request.host)
        try:
            yield from self._store(request, data, begin)
        except TakenDownError:
            self._report(request, TAKEN_DOWN)
        except PictureError as error:
            self._fail(request, str(error))

    def _store(self, request: PictureRequest, data: bytes, begin: float) -> Steps:
        """Store a picture, decoding it only if we have no copy of it. Raises PictureError."""
        sha256 = hashlib.sha256(data).hexdigest()
        for _attempt in range(MAX_ATTEMPTS):
            picture, kinds = look_up(request.url, sha256)
            if picture is None or kinds:
                seconds = min(SECONDS, max(MIN_DECODE_SECONDS, PICTURE_SECONDS - (time.monotonic() - begin)))
                try:
                    made: Picture = yield partial(make_renditions, sha256, data, kinds, seconds=seconds)
                except PictureError:
                    raise
                except Exception as error:  # each storage has its own exceptions
                    raise StoreError(error) from error
                picture = made
            try:
                attach(request.url, picture, is_new=bool(kinds))
            except FilesGoneError:
                continue
            self._report(request, STORED if kinds else UNCHANGED)
            return
        raise StoreError(_("their files disappear while they are stored"))

    def _fail(self, request: PictureRequest, reason: str, failure: FetchError | None = None) -> None:
        wait = timedelta(seconds=failure.wait) if failure and failure.wait else None
        fetch_queue.fail(request.url, reason, retry_after=wait, permanent=bool(failure and failure.permanent))
        self._report(request, FAILED, reason)

    def _back_off(self, host: str, failure: FetchError) -> None:
        """Allow the next request to the host now, after a delay, or only in a later run."""
        self._host_failures[host] = self._host_failures[host] + 1 if failure.host_down else 0
        delay = failure.wait or 0.0
        if delay > BACK_OFF_MAX_SECONDS:
            fetch_queue.postpone(host, timezone.now() + timedelta(seconds=delay))
        elif self._host_failures[host] >= HOST_FAILURES_MAX:
            fetch_queue.postpone(host, timezone.now() + HOST_BACK_OFF)
        else:
            self._queue.release(host, delay)
            return
        self._queue.drop_host(host)

    def _report(self, request: PictureRequest, outcome: str, reason: str = "") -> None:
        self._counts[outcome] += 1
        self._on_result(FetchResult(request.url, outcome, reason))


def _unexpected(error: Exception) -> FetchError:
    return FetchError(_("sends what can't be understood (%(error)s)") % {"error": type(error).__name__})
