"""The queue of URLs whose pictures are to be fetched, with back-off after failures.

`cache_images` calls `discover()`, then fetches `due_addresses()` in order. Each ends in `store.attach()` or `fail()`,
or in `postpone()` with all others of its host.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import F, Max, Subquery
from django.db.models.signals import post_save
from django.utils import timezone

from articles.db.bulk import chunked
from articles.models import ArticleImage, PictureAddress, PictureMark, shown_to_readers
from articles.models.image import PictureAddressQuerySet
from providers.models import ProviderLogo

from .unavailable import update_flags

FIRST_BACK_OFF = timedelta(hours=1)  # after the first failure; multiplied by four after each further one
LONGEST_BACK_OFF = timedelta(days=30)
MAX_FAILURES = 8  # in a row; then only `--retry` tries again
OVERLAP = 5000  # rows looked at again, because a slower transaction may have committed them late
REASON_LENGTH = 300

Status = PictureAddress.Status


def discover() -> int:
    """Add the URLs of pictures added since the last call, and of logos without a copy; return how many are new.

    Site-relative URLs (`/logo.png`) can't be fetched from here and are left to `cache_images --from`.
    """
    mark, _ = PictureMark.objects.get_or_create(pk=1)
    since = ArticleImage.objects.filter(pk__gt=mark.image - OVERLAP, kind=ArticleImage.Kind.PICTURE)
    last = ArticleImage.objects.aggregate(last=Max("pk"))["last"] or 0
    new = 0
    for urls in _unique_chunks(since.filter(pk__lte=last).order_by("pk").values_list("url", flat=True)):
        new += enqueue(urls)
    PictureMark.objects.filter(pk=1, image__lt=last).update(image=last)
    logos = ProviderLogo.objects.filter(file="").order_by("pk").values_list("url", flat=True)
    for urls in _unique_chunks(logos):
        new += enqueue(urls, is_logo=True)
    return new


def enqueue(urls: Iterable[str], *, is_logo: bool = False) -> int:
    """Add these URLs to the queue unless they are in it; return how many are new."""
    by_digest = {PictureAddress.digest_of(url): url for url in urls if _is_absolute(url)}
    addresses = PictureAddress.objects.filter(digest__in=by_digest)
    queued = set(addresses.values_list("digest", flat=True))
    now = timezone.now()
    rows = [
        PictureAddress(url=url, digest=digest, host=host_of(url), is_logo=is_logo, next_try_at=now)
        for digest, url in by_digest.items()
        if digest not in queued
    ]
    PictureAddress.objects.bulk_create(rows, ignore_conflicts=True)
    if is_logo:
        addresses.filter(is_logo=False).update(is_logo=True)
    unavailable = addresses.filter(digest__in=queued, status__in=(Status.FAILED, Status.REMOVED))
    update_flags(list(unavailable.values_list("url", flat=True)))
    return len(rows)


def due_addresses(now: datetime | None = None, *, retry: bool = False) -> PictureAddressQuerySet:
    """Return what to fetch, in order: pictures of published stories, newest first, then logos, then the rest.

    With `retry`, also what has to wait after a failure or was given up.
    """
    published = (
        ArticleImage.objects.pictures()
        .at_outer_url()
        .filter(shown_to_readers("article__", at=now))
        .order_by()
        .values("kind")
        .annotate(newest=Max("article__published_at"))
        .values("newest")
    )
    newest = F("newest").desc(nulls_last=True)
    return (
        PictureAddress.objects.due(now, retry=retry)
        .annotate(newest=Subquery(published))
        .order_by(newest, "-is_logo", "-pk")
    )


def fail(
    url: str, reason: str, *, retry_after: timedelta | None = None, permanent: bool = False, now: datetime | None = None
) -> None:
    """Record that `url` could not be fetched; `reason` completes the sentence "the picture ...".

    It is retried after an hour, then 4, 16 and so on, at most LONGEST_BACK_OFF, and not before `retry_after`; after
    MAX_FAILURES in a row, or a `permanent` failure, only by `--retry`. Stored and taken down pictures stay as they are.
    """
    now = now or timezone.now()
    with transaction.atomic():
        address = PictureAddress.objects.at(url).select_for_update().first()
        if address is None or address.status in (Status.HELD, Status.REMOVED):
            return
        address.status = Status.FAILED
        address.reason = "".join(character if character.isprintable() else " " for character in reason)[:REASON_LENGTH]
        address.failures = min(address.failures + 1, 10_000)
        back_off = max(FIRST_BACK_OFF * 4 ** min(address.failures - 1, 10), retry_after or timedelta())
        gives_up = permanent or address.failures >= MAX_FAILURES
        address.next_try_at = None if gives_up else now + min(back_off, LONGEST_BACK_OFF)
        address.save()
    update_flags([url])


def postpone(host: str, until: datetime) -> int:
    """Request nothing from `host` before `until`; return how many URLs wait for that."""
    return PictureAddress.objects.filter(host=host, next_try_at__lt=until).update(next_try_at=until)


def host_of(url: str) -> str:
    """Return the host of a URL in lower case, with the port if it names one; empty if it isn't valid."""
    try:
        parts = urlsplit(url.strip())
        name = (parts.hostname or "").rstrip(".").lower()
        return f"{name}:{parts.port}"[:255] if parts.port else name[:255]
    except ValueError:
        return ""


def connect_signals() -> None:
    """Add a picture to the queue when a form saves it. Pictures from imports are added by `discover()`."""
    post_save.connect(_enqueue_saved, sender=ArticleImage, dispatch_uid="queue of pictures")


def _enqueue_saved(instance: ArticleImage, **kwargs: object) -> None:
    if instance.kind == ArticleImage.Kind.PICTURE and not kwargs.get("raw"):
        enqueue([instance.url])


def _is_absolute(url: str) -> bool:
    return url.strip().lower().startswith(("https://", "http://"))


def _unique_chunks(urls: Iterable[str]) -> Iterable[Collection[str]]:
    return chunked(list(dict.fromkeys(urls)))
