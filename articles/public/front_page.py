"""Choose the stories of the front page, in their order, and say where its next page starts.

The first page has editors' picks in their places and limits how many stories one provider has at the top, so some
stories stand higher than their rank. The next pages continue in the plain order, after the last story above which
nothing was left out, without those that stood higher already.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.db.models import Q

from articles.models import Article
from articles.rules.front_page import PickedStory, RankedStory, Reason, rank_key
from articles.stories.front_page import STORIES, load_front_page

SECONDARY_STORIES = 6  # beside the top story
SHOWN_EARLY_MAX = 50  # keys that a cursor may hold; ours hold at most as many as there are limited places


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
    arrangement, candidates = load_front_page()
    placed = arrangement.stories[:STORIES]
    picks = frozenset(story.pk for story, reason in placed if reason is Reason.PICK)
    shown = [story for story, _ in placed]
    return FrontPage([story.pk for story in shown], picks, None, _next_cursor(shown, candidates.stories))


def _next_page(cursor: FrontPageCursor) -> FrontPage:
    file_name = f"{cursor.name}.md"
    # The first half follows from the second, but lets both databases start in the index.
    after = Q(hot__lte=cursor.hot) & (Q(hot__lt=cursor.hot) | Q(hot=cursor.hot, file_name__gt=file_name))
    rows = (
        Article.objects.public()
        .on_front_page()
        .filter(after)
        .hottest_first()
        .values_list("pk", "provider", "hot", "name")
    )
    stories = [RankedStory(*row) for row in rows[: STORIES + len(cursor.shown_early) + 1]]
    new_stories = [story for story in stories if story.pk not in cursor.shown_early]
    shown = new_stories[:STORIES]
    has_more = len(new_stories) > STORIES
    older = FrontPageCursor(shown[-1].hot, shown[-1].name, cursor.shown_early) if has_more else None
    return FrontPage([story.pk for story in shown], frozenset(), cursor, older)


def _next_cursor(
    shown: Sequence[RankedStory | PickedStory], candidates: Sequence[RankedStory]
) -> FrontPageCursor | None:
    """Return the place of the last story above which nothing is left out; None if nothing is left out at all."""
    shown_ids = {story.pk for story in shown}
    first_left_out = next((index for index, story in enumerate(candidates) if story.pk not in shown_ids), None)
    if not first_left_out:  # the top candidate is always shown
        return None
    last = candidates[first_left_out - 1]
    shown_early = sorted(story.pk for story in shown if rank_key(story) > rank_key(last))
    return FrontPageCursor(last.hot, last.name, tuple(shown_early))
