"""Explanations of an article's numbers as lines of text, for the admin, the desk and the command line.

A value is written as yes or no, as none where it is missing, or as itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from articles.models import Article
from articles.models.field_labels import field_label
from articles.rules.scoring import FOLDED_HEAT, STORY_ROLE_PIN, Explanation, Role, Term
from config.times import format_time

ROLE_TEXTS = {
    Role.UNSCORED: gettext_lazy("%(article)s is unscored"),
    Role.SINGLE: gettext_lazy("%(article)s is the only article of its story"),
    Role.LEAD: gettext_lazy("%(article)s leads its story"),
    Role.FOLDED: gettext_lazy("%(article)s is folded"),
}


def format_explanation(
    explanation: Explanation,
    article: Article,
    *,
    called: str,
    policy_owner: str = "",
    title_for_name: Callable[[str], str] = str,
) -> list[str]:
    """Return an explanation as lines of text.

    `called` is what the lines call the article, `policy_owner` whose policy decided (that of the site if empty), and
    `title_for_name` returns what to call a member of the story by its name.
    """
    lines = [
        ROLE_TEXTS[explanation.result.role] % {"article": called},
        _heat(explanation, title_for_name),
        _publication(explanation, article, title_for_name),
        _("decided by %(policy)s: threshold %(threshold)s")
        % {"policy": policy_owner or _("the policy of the site"), "threshold": explanation.threshold},
        _state(article),
    ]
    schedule = _schedule(article)
    if schedule:
        lines.append(schedule)
    lines += _pins(explanation, article)
    result = explanation.result
    if (article.heat, article.published) != (result.heat, result.published):
        heat = _("folded") if article.is_folded else format_value(article.heat)
        values = {"heat": heat, "published": format_value(article.published)}
        lines.append(_("stored: heat %(heat)s, published %(published)s; rescoring would change that") % values)
    return lines


def _heat(explanation: Explanation, title_for_name: Callable[[str], str]) -> str:
    heat = explanation.result.heat
    if "heat" in explanation.pins:
        reason = _("pinned")
    elif heat is None:
        reason = _("it has no quality yet")
    elif heat != FOLDED_HEAT:
        reason = format_terms(explanation.terms)
    elif explanation.better_lead is None:
        reason = _("an editor folded it")
    else:
        reason = _("%(lead)s leads the story") % {"lead": title_for_name(explanation.better_lead)}
    if heat is None or heat == FOLDED_HEAT:
        return _("no heat: %(reason)s") % {"reason": reason}
    return _("heat %(heat)s: %(reason)s") % {"heat": heat, "reason": reason}


def _publication(explanation: Explanation, article: Article, title_for_name: Callable[[str], str]) -> str:
    result, threshold = explanation.result, explanation.threshold
    if article.same_event_as:
        story = title_for_name(article.same_event_as)
        reason = _("it waits until someone says whether it is the same event as %(story)s") % {"story": story}
    elif article.waits_for_editor:
        reason = _("it waits for an editor")
    else:
        reason = _publication_reason(explanation, result.heat, threshold)
    if result.published is None:
        return _("neither published nor withheld: %(reason)s") % {"reason": reason}
    text = _("published: %(reason)s") if result.published else _("not published: %(reason)s")
    return text % {"reason": reason}


def _publication_reason(explanation: Explanation, heat: int | None, threshold: int) -> str:
    if "published" in explanation.pins:
        return _("pinned")
    if explanation.result.role == Role.UNSCORED:
        return _("unscored, so the policy for unscored articles says whether readers see it")
    if heat is None:
        return _("as its document says, because it has no heat")
    if heat == FOLDED_HEAT:
        return _("folded articles are shown under their lead")
    if heat >= threshold and not explanation.result.published:
        return _("its source removed it")
    text = (
        _("heat %(heat)s reaches the threshold of %(threshold)s")
        if heat >= threshold
        else _("heat %(heat)s is below the threshold of %(threshold)s")
    )
    return text % {"heat": heat, "threshold": threshold}


def _state(article: Article) -> str:
    values = {"state": article.decision_label, "since": format_time(article.state_since)}
    if article.is_shown():
        return _("state %(state)s since %(since)s, visible to readers") % values
    return _("state %(state)s since %(since)s, not visible to readers") % values


def _schedule(article: Article) -> str:
    """Return when readers start and stop seeing the article; empty if nothing is scheduled."""
    start, end = (at and format_time(at) for at in (article.publish_at, article.unpublish_at))
    if start and end:
        return _("scheduled: from %(start)s until %(end)s") % {"start": start, "end": end}
    if start:
        return _("scheduled: from %(start)s") % {"start": start}
    return _("scheduled: until %(end)s") % {"end": end} if end else ""


def _pins(explanation: Explanation, article: Article) -> Iterator[str]:
    for name in explanation.pins:
        if name == "published" and article.waits_for_editor:
            continue  # nobody has decided
        if name == STORY_ROLE_PIN and article.is_folded:
            yield _("pinned: an editor decided that it is folded")
        elif name == STORY_ROLE_PIN:
            yield _("pinned: an editor decided that it stands by itself")
        elif name in article.wishes:
            value = format_incoming_value(name, article.wishes[name])
            yield _("pinned %(field)s: its document says %(value)s") % {"field": field_label(name), "value": value}
        else:
            text = _("pinned %(field)s: the next import will show what its document says")
            yield text % {"field": field_label(name)}


def format_incoming_value(name: str, value: Any) -> str:
    """Return what the document says for a pinned field (as `article.wishes` holds it) as text."""
    if name == "images" and isinstance(value, int):  # of lists only the length came in
        return ngettext("%(number)d picture", "%(number)d pictures", value) % {"number": value}
    if name == "related" and isinstance(value, int):
        return ngettext("%(number)d related link", "%(number)d related links", value) % {"number": value}
    if name == "provider":
        domain, provider = value
        return f"{provider} ({domain})"
    if name == "published_at" and isinstance(value, str):
        return format_time(datetime.fromisoformat(value))
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value) or format_value(None)
    return format_value(value)


def format_value(value: Any) -> str:
    """Return a value as explanations and reports write it: yes, no, none, or itself."""
    if value is None or value == "":
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def format_suggestion(points: int, terms: Iterable[Term]) -> str:
    """Return the suggested quality with its terms as a line of text."""
    return _("suggested quality %(points)s: %(terms)s") % {
        "points": points,
        "terms": format_terms(terms) or _("no term applies"),
    }


def format_terms(terms: Iterable[Term]) -> str:
    """Return terms as a sum: 80 (quality) + 10 (1 related × 10)."""
    return " + ".join(f"{term.points} ({term.label})" for term in terms).replace("+ -", "- ")
