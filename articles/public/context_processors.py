"""What every public template may use."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from articles.db.compiled_queries import Statement
from articles.models import Topic

from .topic_tree import with_stories

SECTIONS = 8
COLUMNS = ("name", "shortname", "parent", "slug")


class Section(NamedTuple):
    """A topic in the menu."""

    label: str
    slug: str

    @property
    def address(self) -> str:
        return reverse("topic", args=[self.slug])


def site(request: HttpRequest) -> dict[str, object]:
    return {
        "SITE_NAME": settings.SITE_NAME,
        "SITE_TAGLINE": settings.SITE_TAGLINE,
        "sections": SimpleLazyObject(sections),  # no query on pages without the menu
    }


def sections() -> tuple[Section, ...]:
    """Return the topics for the menu, at most 8: those below a root, else the roots. One query."""
    upper = UPPER.rows()
    chosen = [row for row in upper if row[2]] or upper
    return tuple(Section(shortname or name, slug) for name, shortname, _, slug in chosen[:SECTIONS])


UPPER = Statement(lambda _: with_stories(Topic.objects.filter(parent__parent=None)).values_list(*COLUMNS))
