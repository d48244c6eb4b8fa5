"""Sentences about what speaks for one event in two reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from articles.models import SuggestionCut
from articles.rules.suggestion_cut import ANSWERS_MIN, STARTING_CUT, Answer, Answers
from articles.suggestions.learning import describe_move

TERMS_SHOWN = 5


def hours_text(hours: float) -> str:
    """Return a time between two reports, as "5 hours"."""
    number, unit = (hours * 60, "minute") if hours < 1 else (hours, "hour") if hours < 48 else (hours / 24, "day")
    return f"{number:.0f} {unit}{'' if round(number) == 1 else 's'}"


def shared_terms(evidence: Mapping[str, Any]) -> str:
    """Return the first words that both reports have, as "xnor, apple"."""
    return ", ".join(list(evidence["terms"])[:TERMS_SHOWN])


def sureness_lines(answers: Sequence[Answer], last_move: SuggestionCut | None) -> list[str]:
    """Return how sure suggestions are, by the answers of the last 90 days, and when and why their cut moved."""
    cut = last_move.cut if last_move else STARTING_CUT
    counts = Answers.of(answers, cut)
    lines = [
        _(
            "Pairs are suggested from a score of %(cut).2f. Of these, editors answered in the last 90 days: "
            "yes %(yes)d, no %(no)d. Up to two in ten score up to 0.1 less and are marked “less sure”."
        )
        % {"cut": cut, "yes": counts.yes, "no": counts.no}
    ]
    if len(answers) < ANSWERS_MIN:
        text = _("The score follows your answers from the %(least)dth on; so far there are %(number)d.")
        lines.append(text % {"least": ANSWERS_MIN, "number": len(answers)})
    return [*lines, describe_move(last_move)] if last_move else lines
