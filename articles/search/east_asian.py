"""Drop accents, and split runs of Chinese, Japanese and Korean text, which has no spaces between words, into pairs.

`新冠疫情` becomes `新冠 冠疫 疫情 情`: a search for two or more characters looks for their pairs side by side, and one
for a single character finds the pairs that begin with it, and the last character of a run. SQLite's triggers call this
function; PostgreSQL's have the same rules in SQL (`article_search_plain` and `article_search_split`). FTS5 itself drops
the accents of Latin letters only.
"""

from __future__ import annotations

import re
from unicodedata import normalize

from articles.rules.words import EAST_ASIAN

_RUN = re.compile(f"[{EAST_ASIAN}]+")
_ACCENTS = re.compile("[\u0300-\u036f]")


def drop_accents(text: str) -> str:
    return normalize("NFC", _ACCENTS.sub("", normalize("NFD", text)))


def split_runs(text: str) -> str:
    """Return the text without accents, and with each run as its pairs and its last character."""
    return text if text.isascii() else _RUN.sub(_split_run, drop_accents(text))


def has_run(text: str) -> bool:
    return not text.isascii() and _RUN.search(text) is not None


def query_tokens(text: str) -> tuple[list[str], bool]:
    """Return the words by which to find the words of a query, and whether the last one is only a beginning.

    After its last pair, a run's last character says nothing new.
    """
    tokens = split_runs(text).split()
    if not tokens or _RUN.fullmatch(tokens[-1]) is None or len(tokens[-1]) > 1:
        return tokens, False
    if len(tokens) > 1 and len(tokens[-2]) == 2 and tokens[-2][1] == tokens[-1]:
        return tokens[:-1], False
    return tokens, True


def _split_run(match: re.Match[str]) -> str:
    run = match[0]
    pairs = (run[index : index + 2] for index in range(len(run)))  # the last one is a single character
    return f" {' '.join(pairs)} "
