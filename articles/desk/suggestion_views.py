"""Suggestions at the desk: pairs of stories that may report the same event, with what speaks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from articles.models import Article, Suggestion, SuggestionCut
from articles.models.suggestion import SuggestionQuerySet
from articles.rules.counts import short_count
from articles.rules.slugs import file_sort_key
from articles.rules.story_groups import propose_groups
from articles.rules.suggestion_cut import LEARNED_FROM, less_sure_max, mix
from articles.suggestions.learning import answers_since
from articles.suggestions.listing import LIKELY_MAX, number_waiting

from .actions import Action, permitted_actions
from .rows import LARGE_COLUMNS
from .suggestion_text import hours_text, shared_terms, sureness_lines
from .view_helpers import DeskRequest, desk_view, render_admin

SHOWN_MAX = 20
OF_STORY_MAX = 5
LESS_SURE_OF_STORY_MAX = 1
TAKEN_FROM = 0.6  # the score from which pairs are taken together
TAKEN_MAX = 100  # pairs


@dataclass(frozen=True, slots=True)
class SuggestedPair:
    """A suggestion as the desk shows it. Of the two stories, `lead` would lead `story`."""

    suggestion: Suggestion
    lead: Article
    story: Article
    is_less_sure: bool = False

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
        return _("%(hours)s later") % {"hours": hours_text(self.suggestion.evidence["hours"])}

    @property
    def remarks(self) -> list[str]:
        evidence = self.suggestion.evidence
        numbers = " and ".join(evidence["numbers"])
        texts = {
            _("less sure"): self.is_less_sure,
            _("same text"): evidence["same_text"],
            _("same outlet"): evidence["same_outlet"],
            _("other numbers: %(numbers)s") % {"numbers": numbers}: numbers,
        }
        return [text for text, holds in texts.items() if holds]


@require_safe
@desk_view()
def suggestions(request: DeskRequest) -> HttpResponseBase:
    """List the best suggestions that nobody has answered."""
    unanswered = Suggestion.objects.unanswered()
    likely, less_sure = unanswered.likely(), unanswered.less_sure()
    number = number_waiting()
    answers = answers_since(timezone.now() - LEARNED_FROM)
    sure = as_pairs(likely.best_first(), SHOWN_MAX)
    unsure = as_pairs(less_sure.best_first(), less_sure_max(SHOWN_MAX), is_less_sure=True)
    actions = permitted_answers(request)
    context = {
        "title": _("Suggested"),
        "folds": _certain_folds() if "merge_all" in actions else [],
        "certain": TAKEN_FROM,
        "pairs": mix(sure, unsure, len(answers))[:SHOWN_MAX],
        "number": number,
        "count": short_count(number, LIKELY_MAX),
        "sureness": sureness_lines(answers, SuggestionCut.objects.order_by("-pk").first()),
        "actions": actions,
        "here": request.get_full_path(),
    }
    return render_admin(request, "desk/suggestions.html", context)


def _certain_folds() -> list[tuple[Article, Article]]:
    """Return the stories that *Take all* would fold, each with its lead. Of the rest, the next are taken after them."""
    unanswered = Suggestion.objects.unanswered()
    likeliest = as_pairs(unanswered.filter(score__gte=TAKEN_FROM).best_first(), TAKEN_MAX)
    stories = {story.pk: story for pair in likeliest for story in (pair.lead, pair.story)}
    story_of = {article.pk: _story(article).pk for pair in likeliest for article in pair.articles}
    among = unanswered.filter(article__in=story_of, other__in=story_of).order_by()
    scores: dict[frozenset[int], float] = {}
    for article, other, score in among.values_list("article", "other", "score"):
        pair = frozenset((story_of[article], story_of[other]))
        scores[pair] = max(score, scores.get(pair, 0.0))
    folds = []
    for group in propose_groups(scores, TAKEN_FROM):
        lead, *members = sorted((stories[pk] for pk in group), key=_lead_order)
        folds += [(member, lead) for member in members]
    return folds


def suggested_leads(article: Article) -> list[tuple[Article, str]]:
    """Return the stories that may be the same event and can lead it, each with what speaks for it."""
    leads: dict[int, tuple[Article, str]] = {}
    for pair in suggestions_of(article):
        lead = next((story for story in (pair.lead, pair.story) if story.pk not in (article.pk, article.lead_id)), None)
        if lead is not None and lead.heat is not None:
            leads.setdefault(lead.pk, (lead, _("may be the same event: %(terms)s") % {"terms": pair.terms}))
    return list(leads.values())


def suggestions_of(article: Article) -> list[SuggestedPair]:
    """Return the unanswered suggestions of one article, best first."""
    rows = Suggestion.objects.unanswered().filter(Q(article=article) | Q(other=article))
    likely = as_pairs(rows.likely().best_first(), OF_STORY_MAX)
    return likely + as_pairs(rows.less_sure().best_first(), LESS_SURE_OF_STORY_MAX, is_less_sure=True)


def permitted_answers(request: DeskRequest) -> dict[str, Action]:
    permitted = permitted_actions(request.user)
    return {name: permitted[name] for name in ("merge", "merge_all", "keep_apart") if name in permitted}


def as_pairs(rows: SuggestionQuerySet, at_most: int, *, is_less_sure: bool = False) -> list[SuggestedPair]:
    """Return these suggestions with their stories and the proposed lead: that of best quality, then the earliest."""
    articles = ("article", "other", "article__lead", "other__lead")
    deferred = [f"{path}__{name}" for path in articles for name in LARGE_COLUMNS]
    rows = rows.select_related(*articles, *(f"{path}__provider" for path in articles)).defer(*deferred)
    return [_pair(row, is_less_sure) for row in rows[:at_most]]


def _pair(suggestion: Suggestion, is_less_sure: bool) -> SuggestedPair:
    stories = [_story(suggestion.article), _story(suggestion.other)]
    lead, story = sorted(stories, key=_lead_order)
    return SuggestedPair(suggestion, lead, story, is_less_sure)


def _story(article: Article) -> Article:
    return article.lead if article.is_folded and article.lead else article


def _lead_order(article: Article) -> tuple[Any, ...]:
    return -(article.quality if article.quality is not None else -1), file_sort_key(article.name)
