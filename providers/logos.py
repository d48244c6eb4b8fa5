"""Make and store the renditions of an uploaded logo."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext as _

from pictures import files
from pictures.decoder import Decoder
from pictures.sizes import PictureError

MAX_BYTES = 5_000_000


class Logo(NamedTuple):
    """The file and size of a logo's largest rendition."""

    file: str
    width: int
    height: int


class LogoError(Exception):
    """The file can't be used as a logo; the message says why and what to do."""


def process_logo(data: bytes) -> Logo:
    """Store the renditions of the logo in `data`. Raises LogoError, and OSError if the storage fails."""
    if len(data) > MAX_BYTES:
        raise LogoError(
            _("This file has more than %(most)s MB. Upload a smaller one.") % {"most": MAX_BYTES // 1_000_000}
        )
    try:
        with Decoder() as decoder:
            renditions = decoder.decode(data, ["logo"])["logo"]
    except PictureError as error:
        raise LogoError(_("This file %(problem)s. Upload another one.") % {"problem": error}) from error
    largest = renditions[-1]
    return Logo(files.store(files.LOGOS, renditions)[-1], largest.width, largest.height)
