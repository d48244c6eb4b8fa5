"""The topics as a tree in memory, from one query: what stands below what, and how much is told about it lately."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone

from articles.db.compiled_queries import NOW, CompiledQuery, KeyRow
from articles.models import Article, ArticleTopic, Topic, shown_to_readers

RECENT_DAYS = 30


class Node(NamedTuple):
    """A topic with what the tree needs of it."""

    pk: int
    name: str
    slug: str
    parent_id: int | None

    @property
    def address(self) -> str:
        return reverse("topic", args=[self.slug])


class Branch(NamedTuple):
    """A topic with the number of its stories of the past RECENT_DAYS, those of topics below it included, each once."""

    topic: Node
    stories: int
    branches: list[Branch]


class TopicTree:
    def __init__(self, topics: Iterable[Node]) -> None:
        self.topics = {topic.pk: topic for topic in topics}
        self._children: dict[int | None, list[Node]] = defaultdict(list)
        for topic in self.topics.values():
            self._children[topic.parent_id].append(topic)

    @classmethod
    def load(cls) -> TopicTree:
        """Return the tree of all topics, in the registry's order. One query."""
        return cls(ALL.rows())

    def find(self, slug: str) -> Node | None:
        return next((topic for topic in self.topics.values() if topic.slug == slug), None)

    def parent(self, topic: Node) -> Node | None:
        return self.topics.get(topic.parent_id)

    def children(self, topic: Node) -> list[Node]:
        return self._children[topic.pk]

    def subtree(self, topic: Node) -> list[Node]:
        """Return the topic and all below it."""
        found = {topic.pk: topic}
        waiting = [topic]
        while waiting:
            below = [child for child in self.children(waiting.pop()) if child.pk not in found]
            found.update((child.pk, child) for child in below)
            waiting += below
        return list(found.values())

    def told(self) -> list[Node]:
        """Return the topics that have pages: those with public stories of their own or below them. One query."""
        found: dict[int, Node] = {}
        for row in TOLD.rows(list(self.topics)):
            topic = self.topics.get(row.pk)
            while topic is not None and topic.pk not in found:
                found[topic.pk] = topic
                topic = self.parent(topic)
        return list(found.values())

    def told_in(self, topic: Node) -> set[int]:
        """Return the keys of those topics in the subtree that have public stories of their own. One query."""
        return {row.pk for row in TOLD.rows([below.pk for below in self.subtree(topic)])}

    def branches(self) -> list[Branch]:
        """Return the roots with all that has public stories below them. Two queries."""
        told = {row.pk for row in TOLD.rows(list(self.topics))}
        recent: dict[int, set[int]] = defaultdict(set)
        for topic, article in _recent():
            recent[topic].add(article)
        return self._branches(None, told, recent)

    def _branches(self, parent_id: int | None, told: set[int], recent: Mapping[int, set[int]]) -> list[Branch]:
        found = []
        for topic in self._children[parent_id]:
            below = [each.pk for each in self.subtree(topic)]
            if not told.isdisjoint(below):
                stories = len(set().union(*(recent.get(pk, ()) for pk in below)))
                found.append(Branch(topic, stories, self._branches(topic.pk, told, recent)))
        return found


def with_stories(topics: QuerySet[Topic]) -> QuerySet[Topic]:
    """Return those of `topics` that have public stories of their own, for a CompiledQuery.

    One look into an index for each, whatever the planner thinks of it: asked whether such stories exist, PostgreSQL
    reads all there are.
    """
    one = ArticleTopic.objects.filter(shown_to_readers("content_object__", at=NOW), tag=OuterRef("pk"))
    newest = one.order_by("-published_at").values("pk")  # the way into the index
    return topics.annotate(told=Subquery(newest[:1])).filter(told__isnull=False)


def _recent() -> list[tuple[int, int]]:
    """Return the topics of the latest public articles: pairs of keys. One query."""
    since = timezone.now() - timedelta(days=RECENT_DAYS)
    latest = Article.objects.public().filter(published_at__gte=since).order_by()
    return list(latest.exclude(article_topics=None).values_list("article_topics__tag", "pk"))


def _build_told(ids: Sequence[int]) -> QuerySet[Any, Any]:
    return with_stories(Topic.objects.filter(pk__in=ids)).order_by()


ALL = CompiledQuery(Node, lambda _: Topic.objects.all())
TOLD = CompiledQuery(KeyRow, _build_told)
