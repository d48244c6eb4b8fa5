"""Choose the stories of the front page, in their order, and say where its next page starts.

The first page puts editors' picks first and limits how many stories of one provider follow each other, so some stories
stand higher than their rank. The next pages continue in the plain order, after the last story above which nothing was
left out, without those that stood higher already.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from django.db.models import Q, QuerySet

from articles.db.compiled_queries import NOW, CompiledQuery
from articles.models import Article
from articles.rules.ranking import is_within_limit, limit_per_provider

STORIES = 36
SECONDARY_STORIES = 6  # beside the top story
MIXING_MARGIN = 24  # candidates beyond STORIES, so that other providers can fill the limited places
MIXING_LIMIT = 1000  # candidates if those don't fill them either
SHOWN_EARLY_MAX = 50  # keys that a cursor may hold; ours hold at most as many as there are limited places


class RankedStory(NamedTuple):
    """A public story with its provider and what its place in the plain order follows from."""

    pk: int
    provider_id: int
    hot: float
    name: str

    @property
    def rank(self) -> tuple[float, bytes]:
        return (-self.hot, f"{self.name}.md".encode())


@dataclass(frozen=True)
class FrontPageCursor:
    """Where a page ended: rank and name of a story, and the keys of later stories that were shown early.

    Readable in the URL: `18422.341036.17.204-2020-06-09-some-words`.
    """

    hot: float
    name: str
    shown_early: tuple[int, ...] = ()

    PATTERN: ClassVar = re.compile(r"(-?[0-9]{1,7}\.[0-9]{6})((?:\.[0-9]{1,18})*)-([^\0]{1,255})")

    def __str__(self) -> str:
        return f"{self.hot:.6f}{''.join(f'.{pk}' for pk in self.shown_early)}-{self.name}"

    @classmethod
    def parse(cls, text: str) -> FrontPageCursor | None:
        """Return the cursor that `text` represents; None for anything else."""
        match = cls.PATTERN.fullmatch(text)
        if match is None:
            return None
        shown_early = tuple(int(pk) for pk in match[2].split(".")[1:])
        return cls(float(match[1]), match[3], shown_early) if len(shown_early) <= SHOWN_EARLY_MAX else None


@dataclass(frozen=True)
class FrontPage:
    """The keys of some stories in their order, and which of them are picks.

    The page starts after `cursor`, None on the first page; the next page starts after `older`.
    """

    ids: list[int]
    picks: frozenset[int]
    cursor: FrontPageCursor | None
    older: FrontPageCursor | None


def front_page(before: str) -> FrontPage:
    """Return the page after the cursor `before`; the first page if that is empty or invalid. At most three queries."""
    cursor = FrontPageCursor.parse(before)
    return _next_page(cursor) if cursor else _first_page()


def _first_page() -> FrontPage:
    picks = PICKS.rows()
    candidates = TOP_STORIES.rows()
    shown = _picks_first(picks, candidates)
    provider_ids = [story.provider_id for story in shown]
    if len(candidates) == STORIES + MIXING_MARGIN and not is_within_limit(provider_ids, fixed=len(picks)):
        candidates = MORE_TOP_STORIES.rows()
        shown = _picks_first(picks, candidates)
    shown = shown[:STORIES]
    pick_ids = frozenset(pick.pk for pick in picks)
    return FrontPage([story.pk for story in shown], pick_ids, None, _next_cursor(shown, candidates))


def _next_page(cursor: FrontPageCursor) -> FrontPage:
    file_name = f"{cursor.name}.md"
    # The first half follows from the second, but lets both databases start in the index.
    after = Q(hot__lte=cursor.hot) & (Q(hot__lt=cursor.hot) | Q(hot=cursor.hot, file_name__gt=file_name))
    rows = Article.objects.public().filter(after).hottest_first().values_list("pk", "provider", "hot", "name")
    stories = [RankedStory(*row) for row in rows[: STORIES + len(cursor.shown_early) + 1]]
    new_stories = [story for story in stories if story.pk not in cursor.shown_early]
    shown = new_stories[:STORIES]
    has_more = len(new_stories) > STORIES
    older = FrontPageCursor(shown[-1].hot, shown[-1].name, cursor.shown_early) if has_more else None
    return FrontPage([story.pk for story in shown], frozenset(), cursor, older)


def _picks_first(picks: Sequence[RankedStory], candidates: Iterable[RankedStory]) -> list[RankedStory]:
    pick_ids = {pick.pk for pick in picks}
    stories = [*picks, *(story for story in candidates if story.pk not in pick_ids)]
    return limit_per_provider(stories, [story.provider_id for story in stories], fixed=len(picks))


def _next_cursor(shown: Sequence[RankedStory], candidates: Sequence[RankedStory]) -> FrontPageCursor | None:
    """Return the place of the last story above which nothing is left out; None if nothing is left out at all."""
    shown_ids = {story.pk for story in shown}
    first_left_out = next((index for index, story in enumerate(candidates) if story.pk not in shown_ids), None)
    if not first_left_out:  # the top candidate is always shown
        return None
    last = candidates[first_left_out - 1]
    shown_early = sorted(story.pk for story in shown if story.rank > last.rank)
    return FrontPageCursor(last.hot, last.name, tuple(shown_early))


def _top_stories(count: int) -> QuerySet[Article]:
    return Article.objects.public(at=NOW).hottest_first()[:count]


PICKS = CompiledQuery(
    RankedStory,
    lambda _: Article.objects.public(at=NOW).filter(pick_until__gt=NOW).hottest_first()[: 1 + SECONDARY_STORIES],
)
TOP_STORIES = CompiledQuery(RankedStory, lambda _: _top_stories(STORIES + MIXING_MARGIN))
MORE_TOP_STORIES = CompiledQuery(RankedStory, lambda _: _top_stories(MIXING_LIMIT))
