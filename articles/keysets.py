"""Sets of keys that take a bit for each: an import holds those of all that it brings in at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, MutableSet

PAGE = 1024  # keys that share an int


class KeySet(MutableSet[int]):
    """Keys of rows, 0 or more each; in ascending order when they are gone through.

    Close together, as those of rows made at once, they take a bit each; a set of Python's takes some 70 bytes.
    """

    def __init__(self, keys: Iterable[int] = ()) -> None:
        self._pages: defaultdict[int, int] = defaultdict(int)
        self.update(keys)

    def update(self, keys: Iterable[int]) -> None:
        for key in keys:
            self.add(key)

    def add(self, value: int) -> None:
        page, place = divmod(value, PAGE)
        self._pages[page] |= 1 << place

    def discard(self, value: int) -> None:
        if value in self:
            page, place = divmod(value, PAGE)
            self._pages[page] ^= 1 << place

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, int):
            return False
        page, place = divmod(value, PAGE)
        return bool(self._pages.get(page, 0) >> place & 1)

    def __iter__(self) -> Iterator[int]:
        for page in sorted(self._pages):
            left, first = self._pages[page], page * PAGE
            while left:
                lowest = left & -left
                yield first + lowest.bit_length() - 1
                left ^= lowest

    def __len__(self) -> int:
        return sum(page.bit_count() for page in self._pages.values())
