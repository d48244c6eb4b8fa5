"""The site's cut, as editors' answers move it."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F
from django.db.models.functions import Floor
from django.utils.translation import gettext as _

from articles.models import Operation, Suggestion, SuggestionAnswer, SuggestionCut, Verb
from articles.rules.suggestion_cut import (
    ANSWERS_MIN,
    LEARNED_FROM,
    MOVE_EVERY,
    STEP,
    Answer,
    Answers,
    estimated_precision,
    next_cut,
)
from config.times import format_time


def answers_since(moment: datetime) -> list[Answer]:
    """Return the answers after `moment` whose operations are not undone. Two queries."""
    rows = SuggestionAnswer.objects.filter(operation__at__gte=moment).order_by("pk")
    undoers = Operation.objects.filter(verb=Verb.UNDO, at__gte=moment).order_by("-pk").values_list("pk", "undoes")
    undone: set[int] = set()
    for pk, undoes in undoers:  # the newest first: an undo that was undone itself doesn't count
        if undoes is not None and pk not in undone:
            undone.add(undoes)
    values = rows.values_list("operation_id", "score", "is_same")
    return [Answer(score, is_same) for operation, score, is_same in values if operation not in undone]


def learn_cut(now: datetime) -> SuggestionCut | None:
    """Move the cut by a step if the answers say so; return the move. At most once a day."""
    if SuggestionAnswer.objects.count() < ANSWERS_MIN:
        return None
    last = SuggestionCut.objects.order_by("-pk").first()
    if last is not None and now - last.at < MOVE_EVERY:
        return None
    answers = answers_since(now - LEARNED_FROM)
    if len(answers) < ANSWERS_MIN:
        return None
    before, found = SuggestionCut.current(), _pairs_by_band()
    cut = next_cut(before, answers, found, settings.SUGGESTION_PRECISION / 100)
    if cut == before:
        return None
    counted_from = min(cut, before)
    counts = Answers.of(answers, counted_from)
    with transaction.atomic():
        return SuggestionCut.objects.create(
            at=now,
            before=before,
            cut=cut,
            precision=estimated_precision(counted_from, answers, found) or 0.0,
            yes=counts.yes,
            no=counts.no,
        )


def describe_move(move: SuggestionCut) -> str:
    """Return when and where the cut moved, and why."""
    text = _(
        "On %(day)s the score from which pairs are suggested moved from %(before).2f to %(cut).2f: from %(least).2f "
        "on, about %(share)d %% of the pairs are right (yes %(yes)d, no %(no)d), and the site wants %(wanted)d %%."
    )
    return text % {
        "day": format_time(move.at, "day"),
        "before": move.before,
        "cut": move.cut,
        "least": min(move.before, move.cut),
        "share": int(move.precision * 100),
        "yes": move.yes,
        "no": move.no,
        "wanted": settings.SUGGESTION_PRECISION,
    }


def _pairs_by_band() -> dict[int, int]:
    """Return how many pairs were found in each band of scores."""
    band = Floor(F("score") / STEP + 1e-9)
    rows = Suggestion.objects.order_by().annotate(band=band).values_list("band").annotate(number=Count("pk"))
    return {int(band): number for band, number in rows}
