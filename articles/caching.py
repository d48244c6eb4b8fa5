"""Whole answers kept for readers, and answers of 304, for as long as readers would see the same.

The answers of marked views (`readers.py`) are kept under the stamp of what is published (`stamps.py`), so whatever
changes, the very next request is judged anew: an answer that rests on what has changed (`grounds.py`) is made again.

An ETag names the state and the content: with the state unchanged a request ends in 304 without a look at the page; with
the content unchanged, without sending it.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.cache import caches
from django.core.signals import setting_changed
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.utils import timezone
from django.utils.http import http_date, parse_http_date_safe

from . import stamps
from .grounds import hold
from .readers import match_at, parameters_of
from .replica import reading_for
from .sharing import in_state

PAGES = "pages"  # a cache of its own, so that nothing else pushes answers out
GROUNDS = "grounds"  # by place: under which key an answer was last made, and what it rests on
KEPT_SECONDS = 3600
MAKERS = ("articles", "config", "pictures", "providers", "templates")  # folders of what makes an answer
QUARTER = 900  # seconds; what depends on the time of day ("today", "48 hours") is computed anew after so long
PATIENCE_SECONDS, PAUSE_SECONDS = 10.0, 0.01  # how a request waits for another that computes the same answer
SETTLED = timedelta(seconds=2)  # HTTP's dates know whole seconds: a change younger than that is not dated
GZIP_LEVEL, GZIP_BYTES_MIN = 5, 500
COMPRESSIBLE_PATTERN = re.compile(r"text/|application/(?:json|javascript|xml|[\w.]+\+(?:json|xml))")
ETAG_PATTERN = re.compile(r'"([0-9a-f]{32})\.([0-9a-f]{32})"')
SAID = (  # settings that answers tell, beside what is published
    "SITE_NAME",
    "SITE_TAGLINE",
    "SITE_URL",
    "HEADLINE_TARGET",
    "INDEX_SINGLE_STORIES",
    "WEBSUB_HUB",
    "TIME_ZONE",
    "DEBUG",
    "API_EDITION",
    "API_TIME_ZONE",
    "API_PAGE_SIZE",
    "API_TOPIC_PAGE_SIZE",
    "API_SOURCE_URL",
    "API_VIDEO_URL",
)
_finding: dict[str, Future[Answer | None]] = {}
CONTROL = "public, max-age=0, s-maxage=60, must-revalidate"  # caches before us: at most 60 s (RELIABILITY goal 26)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of 200 as it is kept: compressed where that gains anything, for it is kept many times over."""

    body: bytes
    is_compressed: bool
    headers: dict[str, str]
    digest: str


Made = tuple[Answer | None, Answer | HttpResponseBase]  # what is kept from now on, and what to answer


class KeptAnswersMiddleware:
    """Answers from what is kept, tells who has the answer already, and keeps what is answered anew."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        parameters = parameters_of(request)
        if parameters is None:
            return self.get_response(request)
        request.resolver_match = match_at(request.path_info)  # who counts requests reads it, also where no view runs
        stamp = stamps.current()
        request.stamp = stamp  # type: ignore[attr-defined]  # who chooses between database and replica asks for it, too
        key = _key(request, parameters, stamp.key)
        known = ETAG_PATTERN.findall(request.META.get("HTTP_IF_NONE_MATCH", ""))
        for state, digest in known:
            if state == key:
                return _not_modified(key, digest, stamp)
        with in_state(stamp.key):
            answer = self._answer(request, key, parameters, stamp)
        if not isinstance(answer, Answer):
            return answer
        if any(digest == answer.digest for _, digest in known) or _is_unchanged_since(request, stamp):
            return _not_modified(key, answer.digest, stamp)
        return _response(request, answer, key, stamp)

    def _answer(
        self, request: HttpRequest, key: str, parameters: tuple[str, ...], stamp: stamps.Taken
    ) -> Answer | HttpResponseBase:
        """Return what is kept under the key; else find it once, however many ask; other answers as they are."""
        found = caches[PAGES].get(key)
        if found is not None:
            return found
        place = _key(request, parameters, stamp.moments)
        mine: Future[Answer | None] = Future()
        first = _finding.setdefault(key, mine)
        if first is not mine:
            return _waited_for(first) or self._made(request, key, place)[1]
        answer = None
        try:
            answer = _still_right(request, key, place)
            if answer:
                return answer
            answer, response = self._made_alone(request, key, place)
            return response
        finally:
            _finding.pop(key, None)
            mine.set_result(answer)

    def _made_alone(self, request: HttpRequest, key: str, place: str) -> Made:
        """As `_made()`, while other processes wait for this one, or what one of them has made meanwhile."""
        if found := _claimed(key):
            return found, found
        answer = None
        try:
            answer, response = self._made(request, key, place)
            return answer, response
        finally:
            if answer is None:  # who waits looks for the answer first
                caches[PAGES].delete(f"{key}-busy")

    def _made(self, request: HttpRequest, key: str, place: str) -> Made:
        """Let the view answer, and keep what may be kept."""
        response = self.get_response(request)
        answer = _keepable(response)
        if answer is None:
            return None, response
        caches[PAGES].set(key, answer, KEPT_SECONDS)
        if grounds := getattr(response, "grounds", None):
            caches[GROUNDS].set(place, (key, grounds), KEPT_SECONDS)
        return answer, answer


def _still_right(request: HttpRequest, key: str, place: str) -> Answer | None:
    """Return what was made of this place for an earlier state, if it is right for this one; from now on it is its."""
    earlier, grounds = caches[GROUNDS].get(place) or ("", ())
    answer = caches[PAGES].get(earlier) if earlier else None
    if answer is None:
        return None
    with reading_for(request):
        if not hold(grounds):
            return None
    caches[PAGES].set(key, answer, KEPT_SECONDS)
    return answer


def _waited_for(first: Future[Answer | None]) -> Answer | None:
    """Return what another thread computes; None if that isn't kept, or takes too long."""
    try:
        return first.result(PATIENCE_SECONDS)
    except TimeoutError:
        return None


def _claimed(key: str) -> Answer | None:
    """Let other processes wait for this one to make the answer; return it instead if one of them makes it."""
    kept, end = caches[PAGES], time.monotonic() + PATIENCE_SECONDS
    while not kept.add(f"{key}-busy", "", PATIENCE_SECONDS) and time.monotonic() < end:
        if found := kept.get(key):
            return found
        time.sleep(PAUSE_SECONDS)
    return None


def _keepable(response: HttpResponseBase) -> Answer | None:
    if not isinstance(response, HttpResponse) or response.status_code != 200 or response.cookies:
        return None
    if "no-store" in response.headers.get("Cache-Control", "") or "Cookie" in response.headers.get("Vary", ""):
        return None
    content = response.content
    headers = {name: value for name, value in response.headers.items() if name != "Content-Length"}
    gains = len(content) >= GZIP_BYTES_MIN and COMPRESSIBLE_PATTERN.match(headers.get("Content-Type", ""))
    body = gzip.compress(content, GZIP_LEVEL, mtime=0) if gains else content
    return Answer(body, bool(gains), headers, hashlib.blake2b(content, digest_size=16).hexdigest())


def _response(request: HttpRequest, answer: Answer, key: str, stamp: stamps.Taken) -> HttpResponse:
    content, encoding = answer.body, {}
    if answer.is_compressed:
        encoding["Vary"] = "Accept-Encoding"
        if "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", ""):
            encoding["Content-Encoding"] = "gzip"
        else:
            content = gzip.decompress(answer.body)
    headers = answer.headers | encoding | _validators(key, answer.digest, stamp)
    headers["Content-Length"] = str(len(content))
    headers.setdefault("Cache-Control", CONTROL)
    return HttpResponse(content, headers=headers)


def _not_modified(key: str, digest: str, stamp: stamps.Taken) -> HttpResponse:
    headers = _validators(key, digest, stamp) | {"Cache-Control": CONTROL, "Vary": "Accept-Encoding"}
    return HttpResponseNotModified(headers=headers)


def _validators(key: str, digest: str, stamp: stamps.Taken) -> dict[str, str]:
    """Return the headers by which a client asks again. Weak: the gzipped answer has the same ETag."""
    found = {"ETag": f'W/"{key}.{digest}"'}
    changed_at = _settled(stamp)
    if changed_at:
        found["Last-Modified"] = http_date(changed_at.timestamp())
    return found


def _settled(stamp: stamps.Taken) -> datetime | None:
    is_settled = stamp.changed_at is not None and timezone.now() - stamp.changed_at >= SETTLED
    return stamp.changed_at if is_settled else None


def _is_unchanged_since(request: HttpRequest, stamp: stamps.Taken) -> bool:
    """Return whether a client that tells nothing but a date has this state (RFC 9110, 13.2.2: an ETag beats it)."""
    if "HTTP_IF_NONE_MATCH" in request.META or "HTTP_IF_MODIFIED_SINCE" not in request.META:
        return False
    since = parse_http_date_safe(request.META["HTTP_IF_MODIFIED_SINCE"])
    changed_at = _settled(stamp)
    return since is not None and changed_at is not None and int(changed_at.timestamp()) <= since


def _key(request: HttpRequest, parameters: tuple[str, ...], state: str) -> str:
    """Return the name of an answer in that state of the newsroom. By what schedules have done alone: of its place."""
    given = [(name, request.GET.getlist(name)) for name in parameters if name in request.GET]
    quarter = int(time.time()) // QUARTER
    told = repr((state, quarter, request.scheme, request.get_host(), request.path, given, _said()))
    return hashlib.blake2b(told.encode(errors="surrogatepass"), digest_size=16, key=_release()).hexdigest()


@cache
def _said() -> list[object]:
    return [getattr(settings, name) for name in SAID]


setting_changed.connect(lambda **kwargs: _said.cache_clear(), weak=False, dispatch_uid="what answers say")  # in tests


@cache
def _release() -> bytes:
    """Return a digest of the program and its templates, which make an answer what it is, and of the site's secret."""
    digest = hashlib.blake2b(settings.SECRET_KEY.encode(), digest_size=32)
    for folder in MAKERS:
        for path in sorted(Path(settings.BASE_DIR, folder).rglob("*")):
            if path.suffix in (".py", ".html", ".css", ".svg", ".txt", ".xml"):
                digest.update(path.read_bytes())
    return digest.digest()
