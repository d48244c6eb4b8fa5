"""Claims: who works on a story. A claim locks nothing and ends by itself.

It is logged with the story, but belongs neither to the article nor to its document: it makes no new version.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from articles.audit_log.events import FieldChange
from articles.audit_log.unit_of_work import Actor, UnitOfWork, unit_of_work
from articles.db.bulk import chunked
from articles.models import Article, Claim, Verb

from .batch import Articles, article_keys
from .results import ActionError, ActionResult, Rejection, SentenceError

LIFETIME = timedelta(hours=4)
FIELD = "claim"  # of its events


def claim(articles: Articles, *, by: Actor) -> ActionResult:
    """Claim stories for four hours, or for four more; a colleague's claim is taken over."""
    if by.user is None:
        raise SentenceError(_("Only a person can claim a story."))
    return _give(Verb.CLAIM, articles, by.user, by)


def hand_over(articles: Articles, to: User, *, by: Actor) -> ActionResult:
    """Hand stories over to a colleague, who has them claimed from then on for four hours."""
    return _give(Verb.HAND_OVER, articles, to, by)


def release(articles: Articles, *, by: Actor) -> ActionResult:
    """End the claims of stories, no matter who has them."""

    def end(uow: UnitOfWork, article: Article, present: Claim | None) -> None:
        if present is None:
            raise ActionError(_("is not claimed"))
        present.delete()
        _record(uow, article, present, None)

    return _apply(Verb.RELEASE, articles, by, end)


def _give(verb: Verb, articles: Articles, to: User, by: Actor) -> ActionResult:
    def give(uow: UnitOfWork, article: Article, present: Claim | None) -> None:
        defaults = {"user": to, "until": uow.now + LIFETIME}
        given, _created = Claim.objects.update_or_create(article=article, defaults=defaults)
        _record(uow, article, present, given)

    return _apply(verb, articles, by, give)


def _apply(
    verb: Verb, articles: Articles, by: Actor, change: Callable[[UnitOfWork, Article, Claim | None], None]
) -> ActionResult:
    """Change the claims of stories; one that has ended counts as none."""
    ids = article_keys(articles)
    outcome = ActionResult()
    with unit_of_work(verb, by) as uow:
        for chunk in chunked(ids):
            present = Claim.objects.active(uow.now).select_related("user").in_bulk(chunk)
            for article in Article.objects.filter(pk__in=chunk).order_by("pk"):
                try:
                    change(uow, article, present.get(article.pk))
                    outcome.done.append(article.pk)
                except ActionError as error:
                    if len(ids) == 1:
                        raise
                    outcome.rejections.append(Rejection(article.pk, article.title, str(error)))
    outcome.operation = uow.operation
    return outcome


def _record(uow: UnitOfWork, article: Article, before: Claim | None, after: Claim | None) -> None:
    had, has = (claim.user.get_username() if claim else None for claim in (before, after))
    uow.record(FieldChange(article.pk, article.title, FIELD, had, has))
