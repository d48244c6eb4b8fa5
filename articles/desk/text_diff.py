"""What changed between two texts, word by word. Pure, and bounded: hostile texts cost no more than long ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

WORDS_MAX = 400  # words and gaps compared one by one; where more differ, the whole stretch counts as replaced
CONTEXT = 60  # characters kept around a difference where a long text is shortened
SHOWN_MAX = 2000  # characters of one segment

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


def differences(before: str, after: str) -> list[Segment]:
    """Return the words that were kept, removed and added, in reading order; removed before added.

    Without the added ones, the segments say `before`; without the removed ones, `after`.
    """
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    changed = _compared(middle_old, middle_new)
    return _merged([(Kind.KEPT, old[:start]), *changed, (Kind.KEPT, old[len(old) - end :])])


def shortened(segments: Sequence[Segment]) -> list[Segment]:
    """Return the segments fit for a page: of long kept stretches only what stands beside a difference."""
    last = len(segments) - 1
    return [Segment(each.kind, _cut(each, place == 0, place == last)) for place, each in enumerate(segments)]


def _cut(segment: Segment, is_first: bool, is_last: bool) -> str:
    text = segment.text
    if segment.kind == Kind.KEPT and len(text) > 3 * CONTEXT:
        head, tail = ("" if is_first else text[:CONTEXT]), ("" if is_last else text[-CONTEXT:])
        return f"{head} … {tail}"
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]} …"


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    """Return how many words are the same at the start."""
    count = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        count += 1
    return count


def _compared(old: list[str], new: list[str]) -> Iterator[tuple[Kind, list[str]]]:
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


def _merged(steps: Iterable[tuple[Kind, list[str]]]) -> list[Segment]:
    """Join what belongs together: a gap between two changed words is no word that was kept."""
    found: list[Segment] = []
    removed = added = gap = ""
    for kind, words in steps:
        text = "".join(words)
        if not text:
            continue
        if kind == Kind.KEPT and text.isspace() and (removed or added):
            gap += text
        elif kind == Kind.KEPT:
            found += _change(removed, added)
            found.append(Segment(Kind.KEPT, gap + text))
            removed = added = gap = ""
        else:
            removed += gap + text * (kind == Kind.REMOVED)
            added += gap + text * (kind == Kind.ADDED)
            gap = ""
    found += _change(removed, added)
    if gap:
        found.append(Segment(Kind.KEPT, gap))
    return found


def _change(removed: str, added: str) -> Iterator[Segment]:
    if removed:
        yield Segment(Kind.REMOVED, removed)
    if added:
        yield Segment(Kind.ADDED, added)
