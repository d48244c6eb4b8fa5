"""Articles at one address: each is marked, so that editors find them without a search of the whole table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from articles.audit_log.unit_of_work import Act
from articles.db.bulk import chunked, ids_between_or_in
from articles.models import Article


def settle(running: Act, ids: Iterable[int] = (), keys: Collection[str] = ()) -> None:
    """Mark the articles that share an address with one of these, or that have one of these `url_key`s.

    Of articles that the act changed, the address that they had counts too: a twin may be left alone now. The act may
    write and let go of its rows meanwhile.
    """
    for chunk in chunked(ids):
        own = Article.objects.filter(ids_between_or_in("pk", chunk)).order_by()
        twins = own.filter(Exists(_others(OuterRef("url_key"), OuterRef("pk"))) | Q(twin=True)).exclude(url_key="")
        _settle(running, {*twins.values_list("url_key", flat=True), *running.former_keys(chunk)})
        running.relieve()
    for keys_chunk in chunked(sorted(keys)):
        _settle(running, set(keys_chunk))
        running.relieve()


def shared_keys() -> list[str]:
    """Return the `url_key`s that several articles have. Reads all articles."""
    keys = Article.objects.exclude(url_key="").order_by().values_list("url_key", flat=True)
    return list(keys.annotate(articles=Count("pk")).filter(articles__gt=1))


def _others(key: Any, pk: Any) -> QuerySet[Article]:
    return Article.objects.filter(url_key=key).exclude(pk=pk).order_by()


def _settle(running: Act, keys: set[str]) -> None:
    found = Article.objects.filter(url_key__listed=keys - {""}).order_by()
    rows = list(found.values_list("pk", "url_key", "twin"))
    numbers = Counter(key for _, key, _ in rows)
    turned = {pk: numbers[key] > 1 for pk, key, twin in rows if twin != (numbers[key] > 1)}
    for article in running.load(turned):
        article.twin = turned[article.pk]
    alone = [pk for pk in running.rows if running.rows[pk].twin and not running.rows[pk].url_key]
    for pk in alone:
        running.rows[pk].twin = False
