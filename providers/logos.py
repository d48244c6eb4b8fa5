"""An uploaded logo: foreign bytes in, our own renditions of it out, named by their content."""

from __future__ import annotations

from typing import NamedTuple

from pictures import files
from pictures.decoder import Decoder
from pictures.sizes import PictureError

MAX_BYTES = 5_000_000


class Logo(NamedTuple):
    """The widest rendition of a logo: its file and its size in pixels."""

    file: str
    width: int
    height: int


class LogoError(Exception):
    """The bytes are no logo that we keep; the message says why and what to do."""


def process_logo(data: bytes) -> Logo:
    """Return the logo in `data`, its renditions stored. Raises LogoError, and OSError if the storage fails."""
    if len(data) > MAX_BYTES:
        raise LogoError(f"This file has more than {MAX_BYTES // 1_000_000} MB. Upload a smaller one.")
    try:
        with Decoder() as decoder:
            renditions = decoder.decode(data, ["logo"])["logo"]
    except PictureError as refused:
        raise LogoError(f"This file {refused}. Upload another.") from refused
    widest = renditions[-1]
    return Logo(files.store(files.LOGOS, renditions)[-1], widest.width, widest.height)
