"""Suggested quality as the quality of articles that have none: like a document's value, it is not pinned.

A later document's own quality replaces it, and heat and publication follow from it by the policy.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from articles.audit_log.unit_of_work import SYSTEM_ACTOR, Actor, UnitOfWork
from articles.db.bulk import chunked
from articles.models import Article, ArticleQuerySet, Verb
from articles.stories.suggestion import Suggestions

from .batch import Articles, SeenVersions, allow_publishing, apply_to_each
from .results import ActionError, ActionResult
from .succession import move_publications


def use_suggestion(articles: Articles, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None) -> ActionResult:
    """Give the articles the quality that their policy suggests; those that have a quality or are folded are refused."""
    suggestions = Suggestions()

    def apply(article: Article) -> None:
        if article.quality is not None:
            raise ActionError(
                _("has the quality %(quality)s already; type another one to change it") % {"quality": article.quality}
            )
        if article.is_folded:
            raise ActionError(_("is folded; take it out of its story first"))
        uow = UnitOfWork.current()
        allow_publishing(uow, Verb.SCORE, [article.pk])
        _take(article, suggestions.quality_of(uow, article))

    def is_done(article: Article) -> bool:
        return article.uses_suggestion

    depends_on = ("quality",)
    return apply_to_each(Verb.SCORE, articles, apply, by, versions, is_done, depends_on, after=move_publications)


def take_suggestions(articles: ArticleQuerySet) -> dict[int, int]:
    """Give those of `articles` that wait for a suggestion theirs; return these qualities by key.

    Part of the caller's unit of work, which rescores the articles afterwards: all have their quality before any of
    them decides about another.
    """
    uow, suggestions = UnitOfWork.current(), Suggestions()
    taken: dict[int, int] = {}
    ids = list(articles.waiting_for_suggestion().order_by("pk").values_list("pk", flat=True))
    for chunk in chunked(ids):
        for article in uow.load(chunk):
            if article.quality is None:
                taken[article.pk] = suggestions.quality_of(uow, article)
                _take(article, taken[article.pk])
        uow.flush_if_large()
    uow.write_pending()  # neighbours are read from the database
    return taken


def _take(article: Article, quality: int) -> None:
    article.quality = article.suggested_quality = quality
