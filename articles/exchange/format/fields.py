"""The keys of each kind of mapping, in the order of the format: the one table that reading and writing share. Pure.

docs/format.md explains order, quoting, blocks, meaning and lengths.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

TITLE_MAX = 300
TEXT_MAX = 10_000
NAME_MAX = 200
WORD_MAX = 30
TOPIC_MAX = 100


class FieldKind(Enum):
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
    OUTLET = auto()
    IMAGES = auto()
    LOGOS = auto()
    RELATED = auto()
    SERVICES = auto()


@dataclass(frozen=True, slots=True)
class Field:
    """One key: its name in the newest dialect, the attribute that holds it, and how it is written."""

    name: str
    attribute: str
    kind: FieldKind
    style: str = "p"
    length_max: int = TEXT_MAX
    required: bool = False
    block: bool = False  # stands alone between empty lines
    keeps_empty: bool = False  # an empty text says something


# How many items a list may hold; real ones have at most 5 names, 1 picture and 73 related links.
LIST_LENGTH_MAX = {FieldKind.NAMES: 100, FieldKind.IMAGES: 50, FieldKind.LOGOS: 50, FieldKind.RELATED: 500}

_URLS = (
    Field("webUrl", "web_url", FieldKind.URL, "d"),
    Field("ampWebUrl", "amp_url", FieldKind.URL, "d"),
    Field("cdnAmpWebUrl", "cdn_amp_url", FieldKind.URL, "d"),
)

IMAGE = (
    Field("url", "url", FieldKind.URL, "d", required=True),
    Field("width", "width", FieldKind.SIZE),
    Field("height", "height", FieldKind.SIZE),
    Field("isCached", "is_cached", FieldKind.BOOLEAN),
    Field("title", "title", FieldKind.TEXT, "d", TITLE_MAX),
    Field("attribution", "attribution", FieldKind.TEXT, "d", TITLE_MAX),
)
LOGO = (Field("url", "url", FieldKind.LOGO_URL, "d", required=True), *IMAGE[1:])

OUTLET = (
    Field("name", "name", FieldKind.LINE, "p", NAME_MAX, required=True),
    Field("domain", "domain", FieldKind.LINE, "p", NAME_MAX, required=True),
    Field("images", "images", FieldKind.LOGOS),
)
RELATED_OUTLET = OUTLET[:2]  # never has images; if one has, they are kept as an unknown key

RELATED = (
    Field("title", "title", FieldKind.LINE, "d", TITLE_MAX, required=True),
    Field("excerpt", "excerpt", FieldKind.TEXT, "d"),
    Field("publishedDateTime", "published_at", FieldKind.TIME, required=True),
    *_URLS,
    Field("type", "type", FieldKind.LINE, "p", WORD_MAX),
    Field("provider", "provider", FieldKind.OUTLET, required=True),
    Field("quality", "quality", FieldKind.SCORE),
    Field("images", "images", FieldKind.IMAGES),
)

ARTICLE = (
    Field("category", "category", FieldKind.LINE, "p", 50),
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
    Field("featuredContent", "featured_content", FieldKind.TEXT, "d", block=True),
    Field("provider", "provider", FieldKind.OUTLET, required=True, block=True),
    Field("topics", "topics", FieldKind.NAMES, length_max=TOPIC_MAX, required=True, block=True),
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
    Field("images", "images", FieldKind.NAMES, length_max=2048),
    Field("services", "services", FieldKind.SERVICES),
)

ORGANIZATION_ENTRY = (
    _TAXONOMY,
    Field("_id", "registry_id", FieldKind.LINE, length_max=NAME_MAX),
    *OUTLET,
)

# What dialect D2 calls its addresses, which it writes bare.
D2_NAMES = {"webUrl": "sourceUrl", "ampWebUrl": "ampUrl", "cdnAmpWebUrl": "cdnAmpUrl"}


def _in_d2(key: Field) -> Field:
    style = "p" if key.kind in (FieldKind.URL, FieldKind.LOGO_URL) else key.style
    return Field(
        D2_NAMES.get(key.name, key.name),
        key.attribute,
        key.kind,
        style,
        key.length_max,
        key.required,
        key.block,
        key.keeps_empty,
    )


@dataclass(frozen=True, slots=True)
class Dialect:
    """The keys of each kind of mapping as one dialect writes them."""

    article: tuple[Field, ...] = ARTICLE
    related: tuple[Field, ...] = RELATED
    outlet: tuple[Field, ...] = OUTLET
    related_outlet: tuple[Field, ...] = RELATED_OUTLET
    image: tuple[Field, ...] = IMAGE
    logo: tuple[Field, ...] = LOGO


QUOTED_DIALECTS = Dialect()  # D3 to D5 differ only in which keys they use
UNQUOTED_DIALECT = Dialect(
    article=tuple(_in_d2(key) for key in ARTICLE if key.name != "originalUrl"),
    related=tuple(map(_in_d2, RELATED)),
    image=tuple(map(_in_d2, IMAGE)),
    outlet=OUTLET,
    related_outlet=RELATED_OUTLET,
    logo=tuple(map(_in_d2, LOGO)),
)


def dialect_fields(name: str) -> Dialect:
    """Return the keys of dialect D2, D3, D4 or D5."""
    return UNQUOTED_DIALECT if name == "D2" else QUOTED_DIALECTS
