"""Which renditions there are of a picture. Pure, and without Pillow, which only the child process needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["picture", "logo"]
WIDTHS = (160, 320, 480, 640, 960, 1280)  # pixels
LOGO_SIZES = (50, 100)  # pixels of the longer side: for plain and for dense screens
SUFFIXES: dict[Kind, tuple[str, ...]] = {"picture": ("avif", "webp", "jpg"), "logo": ("webp",)}


class PictureRefused(Exception):
    """The bytes are no picture that we keep; the message completes the sentence "the picture ..."."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """One encoding of a picture. `rung` is its place on the ladder: the width, of a logo the longer side."""

    rung: int
    suffix: str
    width: int
    height: int
    data: bytes


def rungs(width: int) -> list[int]:
    """Return the widths at which a picture `width` pixels wide is kept; none is larger than the picture."""
    return [each for each in WIDTHS if each <= width] or [width]
