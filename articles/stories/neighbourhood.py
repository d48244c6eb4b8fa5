"""The neighbourhood of articles: which articles they link to, which link to them, and what the rules say about that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db.models import Exists, OuterRef

from articles.audit_log.unit_of_work import UnitOfWork
from articles.db.bulk import KEYS_CHUNK, chunked, ids_between_or_in
from articles.models import Article, ArticleQuerySet, Pairing, RelatedLink
from articles.rules.clustering import LeadCandidate
from articles.rules.scoring import FOLDED_HEAT, STORY_ROLE_PIN, Explanation, Policy, ScoringInput, explain
from articles.rules.slugs import document_name


@dataclass(slots=True)
class Neighbour:
    """What the rules need to know of a linked article. `is_fixed`: an editor decided its heat or its role."""

    name: str
    quality: int | None
    heat: int | None
    is_fixed: bool

    @property
    def may_lead(self) -> bool:
        return not (self.heat == FOLDED_HEAT and self.is_fixed)


class Neighbourhood:
    """The links of some articles and to them, with the articles at their other ends. One query.

    `articles` holds those that are newer in memory than in the database.
    """

    def __init__(self, ids: Collection[int], articles: Mapping[int, Article] = MappingProxyType({})) -> None:
        self.links: dict[int, list[tuple[int | None, int | None, datetime, str]]] = defaultdict(list)
        self.listed_by: dict[int, set[int]] = defaultdict(set)
        self.neighbours: dict[int, Neighbour] = {}
        self.with_related: set[int] = set()
        self.paired: set[tuple[int, int]] = set()
        target_has_related = Exists(RelatedLink.objects.filter(article=OuterRef("target")))
        paired = Exists(Pairing.objects.filter(lead=OuterRef("article"), member=OuterRef("target"), together=True))
        ends = [f"{end}__{name}" for end in ("article", "target") for name in ("name", "quality", "heat", "pins")]
        pks = list(ids)
        links = RelatedLink.objects.filter(ids_between_or_in("article", pks) | ids_between_or_in("target", pks))
        links = links.annotate(target_has_related=target_has_related, paired=paired)
        columns = ("article", "target", "quality", "published_at", "title", "target_has_related", "paired", *ends)
        for row in links.order_by().values_list(*columns):
            article, target, quality, published_at, title, has_related, is_paired, *values = row
            self.links[article].append((target, quality, published_at, title))
            self.with_related.add(article)
            self._add(articles, article, values[:4])
            if target is not None:
                self.listed_by[target].add(article)
                self._add(articles, target, values[4:])
                if has_related:
                    self.with_related.add(target)
                if is_paired:
                    self.paired.add((article, target))

    def _add(self, articles: Mapping[int, Article], pk: int, values: Sequence[Any]) -> None:
        article = articles.get(pk)
        if article is not None:
            values = (article.name, article.quality, article.heat, article.pins)
        name, quality, heat, pins = values
        self.neighbours[pk] = Neighbour(name, quality, heat, not {"heat", STORY_ROLE_PIN}.isdisjoint(pins or ()))

    def member_qualities(self, pk: int) -> list[tuple[int, str]]:
        """Return (quality, name) of what an article lists: those of our own article where we have it, else as listed.

        -1 stands for no quality, and for an article that an editor folded: it counts as coverage, but never leads.
        """
        qualities = []
        for target, listed_quality, published_at, title in self.links.get(pk, ()):
            if target is None:
                qualities.append((-1 if listed_quality is None else listed_quality, document_name(published_at, title)))
                continue
            neighbour = self.neighbours[target]
            quality = listed_quality if neighbour.quality is None else neighbour.quality
            qualities.append((-1 if quality is None or not neighbour.may_lead else quality, neighbour.name))
        return qualities

    def lead_candidates(self, pk: int) -> list[LeadCandidate]:
        """Return the leads that list an article or that it lists: scored, not folded, with related links."""
        lists = {target for target, *_ in self.links.get(pk, ()) if target is not None}
        listed_by = self.listed_by.get(pk, set())
        candidates = []
        for lead in lists | listed_by:
            neighbour = self.neighbours[lead]
            if neighbour.heat is not None and neighbour.heat > FOLDED_HEAT and lead in self.with_related:
                mutual, decided = lead in lists & listed_by, (lead, pk) in self.paired
                candidates.append(LeadCandidate(lead, neighbour.name, neighbour.quality or 0, mutual, decided))
        return candidates

    def explain(self, article: Article, policy: Policy) -> Explanation:
        """Return the numbers that `policy` gives an article among its neighbours, with the reasons."""
        scoring_input = ScoringInput(
            name=article.name,
            quality=article.quality,
            heat=article.heat,
            published=article.published,
            removed=bool(article.removed),
            document_scores=article.document_scores,
            members=self.member_qualities(article.pk),
            pins=frozenset(article.pins),
        )
        return explain(scoring_input, policy)


def with_linked(ids: Sequence[int]) -> ArticleQuerySet:
    """Return these articles with those that they list, that list them or that are folded under them."""
    links = RelatedLink.objects.order_by()
    lists = links.filter(article__in=ids, target__isnull=False).values("target")
    listed_by = links.filter(target__in=ids).values("article")
    folded = Article.objects.order_by().filter(lead__in=ids).values("pk")
    themselves = Article.objects.order_by().filter(pk__in=ids).values("pk")
    return Article.objects.filter(pk__in=themselves.union(lists, listed_by, folded)).order_by("pk")


def lock_with_linked(uow: UnitOfWork, ids: Sequence[int]) -> list[Article]:
    """Return these articles and their neighbours as the unit of work has them, locked. One query."""
    articles = list(with_linked(ids).select_for_update())
    uow.adopt(articles)
    return [uow.articles[article.pk] for article in articles]


def linked_ids(ids: Iterable[int]) -> set[int]:
    """Return the ids of any number of articles and of those that they list or that list them."""
    linked = set(ids)
    for chunk in chunked(sorted(linked), KEYS_CHUNK):
        links = RelatedLink.objects.filter(ids_between_or_in("article", chunk) | ids_between_or_in("target", chunk))
        pairs = links.filter(target__isnull=False).order_by().values_list("article", "target")
        chunk_ids = set(chunk)
        linked.update(pk for pair in pairs if not chunk_ids.isdisjoint(pair) for pk in pair)
    return linked
