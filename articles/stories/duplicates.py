"""Articles with the same URL: each is marked, so that editors find them without a search of the whole table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from articles.audit_log.unit_of_work import UnitOfWork
from articles.db.bulk import KEYS_CHUNK, BulkTable, chunked, ids_between_or_in
from articles.models import Article
from articles.models.derived import needs_attention

ARTICLES = BulkTable(Article)


def mark_duplicates(uow: UnitOfWork, ids: Iterable[int] = (), url_keys: Collection[str] = ()) -> None:
    """Mark the articles that share a URL with one of these, or that have one of these `url_keys`.

    The previous URL of an article that changed counts too: its former duplicate may now be the only one. The unit
    of work may write and forget its articles meanwhile.
    """
    for chunk in chunked(ids, KEYS_CHUNK):
        articles = Article.objects.filter(ids_between_or_in("pk", chunk)).exclude(url_key="").order_by()
        duplicates = articles.filter(Exists(_same_url(OuterRef("url_key"), OuterRef("pk"))) | Q(twin=True))
        _mark(uow, {*duplicates.values_list("url_key", flat=True), *uow.previous_url_keys(chunk)})
        uow.flush_if_large()
    for key_chunk in chunked(sorted(url_keys)):
        _mark(uow, set(key_chunk))
        uow.flush_if_large()


def duplicate_warnings(ids: Iterable[int]) -> Iterator[tuple[str, str]]:
    """Yield (name, warning) for those of these articles that share their URL or that several leads claim."""
    for chunk in chunked(ids):
        articles = Article.objects.filter(ids_between_or_in("pk", chunk)).order_by("file_name")
        first_other = _same_url(OuterRef("url_key"), OuterRef("pk")).order_by("file_name").values("name")[:1]
        duplicates = articles.filter(twin=True).annotate(other=Subquery(first_other)).exclude(other=None)
        for pk, name, other in duplicates.values_list("pk", "name", "other"):
            if pk in chunk:
                yield name, _("has the URL of %(other)s") % {"other": other}
        for pk, name, lead in articles.filter(ambiguous=True).values_list("pk", "name", "lead__name"):
            if pk in chunk:
                yield name, _("several leads list it; folded under %(lead)s") % {"lead": lead}


def _same_url(url_key: Any, pk: Any) -> QuerySet[Article]:
    return Article.objects.filter(url_key=url_key).exclude(pk=pk).order_by()


def _mark(uow: UnitOfWork, url_keys: set[str]) -> None:
    articles = Article.objects.filter(url_key__listed=url_keys - {""}).order_by()
    rows = list(articles.values_list("pk", "url_key", "twin"))
    numbers = Counter(key for _, key, _ in rows)
    changes = {pk: numbers[key] > 1 for pk, key, twin in rows if twin != (numbers[key] > 1)}
    new = {pk for pk, twin in changes.items() if twin and pk in uow.created_ids and pk not in uow.articles}
    _mark_new(new)
    for article in uow.load(changes.keys() - new):
        article.twin = changes[article.pk]
    for article in uow.articles.values():
        if article.twin and not article.url_key:
            article.twin = False


def _mark_new(ids: Collection[int]) -> None:
    """Mark articles that were stored just now. Nothing else follows from that, so none is loaded."""
    for chunk in chunked(sorted(ids), KEYS_CHUNK):
        stored = Article.objects.filter(pk__in=chunk).order_by("pk").values_list("pk", "heat", "state", "removed")
        flags = [(needs_attention(heat, state, removed), pk) for pk, heat, state, removed in stored]
        ARTICLES.update(["twin", "duplicate", "warned"], [(True, flag, flag, pk) for flag, pk in flags])
