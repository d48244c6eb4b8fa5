"""Our copies of pictures, into storage and the database.

Files go in before the row that names them, under names that follow from their content (`pictures.files`); rows are
written in a transaction that follows all others of the kind, so that no picture is let go while another takes it up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from articles.db.bulk import chunked
from articles.models import ArticleImage, Picture, PictureAddress, PictureMark
from articles.models.fields import AddressStart
from articles.models.image import PictureAddressQuerySet
from articles.page_cache.versions import bump_version
from pictures import files
from pictures.decoder import SECONDS, Decoder
from pictures.sizes import SUFFIXES, Kind, PictureRefused, Rendition
from providers.models import ProviderLogo

from .fetch_queue import Status, host_of
from .unavailable import flag

ROUNDS = 3  # of storing a picture that somebody lets go meanwhile


class PictureRemoved(PictureRefused):
    """The picture was taken down, at this address or another; it is never kept again."""


class Vanished(Exception):
    """Files that we stored are gone by the time that their row is written: somebody let them go."""


@dataclass(frozen=True)
class Released:
    """What was let go, or would be."""

    addresses: int = 0
    pictures: int = 0
    files: int = 0


def keep(url: str, data: bytes, decoder: Decoder) -> bool:
    """Keep our copy of the picture at `url`, for readers and as the logo of every outlet that names the address.

    Returns whether anything had to be written: a picture that we hold is neither decoded nor stored again, at
    whichever address it is. Raises PictureRefused where `data` is no picture for us, whose message is the reason for
    `queue.fail()`, and PictureRemoved, a PictureRefused, where it was taken down; then nothing has changed but, for a
    known picture at a new address, that this one counts as taken down too. Raises OSError if the storage fails.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    for _ in range(ROUNDS):
        picture, missing = look_up(url, sha256)
        try:
            if picture and not missing:
                return link(url, picture)
            return link(url, make(sha256, data, missing, decoder), is_new=True)
        except Vanished:
            continue
    raise OSError("files of the picture disappear while it is stored")


def take_up(data: bytes, decoder: Decoder) -> tuple[Picture, bool]:
    """Return the picture that somebody uploaded, its files stored, and whether it is new: `link()` shows it.

    Raises PictureRefused, PictureRemoved and OSError as `keep()` does.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    picture = Picture.objects.filter(sha256=sha256).first()
    if picture and picture.removed:
        raise PictureRemoved("was taken down")
    if picture and files.are_there(names_of(picture)):
        return picture, False
    return make(sha256, data, ["picture", "logo"] if picture and picture.logo else ["picture"], decoder), True


def look_up(url: str, sha256: str) -> tuple[Picture | None, list[Kind]]:
    """Return the picture with these bytes, None if it is new, and what has to be made of it before `link()`.

    Raises PictureRemoved if it is not to be shown at `url`.
    """
    if PictureAddress.objects.at(url).filter(status=Status.REMOVED).exists():
        raise PictureRemoved("was taken down")
    picture = Picture.objects.filter(sha256=sha256).first()
    if picture and picture.removed:
        return picture, []
    is_logo = ProviderLogo.objects.filter(url=url).exists()
    if picture and (picture.logo or not is_logo) and files.are_there(names_of(picture)):
        return picture, []
    return picture, ["picture", "logo"] if is_logo or (picture and picture.logo) else ["picture"]


def make(sha256: str, data: bytes, kinds: list[Kind], decoder: Decoder, seconds: float = SECONDS) -> Picture:
    """Return the picture, its files stored, its row not. Never asks the database, so that any thread may call it.

    Raises PictureRefused, and OSError or what else the storage raises if that fails.
    """
    made = decoder.decode(data, kinds, seconds)
    files.store(files.PICTURES, made["picture"])
    logo = files.store(files.LOGOS, made["logo"])[-1] if "logo" in made else ""
    return _picture(sha256, made["picture"], logo)


def link(url: str, picture: Picture, *, is_new: bool = False) -> bool:
    """Show the picture at `url`: write its row, the address's, the logos'; return whether something was written.

    Raises PictureRemoved if it was taken down, and Vanished if its files are gone.
    """
    is_removed = False
    with transaction.atomic():
        follow_others()
        address = PictureAddress.objects.at(url).select_for_update().first()
        row = Picture.objects.filter(sha256=picture.sha256).first()
        is_removed = bool(row and row.removed) or bool(address and address.status == Status.REMOVED)
        if is_removed:
            _mark_removed(url, row)
        else:
            if not files.are_there(names_of(picture)[-1:]):
                raise Vanished
            former = address.picture if address else None
            row, written = _write_picture(row, picture)
            written = _write_address(url, address, row) or written
            written = _give_logos(url, row, former) or written
            if written:
                bump_version()
    if is_removed:
        if is_new:
            _delete_files([picture])
        flag([url])
        raise PictureRemoved("was taken down")
    if written:
        flag([url])
    return written or is_new


def release_unused(*, dry_run: bool = False) -> Released:
    """Let go what nothing names any more: addresses without article and outlet, pictures without address, their files.

    What was taken down is remembered. An article that comes back has its picture fetched again.
    """
    with transaction.atomic():
        follow_others()
        unused = PictureAddress.objects.exclude(status=Status.REMOVED).filter(~_is_named(), ~_is_logo())
        if dry_run:
            used = PictureAddress.objects.exclude(Exists(unused.filter(pk=OuterRef("pk"))))
            left = Picture.objects.filter(removed=False).exclude(Exists(used.filter(picture=OuterRef("pk"))))
            return Released(unused.count(), len(left), sum(len(names_of(picture)) for picture in left))
        addresses, _ = unused.delete()
        pictures = Picture.objects.filter(removed=False, addresses=None)
        gone = list(pictures)
        pictures.delete()
        return Released(addresses, len(gone), _delete_files(gone))


def remove(url: str) -> tuple[str, list[str]]:
    """Take the picture at `url` down, at all addresses that lead to it: see `operations.take_down`, the verb.

    Returns the status that the address had, and all addresses that were taken down. Runs in the caller's transaction;
    files go once that has ended.
    """
    follow_others()
    address, _ = PictureAddress.objects.get_or_create(
        digest=PictureAddress.digest_of(url), defaults={"url": url, "host": host_of(url)}
    )
    former, picture = address.status, address.picture
    same = alike(url)
    urls = list(same.values_list("url", flat=True))
    same.update(status=Status.REMOVED, next_try_at=None, reason="was taken down")
    if picture:
        pictures = Picture.objects.filter(key=picture.key)
        ProviderLogo.objects.filter(file__in=[each.logo for each in pictures if each.logo]).update(file="")
        pictures.update(removed=True)
        transaction.on_commit(lambda: _delete_files(list(pictures)))
    flag(urls)
    bump_version()
    return former, urls


def alike(url: str) -> PictureAddressQuerySet:
    """Return the addresses that lead to the picture at `url`, this one among them, as far as they were ever named."""
    keys = PictureAddress.objects.at(url).values("picture__key")
    return PictureAddress.objects.filter(Q(digest=PictureAddress.digest_of(url)) | Q(picture__key__in=keys))


def names_of(picture: Picture) -> list[str]:
    """Return the files of a picture, those of its logo included."""
    names = [
        files.name_of(files.PICTURES, picture.key, rung, suffix)
        for rung in picture.rungs.split(",")
        for suffix in SUFFIXES["picture"]
    ]
    return names + _logo_names(picture.logo)


def _logo_names(widest: str) -> list[str]:
    """Return the files of a logo, of which the widest is known."""
    return [*files.narrower(widest), widest] if widest else []


def _picture(sha256: str, renditions: list[Rendition], logo: str) -> Picture:
    widest = renditions[-1]
    return Picture(
        sha256=sha256,
        key=files.key_of(renditions),
        rungs=",".join(map(str, dict.fromkeys(rendition.rung for rendition in renditions))),
        logo=logo,
        width=widest.width,
        height=widest.height,
        enclosure_bytes=next(len(each.data) for each in reversed(renditions) if each.suffix == "jpg"),
    )


def _write_picture(row: Picture | None, picture: Picture) -> tuple[Picture, bool]:
    if row is None:
        picture.pk = None
        picture.save()
        return picture, True
    fields = ("key", "rungs", "logo", "width", "height", "enclosure_bytes")
    if all(getattr(row, name) == getattr(picture, name) for name in fields):
        return row, False
    for name in fields:
        setattr(row, name, getattr(picture, name))
    row.save()
    return row, True


def _write_address(url: str, address: PictureAddress | None, picture: Picture) -> bool:
    if address is not None and address.status == Status.HELD and address.picture_id == picture.pk:
        return False
    address = address or PictureAddress(url=url, digest=PictureAddress.digest_of(url), host=host_of(url))
    address.status, address.picture = Status.HELD, picture
    address.reason, address.failures, address.next_try_at = "", 0, None
    address.save()
    return True


def _give_logos(url: str, picture: Picture, former: Picture | None) -> bool:
    """Give the outlets that name the address its logo, unless an editor uploaded theirs; return whether any took it."""
    replaceable = Q(file="") | Q(file__endswith=".png")  # the latter from before there were renditions
    if former and former.logo:
        replaceable |= Q(file=former.logo)
    logos = ProviderLogo.objects.filter(replaceable, url=url).exclude(file=picture.logo)
    return bool(picture.logo and logos.update(file=picture.logo))


def _mark_removed(url: str, picture: Picture | None) -> None:
    values = {"status": Status.REMOVED, "picture": picture, "next_try_at": None, "reason": "was taken down"}
    PictureAddress.objects.update_or_create(
        digest=PictureAddress.digest_of(url),
        defaults=values,
        create_defaults={**values, "url": url, "host": host_of(url)},
    )


def follow_others() -> None:
    """Wait for the end of every other transaction that takes pictures up or lets them go."""
    PictureMark.objects.select_for_update().get_or_create(pk=1)


def _delete_files(pictures: Collection[Picture]) -> int:
    """Delete the files of pictures whose rows are gone or taken down, but for those that others have in common."""
    names = {name for picture in pictures for name in names_of(picture)}
    for keys in chunked(sorted({picture.key for picture in pictures})):
        for other in Picture.objects.filter(removed=False, key__in=keys):
            names.difference_update(names_of(other))
    for logos in chunked(sorted({picture.logo for picture in pictures if picture.logo})):
        for logo in ProviderLogo.objects.filter(file__in=logos).values_list("file", flat=True):
            names.difference_update(_logo_names(logo))
    return files.delete(sorted(names))


def _is_named() -> Exists:
    images = ArticleImage.objects.annotate(start=AddressStart("url"))
    return Exists(
        images.filter(start=AddressStart(OuterRef("url")), url=OuterRef("url"), kind=ArticleImage.Kind.PICTURE)
    )


def _is_logo() -> Exists:
    return Exists(ProviderLogo.objects.filter(url=OuterRef("url")))
