"""Which words of a text a query meant. Pure, and an aid for the eye: what matches is the database's word alone.

Both databases reduce English words to stems, by rules that differ in detail. Here two words are akin if they
begin alike and end in ways that English words of one stem do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from os.path import commonprefix
from unicodedata import normalize

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from .query import Query, parse

SHORTEST_STEM = 3
ENDINGS = {
    *("", "s", "es", "ed", "ing", "er", "ers", "e", "y", "ies", "ied", "ily", "ity", "ities", "al", "ally", "ly"),
    *("ion", "ions", "ive", "or", "ors", "ation", "ations", "ment", "ments"),
}
_WORD = re.compile(r"[^\W_][\w\u0300-\u036f]*")
_ACCENTS = re.compile("[\u0300-\u036f]")


def highlighted(text: str, words: str) -> SafeString:
    """Return `text` as HTML, escaped, with what the query `words` meant in `<mark>`."""
    return format_html_join(
        "", "{}{}{}", ((_tag("<mark>", meant), part, _tag("</mark>", meant)) for part, meant in segments(text, words))
    )


def segments(text: str, words: str) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of `text` in order, each with whether the query `words` meant it."""
    wanted = _wanted(parse(words))
    start = 0
    for match in _WORD.finditer(text) if wanted else ():
        if any(is_akin(_folded(match[0]), word) for word in wanted):
            if match.start() > start:
                yield text[start : match.start()], False
            yield match[0], True
            start = match.end()
    if start < len(text):
        yield text[start:], False


def is_akin(one: str, other: str) -> bool:
    """Return whether two folded words look like forms of one: equal, or with endings on a common stem."""
    if one == other:
        return True
    stem = len(commonprefix([one, other]))
    # The stem may have taken a letter of the endings: vaccine, vaccines.
    return any(one[at:] in ENDINGS and other[at:] in ENDINGS for at in range(max(stem - 1, SHORTEST_STEM), stem + 1))


def _wanted(query: Query) -> set[str]:
    return {_folded(word) for term in query.wanted for word in term.words}


def _folded(word: str) -> str:
    return _ACCENTS.sub("", normalize("NFD", word)).lower()


def _tag(tag: str, meant: bool) -> SafeString:
    return SafeString(tag if meant else "")
