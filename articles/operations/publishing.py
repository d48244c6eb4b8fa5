"""The state of articles: publish, hold, spike, reopen, schedule; withdrawal when a document is missing.

Each function is one operation. `versions` are the versions that the editor saw: a decision of somebody else since
then is a conflict.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles.audit_log.unit_of_work import SYSTEM_ACTOR, Actor, UnitOfWork, unit_of_work
from articles.db.bulk import chunked
from articles.models import Article, Verb
from articles.rules.slugs import file_sort_key
from articles.rules.states import SpikeReason, State, can_transition

from .batch import Articles, SeenVersions, apply_to_each
from .pins import pin_fields
from .results import ActionError, ActionResult, NotPublishableError
from .succession import hand_over_stories, take_members_back

DECISIONS = ("undecided", "published", "held", *(f"spiked: {reason}" for reason in SpikeReason))

NEEDS_PUBLISH = {
    "published": gettext_lazy("can't be published without the permission to publish"),
    "withdrawn": gettext_lazy("is published; withdrawing it needs the permission to publish"),
}


def publish(articles: Articles, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None) -> ActionResult:
    """Publish the articles at once, whatever was scheduled. An end that has passed is dropped.

    A lead that had been withdrawn takes back its members, unless the one that followed it was decided meanwhile.
    """
    return _decide(Verb.PUBLISH, articles, State.PUBLISHED, by, versions, publish_at=None)


def hold(
    articles: Articles, *, in_place: Collection[int] = (), by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None
) -> ActionResult:
    """Hide the articles from readers for now.

    The story of a published lead goes to its best member, which waits for an editor, or is published if it is one of
    `in_place`.
    """
    return _decide(Verb.HOLD, articles, State.HELD, by, versions, in_place)


def unpublish(
    articles: Articles, *, in_place: Collection[int] = (), by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None
) -> ActionResult:
    """Withdraw published articles, also those whose time has not come: from then on they are held.

    Raises ActionError for an article that isn't published. The story of a lead goes on as with `hold`.
    """
    return _decide(Verb.UNPUBLISH, articles, State.HELD, by, versions, in_place)


def spike(
    articles: Articles,
    reason: str = SpikeReason.OTHER,
    *,
    in_place: Collection[int] = (),
    by: Actor = SYSTEM_ACTOR,
    versions: SeenVersions = None,
) -> ActionResult:
    """Reject the articles, for a reason of `SpikeReason`. They can be reopened.

    The story of a published lead goes on as with `hold`. That of an unpublished one is rejected as a whole.
    """
    return _decide(Verb.SPIKE, articles, State.SPIKED, by, versions, in_place, spike_reason=SpikeReason(reason).value)


def reopen(articles: Articles, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None) -> ActionResult:
    """Set the articles back to undecided. Readers don't see them until somebody publishes or unpins them."""
    return _decide(Verb.REOPEN, articles, State.UNDECIDED, by, versions)


def schedule(
    articles: Articles,
    *,
    publish_at: datetime | None = None,
    unpublish_at: datetime | None = None,
    by: Actor = SYSTEM_ACTOR,
    versions: SeenVersions = None,
) -> ActionResult:
    """Show the articles to readers from `publish_at` (None: at once) until `unpublish_at` (None: for good)."""
    if ends_too_early(publish_at, unpublish_at):
        raise ActionError(_("can't be withdrawn before it is published; choose a later end"))
    if is_over(unpublish_at):
        raise ActionError(_("can't be on the site until a time in the past; choose a later end, or hold it"))
    return _decide(
        Verb.SCHEDULE, articles, State.PUBLISHED, by, versions, publish_at=publish_at, unpublish_at=unpublish_at
    )


def ends_too_early(publish_at: datetime | None, unpublish_at: datetime | None) -> bool:
    """Return whether a schedule ends at or before its beginning.

    Python compares the clock readings of two times in one zone, which go back when summer time ends: compare instants.
    """
    return bool(publish_at and unpublish_at and unpublish_at.timestamp() <= publish_at.timestamp())


def is_over(unpublish_at: datetime | None) -> bool:
    """Return whether a schedule that ends then has ended already, so that readers would never see its article."""
    return unpublish_at is not None and unpublish_at <= timezone.now()


def apply_decision(
    articles: Articles,
    decision: str,
    *,
    in_place: Collection[int] = (),
    by: Actor = SYSTEM_ACTOR,
    versions: SeenVersions = None,
) -> ActionResult:
    """Set the state that a choice of DECISIONS names, such as `published` or `spiked: duplicate`.

    `in_place` is as with `hold`.
    """
    state, _colon, reason = decision.partition(": ")
    match State(state):
        case State.PUBLISHED:
            return publish(articles, by=by, versions=versions)
        case State.HELD:
            return hold(articles, in_place=in_place, by=by, versions=versions)
        case State.SPIKED:
            return spike(articles, reason, in_place=in_place, by=by, versions=versions)
        case State.UNDECIDED:
            return reopen(articles, by=by, versions=versions)


def require_publishable(article: Article) -> None:
    """Raise NotPublishableError if readers could not see the article by itself even if it were published."""
    if article.removed:
        raise NotPublishableError(_("was removed by its source; clear that first"))
    if article.missing:
        raise NotPublishableError(_("was withdrawn because its document is missing; import the document again"))
    if article.is_folded:
        if article.lead:
            raise NotPublishableError(_("is folded under “%(lead)s”; publish that one") % {"lead": article.lead})
        raise NotPublishableError(_("is folded; take it out of its story first"))


def mark_missing(ids: Sequence[int], *, missing: bool, by: Actor = SYSTEM_ACTOR) -> list[str]:
    """Withdraw articles whose documents are missing, or bring back those whose documents are there again.

    An article that an editor published stays. Returns the names of the articles that changed.
    """
    names = []
    with unit_of_work(Verb.IMPORT, by) as uow:
        for chunk in chunked(ids):
            for article in uow.load(chunk):
                is_editors_decision = article.published and "published" in article.pins
                if article.missing == missing or (missing and is_editors_decision):
                    continue
                article.missing = missing
                names.append(article.name)
            uow.flush_if_large()
    return sorted(names, key=file_sort_key)


def _decide(
    verb: Verb,
    articles: Articles,
    state: State,
    by: Actor,
    versions: SeenVersions,
    in_place: Collection[int] = (),
    **values: Any,
) -> ActionResult:
    """Set the state of the articles, pinned, and the `values` that belong to it."""
    published: list[int] = []
    withdrawn: list[int] = []

    def apply(article: Article) -> None:
        if state == State.PUBLISHED:
            require_publishable(article)
        if verb == Verb.UNPUBLISH and article.state != State.PUBLISHED:
            raise ActionError(_("isn't published; hold it if readers should not see it"))
        _require_allowed(article, state)
        if state == State.PUBLISHED:
            published.append(article.pk)
        if article.public and state in (State.HELD, State.SPIKED):
            withdrawn.append(article.pk)
        pin_fields(article, ["published"])
        article.state, article.published = state, state == State.PUBLISHED
        if is_over(article.unpublish_at):
            article.unpublish_at = None
        for name, value in values.items():
            setattr(article, name, value)

    def is_done(article: Article) -> bool:
        is_set = all(getattr(article, name) == value for name, value in values.items())
        return is_set and not is_over(article.unpublish_at) and article.state == state and "published" in article.pins

    def move_members(uow: UnitOfWork, ids: Collection[int]) -> None:
        hand_over_stories(uow, withdrawn, ids, in_place)
        with uow.consequences():
            take_members_back(uow, published)

    return apply_to_each(verb, articles, apply, by, versions, is_done, before_update=move_members)


def _require_allowed(article: Article, state: State) -> None:
    if not can_transition(article.state, state):
        raise ActionError(_("was spiked; reopen it first"))
    if State.PUBLISHED in (article.state, state) and not UnitOfWork.current().actor.may_publish:
        raise ActionError(NEEDS_PUBLISH["published" if state == State.PUBLISHED else "withdrawn"])
