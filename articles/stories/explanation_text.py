"""Why an article's numbers are what they are, in lines for people: the admin and the command line print them.

Yes and no say what is and what isn't, none what is missing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from django.utils import timezone

from articles.models import Article
from articles.rules.scoring import FOLDED_HEAT, STORY_ROLE_PIN, Explanation, Role, Term

COUNTED_LISTS = {"images": "pictures", "related": "related links"}  # lists of which only the length is a wish


def format_explanation(
    explanation: Explanation,
    article: Article,
    *,
    called: str,
    by: str = "the policy of the site",
    naming: Callable[[str], str] = str,
) -> list[str]:
    """Return an explanation in lines for people.

    `called` is what the article is called there, `by` whose policy decided, and `naming` says what to call a
    member of the story whose name is known.
    """
    lines = [
        f"{called} is {explanation.result.role}",
        _heat(explanation, naming),
        _publication(explanation),
        f"decided by {by}: threshold {explanation.threshold}",
        _state(article),
    ]
    schedule = _schedule(article)
    if schedule:
        lines.append(schedule)
    lines += _pins(explanation, article)
    result = explanation.result
    if (article.heat, article.published) != (result.heat, result.published):
        stored = f"heat {format_value(article.heat)}, published {format_value(article.published)}"
        lines.append(f"stored: {stored}; rescoring would change that")
    return lines


def _heat(explanation: Explanation, naming: Callable[[str], str]) -> str:
    heat = explanation.result.heat
    if "heat" in explanation.pins:
        return f"heat {format_value(heat)}: pinned"
    if heat is None:
        return "heat none: it has no quality yet"
    if heat != FOLDED_HEAT:
        return f"heat {heat}: {format_terms(explanation.terms)}"
    if explanation.better_lead is None:
        return "heat -1: an editor folded it"
    return f"heat -1: {naming(explanation.better_lead)} leads the story"


def _publication(explanation: Explanation) -> str:
    result, threshold = explanation.result, explanation.threshold
    told = f"published {format_value(result.published)}"
    if "published" in explanation.pins:
        return f"{told}: pinned"
    if result.role == Role.UNSCORED:
        return f"{told}: unscored, so the policy for unscored articles says whether readers see it"
    if result.heat is None:
        return f"{told}: as its document says, for it has no heat"
    if result.heat == FOLDED_HEAT:
        return f"{told}: folded articles are shown under their lead"
    if result.heat >= threshold and not result.published:
        return f"{told}: its source removed it"
    return f"{told}: heat {result.heat} {'≥' if result.heat >= threshold else '<'} threshold {threshold}"


def _state(article: Article) -> str:
    is_shown = format_value(article.is_shown())
    return f"state {article.decision} since {_time(article.state_since)}, seen by readers: {is_shown}"


def _schedule(article: Article) -> str:
    """Return when the article goes on air and leaves it; empty if nothing is scheduled."""
    times = [("from", article.publish_at), ("until", article.unpublish_at)]
    told = " ".join(f"{when} {_time(at)}" for when, at in times if at is not None)
    return f"scheduled: {told}" if told else ""


def _pins(explanation: Explanation, article: Article) -> Iterator[str]:
    for name in explanation.pins:
        if name == STORY_ROLE_PIN:
            side = "is folded" if article.is_folded else "stands by itself"
            yield f"pinned: an editor decided that it {side}"
        elif name in article.wishes:
            yield f"pinned {name}: its document wants {format_incoming_value(name, article.wishes[name])}"
        else:
            yield f"pinned {name}: what its document wants is known after the next import"


def format_incoming_value(name: str, wish: Any) -> str:
    """Return what a document wants for a field, as `pins.py` and the import keep it, in words for people."""
    if name in COUNTED_LISTS and isinstance(wish, int):
        return f"{wish} {COUNTED_LISTS[name]}"
    if name == "provider":
        domain, outlet = wish
        return f"{outlet} ({domain})"
    if name == "published_at" and isinstance(wish, str):
        return _time(datetime.fromisoformat(wish))
    if isinstance(wish, list) and all(isinstance(item, str) for item in wish):
        return ", ".join(wish) or format_value(None)
    return format_value(wish)


def format_value(value: Any) -> str:
    """Return a value as explanations and reports write it: yes, no, none, or itself."""
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _time(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M %Z}"


def format_suggestion(points: int, terms: Iterable[Term]) -> str:
    """Return the suggested quality with its terms, in a line for people."""
    return f"suggested quality {points}: " + (format_terms(terms) or "nothing speaks for it")


def format_terms(terms: Iterable[Term]) -> str:
    return " + ".join(f"{term.points} ({term.label})" for term in terms).replace("+ -", "- ")
