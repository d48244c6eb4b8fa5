"""Which files of the storage readers may fetch: our own copies of pictures and logos, and nothing else. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from django.urls import reverse

from providers.models import Provider, monogram

_SERVABLE_PATTERN = re.compile(
    r"(?:(?:pictures|logos)/[0-9a-f]{2}/[0-9a-f]{64}"  # ours, named by their content
    r"|logos/[A-Za-z0-9_-][A-Za-z0-9_.-]*)"  # uploaded in the admin
    r"\.(jpg|png|webp|avif)"
)
_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "avif": "image/avif"}


class Copy(NamedTuple):
    """Our own copy of a picture: its name in the storage, its size in pixels."""

    file: str
    width: int
    height: int


class Logo(NamedTuple):
    """An outlet's logo: the name of our copy in the storage; 0 where its width in pixels isn't known."""

    file: str
    width: int


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


def media_type(name: str) -> str | None:
    """Return the content type of the stored file `name`; None if it isn't one for readers."""
    match = _SERVABLE_PATTERN.fullmatch(name)
    return _TYPES[match[1]] if match else None
