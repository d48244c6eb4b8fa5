"""What new stories are placed among: outlets, topics and names that exist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import QuerySet

from articles.models import Article, TakenDownStory, Topic
from articles.rules.slugs import document_name
from providers.models import Provider
from sources.models import Source
from sources.reading.urls import host_of

from .documents import Outlet
from .topics import TopicFinder, TopicNode


def load_topic_finder() -> TopicFinder:
    """Return what finds the topics of headlines. One query."""
    return TopicFinder(_nodes(Topic.objects.all()))


def topic_nodes(names: Iterable[str]) -> tuple[tuple[TopicNode, ...], list[str]]:
    """Return the topics of these names, in their order, and the names that no topic has. One query."""
    listed = list(dict.fromkeys(names))
    nodes = {node.name: node for node in _nodes(Topic.objects.filter(name__in=listed))}
    return tuple(nodes[name] for name in listed if name in nodes), [name for name in listed if name not in nodes]


def _nodes(topics: QuerySet[Topic]) -> Iterator[TopicNode]:
    for pk, name, keywords, parent, weight in topics.values_list("pk", "name", "keywords", "parent", "weight"):
        yield TopicNode(pk=pk, name=name, keywords=tuple(keywords), parent=parent, weight=weight)


def outlet_of(name: str, domain: str) -> Outlet:
    """Return the outlet of this name and domain, which may be new. Two queries."""
    known = Provider.objects.filter(domain=domain, name=name).first()
    registered = Provider.objects.filter(domain=domain, registered=True).exists()
    return Outlet(name=name, domain=domain, registered=registered, weight=known.weight if known else 0)


class Outlets:
    """The outlets of the stories of one source, which are at these URLs. One query."""

    def __init__(self, source: Source, urls: Iterable[str]) -> None:
        self._own = source.provider
        domains = {host_of(url) for url in urls} | ({self._own.domain} if self._own else set())
        self._by_domain: dict[str, list[Provider]] = defaultdict(list)
        for provider in Provider.objects.filter(domain__listed=sorted(domains)).order_by("-registered", "pk"):
            self._by_domain[provider.domain].append(provider)

    def find(self, url: str, stated_name: str) -> Outlet:
        """Return the source's outlet, else the one at this host, by the stated name if there are several."""
        if self._own:
            return self._outlet(self._own.domain, self._own.name, self._own.weight)
        domain = host_of(url)
        known = self._by_domain[domain]
        provider = next((provider for provider in known if provider.name == stated_name), known[0] if known else None)
        if provider:
            return self._outlet(domain, provider.name, provider.weight)
        return Outlet(name=stated_name or domain, domain=domain)

    def _outlet(self, domain: str, name: str, weight: int) -> Outlet:
        registered = any(provider.registered for provider in self._by_domain[domain])
        return Outlet(name=name, domain=domain, registered=registered, weight=weight)


class Names:
    """The names of documents that are taken."""

    def __init__(self, stories: Iterable[tuple[datetime, str]]) -> None:
        """Look up the names of these stories, by time and title, in one query."""
        self._looked_up = {document_name(published_at, title) for published_at, title in stories}
        listed = Article.objects.filter(name__listed=sorted(self._looked_up))
        self._taken = set(listed.values_list("name", flat=True))
        self._taken.update(TakenDownStory.objects.values_list("name", flat=True))  # an import refuses these

    def is_taken(self, name: str) -> bool:
        if name not in self._looked_up:
            self._looked_up.add(name)
            if Article.objects.filter(name=name).exists():
                self._taken.add(name)
        return name in self._taken

    def take(self, name: str) -> None:
        self._taken.add(name)
