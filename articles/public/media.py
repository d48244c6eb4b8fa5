"""Which files of the storage readers may fetch: our own copies of pictures and logos, and nothing else. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from django.urls import reverse

from pictures.files import PICTURES, name_of, narrower
from providers.models import Provider, monogram

if TYPE_CHECKING:
    from articles.models import Picture

_SERVABLE_PATTERN = re.compile(
    r"(?:(?:pictures|logos)/[0-9a-f]{2}/[0-9a-f]{32}/[1-9][0-9]{0,3}"  # see pictures.files
    r"|logos/[0-9a-f]{2}/[0-9a-f]{64}"  # logos of which we have one size only
    r"|logos/[A-Za-z0-9_-][A-Za-z0-9_.-]*)"
    r"\.(jpg|png|webp|avif)"
)
_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "avif": "image/avif"}


class Copy(NamedTuple):
    """Our own copy of a picture: where its renditions are, the size of the widest, what an editor says of it."""

    key: str
    rungs: str
    width: int
    height: int
    bytes: int  # of the widest JPEG
    alt: str = ""
    credit: str = ""
    is_first: bool = False  # of its page: the one that readers wait for

    @classmethod
    def of(cls, picture: Picture, alt: str = "", credit: str = "") -> Copy:
        size = (picture.width, picture.height, picture.enclosure_bytes)
        return cls(picture.key, picture.rungs, *size, alt=alt, credit=credit)

    @property
    def widths(self) -> list[int]:
        return [int(rung) for rung in self.rungs.split(",")]

    @property
    def file(self) -> str:
        """The widest JPEG: what feeds and other sites are told of."""
        return self.named(self.widths[-1], "jpg")

    @property
    def small_file(self) -> str:
        """The narrowest JPEG, for lists in the admin."""
        return self.named(self.widths[0], "jpg")

    def named(self, rung: int, suffix: str) -> str:
        """Return the name of a rendition in the storage."""
        return name_of(PICTURES, self.key, rung, suffix)


class Logo(NamedTuple):
    """An outlet's logo: the name of our copy in the storage; 0 where its width in pixels isn't known."""

    file: str
    width: int

    @property
    def files(self) -> list[str]:
        """Its renditions, for plain and for dense screens; the same for both where there is one only."""
        return [*narrower(self.file), self.file]


class Outlet(NamedTuple):
    """Whose story it is, with what stands beside its name; logos from the narrowest to the widest."""

    name: str
    domain: str
    logos: tuple[Logo, ...] = ()

    @classmethod
    def of(cls, provider: Provider) -> Outlet:
        """Return the outlet of a row whose logos are prefetched."""
        logos = ((logo.file.name or "", logo.width or 0) for logo in provider.logos.all())
        return cls(provider.name, provider.domain, logos_of(logos))

    @property
    def address(self) -> str:
        return reverse("provider", args=[self.domain])

    @property
    def monogram(self) -> str:
        return monogram(self.name)

    def logo(self, size: int) -> Logo | None:
        """Return the logo to show at `size` CSS pixels, sharp on dense screens where there is one that wide."""
        wide = (logo for logo in self.logos if logo.width >= 2 * size)
        return next(wide, self.logos[-1] if self.logos else None)


def logos_of(files: Iterable[tuple[str, int | None]]) -> tuple[Logo, ...]:
    """Return the logos of which we hold a copy that readers may fetch, from the narrowest to the widest."""
    held = [Logo(file, width or 0) for file, width in files if media_type(file)]
    return tuple(sorted(held, key=lambda logo: logo.width))


def media_address(name: str) -> str:
    """Return where readers fetch a stored file: on this site whatever the storage is."""
    return reverse("media", args=[name])


def media_type(name: str) -> str | None:
    """Return the content type of the stored file `name`; None if it isn't one for readers."""
    match = _SERVABLE_PATTERN.fullmatch(name)
    return _TYPES[match[1]] if match else None
