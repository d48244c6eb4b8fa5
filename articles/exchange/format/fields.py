"""Define the fields of each kind of mapping, in the order of the format. No I/O.

Parsing and writing share this table. docs/format.md explains order, quoting, blocks, meaning and lengths.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum, auto

from articles.rules.limits import (
    CATEGORY_MAX,
    COUNTRY_MAX,
    LANGUAGE_MAX,
    NAME_MAX,
    NAMES_MAX,
    PICTURES_MAX,
    RELATED_MAX,
    TEXT_MAX,
    TITLE_MAX,
    TOPIC_MAX,
    URL_MAX,
    WORD_MAX,
)


class FieldKind(StrEnum):
    LINE = auto()
    TEXT = auto()
    URL = auto()
    LOGO_URL = auto()  # may be site-relative
    SIZE = auto()
    SCORE = auto()
    QUALITY = auto()
    HEAT = auto()
    BOOLEAN = auto()
    STATE = auto()
    TIME = auto()
    NAMES = auto()
    PROVIDER = auto()
    RELATED_PROVIDER = auto()
    IMAGES = auto()
    LOGOS = auto()
    RELATED = auto()
    SERVICES = auto()
    LANGUAGE = auto()  # anything else under its name is an unknown key
    COUNTRY = auto()  # likewise


@dataclass(frozen=True, slots=True)
class Field:
    """One key: its name in the newest dialect, the attribute that holds its value, and how it is written."""

    name: str
    attribute: str
    kind: FieldKind
    style: str = "p"
    length_max: int = TEXT_MAX
    required: bool = False
    block: bool = False  # has empty lines around it
    keeps_empty: bool = False  # an empty text is written
    never_empty: bool = False  # a list that may be missing, but not without items


Fields = tuple[Field, ...]

# How many items a list may hold.
LIST_LENGTH_MAX = {
    FieldKind.NAMES: NAMES_MAX,
    FieldKind.IMAGES: PICTURES_MAX,
    FieldKind.LOGOS: PICTURES_MAX,
    FieldKind.RELATED: RELATED_MAX,
}

_URLS = (
    Field("webUrl", "web_url", FieldKind.URL, "d"),
    Field("ampWebUrl", "amp_url", FieldKind.URL, "d"),
    Field("cdnAmpWebUrl", "cdn_amp_url", FieldKind.URL, "d"),
)

_IMAGE = (
    Field("url", "url", FieldKind.URL, "d", required=True),
    Field("width", "width", FieldKind.SIZE),
    Field("height", "height", FieldKind.SIZE),
    Field("isCached", "is_cached", FieldKind.BOOLEAN),
    Field("title", "title", FieldKind.TEXT, "d", TITLE_MAX),
    Field("attribution", "attribution", FieldKind.TEXT, "d", TITLE_MAX),
)
_LOGO = (Field("url", "url", FieldKind.LOGO_URL, "d", required=True), *_IMAGE[1:])

_PROVIDER = (
    Field("name", "name", FieldKind.LINE, "p", NAME_MAX, required=True),
    Field("domain", "domain", FieldKind.LINE, "p", NAME_MAX, required=True),
    Field("images", "images", FieldKind.LOGOS),
)

_RELATED = (
    Field("title", "title", FieldKind.LINE, "d", TITLE_MAX, required=True),
    Field("excerpt", "excerpt", FieldKind.TEXT, "d"),
    Field("publishedDateTime", "published_at", FieldKind.TIME, required=True),
    *_URLS,
    Field("type", "type", FieldKind.LINE, "p", WORD_MAX),
    Field("provider", "provider", FieldKind.RELATED_PROVIDER, required=True),
    Field("quality", "quality", FieldKind.SCORE),
    Field("images", "images", FieldKind.IMAGES),
)

# Quoted, because some programs read the bare words "no" and "NO" as false.
_LANGUAGE = Field("language", "language", FieldKind.LANGUAGE, "d", LANGUAGE_MAX)
_COUNTRY = Field("country", "country", FieldKind.COUNTRY, "d", COUNTRY_MAX)

_ARTICLE = (
    Field("category", "category", FieldKind.LINE, "p", CATEGORY_MAX),
    Field("title", "title", FieldKind.LINE, "d", TITLE_MAX, required=True),
    Field("excerpt", "excerpt", FieldKind.TEXT, "d", required=True, keeps_empty=True),
    Field("publishedDateTime", "published_at", FieldKind.TIME, required=True),
    Field("originalUrl", "original_url", FieldKind.URL, "d"),
    *_URLS,
    Field("type", "type", FieldKind.LINE, "p", WORD_MAX),
    Field("quality", "quality", FieldKind.QUALITY),
    Field("heat", "heat", FieldKind.HEAT),
    Field("published", "published", FieldKind.STATE),
    Field("removed", "removed", FieldKind.STATE),
    _LANGUAGE,
    Field("featuredContent", "featured_content", FieldKind.TEXT, "d", block=True),
    Field("provider", "provider", FieldKind.PROVIDER, required=True, block=True),
    Field("topics", "topics", FieldKind.NAMES, length_max=TOPIC_MAX, block=True, never_empty=True),
    Field("tags", "tags", FieldKind.NAMES, length_max=TOPIC_MAX, block=True),
    Field("images", "images", FieldKind.IMAGES, block=True),
    Field("related", "related", FieldKind.RELATED, block=True),
    Field("secured", "secured", FieldKind.TEXT, "d", block=True),
)

_TAXONOMY = Field("taxonomy", "taxonomy", FieldKind.LINE, required=True)

TOPIC_ENTRY = (
    _TAXONOMY,
    Field("_id", "slug", FieldKind.LINE, length_max=TOPIC_MAX, required=True),
    Field("name", "name", FieldKind.LINE, length_max=TOPIC_MAX, required=True),
    Field("shortname", "shortname", FieldKind.LINE, length_max=TOPIC_MAX),
    Field("parent", "parent", FieldKind.LINE, length_max=TOPIC_MAX),
    Field("keywords", "keywords", FieldKind.NAMES, length_max=NAME_MAX),
    Field("hashtags", "hashtags", FieldKind.NAMES, length_max=NAME_MAX),
    Field("images", "images", FieldKind.NAMES, length_max=URL_MAX),
    Field("services", "services", FieldKind.SERVICES),
)

ORGANIZATION_ENTRY = (
    _TAXONOMY,
    Field("_id", "registry_id", FieldKind.LINE, length_max=NAME_MAX),
    *_PROVIDER,
    _LANGUAGE,
    _COUNTRY,
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """The fields of a document, and of the mappings inside a field of each kind, as one dialect writes them."""

    article: Fields
    nested: dict[FieldKind, Fields]


D2_NAMES = {"webUrl": "sourceUrl", "ampWebUrl": "ampUrl", "cdnAmpWebUrl": "cdnAmpUrl"}


def _in_d2(fields: Fields) -> Fields:
    """Return the fields as dialect D2 writes them: URLs have other names and no quotes."""
    is_url = (FieldKind.URL, FieldKind.LOGO_URL)
    return tuple(
        replace(field, name=D2_NAMES.get(field.name, field.name), style="p" if field.kind in is_url else field.style)
        for field in fields
    )


QUOTED_DIALECTS = Dialect(  # D3 to D5 differ only in which keys they use
    _ARTICLE,
    {
        FieldKind.PROVIDER: _PROVIDER,
        FieldKind.RELATED_PROVIDER: _PROVIDER[:2],  # images are kept as an unknown key
        FieldKind.IMAGES: _IMAGE,
        FieldKind.LOGOS: _LOGO,
        FieldKind.RELATED: _RELATED,
    },
)
UNQUOTED_DIALECT = Dialect(  # D2, and the registries
    _in_d2(_ARTICLE), {kind: _in_d2(fields) for kind, fields in QUOTED_DIALECTS.nested.items()}
)


def dialect_fields(name: str) -> Dialect:
    """Return the fields of dialect D2, D3, D4 or D5."""
    return UNQUOTED_DIALECT if name == "D2" else QUOTED_DIALECTS


def canonical_order(fields: Fields, present: Sequence[tuple[str, bool]]) -> list[str]:
    """Return the names in `present` in the format's order; each comes with whether its value is a list or mapping.

    Unknown keys come after the known ones of their sort: plain values at the end of the scalar block, lists and
    mappings before `secured`.
    """
    positions = {field.name: index for index, field in enumerate(fields)}
    last_scalar = sum(not field.block for field in fields)
    has_blocks = last_scalar < len(fields)

    def position(item: tuple[int, tuple[str, bool]]) -> tuple[float, int]:
        index, (name, is_collection) = item
        if name in positions:
            return positions[name], 0
        if has_blocks and not is_collection:
            return last_scalar - 0.5, index
        return len(fields) - (1.5 if has_blocks else 0), index

    return [name for _, (name, _) in sorted(enumerate(present), key=position)]


def block_names(fields: Fields, unknown_collections: Iterable[str]) -> set[str]:
    """Return the keys with empty lines around them: blocks, and unknown keys with a list or mapping."""
    return {field.name for field in fields if field.block}.union(unknown_collections)
