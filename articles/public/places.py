"""Places as the public sees them: those with public stories, by their codes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from django.db.models import Count, Min, OuterRef, Subquery
from django.urls import reverse

from articles.models import Article, ArticlePlace, shown_to_readers
from articles.rules.places import place_codes, place_name

from .recent import past_days


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
    """Return the codes of the places with public stories. One query: one look into an index for each place."""
    firsts = ArticlePlace.objects.order_by().values("code").annotate(first=Min("pk")).values("first")
    public = ArticlePlace.objects.filter(shown_to_readers("article__"), code=OuterRef("code"))
    latest = public.order_by("-listed_at").values("pk")  # the order makes both databases use the index
    published = ArticlePlace.objects.filter(pk__in=firsts).annotate(story=Subquery(latest[:1]))
    return list(published.filter(story__isnull=False).order_by("code").values_list("code", flat=True))


def countries(since: datetime | None = None) -> list[Country]:
    """Return the places with public stories, by country and name, and the number of those since a time.

    Without one, the past RECENT_DAYS count. Two queries.
    """
    since = since or past_days()
    recent = Article.objects.public().filter(listed_at__gte=since, article_places__isnull=False).order_by()
    counts = dict(recent.values_list("article_places__code").annotate(Count("pk")))
    places = [Place(code, counts.get(code, 0)) for code in published_codes()]
    regions: dict[str, list[Place]] = {}
    for place in places:
        if "-" in place.code:
            regions.setdefault(place.code.partition("-")[0], []).append(place)
    by_name = attrgetter("name")
    shown = [place for place in places if "-" not in place.code]
    return [Country(place, sorted(regions.get(place.code, ()), key=by_name)) for place in sorted(shown, key=by_name)]
