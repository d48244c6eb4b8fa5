"""What every public template may use."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from articles.db.compiled_queries import CompiledQuery
from articles.models import Topic

from .topic_tree import with_stories

SECTIONS = 8


class Section(NamedTuple):
    """A topic in the menu."""

    label: str
    slug: str

    @property
    def address(self) -> str:
        return reverse("topic", args=[self.slug])


class _TopicRow(NamedTuple):
    name: str
    shortname: str
    parent_id: int | None
    slug: str


def site(request: HttpRequest) -> dict[str, object]:
    return {
        "SITE_NAME": settings.SITE_NAME,
        "SITE_TAGLINE": settings.SITE_TAGLINE,
        "sections": SimpleLazyObject(sections),  # no query on pages without the menu
    }


def sections() -> tuple[Section, ...]:
    """Return the topics for the menu, at most 8: those below a root, else the roots. One query."""
    upper = UPPER.rows()
    chosen = [row for row in upper if row.parent_id] or upper
    return tuple(Section(row.shortname or row.name, row.slug) for row in chosen[:SECTIONS])


UPPER = CompiledQuery(_TopicRow, lambda _: with_stories(Topic.objects.filter(parent__parent=None)))
