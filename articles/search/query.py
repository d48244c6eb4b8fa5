"""Parse what a person typed into a search field.

    climate summit      both words, in any field and form
    "climate summit"    the words side by side
    -football           without this word or phrase

Any text is a query: everything but words separates words, so database operators have no effect.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from unicodedata import category

from .east_asian import has_run, query_tokens

MAX_CHARACTERS = 1000
MAX_WORDS = 16  # each costs the database a pass; a pasted headline has fewer

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
_PIECE = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')


@dataclass(frozen=True, slots=True)
class SearchTerm:
    """Words that stand side by side; usually one.

    As text it is what databases look for: runs of Chinese, Japanese and Korean text are split as in the index.
    """

    words: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(query_tokens(" ".join(self.words))[0])

    @property
    def is_beginning(self) -> bool:
        """Return whether the last word of its text is the beginning of a word."""
        return query_tokens(self.words[-1])[1]


@dataclass(frozen=True, slots=True)
class Query:
    """All of `required` and none of `excluded`. False if both are empty. `is_cut`: the text has more words."""

    required: tuple[SearchTerm, ...] = ()
    excluded: tuple[SearchTerm, ...] = ()
    is_cut: bool = field(default=False, compare=False)

    def __bool__(self) -> bool:
        return bool(self.required or self.excluded)


def parse(text: str) -> Query:
    """Parse a query.

    What comes after MAX_CHARACTERS and MAX_WORDS is left out, so say that to who typed it: `is_cut`.
    """
    is_cut = len(text) > MAX_CHARACTERS
    text = text[:MAX_CHARACTERS].translate(_QUOTES)
    required: dict[SearchTerm, None] = {}
    excluded: dict[SearchTerm, None] = {}
    words_left = MAX_WORDS
    for piece in _PIECE.finditer(text):
        all_words = split_words(piece["phrase"] or piece["word"] or "")
        words = _first_words(all_words, words_left)
        is_cut = is_cut or words != all_words
        if words:
            words_left -= sum(map(_word_count, words))
            (excluded if piece["minus"] else required)[SearchTerm(words)] = None
    return Query(tuple(required), tuple(excluded), is_cut)


def split_words(text: str) -> tuple[str, ...]:
    """Return the words of `text`: runs of letters, digits (as in CO₂) and their combining marks."""
    spaced = "".join(letter if letter.isalnum() or category(letter)[0] == "M" else " " for letter in text)
    return tuple(word for word in spaced.split() if any(map(str.isalnum, word)))


def _first_words(words: tuple[str, ...], count: int) -> tuple[str, ...]:
    """Return at most the first `count` words; each pair of Chinese, Japanese or Korean characters is one."""
    if count <= 0:
        return ()
    return tuple(word[: count + 1] if has_run(word) else word for word in words[:count])


def _word_count(word: str) -> int:
    """Return how many words a database may find in this one: SQLite splits words at marks."""
    if has_run(word):
        return len(query_tokens(word)[0])
    return len("".join(letter if letter.isalnum() else " " for letter in word).split())
