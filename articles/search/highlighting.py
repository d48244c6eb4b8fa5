"""Find the words of a text that a query means, to highlight them.

Which articles match is decided by the databases. Both reduce English words to stems, by rules that differ in detail;
here two words share a stem if they begin alike and end with English inflections.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from os.path import commonprefix
from unicodedata import category

from .east_asian import drop_accents, has_run
from .query import Query, parse

SHORTEST_STEM = 3
CONTEXT_BEFORE_MATCH = 40  # characters shown before a first match far into a text
ENDINGS = {
    *("", "s", "es", "ed", "ing", "er", "ers", "e", "y", "ies", "ied", "ily", "ity", "ities", "al", "ally", "ly"),
    *("ion", "ions", "ive", "or", "ors", "ation", "ations", "ment", "ments"),
}
_MARKS = "".join(letter for letter in map(chr, range(0x300, 0x2000)) if category(letter)[0] == "M")  # of all scripts
_WORD = re.compile(rf"[^\W_](?:[^\W_]|[{_MARKS}])*")


def segments(text: str, words: str) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of `text` in order, each with whether the query `words` means it; of a phrase, all its words."""
    start = 0
    for match_start, end in _matching_spans(text, words):
        if match_start > start:
            yield text[start:match_start], False
        if end > start:
            yield text[max(start, match_start) : end], True
            start = end
    if start < len(text):
        yield text[start:], False


def from_first_match(text: str, words: str, length: int) -> str:
    """Return `text`, without its beginning if the first match for the query `words` is not within `length`."""
    first = next(iter(_matching_spans(text, words)), None)
    if first is None or first[1] <= length:
        return text
    cut = max(first[0] - CONTEXT_BEFORE_MATCH, 0)
    space = text.rfind(" ", max(cut - CONTEXT_BEFORE_MATCH, 0), cut)  # URLs, and some scripts, have none
    return f"… {text[space + 1 if space >= 0 else cut :]}"


def best_match(texts: Sequence[str], words: str) -> int | None:
    """Return the place of the text in which most terms of the query `words` stand; None if no text has any."""
    numbers = [sum(bool(spans) for spans in _spans_by_term(text, words)) for text in texts]
    best = max(numbers, default=0)
    return numbers.index(best) if best else None


def share_stem(one: str, other: str) -> bool:
    """Return whether two folded words look like forms of one word: equal, or with endings on a common stem."""
    if one == other:
        return True
    if one[:SHORTEST_STEM] != other[:SHORTEST_STEM]:
        return False
    stem = len(commonprefix([one, other]))
    # The common prefix may include a letter of the endings: vaccine, vaccines.
    return any(_has_ending(one, at) and _has_ending(other, at) for at in range(max(stem - 1, SHORTEST_STEM), stem + 1))


def _has_ending(word: str, stem: int) -> bool:
    """Return whether what follows the stem is an ending; the last letter of "class" is not."""
    return word[stem:] in ENDINGS and not (word[stem:] == "s" and word.endswith("ss"))


def _matching_spans(text: str, words: str) -> list[tuple[int, int]]:
    """Return where the words of `text` that the query means begin and end, in their order."""
    return sorted({span for spans in _spans_by_term(text, words) for span in spans})


def _spans_by_term(text: str, words: str) -> list[list[tuple[int, int]]]:
    """Return where the words of each term of the query stand in `text`."""
    terms = _query(words).required
    matches = list(_WORD.finditer(text)) if terms else []
    folded = [_fold(match[0]) for match in matches]
    spans = []
    for term in terms:
        if any(map(has_run, term.words)):  # they stand anywhere in a run, and have no accents
            spans.append([match.span() for word in term.words for match in re.finditer(re.escape(word), text, re.I)])
            continue
        size = len(term.words)
        starts = _term_starts(folded, [_fold(word) for word in term.words])
        spans.append([matches[index].span() for start in starts for index in range(start, start + size)])
    return spans


def _term_starts(folded: Sequence[str], term: Sequence[str]) -> list[int]:
    """Return where words begin that share their stems with those of a term."""
    beginning = term[0][:SHORTEST_STEM]  # words without it can't match, and few have it
    starts = [start for start, word in enumerate(folded) if word.startswith(beginning)]
    candidates = [(start, folded[start : start + len(term)]) for start in starts]
    return [start for start, words in candidates if len(words) == len(term) and all(map(share_stem, words, term))]


@lru_cache(maxsize=64)
def _query(words: str) -> Query:
    """Return the query, parsed once for all texts of a page."""
    return parse(words)


@lru_cache(maxsize=10_000)  # texts repeat words
def _fold(word: str) -> str:
    return drop_accents(word).lower()
