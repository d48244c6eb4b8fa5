"""Which addresses of pictures are fetched, and when: found where documents name them, tried, and tried again.

How `cache_images` uses it: `discover()`, then each of `due_addresses()` in its order, each ending in
`storing.link()`, `fail()`, or an address that was taken down meanwhile; those of a host that fails, in `postpone()`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import F, Max, OuterRef, Subquery
from django.db.models.signals import post_save
from django.utils import timezone

from articles.db.bulk import chunked
from articles.models import ArticleImage, PictureAddress, PictureMark, shown_to_readers
from articles.models.fields import AddressStart
from articles.models.image import PictureAddressQuerySet
from providers.models import ProviderLogo

from .unavailable import flag

FIRST_WAIT = timedelta(hours=1)  # after the first failure; each further one makes it four times as long
LONGEST_WAIT = timedelta(days=30)
TRIES = 8  # that failed one after another; then only `--retry` asks again
LATE = 5000  # pictures that a slower transaction may have stored behind those we have looked at
REASON_LENGTH = 300

Status = PictureAddress.Status


def discover() -> int:
    """Put the addresses that came in since the last time into the queue; return how many are new.

    Looks at the pictures that were stored since and at the logos of which we hold no copy, never at all pictures.
    Addresses within a site (`/logo.png`) lead nowhere from here and are left to `cache_images --from`.
    """
    mark, _ = PictureMark.objects.get_or_create(pk=1)
    since = ArticleImage.objects.filter(pk__gt=mark.image - LATE, kind=ArticleImage.Kind.PICTURE)
    last = ArticleImage.objects.aggregate(last=Max("pk"))["last"] or 0
    new = 0
    for urls in _batches(since.filter(pk__lte=last).order_by("pk").values_list("url", flat=True)):
        new += name(urls)
    PictureMark.objects.filter(pk=1, image__lt=last).update(image=last)
    logos = ProviderLogo.objects.filter(file="").order_by("pk").values_list("url", flat=True)
    for urls in _batches(logos):
        new += name(urls, is_logo=True)
    return new


def name(urls: Iterable[str], *, is_logo: bool = False) -> int:
    """Put these addresses into the queue unless they are in it; return how many are new."""
    wanted = {PictureAddress.digest_of(url): url for url in urls if _is_whole(url)}
    addresses = PictureAddress.objects.filter(digest__in=wanted)
    known = set(addresses.values_list("digest", flat=True))
    now = timezone.now()
    rows = [
        PictureAddress(url=url, digest=digest, host=host_of(url), is_logo=is_logo, next_try_at=now)
        for digest, url in wanted.items()
        if digest not in known
    ]
    PictureAddress.objects.bulk_create(rows, ignore_conflicts=True)
    if is_logo:
        addresses.filter(is_logo=False).update(is_logo=True)
    lost = addresses.filter(digest__in=known, status__in=(Status.FAILED, Status.REMOVED))
    flag(list(lost.values_list("url", flat=True)))
    return len(rows)


def due_addresses(now: datetime | None = None, *, retry: bool = False) -> PictureAddressQuerySet:
    """Return the addresses to fetch, in order: those of the newest published stories, then logos, then the rest.

    One query, which sorts what is due and looks at nothing else. With `retry`, what failed needn't wait for its time,
    and what was given up is tried again.
    """
    shown = (
        ArticleImage.objects.annotate(start=AddressStart("url"))
        .filter(shown_to_readers("article__", at=now), kind=ArticleImage.Kind.PICTURE)
        .filter(start=AddressStart(OuterRef("url")), url=OuterRef("url"))
        .order_by()
        .values("kind")
        .annotate(newest=Max("article__published_at"))
        .values("newest")
    )
    newest = F("newest").desc(nulls_last=True)
    return (
        PictureAddress.objects.due(now, retry=retry)
        .annotate(newest=Subquery(shown))
        .order_by(newest, "-is_logo", "-pk")
    )


def fail(
    url: str, reason: str, *, retry_after: timedelta | None = None, permanent: bool = False, now: datetime | None = None
) -> None:
    """Remember that `url` could not be fetched and why: `reason` completes the sentence "the picture ...".

    It is asked for again after an hour, then four, sixteen and so on, up to 30 days, and no earlier than
    `retry_after`; never again by itself once it failed TRIES times in a row or where trying again is `permanent`
    useless. What we hold or have taken down stays as it is.
    """
    now = now or timezone.now()
    with transaction.atomic():
        address = PictureAddress.objects.at(url).select_for_update().first()
        if address is None or address.status in (Status.HELD, Status.REMOVED):
            return
        address.status = Status.FAILED
        address.reason = "".join(each if each.isprintable() else " " for each in reason)[:REASON_LENGTH]
        address.failures = min(address.failures + 1, 10_000)
        wait = max(min(FIRST_WAIT * 4 ** min(address.failures - 1, 10), LONGEST_WAIT), retry_after or timedelta())
        address.next_try_at = None if permanent or address.failures >= TRIES else now + min(wait, LONGEST_WAIT)
        address.save()
    flag([url])


def postpone(host: str, until: datetime) -> int:
    """Let nothing be asked from `host` before `until`, as it wished; return how many addresses wait for that."""
    waiting = PictureAddress.objects.filter(host=host, next_try_at__lt=until)
    return waiting.update(next_try_at=until)


def host_of(url: str) -> str:
    """Return who is asked for a picture, lower case, with the port where the address names one; empty if unclear."""
    try:
        parts = urlsplit(url.strip())
        name = (parts.hostname or "").rstrip(".").lower()
        return f"{name}:{parts.port}"[:255] if parts.port else name[:255]
    except ValueError:
        return ""


def watch() -> None:
    """Put a picture's address into the queue when a form saves it; what imports store is found by `discover`."""
    post_save.connect(_name_saved, sender=ArticleImage, dispatch_uid="queue of pictures")


def _name_saved(instance: ArticleImage, **kwargs: object) -> None:
    if instance.kind == ArticleImage.Kind.PICTURE and not kwargs.get("raw"):
        name([instance.url])


def _is_whole(url: str) -> bool:
    return url.strip().lower().startswith(("https://", "http://"))


def _batches(urls: Iterable[str]) -> Iterable[Collection[str]]:
    found = list(dict.fromkeys(urls))
    return chunked(found)
