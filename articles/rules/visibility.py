"""Decide whether readers see an article, and say why not."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from texts import gettext_lazy as _

from .scoring import FOLDED_HEAT, Policy
from .states import SPIKE_REASON_LABELS, STATE_LABELS


class Hideable(Protocol):
    """The fields of an article that decide whether readers see it."""

    removed: bool | None
    missing: bool
    staged: bool | None
    heat: int | None
    public: bool
    publish_at: datetime | None
    unpublish_at: datetime | None
    state: str
    spike_reason: str


def is_public(
    policy: Policy,
    *,
    quality: int | None,
    heat: int | None,
    published: bool | None,
    removed: bool | None = None,
    missing: bool = False,
) -> bool:
    """Return whether readers may see an article by itself. In doubt it is hidden.

    They see it if it is published and not folded, removed or missing. They see an unscored article (without quality,
    heat and published) if the policy says so.
    """
    if removed or missing or heat == FOLDED_HEAT:
        return False
    if quality is None and heat is None and published is None:
        return policy.publish_unscored
    return published is True


def is_within_schedule(publish_at: datetime | None, unpublish_at: datetime | None, now: datetime) -> bool:
    """Return whether readers see an article at `now` by its schedule: from `publish_at` until before `unpublish_at`."""
    return (publish_at is None or publish_at <= now) and (unpublish_at is None or unpublish_at > now)


def hidden_reason(article: Hideable, now: datetime) -> str:
    """Return why readers don't see this article by itself at `now`: "it ..."."""
    spiked_for = SPIKE_REASON_LABELS.get(article.spike_reason, article.spike_reason)
    reasons = [
        (article.removed, _("its source removed it")),
        (article.missing, _("its document is missing")),
        (article.staged is not None, _("the import that brings it is still running")),
        (article.heat == FOLDED_HEAT, _("it is folded, and no lead of it is published")),
        (article.public and article.publish_at and article.publish_at > now, _("it will go on the site later")),
        (article.public and article.unpublish_at and article.unpublish_at <= now, _("its time on the site is over")),
        (article.spike_reason, _("it was spiked (%(reason)s)", reason=spiked_for)),
    ]
    reason = next((reason for applies, reason in reasons if applies), None)
    return str(reason or _("it is %(state)s", state=STATE_LABELS[article.state]))
