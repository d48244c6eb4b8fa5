"""Sentences about what speaks for one event in two reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from articles.models import SuggestionCut
from articles.rules.suggestion_cut import ANSWERS_MIN, STARTING_CUT, Answer, Answers
from articles.suggestions.learning import describe_move

TERMS_SHOWN = 5


def hours_text(hours: float) -> str:
    """Return a time between two reports, as "5 hours"."""
    if hours < 1:
        minutes = round(hours * 60)
        return ngettext("%(number)d minute", "%(number)d minutes", minutes) % {"number": minutes}
    if hours < 48:
        return ngettext("%(number)d hour", "%(number)d hours", round(hours)) % {"number": round(hours)}
    days = round(hours / 24)
    return ngettext("%(number)d day", "%(number)d days", days) % {"number": days}


def shared_terms(evidence: Mapping[str, Any]) -> str:
    """Return the first words that both reports have, as "xnor, apple"."""
    return ", ".join(list(evidence["terms"])[:TERMS_SHOWN])


def sureness_lines(answers: Sequence[Answer], last_move: SuggestionCut | None) -> list[str]:
    """Return how sure suggestions are, by the answers of the last 90 days, and when and why their cut moved."""
    cut = last_move.cut if last_move else STARTING_CUT
    counts = Answers.of(answers, cut)
    lines = [
        _(
            "Pairs with a score of at least %(cut).2f are suggested. In the last 90 days, editors said yes to "
            "%(yes)d of these and no to %(no)d. Up to one in five scores slightly less and is marked “less sure”."
        )
        % {"cut": cut, "yes": counts.yes, "no": counts.no}
    ]
    if len(answers) < ANSWERS_MIN:
        text = _("Once there are %(least)d answers, they adjust this score. So far there are %(number)d.")
        lines.append(text % {"least": ANSWERS_MIN, "number": len(answers)})
    return [*lines, describe_move(last_move)] if last_move else lines
