"""Store our copies of pictures, as files and database rows, and delete them.

Files are written before the row that refers to them, under names derived from their content (`pictures.files`). Rows
are written under a lock, so that no picture is deleted while another process stores it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy

from articles.db.bulk import chunked
from articles.models import ArticleImage, Picture, PictureAddress, PictureMark
from articles.models.image import PictureAddressQuerySet
from articles.page_cache.versions import bump_version
from pictures import files
from pictures.decoder import SECONDS, Decoder
from pictures.sizes import SUFFIXES, Kind, PictureError, Rendition
from providers.models import ProviderLogo

from .fetch_queue import Status, host_of
from .unavailable import update_flags

MAX_ATTEMPTS = 3  # at storing a picture whose files are deleted at the same time
_TAKEN_DOWN = gettext_lazy("was taken down")
_COPIED_FIELDS = ("key", "rungs", "logo", "width", "height", "enclosure_bytes", "share")


class TakenDownError(PictureError):
    """The picture was taken down, at this URL or another, and must not be stored again."""

    def __init__(self) -> None:
        super().__init__(_TAKEN_DOWN)


class FilesGoneError(Exception):
    """Another process deleted the files before the row that refers to them was written."""


@dataclass(frozen=True)
class CleanupCounts:
    addresses: int = 0
    pictures: int = 0
    files: int = 0


def store_picture(url: str, data: bytes, decoder: Decoder) -> bool:
    """Store the picture at `url`, also as the logo of the providers that list this URL; return whether it changed.

    A picture that is stored already, at any URL, is not decoded again. Raises PictureError if `data` can't be used,
    TakenDownError if the picture was taken down (the URL then counts as taken down too), OSError if storing fails.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    for _ in range(MAX_ATTEMPTS):
        picture, missing = look_up(url, sha256)
        try:
            if picture and not missing:
                return attach(url, picture)
            return attach(url, make_renditions(sha256, data, missing, decoder), is_new=True)
        except FilesGoneError:
            continue
    raise OSError(_("files of the picture disappear while it is stored"))


def store_upload(data: bytes, decoder: Decoder) -> tuple[Picture, bool]:
    """Store the files of an uploaded picture; return it and whether it is new. `attach()` saves its row.

    Raises PictureError, TakenDownError and OSError.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    picture = Picture.objects.filter(sha256=sha256).first()
    if picture and picture.removed:
        raise TakenDownError
    if picture and files.all_exist(file_names(picture)):
        return picture, False
    return make_renditions(sha256, data, _kinds(with_logo=bool(picture and picture.logo)), decoder), True


def look_up(url: str, sha256: str) -> tuple[Picture | None, list[Kind]]:
    """Return the picture with this digest, if stored, and which renditions have to be made before `attach()`.

    Raises TakenDownError if the picture at `url` was taken down.
    """
    if PictureAddress.objects.at(url).filter(status=Status.REMOVED).exists():
        raise TakenDownError
    picture = Picture.objects.filter(sha256=sha256).first()
    if picture and picture.removed:
        return picture, []
    is_logo = ProviderLogo.objects.filter(url=url).exists()
    if picture and (picture.logo or not is_logo) and files.all_exist(file_names(picture)):
        return picture, []
    return picture, _kinds(with_logo=is_logo or bool(picture and picture.logo))


def make_renditions(sha256: str, data: bytes, kinds: list[Kind], decoder: Decoder, seconds: float = SECONDS) -> Picture:
    """Store the renditions and return the picture, its row unsaved. Doesn't use the database: any thread may call it.

    Raises PictureError, and OSError or another exception of the storage.
    """
    renditions = decoder.decode(data, kinds, seconds)
    files.store(files.PICTURES, renditions["picture"])
    files.store_share(files.content_key(renditions["picture"]), renditions["share"][0])
    logo = files.store(files.LOGOS, renditions["logo"])[-1] if "logo" in renditions else ""
    return _picture(sha256, renditions["picture"], logo)


def attach(url: str, picture: Picture, *, is_new: bool = False) -> bool:
    """Save the picture's row and show it at `url`, in logos too; return whether anything changed.

    Raises TakenDownError, and FilesGoneError if its files are gone.
    """
    with transaction.atomic():
        lock_pictures()
        address = PictureAddress.objects.at(url).select_for_update().first()
        row = Picture.objects.filter(sha256=picture.sha256).first()
        is_removed = bool(row and row.removed) or bool(address and address.status == Status.REMOVED)
        if is_removed:
            _mark_removed(url, row)
        elif not files.all_exist(file_names(picture)[-1:]):
            raise FilesGoneError
        else:
            previous = address.picture if address else None
            row, changed = _save_picture(row, picture)
            changed = _save_address(url, address, row) or changed
            changed = _update_logos(url, row, previous) or changed
            if changed:
                bump_version()
    if is_removed:
        if is_new:
            _delete_files([picture])
        update_flags([url])
        raise TakenDownError
    if changed:
        update_flags([url])
    return changed or is_new


def delete_unused(*, dry_run: bool = False) -> CleanupCounts:
    """Delete URLs that no article or provider lists, pictures without a URL, and their files.

    What was taken down is remembered. If an article comes back, its picture is fetched again.
    """
    with transaction.atomic():
        lock_pictures()
        images = ArticleImage.objects.pictures().at_outer_url()
        logos = ProviderLogo.objects.filter(url=OuterRef("url"))
        unused = PictureAddress.objects.exclude(status=Status.REMOVED).filter(~Exists(images), ~Exists(logos))
        addresses, _ = unused.delete()
        pictures = Picture.objects.filter(removed=False, addresses=None)
        deleted = list(pictures)
        if dry_run:
            transaction.set_rollback(True)
            return CleanupCounts(addresses, len(deleted), sum(len(file_names(picture)) for picture in deleted))
        pictures.delete()
        return CleanupCounts(addresses, len(deleted), _delete_files(deleted))


def delete_pictures_only_at(urls: Collection[str]) -> None:
    """Delete what is stored of the pictures at these URLs, unless an article or outlet lists them still.

    Runs in the caller's transaction; files are deleted when that has been committed.
    """
    lock_pictures()
    listed = set(ArticleImage.objects.at(urls).values_list("url", flat=True))
    listed |= set(ProviderLogo.objects.filter(url__in=urls).values_list("url", flat=True))
    digests = [PictureAddress.digest_of(url) for url in set(urls) - listed]
    addresses = PictureAddress.objects.filter(digest__in=digests)
    keys = set(addresses.exclude(picture=None).values_list("picture", flat=True))
    addresses.delete()
    pictures = Picture.objects.filter(pk__in=keys, addresses=None)
    deleted = list(pictures)
    pictures.delete()
    if deleted:
        transaction.on_commit(lambda: _delete_files(deleted))
    bump_version()


def take_down(url: str) -> tuple[str, list[str]]:
    """Take down the picture at `url` and at all other URLs that lead to it, for `operations.take_down`.

    Returns the previous status of the URL, and all URLs that were taken down. Runs in the caller's transaction; files
    are deleted when that has been committed.
    """
    lock_pictures()
    address, _ = PictureAddress.objects.get_or_create(
        digest=PictureAddress.digest_of(url), defaults={"url": url, "host": host_of(url)}
    )
    previous_status, picture = address.status, address.picture
    addresses = same_picture_urls(url)
    urls = list(addresses.values_list("url", flat=True))
    addresses.update(status=Status.REMOVED, next_try_at=None, reason=str(_TAKEN_DOWN))
    if picture:
        pictures = Picture.objects.filter(key=picture.key)
        logos = [logo for logo in pictures.values_list("logo", flat=True) if logo]
        ProviderLogo.objects.filter(file__in=logos).update(file="")
        pictures.update(removed=True)
        transaction.on_commit(lambda: _delete_files(list(pictures)))
    update_flags(urls)
    bump_version()
    return previous_status, urls


def same_picture_urls(url: str) -> PictureAddressQuerySet:
    """Return the rows of all URLs that lead to the picture at `url`, its own included."""
    keys = PictureAddress.objects.at(url).values("picture__key")
    return PictureAddress.objects.filter(Q(digest=PictureAddress.digest_of(url)) | Q(picture__key__in=keys))


def file_names(picture: Picture) -> list[str]:
    """Return the file names of a picture and its logo."""
    names = [
        files.rendition_name(files.PICTURES, picture.key, width, suffix)
        for width in picture.rungs.split(",")
        for suffix in SUFFIXES["picture"]
    ]
    shared = [files.share_name(picture.key)] if picture.share else []
    return shared + names + _logo_files(picture.logo)


def lock_pictures() -> None:
    """Wait for all other transactions that store or delete pictures, and make later ones wait for this one."""
    PictureMark.objects.select_for_update().get_or_create(pk=1)


def _kinds(*, with_logo: bool) -> list[Kind]:
    return ["picture", "share", "logo"] if with_logo else ["picture", "share"]


def _logo_files(largest: str) -> list[str]:
    return [*files.smaller_logo_files(largest), largest] if largest else []


def _picture(sha256: str, renditions: list[Rendition], logo: str) -> Picture:
    widest = renditions[-1]
    return Picture(
        sha256=sha256,
        key=files.content_key(renditions),
        rungs=",".join(map(str, dict.fromkeys(rendition.width_step for rendition in renditions))),
        logo=logo,
        width=widest.width,
        height=widest.height,
        share=True,
        enclosure_bytes=next(len(rendition.data) for rendition in reversed(renditions) if rendition.suffix == "jpg"),
    )


def _save_picture(row: Picture | None, picture: Picture) -> tuple[Picture, bool]:
    """Save the picture, in its existing row if there is one; return the row and whether anything changed."""
    if row is not None and all(getattr(row, name) == getattr(picture, name) for name in _COPIED_FIELDS):
        return row, False
    picture.pk = row.pk if row else None
    picture.save()
    return picture, True


def _save_address(url: str, address: PictureAddress | None, picture: Picture) -> bool:
    if address is not None and address.status == Status.HELD and address.picture_id == picture.pk:
        return False
    address = address or PictureAddress(url=url, digest=PictureAddress.digest_of(url), host=host_of(url))
    address.status, address.picture = Status.HELD, picture
    address.reason, address.failures, address.next_try_at = "", 0, None
    address.save()
    return True


def _update_logos(url: str, picture: Picture, previous: Picture | None) -> bool:
    """Use the logo for the providers that list this URL, except uploaded logos; return whether any changed."""
    replaceable = Q(file="") | Q(file__endswith=".png")  # the latter are from before there were renditions
    if previous and previous.logo:
        replaceable |= Q(file=previous.logo)
    logos = ProviderLogo.objects.filter(replaceable, url=url).exclude(file=picture.logo)
    return bool(picture.logo and logos.update(file=picture.logo))


def _mark_removed(url: str, picture: Picture | None) -> None:
    values: dict[str, Any] = {
        "status": Status.REMOVED,
        "picture": picture,
        "next_try_at": None,
        "reason": str(_TAKEN_DOWN),
    }
    PictureAddress.objects.update_or_create(
        digest=PictureAddress.digest_of(url),
        defaults=values,
        create_defaults={**values, "url": url, "host": host_of(url)},
    )


def _delete_files(pictures: Collection[Picture]) -> int:
    """Delete the files of pictures whose rows are deleted or taken down, except those that others share."""
    names = {name for picture in pictures for name in file_names(picture)}
    for keys in chunked(sorted({picture.key for picture in pictures})):
        for other in Picture.objects.filter(removed=False, key__in=keys):
            names.difference_update(file_names(other))
    for logos in chunked(sorted({picture.logo for picture in pictures if picture.logo})):
        for logo in ProviderLogo.objects.filter(file__in=logos).values_list("file", flat=True):
            names.difference_update(_logo_files(logo))
    return files.delete(sorted(names))
