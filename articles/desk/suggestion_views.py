"""Suggestions at the desk: pairs of stories that may report the same event, with what speaks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpResponseBase
from django.views.decorators.http import require_safe

from articles.models import Article, Suggestion
from articles.models.suggestion import SuggestionQuerySet
from articles.rules.slugs import file_sort_key
from articles.suggestions.listing import current_cut

from .actions import Action, permitted_actions
from .rows import LARGE_COLUMNS
from .suggestion_text import hours_text, shared_terms
from .view_helpers import DeskRequest, desk_view, render_admin

SHOWN_MAX = 20
OF_STORY_MAX = 5


@dataclass(frozen=True, slots=True)
class SuggestedPair:
    """A suggestion as the desk shows it. Of the two stories, `lead` would lead `story`."""

    suggestion: Suggestion
    lead: Article
    story: Article

    @property
    def articles(self) -> tuple[Article, Article]:
        """The two articles, the earlier first."""
        return self.suggestion.other, self.suggestion.article

    @property
    def terms(self) -> str:
        return shared_terms(self.suggestion.evidence)

    @property
    def apart(self) -> str:
        """How long after the earlier article the later one was published."""
        return f"{hours_text(self.suggestion.evidence['hours'])} later"

    @property
    def remarks(self) -> list[str]:
        evidence = self.suggestion.evidence
        numbers = " and ".join(evidence["numbers"])
        texts = {
            "same text": evidence["same_text"],
            "same outlet": evidence["same_outlet"],
            f"other numbers: {numbers}": numbers,
        }
        return [text for text, holds in texts.items() if holds]


@require_safe
@desk_view()
def suggestions(request: DeskRequest) -> HttpResponseBase:
    """List the best suggestions that nobody has answered."""
    rows = Suggestion.objects.unanswered().filter(score__gte=current_cut())
    context = {
        "title": "Suggested",
        "pairs": as_pairs(rows.best_first(), SHOWN_MAX),
        "number": rows.count(),
        "actions": permitted_answers(request),
        "here": request.get_full_path(),
    }
    return render_admin(request, "desk/suggestions.html", context)


def suggestions_of(article: Article) -> list[SuggestedPair]:
    """Return the unanswered suggestions of one article, best first."""
    rows = Suggestion.objects.unanswered().filter(Q(article=article) | Q(other=article), score__gte=current_cut())
    return as_pairs(rows.best_first(), OF_STORY_MAX)


def permitted_answers(request: DeskRequest) -> dict[str, Action]:
    permitted = permitted_actions(request.user)
    return {name: permitted[name] for name in ("merge", "keep_apart") if name in permitted}


def as_pairs(rows: SuggestionQuerySet, at_most: int) -> list[SuggestedPair]:
    """Return these suggestions with their stories and the proposed lead: that of best quality, then the earliest."""
    articles = ("article", "other", "article__lead", "other__lead")
    deferred = [f"{path}__{name}" for path in articles for name in LARGE_COLUMNS]
    rows = rows.select_related(*articles, *(f"{path}__provider" for path in articles)).defer(*deferred)
    return [_pair(row) for row in rows[:at_most]]


def _pair(suggestion: Suggestion) -> SuggestedPair:
    stories = [_story(suggestion.article), _story(suggestion.other)]
    lead, story = sorted(stories, key=_lead_order)
    return SuggestedPair(suggestion, lead, story)


def _story(article: Article) -> Article:
    return article.lead if article.is_folded and article.lead else article


def _lead_order(article: Article) -> tuple[Any, ...]:
    return -(article.quality if article.quality is not None else -1), file_sort_key(article.name)
