"""The sizes and formats in which pictures are kept. Imports no Pillow, which only the decoder process needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["picture", "share", "logo", "masthead", "icon"]
WIDTHS = (160, 320, 480, 640, 960, 1280)  # pixels
LOGO_SIZES = (50, 100)  # pixels of the longer side, for standard and high-density screens
MASTHEAD_HEIGHTS, MASTHEAD_RATIO = (60, 120), 8  # pixels of the site's own logo, which is at most so much wider
ICON_SIZES = (32, 180, 512)  # pixels: of tabs, of home screens, of programs that list the site
SHARE_SIZE = (1200, 630)  # pixels of the one that other sites show beside a link
# Pictures to count visits, to hold a place or to draw a line: nothing that a reader would look at.
MIN_SIDE = 8  # pixels of the shorter side
MAX_STRIP_SIDE, STRIP_RATIO = 100, 10  # a tall chart or a panorama has more pixels across
SUFFIXES: dict[Kind, tuple[str, ...]] = {
    "picture": ("avif", "webp", "jpg"),
    "share": ("jpg",),
    "logo": ("webp",),
    "masthead": ("webp",),
    "icon": ("png",),
}


class PictureError(Exception):
    """The file can't be used as a picture; the message completes the sentence "the picture ..."."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """One encoding of a picture. `width_step` is one of WIDTHS, for others one of their sizes, and names the file."""

    width_step: int
    suffix: str
    width: int
    height: int
    data: bytes


def is_placeholder(width: int, height: int) -> bool:
    """Return whether a picture of this size is a dot or a strip."""
    shorter, longer = sorted((width, height))
    return shorter < MIN_SIDE or (shorter < MAX_STRIP_SIDE and longer > STRIP_RATIO * shorter)


def widths_for(width: int) -> list[int]:
    """Return the widths at which a picture of this width is kept. Pictures are never enlarged."""
    return [step for step in WIDTHS if step <= width] or [width]
