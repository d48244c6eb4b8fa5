"""Articles at one address: each is marked, so that editors find them without a search of the whole table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from articles.audit_log.unit_of_work import UnitOfWork
from articles.db.bulk import chunked, ids_between_or_in
from articles.models import Article


def mark_duplicates(uow: UnitOfWork, ids: Iterable[int] = (), keys: Collection[str] = ()) -> None:
    """Mark the articles that share an address with one of these, or that have one of these `url_key`s.

    Of articles that the act changed, the address that they had counts too: a twin may be left alone now. The act may
    write and let go of its rows meanwhile.
    """
    for chunk in chunked(ids):
        own = Article.objects.filter(ids_between_or_in("pk", chunk)).order_by()
        twins = own.filter(Exists(_same_url(OuterRef("url_key"), OuterRef("pk"))) | Q(twin=True)).exclude(url_key="")
        _mark(uow, {*twins.values_list("url_key", flat=True), *uow.previous_url_keys(chunk)})
        uow.flush_if_large()
    for keys_chunk in chunked(sorted(keys)):
        _mark(uow, set(keys_chunk))
        uow.flush_if_large()


def duplicate_url_keys() -> list[str]:
    """Return the `url_key`s that several articles have. Reads all articles."""
    keys = Article.objects.exclude(url_key="").order_by().values_list("url_key", flat=True)
    return list(keys.annotate(articles=Count("pk")).filter(articles__gt=1))


def _same_url(key: Any, pk: Any) -> QuerySet[Article]:
    return Article.objects.filter(url_key=key).exclude(pk=pk).order_by()


def _mark(uow: UnitOfWork, keys: set[str]) -> None:
    found = Article.objects.filter(url_key__listed=keys - {""}).order_by()
    rows = list(found.values_list("pk", "url_key", "twin"))
    numbers = Counter(key for _, key, _ in rows)
    turned = {pk: numbers[key] > 1 for pk, key, twin in rows if twin != (numbers[key] > 1)}
    for article in uow.load(turned):
        article.twin = turned[article.pk]
    alone = [pk for pk in uow.articles if uow.articles[pk].twin and not uow.articles[pk].url_key]
    for pk in alone:
        uow.articles[pk].twin = False
