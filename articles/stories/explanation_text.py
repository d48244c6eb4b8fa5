"""Explanations of an article's numbers as lines of text, for the admin, the desk and the command line.

A value is written as yes or no, as none where it is missing, or as itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from articles.models import Article
from articles.rules.scoring import FOLDED_HEAT, STORY_ROLE_PIN, Explanation, Role, Term

COUNTED_LISTS = {"images": "pictures", "related": "related links"}  # lists whose incoming value is only their length

ROLE_TEXTS = {
    Role.UNSCORED: "is unscored",
    Role.SINGLE: "is the only article of its story",
    Role.LEAD: "leads its story",
    Role.FOLDED: "is folded",
}


def format_explanation(
    explanation: Explanation,
    article: Article,
    *,
    called: str,
    policy_owner: str = "the policy of the site",
    title_for_name: Callable[[str], str] = str,
) -> list[str]:
    """Return an explanation as lines of text.

    `called` is what the lines call the article, `policy_owner` whose policy decided, and `title_for_name` returns
    what to call a member of the story by its name.
    """
    lines = [
        f"{called} {ROLE_TEXTS[explanation.result.role]}",
        _heat(explanation, title_for_name),
        _publication(explanation, article, title_for_name),
        f"decided by {policy_owner}: threshold {explanation.threshold}",
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


def _heat(explanation: Explanation, title_for_name: Callable[[str], str]) -> str:
    heat = explanation.result.heat
    if "heat" in explanation.pins:
        return f"heat {format_value(heat)}: pinned"
    if heat is None:
        return "heat none: it has no quality yet"
    if heat != FOLDED_HEAT:
        return f"heat {heat}: {format_terms(explanation.terms)}"
    if explanation.better_lead is None:
        return "heat -1: an editor folded it"
    return f"heat -1: {title_for_name(explanation.better_lead)} leads the story"


def _publication(explanation: Explanation, article: Article, title_for_name: Callable[[str], str]) -> str:
    result, threshold = explanation.result, explanation.threshold
    if article.same_event_as:
        story = title_for_name(article.same_event_as)
        waits = _("it waits until somebody says whether it is the same event as %(story)s") % {"story": story}
        return f"published {format_value(result.published)}: {waits}"
    if article.waits_for_editor:
        return f"published {format_value(result.published)}: it waits for an editor"
    return f"published {format_value(result.published)}: {_publication_reason(explanation, result.heat, threshold)}"


def _publication_reason(explanation: Explanation, heat: int | None, threshold: int) -> str:
    if "published" in explanation.pins:
        return "pinned"
    if explanation.result.role == Role.UNSCORED:
        return "unscored, so the policy for unscored articles says whether readers see it"
    if heat is None:
        return "as its document says, because it has no heat"
    if heat == FOLDED_HEAT:
        return "folded articles are shown under their lead"
    if heat >= threshold and not explanation.result.published:
        return "its source removed it"
    return f"heat {heat} {'≥' if heat >= threshold else '<'} threshold {threshold}"


def _state(article: Article) -> str:
    is_shown = format_value(article.is_shown())
    return f"state {article.decision} since {_time(article.state_since)}, seen by readers: {is_shown}"


def _schedule(article: Article) -> str:
    """Return when readers start and stop seeing the article; empty if nothing is scheduled."""
    times = [("from", article.publish_at), ("until", article.unpublish_at)]
    text = " ".join(f"{when} {_time(at)}" for when, at in times if at is not None)
    return f"scheduled: {text}" if text else ""


def _pins(explanation: Explanation, article: Article) -> Iterator[str]:
    for name in explanation.pins:
        if name == "published" and article.waits_for_editor:
            continue  # nobody has decided
        if name == STORY_ROLE_PIN:
            role = "is folded" if article.is_folded else "stands by itself"
            yield f"pinned: an editor decided that it {role}"
        elif name in article.wishes:
            yield f"pinned {name}: its document says {format_incoming_value(name, article.wishes[name])}"
        else:
            yield f"pinned {name}: the next import will show what its document says"


def format_incoming_value(name: str, value: Any) -> str:
    """Return what the document says for a pinned field (as `article.wishes` holds it) as text."""
    if name in COUNTED_LISTS and isinstance(value, int):
        return f"{value} {COUNTED_LISTS[name]}"
    if name == "provider":
        domain, provider = value
        return f"{provider} ({domain})"
    if name == "published_at" and isinstance(value, str):
        return _time(datetime.fromisoformat(value))
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value) or format_value(None)
    return format_value(value)


def format_value(value: Any) -> str:
    """Return a value as explanations and reports write it: yes, no, none, or itself."""
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _time(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M %Z}"


def format_suggestion(points: int, terms: Iterable[Term]) -> str:
    """Return the suggested quality with its terms as a line of text."""
    return f"suggested quality {points}: " + (format_terms(terms) or "no term applies")


def format_terms(terms: Iterable[Term]) -> str:
    """Return terms as a sum: 80 (quality) + 10 (1 related × 10)."""
    return " + ".join(f"{term.points} ({term.label})" for term in terms).replace("+ -", "- ")
