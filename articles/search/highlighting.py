"""Which words of a text a query meant. Pure, and an aid for the eye: what matches is the database's word alone.

Both databases reduce English words to stems, by rules that differ in detail. Here two words are akin if they
begin alike and end in ways that English words of one stem do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from os.path import commonprefix
from unicodedata import normalize

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from .query import parse

SHORTEST_STEM = 3
BEFORE_MATCH = 40  # characters shown before a first match far into a text
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
    """Yield the pieces of `text` in order, each with whether the query `words` meant it; of a phrase, all its words."""
    start = 0
    for match in _meant(text, words):
        if match.start() > start:
            yield text[start : match.start()], False
        yield match[0], True
        start = match.end()
    if start < len(text):
        yield text[start:], False


def from_first_match(text: str, words: str, length: int) -> str:
    """Return `text`, without its beginning if nothing that the query `words` meant stands in the first `length`."""
    first = next(iter(_meant(text, words)), None)
    if first is None or first.end() <= length:
        return text
    place = max(first.start() - BEFORE_MATCH, 0)
    space = text.rfind(" ", max(place - BEFORE_MATCH, 0), place)  # addresses, and some scripts, have none
    return f"… {text[space + 1 if space >= 0 else place :]}"


def is_akin(one: str, other: str) -> bool:
    """Return whether two folded words look like forms of one: equal, or with endings on a common stem."""
    if one == other:
        return True
    if one[:SHORTEST_STEM] != other[:SHORTEST_STEM]:
        return False
    stem = len(commonprefix([one, other]))
    # The stem may have taken a letter of the endings: vaccine, vaccines.
    return any(_ends(one, at) and _ends(other, at) for at in range(max(stem - 1, SHORTEST_STEM), stem + 1))


def _ends(word: str, at: int) -> bool:
    """Return whether what follows a stem is an ending; the last letter of "class" is none."""
    return word[at:] in ENDINGS and not (word[at:] == "s" and word.endswith("ss"))


def _meant(text: str, words: str) -> list[re.Match[str]]:
    """Return the words of `text` that the query meant, in their order."""
    wanted = _wanted(words)
    if not wanted:
        return []
    found = list(_WORD.finditer(text))
    folded = [_folded(match[0]) for match in found]
    meant = {place for term in wanted for start in _starts(folded, term) for place in range(start, start + len(term))}
    return [found[place] for place in sorted(meant)]


def _starts(folded: Sequence[str], term: Sequence[str]) -> list[int]:
    """Return where words that are akin to those of a term begin."""
    beginning = term[0][:SHORTEST_STEM]  # without it no word is akin, and few have it
    places = [place for place, word in enumerate(folded) if word.startswith(beginning)]
    return [start for start in places if _are_akin(folded[start : start + len(term)], term)]


def _are_akin(some: Sequence[str], others: Sequence[str]) -> bool:
    return len(some) == len(others) and all(map(is_akin, some, others))


@lru_cache(maxsize=64)
def _wanted(words: str) -> list[list[str]]:
    """Return the terms of a query, folded: parsed once for all the texts of a page."""
    return [[_folded(word) for word in term.words] for term in parse(words).wanted]


@lru_cache(maxsize=10_000)  # the same words again and again
def _folded(word: str) -> str:
    return _ACCENTS.sub("", normalize("NFD", word)).lower()


def _tag(tag: str, meant: bool) -> SafeString:
    return SafeString(tag if meant else "")
