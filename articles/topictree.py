"""The topics as a tree in memory, from one query: what stands below what, and how much is told about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q

from .models import ArticleTopic, Topic, shown_to_readers


@dataclass(frozen=True)
class Branch:
    """A topic with the number of public stories about it or a topic below it, each story counted once."""

    topic: Topic
    stories: int
    branches: list[Branch]


class TopicTree:
    def __init__(self, topics: Iterable[Topic]) -> None:
        self.topics = {topic.pk: topic for topic in topics}
        self._children: dict[int | None, list[Topic]] = defaultdict(list)
        for topic in self.topics.values():
            self._children[topic.parent_id].append(topic)

    @classmethod
    def load(cls) -> TopicTree:
        return cls(Topic.objects.only("name", "shortname", "slug", "parent", "registry_name"))

    def find(self, slug: str) -> Topic | None:
        return next((topic for topic in self.topics.values() if topic.slug == slug), None)

    def parent(self, topic: Topic) -> Topic | None:
        return self.topics.get(topic.parent_id)

    def children(self, topic: Topic) -> list[Topic]:
        return self._children[topic.pk]

    def subtree(self, topic: Topic) -> list[Topic]:
        """Return the topic and all below it."""
        found = {topic.pk: topic}
        waiting = [topic]
        while waiting:
            below = [child for child in self.children(waiting.pop()) if child.pk not in found]
            found.update((child.pk, child) for child in below)
            waiting += below
        return list(found.values())

    def told(self) -> list[Topic]:
        """Return the topics that have pages: those with public stories of their own or below them. One query."""
        found: dict[int, Topic] = {}
        for pk in self._told_among(self.topics):
            topic = self.topics.get(pk)
            while topic is not None and topic.pk not in found:
                found[topic.pk] = topic
                topic = self.parent(topic)
        return list(found.values())

    def told_in(self, topic: Topic) -> set[int]:
        """Return the keys of those topics in the subtree that have public stories of their own. One query."""
        return self._told_among(below.pk for below in self.subtree(topic))

    def _told_among(self, ids: Iterable[int]) -> set[int]:
        told = ArticleTopic.objects.filter(shown_to_readers("content_object__"), tag=OuterRef("pk"))
        return set(Topic.objects.filter(Exists(told), pk__in=list(ids)).values_list("pk", flat=True))

    def branches(self) -> list[Branch]:
        """Return the roots with all that has public stories below them. Two queries."""
        counts = self._count_stories()
        return self._branches(None, counts)

    def _branches(self, parent_id: int | None, counts: dict[int, int]) -> list[Branch]:
        told = [topic for topic in self._children[parent_id] if counts.get(topic.pk)]
        return [Branch(topic, counts[topic.pk], self._branches(topic.pk, counts)) for topic in told]

    def _count_stories(self) -> dict[int, int]:
        public = ArticleTopic.objects.filter(shown_to_readers("content_object__"))
        own = public.values("tag").annotate(stories=Count("content_object")).order_by()
        counts = {row["tag"]: row["stories"] for row in own}
        parents = [topic for topic in self.topics.values() if self.children(topic)]
        subtrees = {
            f"of_{topic.pk}": Count("content_object", distinct=True, filter=Q(tag__in=self.subtree(topic)))
            for topic in parents
        }
        sums = public.aggregate(**subtrees)
        return counts | {topic.pk: sums[f"of_{topic.pk}"] for topic in parents}
