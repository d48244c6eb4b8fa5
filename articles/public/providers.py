"""Providers as the public sees them: a domain with the names under which it reports public stories.

A provider reports the stories that it leads, and those that list its coverage.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, JSONObject
from django.utils import timezone

from articles.db.compiled_queries import NOW, CompiledQuery, JSONList, from_json
from articles.models import Article, RelatedLink, shown_to_readers
from providers.models import Provider, ProviderLogo

from .media import ProviderView, StoredLogo, servable_logos
from .recent import past_days

OTHER_LETTERS = "#"


class ProviderDomain(NamedTuple):
    """A domain with the keys and names of its providers."""

    domain: str
    keys: tuple[int, ...]
    names: tuple[str, ...]

    @property
    def title(self) -> str:
        return self.names[0] if len(self.names) == 1 else self.domain

    @property
    def letter(self) -> str:
        """Return the letter under which the outlet stands in the list: A for Öra, # for all that isn't a letter."""
        first = _sort_text(self.title)[:1].upper()
        is_letter = first.isalpha() and unicodedata.east_asian_width(first) not in "WF"  # there are too many of those
        return first if is_letter else OTHER_LETTERS

    def has_words(self, words: str) -> bool:
        """Return whether the domain or one of its names contains these words, accents and case aside."""
        return any(_sort_text(words) in _sort_text(name) for name in (self.domain, *self.names))


class ProviderListItem(NamedTuple):
    """A domain with the provider whose logo stands for all, and the number of its recent stories."""

    domain: ProviderDomain
    logo_provider: ProviderView
    stories: int

    @property
    def url(self) -> str:
        return self.logo_provider.url


def published_domains() -> list[ProviderDomain]:
    """Return the domains that report public stories, in alphabetical order of their titles. One query."""
    return sorted(_to_domains(PUBLISHED.rows()), key=lambda domain: (_sort_text(domain.title), domain.domain))


def find_domain(domain: str) -> ProviderDomain | None:
    """Return the domain with those of its names that report public stories; None if there are none. Two queries."""
    keys = list(Provider.objects.filter(domain=domain).order_by().values_list("pk", flat=True))
    return next(iter(_to_domains(PUBLISHED_AMONG.rows(keys))), None)


def logo_providers(domains: Sequence[ProviderDomain]) -> dict[str, ProviderView]:
    """Return the provider whose logo stands for each domain: the first with a logo, else the first. One query."""
    views = {view.pk: view for view in LOGO_ROWS.rows([key for domain in domains for key in domain.keys])}
    return {
        domain.domain: next((views[key] for key in domain.keys if views[key].logo_files), views[domain.keys[0]])
        for domain in domains
    }


def list_items(domains: Sequence[ProviderDomain], since: datetime | None = None) -> list[ProviderListItem]:
    """Return what the list of providers shows of domains, with the number of stories since a time. Four queries.

    Without one, the past RECENT_DAYS count.
    """
    since = since or past_days()
    logos = logo_providers(domains)
    keys = [key for domain in domains for key in domain.keys]
    led, covered = _count_led(keys, since), _count_covered(keys, since)
    return [
        ProviderListItem(
            domain,
            logos[domain.domain],
            sum(led.get(key, 0) for key in domain.keys) + covered.get(domain.domain, 0),
        )
        for domain in domains
    ]


def logos_subquery(provider: str) -> Subquery:
    """Return an expression for the stored logos, as JSON; `provider` names the provider's key."""
    logos = ProviderLogo.objects.filter(provider=OuterRef(provider)).exclude(file="").order_by()
    files = JSONList(JSONObject(file="file", width="width"))
    return Subquery(logos.values("provider").annotate(all=files).values("all"))


def logos_from_json(value: Any) -> tuple[StoredLogo, ...]:
    """Return the logos that `logos_subquery` selected."""
    return servable_logos((logo["file"], logo["width"]) for logo in from_json(value) or ())


class _NameRow(NamedTuple):
    pk: int
    name: str
    domain: str


def _to_domains(rows: Iterable[_NameRow]) -> list[ProviderDomain]:
    domains = []
    for domain, group in groupby(rows, key=attrgetter("domain")):
        names = list(group)
        domains.append(ProviderDomain(domain, tuple(row.pk for row in names), tuple(row.name for row in names)))
    return domains


def _sort_text(text: str) -> str:
    """Return text in lower case without accents, so that Öra sorts with Ora."""
    return "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))


def _count_covered(provider_ids: Sequence[int], since: datetime) -> dict[str, int]:
    """Return how many public stories since then have these providers as coverage only, by domain."""
    recent = Article.objects.public().filter(listed_at__gte=since).order_by().values("pk")
    links = RelatedLink.objects.coverage().filter(article__in=recent, provider__in=provider_ids)
    others = links.exclude(article__provider__domain=F("provider__domain"))
    stories = others.order_by().values_list("provider__domain")
    return dict(stories.annotate(n=Count("article", distinct=True)))


def _count_led(provider_ids: Sequence[int], since: datetime) -> dict[int, int]:
    """Return how many public stories since then these providers lead. Two queries.

    Counting entries of an index is fast, but the index holds no schedules, so stories outside theirs are subtracted.
    """
    now = timezone.now()
    entries = Article.objects.filter(public=True, listed_at__gte=since).order_by()
    of_provider = entries.filter(provider=OuterRef("pk")).values("provider").annotate(n=Count("*")).values("n")
    providers = Provider.objects.filter(pk__in=provider_ids).order_by()
    counts = {pk: count or 0 for pk, count in providers.values_list("pk", Subquery(of_provider))}
    off_air = entries.outside_schedule(now).filter(provider__in=provider_ids)
    for pk, count in off_air.values_list("provider").annotate(n=Count("*")):
        counts[pk] -= count
    return counts


def _published() -> QuerySet[Provider]:
    """Return the providers of public stories: a look into an index or two for each, whatever the planner prefers."""
    stories = Article.objects.filter(shown_to_readers(at=NOW), provider=OuterRef("pk")).order_by()
    coverage = RelatedLink.objects.coverage().filter(shown_to_readers("article__", at=NOW), provider=OuterRef("pk"))
    reported = Coalesce(Subquery(stories.values("pk")[:1]), Subquery(coverage.order_by().values("pk")[:1]))
    return Provider.objects.annotate(report=reported).filter(report__isnull=False).order_by("domain", "name")


PUBLISHED = CompiledQuery(_NameRow, lambda _: _published())
PUBLISHED_AMONG = CompiledQuery(_NameRow, lambda keys: _published().filter(pk__in=keys))
LOGO_ROWS = CompiledQuery(
    ProviderView,
    lambda keys: Provider.objects.filter(pk__in=keys).order_by().annotate(logo_files=logos_subquery("pk")),
    logo_files=logos_from_json,
)
