"""Which stories of an intake wait for an answer, because readers may see their event already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Q

from articles.exchange.format.document import Document
from articles.models import Article, Pairing, RefusedPair
from articles.rules.similarity import Text
from articles.suggestions.arrivals import likely_pairs
from articles.suggestions.comparing import Arrival, Pair
from providers.models import Provider


def published_rivals(documents: Sequence[Document]) -> dict[str, str]:
    """Return the documents that may be the same event as a published story: the names of both.

    `documents` are those that the policy would publish. Of two of them that may be one event the later one waits.
    Articles that readers see already go on being seen.
    """
    existing = {article.name: article for article in Article.objects.filter(name__in=[d.name for d in documents])}
    new = [document for document in documents if not (existing.get(document.name) and existing[document.name].public)]
    arrivals = _arrivals(new, existing)
    by_key = {arrival.pk: arrival for arrival in arrivals}
    pairs: dict[int, list[Pair]] = defaultdict(list)
    for pair in sorted(likely_pairs(arrivals), key=lambda pair: -pair.likeness.score):
        pairs[pair.later].append(pair)
        pairs[pair.earlier].append(pair)
    stories = _published_stories(key for key in pairs if key not in by_key)
    refused = _refused([arrival.name for arrival in arrivals])
    waiting: dict[str, str] = {}
    for arrival in sorted(arrivals, key=lambda arrival: (arrival.published_at, arrival.name)):
        others = [pair.earlier if pair.later == arrival.pk else pair.later for pair in pairs[arrival.pk]]
        rivals = [stories[other] for other in others if other in stories]
        rival = next((lead for name, lead in rivals if not refused & _pairs(arrival.name, name, lead)), None)
        if rival is not None:
            waiting[arrival.name] = rival
        else:
            stories[arrival.pk] = arrival.name, arrival.name  # it is published, and later ones wait for it
    return waiting


def _arrivals(documents: Sequence[Document], existing: Mapping[str, Article]) -> list[Arrival]:
    domains = {document.provider.domain for document in documents}
    known = Provider.objects.filter(domain__in=domains).values_list("domain", "name", "pk")
    outlets = {(domain, name): pk for domain, name, pk in known}
    arrivals = []
    for place, document in enumerate(documents, 1):
        outlet = outlets.setdefault((document.provider.domain, document.provider.name), -len(outlets) - 1)
        article = existing.get(document.name)
        text = Text.of(document.title, document.excerpt)
        key = article.pk if article else -place
        arrivals.append(Arrival(key, document.name, document.published_at, outlet, text))
    return arrivals


def _pairs(name: str, *others: str) -> set[frozenset[str]]:
    return {frozenset((name, other)) for other in others}


def _published_stories(keys: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Return the names of these articles and of their leads, as far as readers see those, by their keys."""
    articles = Article.objects.filter(pk__in=list(keys)).select_related("lead")
    leads = [(article, article.lead if article.is_folded else article) for article in articles]
    return {article.pk: (article.name, lead.name) for article, lead in leads if lead is not None and lead.is_shown()}


def _refused(names: Sequence[str]) -> set[frozenset[str]]:
    """Return the pairs of names that editors keep apart."""
    of_pairings = Q(lead__name__in=names) | Q(member__name__in=names)
    pairings = Pairing.objects.filter(of_pairings, together=False).values_list("lead__name", "member__name")
    deleted = RefusedPair.objects.filter(Q(lead_name__in=names) | Q(member_name__in=names))
    return {frozenset(pair) for pair in (*pairings, *deleted.values_list("lead_name", "member_name"))}
