"""What a person typed into a search field, taken apart. Pure: knows no database.

    climate summit      both words, in any field and form
    "climate summit"    the words side by side
    -football           without this word or phrase

Any text is a query: what is no word separates words, so operators of either database mean nothing here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from unicodedata import category

MAX_CHARACTERS = 1000
MAX_WORDS = 16  # each costs the database a pass; a pasted headline has fewer
PREFIX_BYTES = 3  # shorter beginnings are those of half the dictionary; one Chinese character is 3 bytes

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
_PIECE = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand side by side; nearly always one. With `prefix` the last one is a beginning."""

    words: tuple[str, ...]
    prefix: bool = False

    def __str__(self) -> str:
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class Query:
    """All of `wanted` and none of `unwanted`. False if there is nothing to look for."""

    wanted: tuple[Term, ...] = ()
    unwanted: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted)


def parse(text: str, *, prefix: bool = False) -> Query:
    """Return the query that `text` writes. With `prefix`, a last word that is still being typed is a beginning.

    Beyond MAX_CHARACTERS and MAX_WORDS nothing is read.
    """
    text = text[:MAX_CHARACTERS].translate(_QUOTES)
    wanted: dict[Term, None] = {}
    unwanted: dict[Term, None] = {}
    left = MAX_WORDS
    for piece in _PIECE.finditer(text):
        words = words_of(piece["phrase"] or piece["word"] or "")[: max(left, 0)]
        if words:
            left -= sum(map(_cost, words))
            is_beginning = prefix and not piece["minus"] and piece.end("word") == len(text) and _is_long(words[-1])
            (unwanted if piece["minus"] else wanted)[Term(words, is_beginning)] = None
    return Query(tuple(wanted), tuple(unwanted))


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of `text`: runs of letters, digits and the marks upon them."""
    spaced = "".join(letter if _is_of_word(letter) or category(letter)[0] == "M" else " " for letter in text)
    return tuple(word for word in spaced.split() if any(map(_is_of_word, word)))


def _cost(word: str) -> int:
    """Return how many words a database may see in this one: marks inside it part words for SQLite."""
    return len("".join(letter if _is_of_word(letter) else " " for letter in word).split())


def _is_of_word(letter: str) -> bool:
    return letter.isalpha() or letter.isdecimal()


def _is_long(word: str) -> bool:
    return len(word.encode()) >= PREFIX_BYTES
