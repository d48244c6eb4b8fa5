"""The topics as a tree in memory, loaded with one query, and which of them have public stories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.urls import reverse

from articles.db.compiled_queries import NOW, CompiledQuery, KeyRow, from_json
from articles.models import Article, ArticleTopic, Topic, shown_to_readers

from .recent import past_days


class TopicNode(NamedTuple):
    """A topic as pages show it."""

    pk: int
    name: str
    slug: str
    parent_id: int | None

    @property
    def url(self) -> str:
        return reverse("topic", args=[self.slug])


TOPIC_JSON = JSONObject(pk="tag__pk", name="tag__name", slug="tag__slug", parent_id="tag__parent")  # of an ArticleTopic


def topic_from_json(value: Any) -> TopicNode | None:
    """Return the topic that TOPIC_JSON selected."""
    topic = from_json(value)
    return TopicNode(**topic) if topic else None


class TopicBranch(NamedTuple):
    """A topic with its subtopics and the number of recent stories about any of them, each once."""

    topic: TopicNode
    stories: int
    branches: list[TopicBranch]

    @property
    def url(self) -> str:
        return self.topic.url


class TopicTree:
    def __init__(self, topics: Iterable[TopicNode]) -> None:
        self.topics = {topic.pk: topic for topic in topics}
        self._children: dict[int | None, list[TopicNode]] = defaultdict(list)
        for topic in self.topics.values():
            self._children[topic.parent_id].append(topic)

    @classmethod
    def load(cls) -> TopicTree:
        """Return the tree of all topics, in the registry's order. One query."""
        return cls(ALL_TOPICS.rows())

    def find(self, slug: str) -> TopicNode | None:
        return next((topic for topic in self.topics.values() if topic.slug == slug), None)

    def parent(self, topic: TopicNode) -> TopicNode | None:
        return self.topics.get(topic.parent_id) if topic.parent_id is not None else None

    def children(self, topic: TopicNode) -> list[TopicNode]:
        return self._children[topic.pk]

    def subtree(self, topic: TopicNode) -> list[TopicNode]:
        topics = {topic.pk: topic}
        waiting = [topic]
        while waiting:
            below = [child for child in self.children(waiting.pop()) if child.pk not in topics]
            topics.update((child.pk, child) for child in below)
            waiting += below
        return list(topics.values())

    def published_topics(self) -> list[TopicNode]:
        """Return the topics that have pages, by name: with public stories of their own or below them. One query."""
        topics: dict[int, TopicNode] = {}
        for row in PUBLISHED.rows(list(self.topics)):
            topic = self.topics.get(row.pk)
            while topic is not None and topic.pk not in topics:
                topics[topic.pk] = topic
                topic = self.parent(topic)
        return sorted(topics.values(), key=lambda topic: topic.name.casefold())

    def published_ids(self, topic: TopicNode) -> list[int]:
        """Return the keys of those topics of the subtree that have public stories of their own. One query."""
        subtree = [below.pk for below in self.subtree(topic)]
        published = {row.pk for row in PUBLISHED.rows(subtree)}
        return [pk for pk in subtree if pk in published]

    def branches(self, since: datetime | None = None) -> list[TopicBranch]:
        """Return the roots with everything below them that has public stories, and the number of those since a time.

        Without one, the past RECENT_DAYS count. Two queries.
        """
        published = {row.pk for row in PUBLISHED.rows(list(self.topics))}
        recent: dict[int, set[int]] = defaultdict(set)
        for topic_id, article_id in _recent_pairs(since or past_days()):
            recent[topic_id].add(article_id)
        return self._branches(None, published, recent)

    def _branches(
        self, parent_id: int | None, published: Set[int], recent: Mapping[int, set[int]]
    ) -> list[TopicBranch]:
        branches = []
        for topic in self._children[parent_id]:
            subtree = [below.pk for below in self.subtree(topic)]
            if not published.isdisjoint(subtree):
                stories = set().union(*(recent.get(pk, ()) for pk in subtree))
                branches.append(TopicBranch(topic, len(stories), self._branches(topic.pk, published, recent)))
        return branches


def having_stories(topics: QuerySet[Topic]) -> QuerySet[Topic]:
    """Return those of `topics` that have public stories of their own, for a CompiledQuery.

    One look into an index for each topic, whatever the planner prefers: for EXISTS, PostgreSQL reads all stories.
    """
    stories = ArticleTopic.objects.filter(shown_to_readers("content_object__", at=NOW), tag=OuterRef("pk"))
    latest = stories.order_by("-listed_at").values("pk")  # the order makes both databases use the index
    return topics.annotate(story=Subquery(latest[:1])).filter(story__isnull=False)


def _recent_pairs(since: datetime) -> list[tuple[int, int]]:
    """Return the keys of topic and article for each topic of each public article since then. One query."""
    recent = Article.objects.public().filter(listed_at__gte=since).order_by()
    return list(recent.exclude(article_topics=None).values_list("article_topics__tag", "pk"))


ALL_TOPICS = CompiledQuery(TopicNode, lambda _: Topic.objects.all())
PUBLISHED = CompiledQuery(KeyRow, lambda ids: having_stories(Topic.objects.filter(pk__in=ids)).order_by())
