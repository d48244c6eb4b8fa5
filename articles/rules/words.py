"""Find words in texts, also where no spaces are between them: in Chinese, Japanese and Korean. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from unicodedata import normalize

# Han with its extensions, kana, bopomofo, Hangul syllables; for regular expressions of Python and PostgreSQL.
EAST_ASIAN = (
    r"\u3005-\u3007\u3031-\u3035\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf"
    r"\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff"
)
_IS_EAST_ASIAN = re.compile(f"[{EAST_ASIAN}]")
# Signs that belong to the letter before them: accents that no letter has, vowels of Hebrew, Arabic, India and Thai.
_MARKS = (
    r"\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963"
    r"\u0966-\u0d7f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
)
_LETTER = rf"(?:[^\W{EAST_ASIAN}]|[{_MARKS}])"  # of a script with spaces between its words
_KEPT_PATTERNS = 1024


class Words:
    """Words or phrases to find in texts as whole words, ignoring case and the way in which accents are encoded."""

    def __init__(self, words: Iterable[str]) -> None:
        whole = [_whole_word(normalize("NFC", word)) for word in words]
        self._pattern = re.compile("|".join(whole) or r"(?!)", re.IGNORECASE)

    def search(self, text: str) -> bool:
        return self._pattern.search(normalize("NFC", text)) is not None


def whole_words(words: Iterable[str]) -> Words:
    """Return what finds any of these words; empty ones are left out, and without words it finds nothing.

    A word of Chinese, Japanese or Korean characters is found anywhere in a run of them, and `AI` in `人工智能AI公司`.
    """
    return _words(tuple(word for word in words if word))


@lru_cache(_KEPT_PATTERNS)
def _words(words: tuple[str, ...]) -> Words:
    return Words(words)


def _whole_word(word: str) -> str:
    """Return the pattern of one word. It begins with the word, which is twice as fast as looking back first."""
    text = re.escape(word)
    before = "" if _IS_EAST_ASIAN.match(word[0]) else f"(?<!{_LETTER}{text})"
    after = "" if _IS_EAST_ASIAN.match(word[-1]) else f"(?!{_LETTER})"
    return f"{text}{before}{after}"
