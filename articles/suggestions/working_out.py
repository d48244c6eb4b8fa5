"""Work out the suggestions of articles that are due, after the transaction that made them due.

One process at a time, in short transactions: what was compared is stored 25 articles at a time, so that editors who
save meanwhile hardly wait. An interrupted run leaves the rest due.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, QuerySet
from django.utils import timezone

from articles.db.bulk import chunked
from articles.db.locks import database_lock
from articles.models import Article, SitePolicy, SuggestionCut
from articles.models.suggestion import mark_due
from articles.rules.similarity import Text

from .comparing import ALL, BATCH, Arrival, BatchResult, Comparison
from .learning import describe_move, learn_cut
from .store import (
    CountsInMemory,
    StoredArticles,
    due_arrivals,
    due_keys,
    forget_before,
    forget_everything_compared,
    leave_out_before,
    write_counts,
    write_rebuilt,
    write_result,
)

LOCK_KEY = 0x5375_6767  # "Sugg"; an arbitrary number, unique among locks
DUE_AT_ONCE = 50_000  # articles that are put in order together: sorting all of them for each batch would take longer
KEPT_BELOW_CUT = 0.25  # the cut moves by at most 0.05 a day, and what is older than the window is no news
LOWEST_KEPT = 0.05
WRITING_MAX = 0.05  # seconds that storing a batch may take
_TEXT = ("pk", "name", "published_at", "provider_id", "title", "excerpt")


@dataclass(frozen=True, slots=True)
class WorkedOut:
    """What a run did. `articles` were compared, which gave so many `suggestions` that the desk shows."""

    articles: int = 0
    suggestions: int = 0
    seconds: float = 0.0
    cut_moved: str = ""  # how, if it did
    is_locked_out: bool = False  # another process is at it

    def __str__(self) -> str:
        if self.is_locked_out:
            return "Suggestions: another process is working them out."
        articles = "1 article" if self.articles == 1 else f"{self.articles} articles"
        pairs = "1 pair" if self.suggestions == 1 else f"{self.suggestions} pairs"
        moved = f" {self.cut_moved}" if self.cut_moved else ""
        return f"Suggestions: {articles} compared in {self.seconds:.1f} s; {pairs} may be one event.{moved}"


def work_out_due(on_batch: Callable[[int], None] = lambda number: None, *, finds_missing: bool = True) -> WorkedOut:
    """Compare the articles that are due and store their suggestions; `on_batch` gets the number of each batch.

    `finds_missing`: articles of the window are due too that came in before suggestions existed. Looking for them takes
    longer than comparing one article, so commands that bring articles leave it to `suggest_stories`.
    """
    started = time.monotonic()
    articles = suggestions = 0
    with database_lock("suggestions", LOCK_KEY) as is_held:
        if not is_held:
            return WorkedOut(is_locked_out=True)
        window = current_window()
        oldest = beginning_of_window(window)
        if finds_missing:
            _store_missing_terms(oldest)
        cut = SuggestionCut.current()
        for arrivals, scores in _compare_due(window, oldest, least_kept(cut)):
            suggestions += sum(score >= cut for score in scores)
            articles += arrivals
            on_batch(arrivals)
        moved = learn_cut(timezone.now())
    return WorkedOut(articles, suggestions, time.monotonic() - started, describe_move(moved) if moved else "")


def _compare_due(window: timedelta, oldest: datetime, least: float) -> Iterator[tuple[int, list[float]]]:
    """Compare what is due, and yield for each batch how many articles it had, and the scores of their suggestions.

    Editors' saves may wait while a batch is stored, so after one that took long the next ones are smaller.
    """
    comparison = Comparison(StoredArticles(), window)
    size = BATCH
    leave_out_before(oldest)
    waiting = deque(due_keys(DUE_AT_ONCE, oldest))
    if waiting:
        forget_before(oldest)
    while waiting:
        keys = [waiting.popleft() for _ in range(min(size, len(waiting)))]
        arrivals, versions = due_arrivals(keys)
        if arrivals:
            result = comparison.compare_batch(arrivals, least)
            began = time.monotonic()
            scores = write_result(arrivals, result, versions)
            was_long = time.monotonic() - began > WRITING_MAX
            yield len(arrivals), scores
            size = max(1, size // 2) if was_long else min(BATCH, size * 2)
        waiting = waiting or deque(due_keys(DUE_AT_ONCE, oldest))


def rebuild(on_batch: Callable[[int], None] = lambda number: None) -> WorkedOut:
    """Compare all articles in the order of their publication, and store their suggestions instead of earlier ones.

    Articles that come in or are changed meanwhile are due afterwards. An interrupted run has to be repeated.
    """
    started = time.monotonic()
    articles = suggestions = 0
    with database_lock("suggestions", LOCK_KEY) as is_held:
        if not is_held:
            return WorkedOut(is_locked_out=True)
        oldest = beginning_of_window(current_window())
        forget_everything_compared()
        cut = SuggestionCut.current()
        counts: dict[str, int] = {}
        for arrivals, result in sweep(articles_with_text(), least_kept(cut)):
            counts |= result.counts
            suggestions += sum(score >= cut for score in write_rebuilt(arrivals, result, oldest))
            articles += len(arrivals)
            on_batch(len(arrivals))
        write_counts(counts)
    return WorkedOut(articles, suggestions, time.monotonic() - started)


def sweep(articles: QuerySet[Article], least: float) -> Iterator[tuple[Sequence[Arrival], BatchResult]]:
    """Yield batches of articles in the order of their publication, with what comparing them found. Writes nothing."""
    window = current_window()
    memory = CountsInMemory()
    comparison = Comparison(memory, window)
    ids = articles.order_by("published_at", "file_name").values_list("pk", flat=True)
    for chunk in chunked(list(ids), BATCH):
        rows = Article.objects.filter(pk__in=chunk).order_by("published_at", "file_name").values_list(*_TEXT)
        arrivals = [
            Arrival(pk, name, published_at, outlet, Text.of(title, excerpt))
            for pk, name, published_at, outlet, title, excerpt in rows
        ]
        if arrivals:
            comparison.forget_before(arrivals[0].published_at - window)
            result = comparison.compare_batch(arrivals, least)
            memory.stored |= result.counts
            yield arrivals, result


def current_window() -> timedelta:
    """Return how far apart reports of one event may be published."""
    return timedelta(days=SitePolicy.current().window_days)


def least_kept(cut: float) -> float:
    """Return the score from which suggestions are stored: below the site's cut, which may fall."""
    return max(LOWEST_KEPT, round(cut - KEPT_BELOW_CUT, 4))


def beginning_of_window(window: timedelta) -> datetime:
    """Return the time before which articles are too old to be compared with those that come in.

    It counts from the newest article, so that an archive alone is compared too; a date to come doesn't count.
    """
    newest = Article.objects.filter(staged=None).aggregate(newest=Max("published_at"))["newest"]
    now = timezone.now()
    return min(newest or now, now) - window


def articles_with_text() -> QuerySet[Article]:
    return Article.objects.filter(staged=None)


def number_never_compared() -> int:
    """Return how many articles were older than the window when they came in; only a rebuild compares them."""
    counted = StoredArticles().counts([ALL]).get(ALL, 0)
    return max(0, articles_with_text().count() - counted)


def _store_missing_terms(oldest: datetime) -> None:
    """Make articles of the window due that have no terms, because they were restored or came before this feature."""
    missing = articles_with_text().filter(published_at__gte=oldest, similarity_terms=None).order_by("pk")
    for chunk in chunked(list(missing.values_list("pk", flat=True))):
        mark_due(Article.objects.filter(pk__in=chunk).only("pk", "title", "excerpt"))
