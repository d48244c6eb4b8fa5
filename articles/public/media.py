"""Pictures and logos that the public may fetch: our own copies, and nothing else in the storage."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from django.urls import reverse

from pictures.files import PICTURES, rendition_name, share_name, smaller_logo_files
from pictures.sizes import SHARE_SIZE
from providers.models import initials

if TYPE_CHECKING:
    from articles.models import Picture

_SERVABLE_PATTERN = re.compile(
    r"(?:(?:pictures|logos)/[0-9a-f]{2}/[0-9a-f]{32}/(?:[1-9][0-9]{0,3}|share)"  # see pictures.files
    r"|site/[0-9a-f]{2}/[0-9a-f]{32}/[1-9][0-9]{0,3}"  # the site's own logo and icon
    r"|logos/[0-9a-f]{2}/[0-9a-f]{64}"  # logos stored in one size only
    r"|logos/[A-Za-z0-9_-][A-Za-z0-9_.-]*)"
    r"\.(jpg|png|webp|avif)"
)
_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "avif": "image/avif"}


class SharedPicture(NamedTuple):
    """A file of ours that other sites show beside a link, and its size."""

    file: str
    width: int
    height: int


class StoredPicture(NamedTuple):
    """Our own copy of a picture: the key of its renditions, the size of the widest, and its texts."""

    key: str
    rungs: str
    width: int
    height: int
    bytes: int  # of the widest JPEG
    alt: str = ""
    credit: str = ""
    is_first: bool = False  # on its page, so it loads at once
    share: bool = False  # has a rendition of SHARE_SIZE
    preview: str = ""  # token of the preview link that shows it, before readers may

    @classmethod
    def of(cls, picture: Picture, alt: str = "", credit: str = "") -> StoredPicture:
        size = (picture.width, picture.height, picture.enclosure_bytes)
        return cls(picture.key, picture.rungs, *size, alt=alt, credit=credit, share=picture.share)

    @property
    def widths(self) -> list[int]:
        return [int(rung) for rung in self.rungs.split(",")]

    @property
    def file(self) -> str:
        """Return the widest JPEG, for feeds and other sites."""
        return self.rendition_name(self.widths[-1], "jpg")

    @property
    def shared(self) -> SharedPicture:
        """Return what other sites show beside a link: cut to their shape, or the widest JPEG until that is made."""
        if self.share:
            return SharedPicture(share_name(self.key), *SHARE_SIZE)
        return SharedPicture(self.file, self.width, self.height)

    @property
    def small_file(self) -> str:
        """Return the narrowest JPEG, for lists in the admin."""
        return self.rendition_name(self.widths[0], "jpg")

    def rendition_name(self, rung: int, suffix: str) -> str:
        return rendition_name(PICTURES, self.key, rung, suffix)

    def url(self, rung: int, suffix: str) -> str:
        """Return the path of a rendition on this site."""
        name = self.rendition_name(rung, suffix)
        return reverse("preview_media", args=[self.preview, name]) if self.preview else media_url(name)


class StoredLogo(NamedTuple):
    """A provider's logo: our copy's name in the storage, and its width in pixels, 0 if unknown."""

    file: str
    width: int

    @property
    def files(self) -> list[str]:
        """Return its renditions, for plain and for dense screens; only one if there are no others."""
        return [*smaller_logo_files(self.file), self.file]


class ProviderView(NamedTuple):
    """A provider as pages show it; logos from the narrowest to the widest."""

    pk: int
    name: str
    domain: str
    logo_files: tuple[StoredLogo, ...]

    @property
    def url(self) -> str:
        return reverse("provider", args=[self.domain])

    @property
    def initials(self) -> str:
        return initials(self.name)

    def logo(self, size: int) -> StoredLogo | None:
        """Return the logo to show at `size` CSS pixels, sharp on dense screens where there is one that wide."""
        wide_logos = (logo for logo in self.logo_files if logo.width >= 2 * size)
        return next(wide_logos, self.logo_files[-1] if self.logo_files else None)


def servable_logos(files: Iterable[tuple[str, int | None]]) -> tuple[StoredLogo, ...]:
    """Return the logos that the public may fetch, from the narrowest to the widest."""
    logos = [StoredLogo(file, width or 0) for file, width in files if media_type(file)]
    return tuple(sorted(logos, key=lambda logo: logo.width))


def media_url(name: str) -> str:
    """Return the path of a stored file: on this site, whatever the storage is."""
    return reverse("media", args=[name])


def media_type(name: str) -> str | None:
    """Return the content type of the stored file `name`; None if the public may not fetch it."""
    match = _SERVABLE_PATTERN.fullmatch(name)
    return _TYPES[match[1]] if match else None
