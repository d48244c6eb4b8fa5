"""An uploaded logo: foreign bytes in, our own renditions of it out, named by their content."""

from __future__ import annotations

from pictures import files
from pictures.ladder import PictureRefused, Rendition
from pictures.sandbox import Decoder

MAX_BYTES = 5_000_000


class LogoRefused(Exception):
    """The bytes are no logo that we keep; the message says why and what to do."""


def read_logo(data: bytes) -> list[Rendition]:
    """Return the renditions of the picture in `data`, the widest last. Raises LogoRefused."""
    if len(data) > MAX_BYTES:
        raise LogoRefused(f"This file has more than {MAX_BYTES // 1_000_000} MB. Upload a smaller one.")
    try:
        with Decoder() as decoder:
            return decoder.decode(data, ["logo"])["logo"]
    except PictureRefused as refused:
        raise LogoRefused(f"This file {refused}. Upload another.") from refused


def store_logo(renditions: list[Rendition]) -> str:
    """Store a logo; return the name of its widest rendition. Raises OSError."""
    return files.store(files.LOGOS, renditions)[-1]
