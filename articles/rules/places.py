"""Places of a story: ISO 3166 codes among the tags of its document, such as GB or US-CA."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .place_names import NAMES

CODE_PATTERN = "[A-Z]{2}(?:-[A-Z0-9]{1,3})?"
CODE_MAX = 6
_CODE = re.compile(CODE_PATTERN)
_OTHER_CODES = {"UK": "GB"}  # that documents use as well


def place_codes(tags: Iterable[str]) -> list[str]:
    """Return the codes among the tags in their order, each once, and after each region its country."""
    codes: dict[str, None] = {}
    for tag in tags:
        if _CODE.fullmatch(tag):
            codes[_OTHER_CODES.get(tag, tag)] = None
    countries = {code: code.partition("-")[0] for code in codes}
    stated = set(codes)
    return list(
        dict.fromkeys(
            place for code, country in countries.items() for place in ([code] if country in stated else [code, country])
        )
    )


def place_name(code: str) -> str:
    """Return the English name of a place; its code if we know none."""
    country, _, region = code.partition("-")
    if code in NAMES or country not in NAMES:
        return NAMES.get(code, code)
    return f"{NAMES[country]}, {region}"


def codes_named(text: str) -> list[str]:
    """Return the codes that a text states or names, in any case: Hong Kong has two."""
    stated = text.strip().upper()
    if _CODE.fullmatch(stated):
        return [_OTHER_CODES.get(stated, stated)]
    return [code for code, name in NAMES.items() if name.upper() == stated]
