"""Guess a file's format from its bytes. Outside the decoder process, nothing else looks into a picture."""

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
# Servers that don't know what a file is say one of these, or nothing.
UNSPECIFIC_CONTENT_TYPES = ("", "application/octet-stream", "binary/octet-stream")

_STARTS = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG", b"GIF87a": "GIF", b"GIF89a": "GIF"}
_AVIF_BRANDS = (b"avif", b"avis")
# Web pages, server-side scripts and SVG contain one of these; pictures don't.
_MARKUP_PATTERN = re.compile(
    rb"<script[\s>]|<\?php\s|<html[\s>]|<!doctype\s+html|<svg\s+[^>]{0,200}xmlns|<iframe\s", re.I
)
_ZIP_END = b"PK\x05\x06"
_ZIP_END_LENGTH = 22


def format_of(data: bytes) -> str | None:
    """Return the one of `FORMATS` whose signature the file starts with; None if there is none."""
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


def polyglot_format(data: bytes) -> str:
    """Return which other format the file is valid in, such as "a ZIP archive" or "a PDF"; empty if none.

    Renditions contain only pixels and would be safe, but such a file is a sign of an attack.
    """
    end = data.rfind(_ZIP_END, -65_535 - _ZIP_END_LENGTH)
    if end >= 0:
        comment = int.from_bytes(data[end + 20 : end + _ZIP_END_LENGTH], "little")
        if end + _ZIP_END_LENGTH + comment == len(data):
            return "a ZIP archive"
    if b"%PDF-" in data[:1024]:
        return "a PDF"
    return "a web page or a program" if _MARKUP_PATTERN.search(data) else ""
