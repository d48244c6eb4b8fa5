"""Which stories stand on the front page, in their order, and where its next page starts.

The first page puts editors' picks first and mixes outlets, so that some stories stand higher than their heat says. The
next pages go on in the plain order, after the last story above which nothing is left out, without what stood higher.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Q, QuerySet

from articles.db.compiled_queries import NOW, CompiledQuery
from articles.models import Article
from articles.rules.ranking import is_within_limit, limit_per_provider

STORIES = 36
BESIDE = 6  # secondary stories beside the top one
SPARE = 24  # looked at beyond STORIES, so that one outlet's leads find others to mix with
FAR = 1000  # looked at where these don't fill the first places either
ALREADY_MAX = 50  # keys that a place may name; ours name as many as there are mixed places at most


class Hot(NamedTuple):
    """A public story: its key, its outlet's, and what its place in the plain order follows from."""

    pk: int
    provider_id: int
    hot: float
    name: str

    @property
    def rank(self) -> tuple[float, bytes]:
        return (-self.hot, f"{self.name}.md".encode())


@dataclass(frozen=True)
class Place:
    """Where a page ended: the hot value and the name of a story, and the keys of those after it that stood before.

    Readable in the address: `18422.341036.17.204-2020-06-09-some-words`.
    """

    hot: float
    name: str
    already: tuple[int, ...] = ()

    PATTERN = re.compile(r"(-?[0-9]{1,7}\.[0-9]{6})((?:\.[0-9]{1,18})*)-([^\0]{1,255})")

    def __str__(self) -> str:
        return f"{self.hot:.6f}{''.join(f'.{pk}' for pk in self.already)}-{self.name}"

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """Return the place that `text` writes; None for anything else."""
        match = cls.PATTERN.fullmatch(text)
        if match is None:
            return None
        already = tuple(int(pk) for pk in match[2].split(".")[1:])
        return cls(float(match[1]), match[3], already) if len(already) <= ALREADY_MAX else None


@dataclass(frozen=True)
class FrontPage:
    """The keys of some stories in their order, and which of them are picks.

    `cursor` says after which place they start, None on the first page; `older` where the next page does.
    """

    ids: list[int]
    picks: frozenset[int]
    cursor: Place | None
    older: Place | None


def front_page(before: str) -> FrontPage:
    """Return the page after the place `before`; the first one if that is empty or nonsense. Three queries at most."""
    place = Place.parse(before)
    return _next_page(place) if place else _first_page()


def _first_page() -> FrontPage:
    picks = PICKS.rows()
    hottest = HOTTEST.rows()
    shown = _in_order(picks, hottest)
    if len(hottest) == STORIES + SPARE and not is_within_limit(
        [story.provider_id for story in shown], fixed=len(picks)
    ):
        hottest = MORE.rows()
        shown = _in_order(picks, hottest)
    shown = shown[:STORIES]
    return FrontPage([story.pk for story in shown], frozenset(pick.pk for pick in picks), None, _end(shown, hottest))


def _next_page(place: Place) -> FrontPage:
    file_name = f"{place.name}.md"
    # The first half follows from the second, but lets both databases start in the index.
    after = Q(hot__lte=place.hot) & (Q(hot__lt=place.hot) | Q(hot=place.hot, file_name__gt=file_name))
    rows = Article.objects.public().filter(after).hottest_first().values_list("pk", "provider", "hot", "name")
    found = [Hot(*row) for row in rows[: STORIES + len(place.already) + 1]]
    left = [story for story in found if story.pk not in place.already]
    shown = left[:STORIES]
    older = Place(shown[-1].hot, shown[-1].name, place.already) if len(left) > STORIES else None
    return FrontPage([story.pk for story in shown], frozenset(), place, older)


def _in_order(picks: Sequence[Hot], hottest: Iterable[Hot]) -> list[Hot]:
    picked = {pick.pk for pick in picks}
    stories = [*picks, *(story for story in hottest if story.pk not in picked)]
    return limit_per_provider(stories, [story.provider_id for story in stories], fixed=len(picks))


def _end(shown: Sequence[Hot], hottest: Sequence[Hot]) -> Place | None:
    """Return the place of the last story above which nothing is left out; None if nothing is left out at all."""
    there = {story.pk for story in shown}
    left_out = next((number for number, story in enumerate(hottest) if story.pk not in there), None)
    if not left_out:  # the hottest story is always shown
        return None
    last = hottest[left_out - 1]
    return Place(last.hot, last.name, tuple(sorted(story.pk for story in shown if story.rank > last.rank)))


def _hottest(count: int) -> QuerySet[Article]:
    return Article.objects.public(at=NOW).hottest_first()[:count]


PICKS = CompiledQuery(
    Hot, lambda _: Article.objects.public(at=NOW).filter(pick_until__gt=NOW).hottest_first()[: 1 + BESIDE]
)
HOTTEST = CompiledQuery(Hot, lambda _: _hottest(STORIES + SPARE))
MORE = CompiledQuery(Hot, lambda _: _hottest(FAR))
