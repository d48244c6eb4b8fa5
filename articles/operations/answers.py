"""What editors' acts say about suggestions: the answers from which the site's cut is learned."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from articles.audit_log.unit_of_work import UnitOfWork
from articles.models import Suggestion, SuggestionAnswer


def record_answer(uow: UnitOfWork, one: Collection[int], other: Collection[int], *, is_same: bool) -> None:
    """Note that two stories, given by all their articles, are one event or not, if that was ever suggested.

    They count once, with the score of the likeliest pair.
    """
    pairs = Q(article__in=one, other__in=other) | Q(article__in=other, other__in=one)
    score = Suggestion.objects.filter(pairs).order_by("-score").values_list("score", flat=True).first()
    if score is not None:
        SuggestionAnswer.objects.create(operation=uow.get_or_create_operation(), score=score, is_same=is_same)
