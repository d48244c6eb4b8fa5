"""Why an article's numbers are what they are, in lines for people: the admin and the command line print them."""

from __future__ import annotations

from collections.abc import Iterable

from articles.models import Article
from articles.policy import FOLDED_HEAT, Explanation, Term


def explained(explanation: Explanation, article: Article) -> list[str]:
    """Return an explanation in lines for people."""
    verdict = explanation.verdict
    lines = [f"{article.name} is {verdict.role}"]
    if verdict.heat is None:
        lines.append("heat none: it has no quality yet")
    elif verdict.heat == FOLDED_HEAT:
        lines.append(f"heat -1: {explanation.stronger} leads the story" if explanation.stronger else "heat -1: pinned")
    else:
        lines.append(f"heat {verdict.heat}: {summed(explanation.terms)}")
    lines.append(_publication(explanation))
    if explanation.pins:
        lines.append("pinned by an editor: " + ", ".join(explanation.pins))
    for field, wish in article.wishes.items():
        lines.append(f"its document wants {field}: {wish}")
    stored = (article.heat, article.published)
    if stored != (verdict.heat, verdict.published):
        lines.append(f"stored: heat {stored[0]}, published {stored[1]}; rescore_articles would change that")
    return lines


def _publication(explanation: Explanation) -> str:
    heat, threshold = explanation.verdict.heat, explanation.threshold
    state = {True: "yes", False: "no", None: "undecided"}[explanation.verdict.published]
    if "published" in explanation.pins:
        return f"published {state}: pinned"
    if heat is None:
        return f"published {state}: without heat, the policy for unscored articles says what readers see"
    if heat == FOLDED_HEAT:
        return f"published {state}: folded articles are shown under their lead"
    return f"published {state}: heat {heat} {'≥' if heat >= threshold else '<'} threshold {threshold}"


def suggestion(points: int, terms: Iterable[Term]) -> str:
    """Return the suggested quality with its terms, in a line for people."""
    return f"suggested quality {points}: " + (summed(terms) or "nothing speaks for it")


def summed(terms: Iterable[Term]) -> str:
    return " + ".join(f"{term.points} ({term.label})" for term in terms).replace("+ -", "- ")
