"""What every public template may use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from .models import ArticleTopic, Topic, shown_to_readers
from .statements import MOMENT, Statement

SECTIONS = 8


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


def _build_upper(_: Sequence[int]) -> QuerySet[Any, Any]:
    told = ArticleTopic.objects.filter(shown_to_readers("content_object__", at=MOMENT), tag=OuterRef("pk"))
    upper = Topic.objects.filter(Exists(told), parent__parent=None)
    return upper.values_list("name", "shortname", "parent", "slug")


UPPER = Statement(_build_upper)
