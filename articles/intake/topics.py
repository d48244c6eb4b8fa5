"""The topics of a story by the keywords in its headline. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from articles.rules.scoring import TopicTraits
from articles.rules.words import whole_words


@dataclass(frozen=True, kw_only=True)
class TopicNode(TopicTraits):
    """A topic in the tree, as far as it matters for new stories."""

    pk: int


class TopicFinder:
    """Finds the topics of headlines. `topics` are all of them, in their order."""

    def __init__(self, topics: Iterable[TopicNode]) -> None:
        self._by_pk = {topic.pk: topic for topic in topics}
        self._patterns = [(pk, whole_words(topic.keywords)) for pk, topic in self._by_pk.items() if any(topic.keywords)]

    def find(self, title: str, defaults: Sequence[int], added: Sequence[int] = ()) -> list[TopicNode]:
        """Return the topics with a keyword in the title, each after those above it; without any, the default ones.

        Those that a rule `added` come last.
        """
        found = [pk for pk, pattern in self._patterns if pattern.search(title)] or defaults
        pks = dict.fromkeys(pk for topic in (*found, *added) for pk in self._with_ancestors(topic))
        return [self._by_pk[pk] for pk in pks]

    def _with_ancestors(self, topic: int) -> list[int]:
        """Return the topic below all those above it, root first. Cycles are tolerated."""
        path: list[int] = []
        pk: int | None = topic
        while pk is not None and pk in self._by_pk and pk not in path:
            path.append(pk)
            pk = self._by_pk[pk].parent
        return path[::-1]
