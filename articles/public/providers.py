"""Outlets as readers see them: a domain with the names under which it has public stories. No other is on the site."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone

from articles.db.compiled_queries import NOW, CompiledQuery, JSONList, from_json
from articles.models import Article, shown_to_readers
from providers.models import Provider, ProviderLogo

from .media import Outlet, logos_of

RECENT_DAYS = 30


class Domain(NamedTuple):
    """A domain with the keys and the names under which it speaks."""

    domain: str
    keys: tuple[int, ...]
    names: tuple[str, ...]

    @property
    def title(self) -> str:
        return self.names[0] if len(self.names) == 1 else self.domain


class Listed(NamedTuple):
    """A domain with the name whose logo stands for all, and the number of its stories of the past RECENT_DAYS."""

    domain: Domain
    face: Outlet
    stories: int


def told_domains() -> list[Domain]:
    """Return the domains that have public stories, in alphabetical order of their titles. One query."""
    return sorted(_domains(TOLD.rows()), key=lambda domain: (domain.title.casefold(), domain.domain))


def find(domain: str) -> Domain | None:
    """Return the domain with the names that have public stories; None if it has none. Two queries."""
    keys = list(Provider.objects.for_domain(domain).order_by().values_list("pk", flat=True))
    return next(iter(_domains(TOLD_OF.rows(keys))), None)


def faces(domains: Iterable[Domain]) -> dict[str, Outlet]:
    """Return for each domain the name whose logo stands for all; the first if none has a logo. One query."""
    wanted = list(domains)
    found = {
        row.pk: Outlet(row.name, row.domain, logos_from(row.logo_files))
        for row in FACES.rows([key for domain in wanted for key in domain.keys])
    }
    outlets = {domain.domain: [found[key] for key in domain.keys] for domain in wanted}
    return {name: next((outlet for outlet in known if outlet.logos), known[0]) for name, known in outlets.items()}


def listed(domains: Sequence[Domain]) -> list[Listed]:
    """Return what a list shows of domains. Three queries."""
    face, recent = faces(domains), _recent([key for each in domains for key in each.keys])
    return [Listed(each, face[each.domain], sum(recent.get(key, 0) for key in each.keys)) for each in domains]


def logos_json(provider: str) -> Subquery:
    """Return the expression for an outlet's logos of which we hold a copy, as JSON; `provider` leads to it."""
    logos = ProviderLogo.objects.filter(provider=OuterRef(provider)).exclude(file="").order_by()
    files = JSONList(JSONObject(file="file", width="width"))
    return Subquery(logos.values("provider").annotate(all=files).values("all"))


def logos_from(value: Any) -> tuple[Any, ...]:
    """Return the logos that `logos_json` found."""
    return logos_of((logo["file"], logo["width"]) for logo in from_json(value) or ())


class _NameRow(NamedTuple):
    pk: int
    name: str
    domain: str


class _FaceRow(NamedTuple):
    pk: int
    name: str
    domain: str
    logo_files: Any


def _domains(rows: Iterable[_NameRow]) -> list[Domain]:
    domains = []
    for domain, group in groupby(rows, key=attrgetter("domain")):
        names = list(group)
        domains.append(Domain(domain, tuple(row.pk for row in names), tuple(row.name for row in names)))
    return domains


def _recent(outlets: Sequence[int]) -> dict[int, int]:
    """Return how many public stories of the past RECENT_DAYS these outlets have. Two queries.

    What is counted are the entries of an index, which hold no schedules; so those off the air are taken off again.
    """
    since, now = timezone.now() - timedelta(days=RECENT_DAYS), timezone.now()
    entries = Article.objects.filter(public=True, published_at__gte=since).order_by()
    of_one = entries.filter(provider=OuterRef("pk")).values("provider").annotate(n=Count("*")).values("n")
    counted = Provider.objects.filter(pk__in=outlets).order_by().values_list("pk", Subquery(of_one))
    off_air = entries.off_air(now).filter(provider__in=outlets)
    found = {pk: number or 0 for pk, number in counted}
    for pk, number in off_air.values_list("provider").annotate(n=Count("*")):
        found[pk] -= number
    return found


def _told() -> QuerySet[Provider]:
    """Return the outlets with public stories: one look into an index for each, whatever the planner thinks of it."""
    one = Article.objects.filter(shown_to_readers(at=NOW), provider=OuterRef("pk")).order_by()
    told = Provider.objects.annotate(told=Subquery(one.values("pk")[:1])).filter(told__isnull=False)
    return told.order_by("domain", "name")


TOLD = CompiledQuery(_NameRow, lambda _: _told())
TOLD_OF = CompiledQuery(_NameRow, lambda keys: _told().filter(pk__in=keys))
FACES = CompiledQuery(
    _FaceRow, lambda keys: Provider.objects.filter(pk__in=keys).order_by().annotate(logo_files=logos_json("pk"))
)
