"""Parse a canonical document with patterns for the strict subset of YAML that real files use. Pure.

For a canonical file in dialects D3 to D5 `parse_canonical()` returns what `parse.parse_yaml()` would, many times as
fast. For any other file it returns None, and the caller takes the full parser, which knows all of YAML and reports
problems with their lines. Property tests compare the two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from .document import Document, Image, Outlet, Related
from .fields import LIST_LENGTH_MAX, NAME_MAX, TEXT_MAX, TITLE_MAX, TOPIC_MAX, FieldKind
from .values import URL_LENGTH_MAX, YEAR_MAX, YEAR_MIN

# Quoted text without line breaks, control characters and the substitutes of yaml_tree.py; five escapes.
_RAW = r'[^"\\\x00-\x1f\U0010F000-\U0010F0FF]'
_TEXT = rf'"({_RAW}*+(?:\\["\\trn]{_RAW}*+)*+)"'
# A URL whose host needs no further check; without white space.
_URL = r'"(https?://[A-Za-z0-9][A-Za-z0-9.-]*+(?:[/?#][^"\\\s\x00-\x20\x7f-\xa0\U0010F000-\U0010F0FF]*+)?)"'
# A bare word or name that YAML reads as itself: no indicator in front, no ": " and no " #" inside, no space around.
_UNQUOTED = (
    r"((?!(?:null|Null|NULL|---|\.\.\.)\n)[^\s\-?:,\[\]{}#&*!|>'\"%@`=~<\x00-\x20\x7f-\xa0\ufeff\U0010F000-\U0010F0FF]"
    r"(?:[^\s:\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\U0010F000-\U0010F0FF]|:(?=\S)| (?=[^\s#]))*+)"
)
_WORD = r"((?!null\n)[a-z]{1,30})"
_NUMBER = r"(0|[1-9][0-9]{0,5})"
_TIME = r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})Z"
_BOOLEAN = r"(true|false)"


def _optional(pattern: str) -> str:
    return f"(?:{pattern})?+"


def _key(name: str, value: str, indent: str = "") -> str:
    return rf"{indent}{name}: {value}\n"


def _url_patterns(indent: str = "") -> str:
    return "".join(_optional(_key(name, _URL, indent)) for name in ("webUrl", "ampWebUrl", "cdnAmpWebUrl"))


def _image_pattern(indent: str, url: str) -> re.Pattern[str]:
    inner = indent + "  "
    return re.compile(
        rf"{indent}- url: {url}\n"
        + _optional(_key("width", _NUMBER, inner))
        + _optional(_key("height", _NUMBER, inner))
        + _optional(_key("isCached", _BOOLEAN, inner))
        + _optional(_key("title", _TEXT, inner))
    )


_HEAD = re.compile(
    r"---\n"
    + _key("category", _WORD)
    + _key("title", _TEXT)
    + _key("excerpt", _TEXT)
    + _key("publishedDateTime", _TIME)
    + _optional(_key("originalUrl", _URL))
    + _url_patterns()
    + _key("type", _WORD)
    + _optional(_key("quality", _NUMBER) + _key("heat", f"(-1|{_NUMBER[1:]}") + _key("published", _BOOLEAN))
    + _optional(r"\n" + _key("featuredContent", _TEXT))
    + r"\nprovider:\n"
    + _key("name", _UNQUOTED, "  ")
    + _key("domain", _UNQUOTED, "  ")
    + r"(  images:\n)?+"
)
_NAME_ITEM = re.compile(rf"  - {_UNQUOTED}\n")
_LOGO = _image_pattern("    ", _URL)
_IMAGE = _image_pattern("  ", _URL)
_RELATED_IMAGE = _image_pattern("      ", _URL)
_RELATED = re.compile(
    rf"  - title: {_TEXT}\n"
    + _key("excerpt", _TEXT, "    ")
    + _key("publishedDateTime", _TIME, "    ")
    + _url_patterns("    ")
    + _key("type", _WORD, "    ")
    + r"    provider:\n"
    + _key("name", _UNQUOTED, "      ")
    + _key("domain", _UNQUOTED, "      ")
    + _optional(_key("quality", _NUMBER, "    "))
    + r"(    images:\n)?+"
)
_TAIL = re.compile(rf"\nsecured: {_TEXT}\n---\n\n\Z")

_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {'"': '"', "\\": "\\", "t": "\t", "r": "\r", "n": "\n"}


class _NotCanonicalError(Exception):
    """The file needs the full parser."""


def parse_canonical(text: str) -> Document | None:
    """Return the document in a canonical file, without name and hash; None for any other file."""
    try:
        return _CanonicalParser(text).document()
    except _NotCanonicalError:
        return None


class _CanonicalParser:
    """Parses one text from front to back."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def document(self) -> Document:
        head = _HEAD.match(self.text)
        if not head:
            raise _NotCanonicalError
        self.position = head.end()
        (
            category,
            title,
            excerpt,
            time,
            original_url,
            web_url,
            amp_url,
            cdn_amp_url,
            kind,
            quality,
            heat,
            published,
            featured_content,
            name,
            domain,
            has_logos,
        ) = head.groups()
        logos = self._images(_LOGO, FieldKind.LOGOS) if has_logos else []
        topics = self._names("\ntopics:\n")
        if not topics:
            raise _NotCanonicalError
        tags = self._names("\ntags:\n")
        images = self._images(_IMAGE, FieldKind.IMAGES) if self._skip("\nimages:\n") else []
        related = self._related() if self._skip("\nrelated:\n") else []
        tail = _TAIL.match(self.text, self.position)
        if not tail:
            raise _NotCanonicalError
        return Document(
            title=_line(title),
            published_at=_time(time),
            provider=Outlet(name=_name(name), domain=_name(domain), images=logos),
            topics=topics,
            dialect=_dialect(original_url, featured_content, images),
            category=category,
            excerpt=_text(excerpt),
            original_url=_url(original_url),
            web_url=_url(web_url),
            amp_url=_url(amp_url),
            cdn_amp_url=_url(cdn_amp_url),
            type=kind,
            quality=None if quality is None else int(quality),
            heat=None if heat is None else int(heat),
            published=None if published is None else published == "true",
            featured_content=_nonempty_text(featured_content),
            tags=tags,
            images=images,
            related=related,
            secured=_nonempty_text(tail[1]),
        )

    def _skip(self, mark: str) -> bool:
        if not self.text.startswith(mark, self.position):
            return False
        self.position += len(mark)
        return True

    def _matches(self, pattern: re.Pattern[str], kind: FieldKind) -> Iterator[re.Match[str]]:
        """Yield one match after another, at least one, not more than the list may hold."""
        for _ in range(LIST_LENGTH_MAX[kind]):
            match = pattern.match(self.text, self.position)
            if not match:
                return
            self.position = match.end()
            yield match

    def _names(self, mark: str) -> list[str]:
        if not self._skip(mark):
            return []
        names = [match[1] for match in self._matches(_NAME_ITEM, FieldKind.NAMES)]
        if not names or len(set(names)) != len(names) or max(map(len, names)) > TOPIC_MAX:
            raise _NotCanonicalError
        return names

    def _images(self, pattern: re.Pattern[str], kind: FieldKind) -> list[Image]:
        images = [
            Image(
                url=_url(url),
                width=None if width is None else int(width),
                height=None if height is None else int(height),
                is_cached=None if is_cached is None else is_cached == "true",
                title="" if title is None else _line(title),
            )
            for url, width, height, is_cached, title in (match.groups() for match in self._matches(pattern, kind))
        ]
        if not images:
            raise _NotCanonicalError
        return images

    def _related(self) -> list[Related]:
        related = []
        for match in self._matches(_RELATED, FieldKind.RELATED):
            title, excerpt, time, web_url, amp_url, cdn_amp_url, kind, name, domain, quality, has_images = (
                match.groups()
            )
            related.append(
                Related(
                    title=_line(title),
                    excerpt=_nonempty_text(excerpt),
                    published_at=_time(time),
                    web_url=_url(web_url),
                    amp_url=_url(amp_url),
                    cdn_amp_url=_url(cdn_amp_url),
                    type=kind,
                    provider=Outlet(name=_name(name), domain=_name(domain)),
                    quality=None if quality is None else int(quality),
                    images=self._images(_RELATED_IMAGE, FieldKind.IMAGES) if has_images else [],
                )
            )
        if not related:
            raise _NotCanonicalError
        return related


def _text(raw: str) -> str:
    if len(raw) > TEXT_MAX:
        raise _NotCanonicalError
    return _ESCAPE.sub(lambda match: _ESCAPED[match[1]], raw) if "\\" in raw else raw


def _nonempty_text(raw: str | None) -> str:
    """Return text that is missing or not empty."""
    if raw is None:
        return ""
    if not raw:
        raise _NotCanonicalError
    return _text(raw)


def _line(raw: str) -> str:
    text = _text(raw)
    if len(text) > TITLE_MAX or not text.strip() or "\n" in text or "\t" in text or "\r" in text:
        raise _NotCanonicalError
    return text


def _name(name: str) -> str:
    if len(name) > NAME_MAX:
        raise _NotCanonicalError
    return name


def _url(url: str | None) -> str:
    if url is None:
        return ""
    if len(url) > URL_LENGTH_MAX:
        raise _NotCanonicalError
    return url


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise _NotCanonicalError from None
    if not YEAR_MIN <= moment.year <= YEAR_MAX:
        raise _NotCanonicalError
    return moment


def _dialect(original_url: str | None, featured_content: str | None, images: list[Image]) -> str:
    """Return the dialect by the rule of `parse.dialect_of()`."""
    if original_url or featured_content is not None:
        return "D5"
    if images and images[0].is_cached is not None:
        return "D4" if images[0].title else "D5"
    return "D3"
