"""The rivals of the stories in a list: other articles with the same URL, and other leads that list a member."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from articles.models import Article, ArticleQuerySet
from articles.rules.states import State
from articles.stories.neighbourhood import Neighbourhood

RIVALS_MAX = 3  # shown for each reason


@dataclass(frozen=True, slots=True)
class Rival:
    """Another article, and what connects it: `label` stands before its headline."""

    label: str
    article: Article


def rivals_of(articles: Sequence[Article]) -> Mapping[int, list[Rival]]:
    """Return the rivals by the ids of `articles`. Makes a fixed number of queries."""
    rivals: dict[int, list[Rival]] = defaultdict(list)
    _add_duplicates(rivals, articles)
    _add_other_leads(rivals, articles)
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
            Rival("same URL, spiked:" if other.state == State.SPIKED else "same URL:", other)
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
            rivals[pk] += [Rival("also listed by", other) for other in others]
        if member.lead_id in ids:
            rivals[member.lead_id] += [Rival(f"“{member.title}” is also listed by", other) for other in others]


def _listed() -> ArticleQuerySet:
    return Article.objects.select_related("provider").only("name", "title", "state", "url_key", "provider__name")
