"""Which entries of a document are known already. Pure.

Within a source an entry is recognized by its guid, else by its page, else by its title: whichever fits first. A guid or
a page that stands twice in a document identifies nothing there.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from articles.rules.urls import page_or_site_of, url_key

from .reading.values import ParsedEntry

# A title identifies an entry whose guid and page have both changed, if its date stayed. A daily column, which has the
# same title every day, must not match.
TITLE_WINDOW = timedelta(hours=12)
REPEATED_MAX = 0.05  # share of a document's guids; more of them end the trust in guids
CHANGED_MAX = 0.5  # share of the entries recognized by their pages whose guids changed
CHANGED_MIN = 3  # entries; fewer end no trust


@dataclass(frozen=True, kw_only=True)
class Keys:
    """Digests by which an entry is recognized, empty where it has none, and its date."""

    guid: str
    page: str
    title: str
    stated_at: datetime | None


@dataclass(frozen=True)
class Matching:
    """The stored entry of each entry of the document, None if it is unknown, and whether guids are still trusted."""

    pks: list[int | None]
    trusts_guids: bool


def keys_of(entries: Sequence[ParsedEntry]) -> list[Keys]:
    """Return the keys of the entries of a document. What stands twice identifies nothing, so it is left out."""
    all_keys = [
        Keys(
            guid=digest(entry.guid) if entry.guid else "",
            page=url_key(entry.url),
            title=digest(" ".join(entry.title.casefold().split())),
            stated_at=entry.published,
        )
        for entry in entries
    ]
    guids = Counter(keys.guid for keys in all_keys)
    pages = Counter(keys.page for keys in all_keys)
    return [
        replace(
            keys,
            guid=keys.guid if guids[keys.guid] == 1 else "",
            page=keys.page if pages[keys.page] == 1 else "",
        )
        for keys in all_keys
    ]


def fingerprint(entry: ParsedEntry) -> str:
    """Return the digest of what may change of an entry. A URL that leads to the same page is the same."""
    return digest("\n".join((entry.title, entry.excerpt, page_or_site_of(entry.url), entry.picture)))


def digest(text: str) -> str:
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=16).hexdigest()


def match_entries(
    entries: Sequence[Keys], known: Mapping[int, Keys], *, trusts_guids: bool, repeated_guids: int = 0
) -> Matching:
    """Return which entries are among the stored ones, whose keys `known` has by their pk.

    `repeated_guids` is the number of those whose guid stands more than once.
    """
    trusts_guids = trusts_guids and repeated_guids <= REPEATED_MAX * len(entries)
    search = _Search(known)
    pks: list[int | None] = [None] * len(entries)
    if trusts_guids:
        for index, keys in enumerate(entries):
            pks[index] = search.take("guid", keys.guid)
    by_page, changed = 0, 0
    for index, keys in enumerate(entries):
        if pks[index] is None and (pk := search.take("page", keys.page)) is not None:
            pks[index] = pk
            former = search.keys[pk].guid
            by_page += 1
            changed += bool(keys.guid and former and keys.guid != former)
    for index, keys in enumerate(entries):
        if pks[index] is None:
            pks[index] = search.take_by_title(keys)
    if changed >= CHANGED_MIN and changed > CHANGED_MAX * by_page:
        trusts_guids = False
    return Matching(pks, trusts_guids)


class _Search:
    """Finds stored entries, each of them once."""

    def __init__(self, known: Mapping[int, Keys]) -> None:
        self.keys = known
        self._pks: dict[tuple[str, str], list[int]] = defaultdict(list)
        for pk, keys in known.items():
            for name in ("guid", "page", "title"):
                self._pks[name, getattr(keys, name)].append(pk)
        self._taken: set[int] = set()

    def take(self, name: str, key: str) -> int | None:
        """Return the only stored entry with this key; None if there are none, several, or it is taken."""
        pks = self._pks.get((name, key), []) if key else []
        return self._take(pks[0]) if len(pks) == 1 and pks[0] not in self._taken else None

    def take_by_title(self, keys: Keys) -> int | None:
        """Return a stored entry with the title and the date; without dates, with nothing else to go by."""
        for pk in self._pks.get(("title", keys.title), []):
            if pk not in self._taken and _is_same_time(keys, self.keys[pk]):
                return self._take(pk)
        return None

    def _take(self, pk: int) -> int:
        self._taken.add(pk)
        return pk


def _is_same_time(keys: Keys, stored: Keys) -> bool:
    if keys.stated_at and stored.stated_at:
        return abs(keys.stated_at - stored.stated_at) <= TITLE_WINDOW
    return not (keys.guid or keys.page)
