"""Context for every public template."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from articles.db.compiled_queries import CompiledQuery
from articles.models import Topic

from .topic_tree import TopicNode, having_stories

MENU_TOPICS_MAX = 8


class _TopicRow(NamedTuple):
    pk: int
    name: str
    shortname: str
    slug: str
    parent_id: int | None


def site(request: HttpRequest) -> dict[str, object]:
    return {
        "SITE_NAME": settings.SITE_NAME,
        "SITE_TAGLINE": settings.SITE_TAGLINE,
        "sections": SimpleLazyObject(menu_topics),  # no query on pages without the menu
    }


def menu_topics() -> tuple[TopicNode, ...]:
    """Return the topics of the menu, at most 8: those below a root, or the roots if there are none. One query."""
    topics = UPPER_TOPICS.rows()
    shown = [row for row in topics if row.parent_id] or topics
    return tuple(
        TopicNode(row.pk, row.shortname or row.name, row.slug, row.parent_id) for row in shown[:MENU_TOPICS_MAX]
    )


UPPER_TOPICS = CompiledQuery(_TopicRow, lambda _: having_stories(Topic.objects.filter(parent__parent=None)))
