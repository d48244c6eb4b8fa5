"""Cache responses of the public pages, and respond with 304 to clients that already have them.

A response is stored under the site version (`versions.py`), so the first request after a change renders the page
again. The ETag names that version with the content, signed, and the content: while the version is the same, a
conditional request is answered without looking at the page; while the content is the same, without sending it.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.utils import timezone
from django.utils.http import http_date, parse_http_date_safe

from .cacheable import cache_parameters, resolve_cached
from .versions import CLOCK_BUCKET_SECONDS, SiteVersion, current_version

PAGE_CACHE = "pages"  # a separate cache, so that nothing else evicts pages
CACHE_SECONDS = 3600
CACHE_CONTROL = "public, max-age=0, s-maxage=60, must-revalidate"  # a CDN may be at most 60 seconds behind
LAST_MODIFIED_DELAY = timedelta(seconds=2)  # HTTP dates have whole seconds: another change may follow within this one
GZIP_LEVEL, GZIP_BYTES_MIN = 3, 500
COMPRESSIBLE_PATTERN = re.compile(r"text/|application/(?:json|javascript|xml|[\w.]+\+(?:json|xml))")
ETAG_PATTERN = re.compile(r'"([0-9a-f]{32})\.([0-9a-f]{32})"')
KEY_SETTINGS = (  # settings that pages show
    "SITE_NAME",
    "SITE_TAGLINE",
    "SITE_URL",
    "HEADLINE_TARGET",
    "INDEX_SINGLE_STORIES",
    "WEBSUB_HUB",
    "TIME_ZONE",
    "LANGUAGE_CODE",
    "DEBUG",
    "API_EDITION",
    "API_TIME_ZONE",
    "API_PAGE_SIZE",
    "API_TOPIC_PAGE_SIZE",
    "API_SOURCE_URL",
    "API_VIDEO_URL",
)


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """A response with status 200 as the cache holds it: compressed if its type gains from that."""

    body: bytes
    is_compressed: bool
    headers: dict[str, str]
    digest: str


class PageCacheMiddleware:
    """Answer requests for cacheable views from the cache, and store what those views return."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        parameters = cache_parameters(request)
        if parameters is None:
            return self.get_response(request)
        request.resolver_match = resolve_cached(request.path_info)  # metrics name the view even if none is called
        version = current_version()
        request.site_version = version  # type: ignore[attr-defined]  # saves the replica's check a query
        key = _cache_key(request, parameters, version)
        client_tags = ETAG_PATTERN.findall(request.META.get("HTTP_IF_NONE_MATCH", ""))
        for signature, digest in client_tags:
            if signature == _signature(key, digest):
                return _not_modified(key, digest, version)
        cached = caches[PAGE_CACHE].get(key)
        if cached is None:
            response = self.get_response(request)
            cached = _to_cached(response)
            if cached is None:
                return response
            caches[PAGE_CACHE].set(key, cached, CACHE_SECONDS)
        if any(digest == cached.digest for _, digest in client_tags) or _is_unmodified_since(request, version):
            return _not_modified(key, cached.digest, version)
        return _to_response(request, cached, key, version)


def _cache_key(request: HttpRequest, parameters: tuple[str, ...], version: SiteVersion) -> str:
    query = [(name, request.GET.getlist(name)) for name in parameters if name in request.GET]
    bucket = int(time.time()) // CLOCK_BUCKET_SECONDS
    shown_settings = [getattr(settings, name) for name in KEY_SETTINGS]
    parts = (version.key, bucket, request.scheme, request.get_host(), request.path, query, shown_settings)
    return _keyed_hash(repr(parts))  # sites that share a Redis don't share pages


def _signature(key: str, digest: str) -> str:
    """Return what shows that we sent this content for this key, so that the cache needn't be asked."""
    return _keyed_hash(f"{key}.{digest}")


def _keyed_hash(text: str) -> str:
    secret = settings.SECRET_KEY.encode()[:64]
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16, key=secret).hexdigest()


def _to_cached(response: HttpResponseBase) -> CachedResponse | None:
    """Return what to store of a response; None if it must not be stored."""
    if not isinstance(response, HttpResponse) or response.status_code != 200 or response.cookies:
        return None
    if "no-store" in response.headers.get("Cache-Control", "") or "Cookie" in response.headers.get("Vary", ""):
        return None
    content = response.content
    headers = {name: value for name, value in response.headers.items() if name != "Content-Length"}
    is_compressed = len(content) >= GZIP_BYTES_MIN and bool(COMPRESSIBLE_PATTERN.match(headers.get("Content-Type", "")))
    body = gzip.compress(content, GZIP_LEVEL, mtime=0) if is_compressed else content
    return CachedResponse(body, is_compressed, headers, hashlib.blake2b(content, digest_size=16).hexdigest())


def _to_response(request: HttpRequest, cached: CachedResponse, key: str, version: SiteVersion) -> HttpResponse:
    content, encoding = cached.body, {}
    if cached.is_compressed:
        encoding["Vary"] = "Accept-Encoding"
        if "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", ""):
            encoding["Content-Encoding"] = "gzip"
        else:
            content = gzip.decompress(cached.body)
    headers = cached.headers | encoding | _validators(key, cached.digest, version)
    headers["Content-Length"] = str(len(content))
    headers.setdefault("Cache-Control", CACHE_CONTROL)
    return HttpResponse(content, headers=headers)


def _not_modified(key: str, digest: str, version: SiteVersion) -> HttpResponse:
    headers = _validators(key, digest, version) | {"Cache-Control": CACHE_CONTROL, "Vary": "Accept-Encoding"}
    return HttpResponseNotModified(headers=headers)


def _validators(key: str, digest: str, version: SiteVersion) -> dict[str, str]:
    """Return the headers of conditional requests. The ETag is weak: it is the same for the compressed response."""
    headers = {"ETag": f'W/"{_signature(key, digest)}.{digest}"'}
    if modified_at := _last_modified(version):
        headers["Last-Modified"] = http_date(modified_at.timestamp())
    return headers


def _last_modified(version: SiteVersion) -> datetime | None:
    """Return when the site last changed; None while another change in the same second is possible.

    Pages say "today" and "yesterday", so midnight in the site's time zone changes them too.
    """
    if version.changed_at is None:
        return None
    now = timezone.localtime()
    changed_at = max(version.changed_at, now.replace(hour=0, minute=0, second=0, microsecond=0))
    return changed_at if now - changed_at >= LAST_MODIFIED_DELAY else None


def _is_unmodified_since(request: HttpRequest, version: SiteVersion) -> bool:
    """Return whether a client that sends a date and no ETag has this version (RFC 9110, 13.2.2: an ETag wins)."""
    if "HTTP_IF_NONE_MATCH" in request.META or "HTTP_IF_MODIFIED_SINCE" not in request.META:
        return False
    since = parse_http_date_safe(request.META["HTTP_IF_MODIFIED_SINCE"])
    modified_at = _last_modified(version)
    return since is not None and modified_at is not None and int(modified_at.timestamp()) <= since
