"""The changes between two texts, word by word. Pure, and bounded: hostile texts cost no more than long ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

WORDS_MAX = 400  # words and gaps compared one by one; where more differ, the whole stretch counts as replaced
CONTEXT = 60  # characters kept around a difference where a long text is abbreviate
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
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    changed = _diff_middle(middle_old, middle_new)
    return _to_segments([(Kind.KEPT, old[:start]), *changed, (Kind.KEPT, old[len(old) - end :])])


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


def _common_prefix(old: Sequence[str], new: Sequence[str]) -> int:
    """Return how many words both begin with."""
    count = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        count += 1
    return count


def _diff_middle(old: list[str], new: list[str]) -> Iterator[tuple[Kind, list[str]]]:
    if max(len(old), len(new)) > WORDS_MAX:
        yield Kind.REMOVED, old
        yield Kind.ADDED, new
        return
    for step, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new).get_opcodes():
        if step == "equal":
            yield Kind.KEPT, old[old_from:old_to]
        else:
            yield Kind.REMOVED, old[old_from:old_to]
            yield Kind.ADDED, new[new_from:new_to]


def _to_segments(steps: Iterable[tuple[Kind, list[str]]]) -> list[Segment]:
    """Join neighbouring words of one kind; a gap between two changed words counts as changed."""
    segments: list[Segment] = []
    removed = added = gap = ""
    for kind, words in steps:
        text = "".join(words)
        if not text:
            continue
        if kind == Kind.KEPT and text.isspace() and (removed or added):
            gap += text
        elif kind == Kind.KEPT:
            segments += _change(removed, added)
            segments.append(Segment(Kind.KEPT, gap + text))
            removed = added = gap = ""
        else:
            removed += gap + text * (kind == Kind.REMOVED)
            added += gap + text * (kind == Kind.ADDED)
            gap = ""
    segments += _change(removed, added)
    if gap:
        segments.append(Segment(Kind.KEPT, gap))
    return segments


def _change(removed: str, added: str) -> Iterator[Segment]:
    if removed:
        yield Segment(Kind.REMOVED, removed)
    if added:
        yield Segment(Kind.ADDED, added)
