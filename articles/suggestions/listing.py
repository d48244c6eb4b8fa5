"""Which suggestions there are, as data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Q

from articles.models import Article, Pairing, Suggestion, SuggestionCut
from articles.rules.states import State
from articles.rules.suggestion_cut import less_sure_max, number_shown

from .store import KEPT_MAX, best_pairs, evidence_of
from .working_out import articles_with_text, least_kept, sweep

Found = tuple[int, int, float, dict[str, Any]]  # article, other, score, evidence
LIKELY_MAX = 999  # so many are counted: whether one is answered takes a look at both stories


def number_waiting() -> int:
    """Return how many suggestions wait for an editor, the less sure ones that are shown among them.

    A number above LIKELY_MAX says that there may be more.
    """
    unanswered = Suggestion.objects.unanswered().order_by("-score")
    likely = unanswered.likely()[: LIKELY_MAX + 1].count()
    return number_shown(likely, unanswered.less_sure()[: less_sure_max(likely)].count())


def suggestions_as_json(min_score: float | None = None) -> Iterator[dict[str, Any]]:
    """Yield each article that has suggestions, with the best ten of them; `min_score` replaces the cut.

    Below the score from which suggestions are stored they are worked out again, which reads all articles.
    """
    cut = SuggestionCut.current()
    least = cut if min_score is None else min_score
    found = _stored(least) if least >= least_kept(cut) else _worked_out(least)
    by_article: defaultdict[int, list[Found]] = defaultdict(list)
    for row in found:
        by_article[row[0]].append(row)
    articles = _names_and_urls({key for rows in by_article.values() for row in rows for key in row[:2]})
    for pk in sorted(by_article, key=lambda pk: articles[pk][0]):
        name, url = articles[pk]
        related = [_related(row, articles) for row in by_article[pk][:KEPT_MAX]]
        yield {"name": name, "url": url, "related": related}


def _stored(least: float) -> Iterator[Found]:
    rows = Suggestion.objects.unanswered().filter(score__gte=least).order_by("-score", "other__file_name")
    yield from rows.values_list("article_id", "other_id", "score", "evidence").iterator()


def _worked_out(least: float) -> Iterator[Found]:
    apart = Pairing.objects.filter(together=False).values_list("lead", "member")
    folded = Article.objects.exclude(lead=None).values_list("pk", "lead")
    answered = {frozenset(pair) for pair in (*apart, *folded)}
    shown = articles_with_text().filter(missing=False).exclude(Q(state=State.SPIKED))
    for _, result in sweep(shown, least):
        pairs = best_pairs(pair for pair in result.pairs if {pair.later, pair.earlier} not in answered)
        evidence = evidence_of(pairs)
        for pair in pairs:
            yield pair.later, pair.earlier, pair.likeness.score, evidence[pair.later, pair.earlier]


def _names_and_urls(keys: Iterable[int]) -> dict[int, tuple[str, str]]:
    wanted = set(keys)
    rows = Article.objects.order_by().values_list("pk", "name", "web_url", "original_url")
    return {pk: (name, url or original) for pk, name, url, original in rows.iterator() if pk in wanted}


def _related(row: Found, articles: dict[int, tuple[str, str]]) -> dict[str, Any]:
    _, other, score, evidence = row
    name, url = articles[other]
    return {
        "name": name,
        "url": url,
        "score": round(score, 4),
        "terms": evidence["terms"],
        "hours": evidence["hours"],
        "same_text": evidence["same_text"],
    }
