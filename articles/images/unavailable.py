"""Which articles have pictures that we can't show: what the desk calls a missing picture."""

from __future__ import annotations

from collections.abc import Collection

from articles.audit_log.unit_of_work import unit_of_work
from articles.db.bulk import chunked
from articles.models import Article, ArticleImage, Verb
from articles.models.fields import AddressStart
from articles.models.image import failed_among


def showing(urls: Collection[str]) -> set[int]:
    """Return the articles that list a picture at one of these addresses."""
    found: set[int] = set()
    for chunk in chunked(sorted(urls)):
        rows = ArticleImage.objects.annotate(start=AddressStart("url")).filter(
            start__in=[url[:200] for url in chunk], url__in=chunk, kind=ArticleImage.Kind.PICTURE
        )
        found.update(rows.order_by().values_list("article", flat=True))
    return found


def flag(urls: Collection[str]) -> None:
    """Tell the articles that list these addresses whether we can show a picture of theirs, as far as it changed."""
    ids = sorted(showing(urls))
    for chunk in chunked(ids):
        failed = failed_among(chunk)
        known = dict(Article.objects.filter(pk__in=chunk).values_list("pk", "picture_failed"))
        changed = [pk for pk, flagged in known.items() if bool(flagged) != (pk in failed)]
        if not changed:
            continue
        # The unit of work updates the derived fields. Nothing that editors decide changes, so nothing is logged.
        with unit_of_work(Verb.EDIT) as uow:
            for article in uow.load(changed):
                article.picture_failed = article.pk in failed or None
