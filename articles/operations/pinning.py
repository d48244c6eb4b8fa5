"""Unpin, as editors ask for it. What a pin is stands in `pins.py`; acts that decide a field pin it."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles.audit_log.unit_of_work import SYSTEM_ACTOR, Actor, UnitOfWork
from articles.models import Article, Verb
from articles.rules.publication import DECIDING_PINS, needs_publish_permission
from articles.rules.states import State
from articles.stories.rescoring import RescoreChange

from .batch import Articles, SeenVersions, allow_publishing, apply_to_each, keep_unscored_hidden
from .pins import unpin_fields
from .refolding import update_stories
from .results import ActionError, ActionResult
from .succession import take_members_back

UNPIN_NEEDS_PUBLISH = gettext_lazy("has a decided publication, and unpinning that needs the permission to publish")


def unpin(articles: Articles, *fields: str, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None) -> ActionResult:
    """Let document and policy decide these fields again, by default all that are pinned.

    A known incoming value is set at once; the next import compares the rest. Unpinning what only concerns the words
    publishes nothing, nor does somebody without the permission to publish. A lead that readers see again by that takes
    back its members, as with `publish`.
    """
    hidden: list[int] = []

    def apply(article: Article) -> None:
        pinned = [name for name in (fields or tuple(article.pins)) if name in article.pins]
        if article.state == State.SPIKED and "published" in pinned:
            raise ActionError(_("was spiked; reopen it first"))
        uow = UnitOfWork.current()
        if needs_publish_permission(pinned) and not uow.actor.may_publish:
            raise ActionError(UNPIN_NEEDS_PUBLISH)
        if not DECIDING_PINS.isdisjoint(pinned):
            allow_publishing(uow, Verb.UNPIN, [article.pk])
        if "topics" in pinned:
            uow.track_lists([article.pk], "topics")
        if "published" in pinned:
            if not article.published:
                hidden.append(article.pk)
            article.state = State.PUBLISHED if article.published else State.UNDECIDED
        unpin_fields(article, pinned)
        keep_unscored_hidden(uow, article)

    def is_done(article: Article) -> bool:
        return not {*(fields or article.pins)}.intersection(article.pins)

    def take_back(uow: UnitOfWork, changes: list[RescoreChange]) -> None:
        if hidden:
            take_members_back(uow, [article.pk for article in uow.load(hidden) if article.published])
            relinked = {*uow.relinked_ids}
            uow.relinked_ids.clear()
            changes += update_stories(uow, relinked)
            hidden.clear()

    return apply_to_each(Verb.UNPIN, articles, apply, by, versions, is_done, after=take_back)
