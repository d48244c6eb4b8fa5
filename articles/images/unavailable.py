"""Flag articles none of whose pictures can be shown, which the desk lists as *Missing picture*."""

from __future__ import annotations

from collections.abc import Collection

from articles.audit_log.unit_of_work import unit_of_work
from articles.db.bulk import chunked
from articles.models import Article, ArticleImage, Verb
from articles.models.image import without_pictures


def articles_listing(urls: Collection[str]) -> set[int]:
    """Return the ids of the articles that list a picture at one of these URLs."""
    ids: set[int] = set()
    for chunk in chunked(sorted(urls)):
        rows = ArticleImage.objects.pictures().at(chunk)
        ids.update(rows.order_by().values_list("article", flat=True))
    return ids


def update_flags(urls: Collection[str]) -> None:
    """Update `picture_failed` of the articles that list a picture at one of these URLs."""
    for ids in chunked(sorted(articles_listing(urls))):
        failed = without_pictures(ids)
        flags = Article.objects.filter(pk__in=ids).values_list("pk", "picture_failed")
        if changed := [pk for pk, is_flagged in flags if bool(is_flagged) != (pk in failed)]:
            # The unit of work updates the derived fields. It logs nothing, because no editorial field changes.
            with unit_of_work(Verb.EDIT) as uow:
                for article in uow.load(changed):
                    article.picture_failed = article.pk in failed or None
