"""Places as the public sees them: those with public stories, by their codes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from django.db import connections, router
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from articles.models import ArticlePlace, shown_to_readers
from articles.rules.places import place_codes, place_name

from .recent import past_days

# One look into the index for each code. Both databases read the whole index for SELECT DISTINCT.
_FIRST_OF_EACH_CODE = """
WITH RECURSIVE first (id, code) AS (
    SELECT * FROM (SELECT id, code FROM articles_articleplace ORDER BY code LIMIT 1) AS smallest
    UNION ALL
    SELECT place.id, place.code FROM first JOIN articles_articleplace AS place ON place.id = (
        SELECT id FROM articles_articleplace WHERE code > first.code ORDER BY code LIMIT 1
    )
)
SELECT id FROM first"""


class Place(NamedTuple):
    """A place, with the number of its recent stories where they are counted."""

    code: str
    stories: int = 0

    @property
    def name(self) -> str:
        return place_name(self.code)

    @property
    def url(self) -> str:
        return reverse("place", args=[self.code])


class Country(NamedTuple):
    """A country with those of its regions that have pages."""

    place: Place
    regions: list[Place]


def places_of(tags: Iterable[str]) -> list[Place]:
    """Return the places that the tags of a story name."""
    return [Place(code) for code in place_codes(tags)]


def published_codes() -> list[str]:
    """Return the codes of the places with public stories. Two queries."""
    return list(_published().values_list("code", flat=True))


def countries(since: datetime | None = None) -> list[Country]:
    """Return the places with public stories, by country and name, and the number of those since a time.

    Without one, the past RECENT_DAYS count. Two queries.
    """
    since = since or past_days()
    recent = ArticlePlace.objects.filter(shown_to_readers("article__"), code=OuterRef("code"), listed_at__gte=since)
    number = recent.order_by().values("code").annotate(number=Count("pk")).values("number")
    rows = _published().values_list("code", Coalesce(Subquery(number), 0))
    places = [Place(code, stories) for code, stories in rows]
    regions: dict[str, list[Place]] = {}
    for place in places:
        if "-" in place.code:
            regions.setdefault(place.code.partition("-")[0], []).append(place)
    by_name = attrgetter("name")
    shown = [place for place in places if "-" not in place.code]
    return [Country(place, sorted(regions.get(place.code, ()), key=by_name)) for place in sorted(shown, key=by_name)]


def _published() -> QuerySet[ArticlePlace]:
    """Return one row for each place with public stories, by code. One query, and another when they are read."""
    with connections[router.db_for_read(ArticlePlace)].cursor() as cursor:
        cursor.execute(_FIRST_OF_EACH_CODE)
        firsts = [pk for (pk,) in cursor.fetchall()]
    public = ArticlePlace.objects.filter(shown_to_readers("article__"), code=OuterRef("code"))
    latest = public.order_by("-listed_at").values("pk")  # the order makes both databases use the index
    places = ArticlePlace.objects.filter(pk__in=firsts).annotate(story=Subquery(latest[:1]))
    return places.filter(story__isnull=False).order_by("code")
