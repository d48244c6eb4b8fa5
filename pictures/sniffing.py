"""What the first bytes of a file say that it is. Pure, and all that is known of a picture outside the child process."""

from __future__ import annotations

import re

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")  # an allow-list: PostScript, SVG and the rest are never opened
MAX_BYTES = 15_000_000
CONTENT_TYPES = {
    "image/jpeg": "JPEG",
    "image/jpg": "JPEG",
    "image/pjpeg": "JPEG",
    "image/png": "PNG",
    "image/x-png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
}

_STARTS = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG", b"GIF87a": "GIF", b"GIF89a": "GIF"}
_AVIF_BRANDS = (b"avif", b"avis")
# Never part of a picture, and always of what it might be a disguise for: pages, programs of servers, SVG.
_MARKUP_PATTERN = re.compile(
    rb"<script[\s>]|<\?php\s|<html[\s>]|<!doctype\s+html|<svg\s+[^>]{0,200}xmlns|<iframe\s", re.I
)
_ZIP_END = b"PK\x05\x06"
_ZIP_END_LENGTH = 22


def format_of(data: bytes) -> str | None:
    """Return which of `FORMATS` the file starts like; None if it is none of them."""
    for start, name in _STARTS.items():
        if data.startswith(start):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        length = min(int.from_bytes(data[:4], "big"), 256)
        brands = [data[8:12], *(data[at : at + 4] for at in range(16, length, 4))]
        return "AVIF" if any(brand in _AVIF_BRANDS for brand in brands) else None
    return None


def also_is(data: bytes) -> str:
    """Return what else the file is when read another way: "a ZIP archive", "a PDF", "a web page"; empty for nothing.

    Our renditions hold pixels alone, so this saves nobody; but who sends such a file means harm.
    """
    end = data.rfind(_ZIP_END, -65_535 - _ZIP_END_LENGTH)
    if end >= 0:
        comment = int.from_bytes(data[end + 20 : end + _ZIP_END_LENGTH], "little")
        if end + _ZIP_END_LENGTH + comment == len(data):
            return "a ZIP archive"
    if b"%PDF-" in data[:1024]:
        return "a PDF"
    return "a web page or a program" if _MARKUP_PATTERN.search(data) else ""
