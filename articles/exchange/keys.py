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


class Kind(Enum):
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
class Key:
    """One key: its name in the newest dialect, the attribute that holds it, and how it is written."""

    name: str
    attribute: str
    kind: Kind
    style: str = "p"
    length_max: int = TEXT_MAX
    required: bool = False
    block: bool = False  # stands alone between empty lines
    keeps_empty: bool = False  # an empty text says something


# How many items a list may hold; real ones have at most 5 names, 1 picture and 73 related links.
LIST_LENGTH_MAX = {Kind.NAMES: 100, Kind.IMAGES: 50, Kind.LOGOS: 50, Kind.RELATED: 500}

_URLS = (
    Key("webUrl", "web_url", Kind.URL, "d"),
    Key("ampWebUrl", "amp_url", Kind.URL, "d"),
    Key("cdnAmpWebUrl", "cdn_amp_url", Kind.URL, "d"),
)

IMAGE = (
    Key("url", "url", Kind.URL, "d", required=True),
    Key("width", "width", Kind.SIZE),
    Key("height", "height", Kind.SIZE),
    Key("isCached", "is_cached", Kind.BOOLEAN),
    Key("title", "title", Kind.TEXT, "d", TITLE_MAX),
    Key("attribution", "attribution", Kind.TEXT, "d", TITLE_MAX),
)
LOGO = (Key("url", "url", Kind.LOGO_URL, "d", required=True), *IMAGE[1:])

OUTLET = (
    Key("name", "name", Kind.LINE, "p", NAME_MAX, required=True),
    Key("domain", "domain", Kind.LINE, "p", NAME_MAX, required=True),
    Key("images", "images", Kind.LOGOS),
)
RELATED_OUTLET = OUTLET[:2]  # never has images; if one has, they are kept as an unknown key

RELATED = (
    Key("title", "title", Kind.LINE, "d", TITLE_MAX, required=True),
    Key("excerpt", "excerpt", Kind.TEXT, "d"),
    Key("publishedDateTime", "published_at", Kind.TIME, required=True),
    *_URLS,
    Key("type", "type", Kind.LINE, "p", WORD_MAX),
    Key("provider", "provider", Kind.OUTLET, required=True),
    Key("quality", "quality", Kind.SCORE),
    Key("images", "images", Kind.IMAGES),
)

ARTICLE = (
    Key("category", "category", Kind.LINE, "p", 50),
    Key("title", "title", Kind.LINE, "d", TITLE_MAX, required=True),
    Key("excerpt", "excerpt", Kind.TEXT, "d", required=True, keeps_empty=True),
    Key("publishedDateTime", "published_at", Kind.TIME, required=True),
    Key("originalUrl", "original_url", Kind.URL, "d"),
    *_URLS,
    Key("type", "type", Kind.LINE, "p", WORD_MAX),
    Key("quality", "quality", Kind.QUALITY),
    Key("heat", "heat", Kind.HEAT),
    Key("published", "published", Kind.STATE),
    Key("removed", "removed", Kind.STATE),
    Key("featuredContent", "featured_content", Kind.TEXT, "d", block=True),
    Key("provider", "provider", Kind.OUTLET, required=True, block=True),
    Key("topics", "topics", Kind.NAMES, length_max=TOPIC_MAX, required=True, block=True),
    Key("tags", "tags", Kind.NAMES, length_max=TOPIC_MAX, block=True),
    Key("images", "images", Kind.IMAGES, block=True),
    Key("related", "related", Kind.RELATED, block=True),
    Key("secured", "secured", Kind.TEXT, "d", block=True),
)

_TAXONOMY = Key("taxonomy", "taxonomy", Kind.LINE, required=True)

TOPIC_ENTRY = (
    _TAXONOMY,
    Key("_id", "slug", Kind.LINE, length_max=TOPIC_MAX, required=True),
    Key("name", "name", Kind.LINE, length_max=TOPIC_MAX, required=True),
    Key("shortname", "shortname", Kind.LINE, length_max=TOPIC_MAX),
    Key("parent", "parent", Kind.LINE, length_max=TOPIC_MAX),
    Key("keywords", "keywords", Kind.NAMES, length_max=NAME_MAX),
    Key("hashtags", "hashtags", Kind.NAMES, length_max=NAME_MAX),
    Key("images", "images", Kind.NAMES, length_max=2048),
    Key("services", "services", Kind.SERVICES),
)

ORGANIZATION_ENTRY = (
    _TAXONOMY,
    Key("_id", "registry_id", Kind.LINE, length_max=NAME_MAX),
    *OUTLET,
)

# What dialect D2 calls its addresses, which it writes bare.
D2_NAMES = {"webUrl": "sourceUrl", "ampWebUrl": "ampUrl", "cdnAmpWebUrl": "cdnAmpUrl"}


def _in_d2(key: Key) -> Key:
    style = "p" if key.kind in (Kind.URL, Kind.LOGO_URL) else key.style
    return Key(
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

    article: tuple[Key, ...] = ARTICLE
    related: tuple[Key, ...] = RELATED
    outlet: tuple[Key, ...] = OUTLET
    related_outlet: tuple[Key, ...] = RELATED_OUTLET
    image: tuple[Key, ...] = IMAGE
    logo: tuple[Key, ...] = LOGO


QUOTING = Dialect()  # D3 to D5 differ only in which keys they use
BARE = Dialect(
    article=tuple(_in_d2(key) for key in ARTICLE if key.name != "originalUrl"),
    related=tuple(map(_in_d2, RELATED)),
    image=tuple(map(_in_d2, IMAGE)),
    outlet=OUTLET,
    related_outlet=RELATED_OUTLET,
    logo=tuple(map(_in_d2, LOGO)),
)


def dialect_keys(name: str) -> Dialect:
    """Return the keys of dialect D2, D3, D4 or D5."""
    return BARE if name == "D2" else QUOTING
