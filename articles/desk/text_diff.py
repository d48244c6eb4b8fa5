"""The changes between two texts, word by word. No I/O, and bounded: hostile texts cost no more than long ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import chain, groupby
from operator import itemgetter

WORDS_MAX = 400  # words and gaps compared one by one; where more differ, the whole stretch counts as replaced
CONTEXT = 60  # characters kept around a difference where a long text is abbreviated
SEGMENT_MAX = 2000  # characters of one segment

# Scripts without spaces count letter by letter.
_TOKEN = re.compile(r"[぀-ヿ㐀-鿿가-힯]|[^\W぀-ヿ㐀-鿿가-힯]+|\s+|[^\w\s]")


class Kind(StrEnum):
    KEPT = "kept"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Segment:
    kind: Kind
    text: str


def diff_words(before: str, after: str) -> list[Segment]:
    """Return the words that were kept, removed and added, in reading order; removed before added.

    Without the added ones, the segments say `before`; without the removed ones, `after`.
    """
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    start = _common_prefix(old, new)
    end = _common_prefix(old[start:][::-1], new[start:][::-1])
    head, tail = old[:start], old[len(old) - end :]
    middle = _diff_middle(old[start : len(old) - end], new[start : len(new) - end])
    segments = []
    for is_kept, steps in groupby([(True, head, head), *middle, (True, tail, tail)], key=itemgetter(0)):
        _, removed, added = zip(*steps, strict=True)
        if is_kept:
            segments.append(Segment(Kind.KEPT, _join(removed)))
        else:
            segments += [Segment(Kind.REMOVED, _join(removed)), Segment(Kind.ADDED, _join(added))]
    return [segment for segment in segments if segment.text]


def abbreviate(segments: Sequence[Segment]) -> list[Segment]:
    """Return the segments for a page: long unchanged stretches only with the text beside a change."""
    last = len(segments) - 1
    return [Segment(segment.kind, _shorten(segment, n == 0, n == last)) for n, segment in enumerate(segments)]


def _shorten(segment: Segment, is_first: bool, is_last: bool) -> str:
    text = segment.text
    if segment.kind == Kind.KEPT and len(text) > 3 * CONTEXT:
        head, tail = ("" if is_first else text[:CONTEXT]), ("" if is_last else text[-CONTEXT:])
        return f"{head} … {tail}"
    return text if len(text) <= SEGMENT_MAX else f"{text[:SEGMENT_MAX]} …"


def _common_prefix(old: list[str], new: list[str]) -> int:
    """Return how many words both begin with."""
    return next(
        (n for n, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), min(len(old), len(new))
    )


def _diff_middle(old: list[str], new: list[str]) -> Iterator[tuple[bool, list[str], list[str]]]:
    """Yield whether words were kept, and the old and new ones. A gap between two changes counts as changed."""
    if max(len(old), len(new)) > WORDS_MAX:
        yield False, old, new
        return
    for step, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new).get_opcodes():
        words = old[old_from:old_to]
        yield step == "equal" and not "".join(words).isspace(), words, new[new_from:new_to]


def _join(words: Iterable[list[str]]) -> str:
    return "".join(chain.from_iterable(words))
