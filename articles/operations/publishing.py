"""The state of articles: publish, hold, spike, reopen, schedule, pick; withdrawal when a document is missing.

Each function is one operation. `versions` are the versions that the editor saw: a decision of somebody else since
then is a conflict.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from django.utils import timezone

from articles.audit_log.unit_of_work import SYSTEM_ACTOR, Actor, UnitOfWork, unit_of_work
from articles.db.bulk import chunked
from articles.models import Article, Verb
from articles.rules import permissions
from articles.rules.slugs import file_sort_key
from articles.rules.states import SpikeReason, State, can_transition

from .batch import Articles, SeenVersions, apply_to_each
from .pins import pin_fields
from .results import ActionError, ActionResult, NotPublishableError

DECISIONS = ("undecided", "published", "held", *(f"spiked: {reason}" for reason in SpikeReason))

NEEDS_PUBLISH = {
    "published": "can't be published without the permission to publish",
    "withdrawn": "is published; withdrawing it needs the permission to publish",
}


def publish(articles: Articles, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None) -> ActionResult:
    """Publish the articles at once, whatever was scheduled."""

    def apply(article: Article) -> None:
        require_publishable(article)
        _set_state(article, State.PUBLISHED)
        article.publish_at = None

    def is_done(article: Article) -> bool:
        return _is_published_by_editor(article) and article.publish_at is None

    return apply_to_each(Verb.PUBLISH, articles, apply, by, versions, is_done)


def hold(articles: Articles, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None) -> ActionResult:
    """Hide the articles from readers for now."""
    apply, is_done = _state_setter(State.HELD)
    return apply_to_each(Verb.HOLD, articles, apply, by, versions, is_done)


def spike(
    articles: Articles,
    reason: str = SpikeReason.OTHER,
    *,
    by: Actor = SYSTEM_ACTOR,
    versions: SeenVersions = None,
) -> ActionResult:
    """Reject the articles, for a reason of `SpikeReason`. They can be reopened."""
    code = SpikeReason(reason).value

    def apply(article: Article) -> None:
        _set_state(article, State.SPIKED)
        article.spike_reason = code

    def is_done(article: Article) -> bool:
        return article.spike_reason == code

    return apply_to_each(Verb.SPIKE, articles, apply, by, versions, is_done)


def reopen(articles: Articles, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None) -> ActionResult:
    """Set the articles back to undecided. Readers don't see them until somebody publishes or unpins them."""
    apply, is_done = _state_setter(State.UNDECIDED)
    return apply_to_each(Verb.REOPEN, articles, apply, by, versions, is_done)


def schedule(
    articles: Articles,
    *,
    publish_at: datetime | None = None,
    unpublish_at: datetime | None = None,
    by: Actor = SYSTEM_ACTOR,
    versions: SeenVersions = None,
) -> ActionResult:
    """Show the articles to readers from `publish_at` (None: at once) until `unpublish_at` (None: for good)."""
    if publish_at and unpublish_at and unpublish_at <= publish_at:
        raise ActionError("can't be withdrawn before it is published; choose a later end")

    def apply(article: Article) -> None:
        require_publishable(article)
        _set_state(article, State.PUBLISHED)
        article.publish_at, article.unpublish_at = publish_at, unpublish_at

    def is_done(article: Article) -> bool:
        times = (article.publish_at, article.unpublish_at)
        return _is_published_by_editor(article) and times == (publish_at, unpublish_at)

    return apply_to_each(Verb.SCHEDULE, articles, apply, by, versions, is_done)


def pick(
    articles: Articles, until: datetime | None, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None
) -> ActionResult:
    """Put the articles first on the front page until a time, as editors' picks; None ends that.

    Raises ActionError for a time in the past.
    """
    if until is not None and until <= timezone.now():
        raise ActionError("can't be a pick until a time in the past; choose a later one")

    def apply(article: Article) -> None:
        if by.user is not None and not by.user.has_perm(permissions.PUBLISH):
            raise ActionError("can't be made a pick without the permission to publish")
        if until is not None and not article.public:
            raise ActionError("can't be a pick, because readers don't see it by itself; publish it first")
        article.pick_until = until

    return apply_to_each(Verb.PICK, articles, apply, by, versions, lambda article: article.pick_until == until)


def apply_decision(
    articles: Articles, decision: str, *, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None
) -> ActionResult:
    """Set the state that a choice of DECISIONS names, such as `published` or `spiked: duplicate`."""
    state, _, reason = decision.partition(": ")
    match State(state):
        case State.PUBLISHED:
            return publish(articles, by=by, versions=versions)
        case State.HELD:
            return hold(articles, by=by, versions=versions)
        case State.SPIKED:
            return spike(articles, reason, by=by, versions=versions)
        case State.UNDECIDED:
            return reopen(articles, by=by, versions=versions)


def require_publishable(article: Article) -> None:
    """Raise NotPublishableError if readers could not see the article by itself even if it were published."""
    if article.removed:
        raise NotPublishableError("was removed by its source; clear that first")
    if article.missing:
        raise NotPublishableError("was withdrawn because its document is missing; import the document again")
    if article.is_folded:
        lead = f" under “{article.lead}”; publish that one" if article.lead else "; take it out of its story first"
        raise NotPublishableError(f"is folded{lead}")


def mark_missing(ids: Sequence[int], *, missing: bool, by: Actor = SYSTEM_ACTOR) -> list[str]:
    """Withdraw articles whose documents are missing, or bring back those whose documents are there again.

    An article that an editor published stays. Returns the names of the articles that changed.
    """
    names = []
    with unit_of_work(Verb.IMPORT, by) as uow:
        for chunk in chunked(ids):
            for article in uow.load(chunk):
                if article.missing == missing or (missing and _is_published_by_editor(article)):
                    continue
                article.missing = missing
                names.append(article.name)
            uow.flush_if_large()
    return sorted(names, key=file_sort_key)


def _set_state(article: Article, state: State) -> None:
    if not can_transition(article.state, state):
        raise ActionError("was spiked; reopen it first")
    user = UnitOfWork.current().actor.user
    if State.PUBLISHED in (article.state, state) and user is not None and not user.has_perm(permissions.PUBLISH):
        raise ActionError(NEEDS_PUBLISH["published" if state == State.PUBLISHED else "withdrawn"])
    pin_fields(article, ["published"])
    article.state = state
    article.published = state == State.PUBLISHED


def _state_setter(state: State) -> tuple[Callable[[Article], None], Callable[[Article], bool]]:
    """Return the function that sets a state, and the one that says whether an editor has set it already."""
    return (
        lambda article: _set_state(article, state),
        lambda article: article.state == state and "published" in article.pins,
    )


def _is_published_by_editor(article: Article) -> bool:
    return article.published is True and "published" in article.pins
