"""Which picture of an entry is taken: the first that may be large enough, and isn't the outlet's logo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from selectolax.lexbor import LexborHTMLParser

from .urls import absolute_url
from .values import MARKUP_MAX, Picture, RawEntry

WIDTH_MIN, HEIGHT_MIN = 252, 201  # where a size is stated
CANDIDATES_MAX = 10
LOGO_ENTRIES_MIN = 3  # entries of one document that name a picture before it counts as a logo


def picture_urls(entry: RawEntry) -> list[str]:
    """Return the URLs of the pictures that can be taken, the best first."""
    pictures = [*entry.pictures[:CANDIDATES_MAX], *_pictures_in(entry.content)]
    urls = [absolute_url(picture.url, entry.base_url) for picture in pictures if _may_be_large(picture)]
    return list(dict.fromkeys(url for url in urls if url))


def logos_among(urls_of_entries: Iterable[list[str]]) -> set[str]:
    """Return the pictures that most entries of the document share."""
    entries = list(urls_of_entries)
    counts = Counter(url for urls in entries for url in urls)
    return {url for url, count in counts.items() if count >= LOGO_ENTRIES_MIN and count * 2 > len(entries)}


def _may_be_large(picture: Picture) -> bool:
    return (not picture.width or picture.width >= WIDTH_MIN) and (not picture.height or picture.height >= HEIGHT_MIN)


def _pictures_in(markup: str) -> list[Picture]:
    markup = markup[:MARKUP_MAX]
    if "<img" not in markup.lower():
        return []
    images = LexborHTMLParser(markup).css("img[src]")[:CANDIDATES_MAX]
    return [picture_from(image.attributes, "src") for image in images]


def picture_from(attributes: dict[str, str | None], url_name: str) -> Picture:
    """Return the picture that an element's attributes describe."""
    return Picture(
        url=attributes.get(url_name) or "",
        width=_pixels(attributes.get("width")),
        height=_pixels(attributes.get("height")),
    )


def _pixels(value: str | None) -> int:
    digits = str(value or "").strip().removesuffix("px")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 6 else 0
