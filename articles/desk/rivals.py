"""The rivals of the stories in a list: other articles of the same URL or event, and other leads that list a member."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from articles.models import Article, ArticleQuerySet, Suggestion
from articles.rules.states import State
from articles.stories.neighbourhood import Neighbourhood

from .suggestion_text import hours_text, shared_terms

RIVALS_MAX = 3  # shown for each reason


@dataclass(frozen=True, slots=True)
class Rival:
    """Another article, and what connects it: `label` stands before its headline, `evidence` after its outlet."""

    label: str
    article: Article
    evidence: str = ""


def rivals_of(articles: Sequence[Article]) -> Mapping[int, list[Rival]]:
    """Return the rivals by the ids of `articles`. Makes a fixed number of queries."""
    rivals: dict[int, list[Rival]] = defaultdict(list)
    _add_duplicates(rivals, articles)
    _add_other_leads(rivals, articles)
    _add_suggested(rivals, articles)
    return rivals


def _add_duplicates(rivals: dict[int, list[Rival]], articles: Sequence[Article]) -> None:
    marked = [article for article in articles if article.twin]
    if not marked:
        return
    others = _listed().filter(url_key__in={article.url_key for article in marked}, staged=None)
    by_key: dict[str, list[Article]] = defaultdict(list)
    for other in others.order_by("file_name"):
        by_key[other.url_key].append(other)
    for article in marked:
        twins = [other for other in by_key[article.url_key] if other.pk != article.pk]
        rivals[article.pk] += [
            Rival(_("same URL, spiked:") if other.state == State.SPIKED else _("same URL:"), other)
            for other in twins[:RIVALS_MAX]
        ]


def _add_other_leads(rivals: dict[int, list[Rival]], articles: Sequence[Article]) -> None:
    """Add the leads that list a member of a story, or a folded article itself, but don't have it."""
    ids = [article.pk for article in articles]
    folded = {article.pk: article for article in articles if article.is_folded and article.ambiguous}
    members = folded | {
        member.pk: member for member in Article.objects.filter(ambiguous=True, lead__in=ids).only("title", "lead")
    }
    if not members:
        return
    neighbourhood = Neighbourhood(list(members))
    claims = {pk: [claim.lead_id for claim in neighbourhood.lead_candidates(pk)] for pk in members}
    leads = _listed().in_bulk({lead for claiming in claims.values() for lead in claiming})
    for pk, member in members.items():
        others = [leads[lead] for lead in claims[pk] if lead in leads and lead != member.lead_id][:RIVALS_MAX]
        if pk in folded:
            rivals[pk] += [Rival(_("also listed by"), other) for other in others]
        if member.lead_id in ids:
            rivals[member.lead_id] += [
                Rival(_("“%(title)s” is also listed by") % {"title": member.title}, other) for other in others
            ]


def _add_suggested(rivals: dict[int, list[Rival]], articles: Sequence[Article]) -> None:
    """Add the article that most likely reports the same event, if it is likely enough to be suggested."""
    waiting = {article.pk for article in articles if not article.is_folded}
    of_both = Q(article__in=waiting) | Q(other__in=waiting)
    rows = Suggestion.objects.unanswered().likely().filter(of_both).best_first()
    sides = [f"{side}__{name}" for side in ("article", "other") for name in ("title", "provider__name")]
    for row in rows.select_related("article__provider", "other__provider").only("evidence", *sides):
        for pk, other, is_earlier in ((row.article_id, row.other, True), (row.other_id, row.article, False)):
            if pk in waiting:
                waiting.remove(pk)
                text = _(", %(hours)s earlier: %(terms)s") if is_earlier else _(", %(hours)s later: %(terms)s")
                values = {"hours": hours_text(row.evidence["hours"]), "terms": shared_terms(row.evidence)}
                evidence = text % values
                rivals[pk].append(Rival(_("may be the same event as"), other, evidence))


def _listed() -> ArticleQuerySet:
    return Article.objects.select_related("provider").only("name", "title", "state", "url_key", "provider__name")
