"""Languages as tags of BCP 47, and countries as codes of ISO 3166. Empty text and None mean: not known."""

from __future__ import annotations

import re

from texts import gettext_lazy as _

from .limits import LANGUAGE_MAX
from .values import InvalidValueError, shorten

# Language, script, region, variants, extensions, private use: RFC 5646, 2.1. Without grandfathered tags, and without
# tags of private use alone, which tell readers' programs nothing.
_LANGUAGE_PATTERN = re.compile(
    r"(?P<language>[a-z]{2,3}(?:-[a-z]{3}){0,3})"
    r"(?:-(?P<script>[a-z]{4}))?"
    r"(?:-(?:[a-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"
    r"(?:-[a-wy-z0-9](?:-[a-z0-9]{2,8})+)*"
    r"(?:-x(?:-[a-z0-9]{1,8})+)?",
    re.IGNORECASE | re.ASCII,
)
_COUNTRY_PATTERN = re.compile("[A-Z]{2}", re.ASCII)
_RTL_SCRIPTS = frozenset(["adlm", "arab", "aran", "hebr", "mand", "nkoo", "rohg", "samr", "syrc", "thaa"])
# Those that are written from right to left unless their tag names another script.
_RTL_LANGUAGES = frozenset(
    ("ar", "arc", "ary", "arz", "ckb", "dv", "fa", "he", "iw", "ji", "khw", "ks", "lrc", "mzn", "nqo", "pnb", "prs")
    + ("ps", "rhg", "sd", "syr", "ug", "ur", "yi")
)


def check_language(tag: str) -> None:
    """Accept a tag such as de, pt-BR or zh-Hant."""
    if len(tag) > LANGUAGE_MAX or not _LANGUAGE_PATTERN.fullmatch(tag):
        raise InvalidValueError(_("must be the tag of a language, such as de or pt-BR: %(tag)s", tag=shorten(tag)))


def check_country(code: str) -> None:
    """Accept two capital letters such as GB."""
    if not _COUNTRY_PATTERN.fullmatch(code):
        raise InvalidValueError(
            _("must be the code of a country in two capital letters, such as GB: %(code)s", code=shorten(code))
        )


def stated_language(text: str) -> str:
    """Return the tag that a feed or page means, which may write it as en_US; empty if it is none."""
    tag = text.strip().replace("_", "-")
    try:
        check_language(tag)
    except InvalidValueError:
        return ""
    return tag


def is_right_to_left(tag: str) -> bool:
    """Return whether text in a language runs from right to left, by its script or the usual one."""
    match = _LANGUAGE_PATTERN.fullmatch(tag)
    if match is None:
        return False
    if match["script"]:
        return match["script"].lower() in _RTL_SCRIPTS
    return match["language"].lower().partition("-")[0] in _RTL_LANGUAGES


def sitemap_language(tag: str) -> str:
    """Return the code of a language in news sitemaps: the language alone, but zh-cn or zh-tw for Chinese."""
    language, *others = tag.lower().split("-")
    if language != "zh":
        return language
    return "zh-tw" if not {"hant", "tw", "hk", "mo"}.isdisjoint(others) and "hans" not in others else "zh-cn"
