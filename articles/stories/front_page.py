"""The stories of the front page as readers see it at this moment, in their order."""

from __future__ import annotations

from django.db.models import QuerySet

from articles.db.compiled_queries import NOW, CompiledQuery
from articles.models import Article
from articles.rules.front_page import Arrangement, Candidates, PickedStory, RankedStory

STORIES = 36  # of the first page
PICKS_MAX = 50  # that may be in force; as many as the page has places for them are shown as picks
MIXING_MARGIN = 24  # candidates beyond STORIES, so that other providers can fill the limited places
MIXING_LIMIT = 1000  # candidates if those don't fill them either


def load_front_page() -> tuple[Arrangement, Candidates]:
    """Return the order of the front page and what it was made of. At most three queries."""
    candidates = Candidates(PICKS.rows(), TOP_STORIES.rows())
    arrangement = candidates.arrange()
    if len(candidates.stories) == STORIES + MIXING_MARGIN and not arrangement.is_limited:
        candidates = Candidates(candidates.picks, MORE_TOP_STORIES.rows())
        arrangement = candidates.arrange()
    return arrangement, candidates


def _top_stories(count: int) -> QuerySet[Article]:
    return Article.objects.public(at=NOW).on_front_page().hottest_first()[:count]


def _picks() -> QuerySet[Article]:
    """Return the picks, found by when they end: SQLite would look for them among all public stories, hottest first."""
    picked = Article.objects.filter(pick_until__gt=NOW).order_by().values("pk")
    return Article.objects.public(at=NOW).on_front_page().filter(pk__in=picked).hottest_first()[:PICKS_MAX]


PICKS = CompiledQuery(PickedStory, lambda _: _picks())
TOP_STORIES = CompiledQuery(RankedStory, lambda _: _top_stories(STORIES + MIXING_MARGIN))
MORE_TOP_STORIES = CompiledQuery(RankedStory, lambda _: _top_stories(MIXING_LIMIT))
