"""What XML refuses or misreads: a wrong encoding, a letter that was cut in two, references to no characters.

Without this, feedparser reads the whole document in another encoding, or fails, because of one character.
"""

from __future__ import annotations

import re
from contextlib import suppress

_DECLARATION = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
# Encodings with two bytes for a letter: few letters of them may be valid UTF-8 by chance, one of ten.
_EAST_ASIAN = re.compile(r"euc|gb|big5|(?:x-)?s(?:hift_?)?jis|ks|(?:cp|ms|windows-)9|johab|hz|iso-2022|uhc")
LETTERS_MIN = 5
_UTF_8 = {"utf-8", "utf8", "ascii", "us-ascii"}
_REFERENCES = re.compile(rb"(?:&#(?:[0-9]+|[xX][0-9a-fA-F]+);)++")
_ASCII = re.compile(r"[\x00-\x7f]+")
_LAST = 0x10FFFF
_REPLACEMENT = 0xFFFD


def repaired(data: bytes, content_type: str) -> tuple[bytes, str]:
    """Return the document as XML can read it, and its content type, which is empty if its encoding is a wrong one.

    What is in another encoding than UTF-8 stays as it is.
    """
    if b"\0" in data[:200]:  # UTF-16 or UTF-32
        return data, content_type
    declaration = _DECLARATION.match(data[:400])
    declared = [declaration[1].decode("ascii", "replace")] if declaration else []
    stated = {name.lower() for name in (*declared, *_CHARSET.findall(content_type))}
    if not _UTF_8.issuperset(stated):
        if not _is_utf_8(data, stated):
            return data, content_type
        content_type = ""
        if declaration:
            data = data[: declaration.start(1)] + b"utf-8" + data[declaration.end(1) :]
    return _REFERENCES.sub(_repair_references, decodable(data)), content_type


def _is_utf_8(data: bytes, stated: set[str]) -> bool:
    """Return whether a document must be in UTF-8, whatever it states: text in other encodings is hardly ever valid.

    One of ASCII alone says nothing, except that it isn't in UTF-16, which some programs state of all that they write.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    needed = LETTERS_MIN if any(map(_EAST_ASIAN.match, stated)) else 1
    return len(_ASCII.sub("", text)) >= needed or any(name.startswith(("utf-16", "utf-32")) for name in stated)


def decodable(data: bytes) -> bytes:
    """Return the data in UTF-8: with replacements for the bytes that are none, if more of it is than isn't.

    Otherwise it is read as Windows-1252, if it can be.
    """
    try:
        data.decode()
    except UnicodeDecodeError:
        text = data.decode(errors="replace")
        replaced = text.count(chr(_REPLACEMENT))
        others = len(_ASCII.sub("", text)) - replaced
        if others >= replaced:
            return text.encode()
        with suppress(UnicodeDecodeError):
            return data.decode("cp1252").encode()
    return data


def _repair_references(match: re.Match[bytes]) -> bytes:
    """Return references to characters one after the other; two halves of a surrogate pair are one character."""
    codes = [_code(reference) for reference in match[0][2:-1].split(b";&#")]
    if all(code <= _LAST and not 0xD800 <= code <= 0xDFFF for code in codes):
        return match[0]
    text = "".join(chr(code if code <= _LAST else _REPLACEMENT) for code in codes)
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return b"".join(b"&#%d;" % ord(char) for char in whole)


def _code(reference: bytes) -> int:
    """Return the number of a character; one that is too large for a character of its own stays too large."""
    digits, base = (reference[1:], 16) if reference[:1] in b"xX" else (reference, 10)
    digits = digits.lstrip(b"0")
    return int(digits or b"0", base) if len(digits) < 9 else _LAST + 1
