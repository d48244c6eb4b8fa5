"""Which files of the storage readers may fetch: our own copies of pictures and logos, and nothing else."""

from __future__ import annotations

import re

from providers.models import Provider, ProviderLogo

_SERVABLE_PATTERN = re.compile(
    r"(?:(?:pictures|logos)/[0-9a-f]{2}/[0-9a-f]{64}"  # ours, named by their content
    r"|logos/[A-Za-z0-9_-][A-Za-z0-9_.-]*)"  # uploaded in the admin
    r"\.(jpg|png|webp|avif)"
)
_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "avif": "image/avif"}


def media_type(name: str) -> str | None:
    """Return the content type of the stored file `name`; None if it isn't one for readers."""
    match = _SERVABLE_PATTERN.fullmatch(name)
    return _TYPES[match[1]] if match else None


def logo_of(provider: Provider, size: int) -> ProviderLogo | None:
    """Return the logo to show at `size` CSS pixels, sharp on dense screens where there is one that big.

    Needs the provider's logos, prefetched.
    """
    logos = [logo for logo in provider.logos.all() if media_type(logo.file.name or "")]
    return next((logo for logo in logos if (logo.width or 0) >= 2 * size), logos[-1] if logos else None)
