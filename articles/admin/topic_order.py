"""List topics in the order of their tree. No I/O, apart from reading `topics` once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from articles.models import Topic


def in_tree_order(topics: Iterable[Topic]) -> list[tuple[Topic, int]]:
    """Return each topic with its depth: below its parent, in the order of `topics` among its siblings.

    A topic whose parent is not among `topics`, or stands below it, counts as a root.
    """
    rows = list(topics)
    ids = {topic.pk for topic in rows}
    children: dict[int | None, list[Topic]] = defaultdict(list)
    for topic in rows:
        children[topic.parent_id if topic.parent_id in ids else None].append(topic)
    seen: set[int] = set()
    roots = [*children[None], *rows]  # for topics in a circle, which no root reaches
    return [entry for root in roots for entry in _descend(root, children, seen)]


def _descend(root: Topic, children: dict[int | None, list[Topic]], seen: set[int]) -> Iterator[tuple[Topic, int]]:
    waiting = [(root, 0)]
    while waiting:
        topic, depth = waiting.pop()
        if topic.pk not in seen:
            seen.add(topic.pk)
            yield topic, depth
            waiting += [(child, depth + 1) for child in reversed(children[topic.pk])]
