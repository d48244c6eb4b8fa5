"""Stored values that follow from an article's other values. Makes no queries."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import NamedTuple, Self

from django.utils.translation import gettext_lazy as _

from articles.models import Article
from articles.rules import dates
from articles.rules.scoring import FOLDED_HEAT, Policy
from articles.rules.states import State, state_from_published
from articles.rules.urls import page_of, url_key
from articles.rules.visibility import is_public

DERIVED_FIELDS = (
    "state",
    "spike_reason",
    "state_since",
    "publish_at",
    "unpublish_at",
    "previous_lead",
    "same_event_as",
    "public",
    "staged",
    "first_shown_at",
    "listed_at",
    "from_archive",
    "hot",
    "match_key",
    "url_key",
    "duplicate",
    "pictureless",
    "warned",
)


class Listing(NamedTuple):
    """What decides where lists put an article in time."""

    published_at: datetime
    first_shown_at: datetime | None
    listed_at: datetime | None
    from_archive: bool | None

    @classmethod
    def of(cls, article: Article) -> Self:
        return cls(article.published_at, article.first_shown_at, article.listed_at, article.from_archive)


def match_key(web_url: str, title: str, published_at: datetime) -> str:
    """Return the digest that connects a related link with its article (docs/format.md#related-links)."""
    text = f"{page_of(web_url)}\n{title}\n{published_at.astimezone(UTC).isoformat()}"
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def refresh_derived_fields(article: Article, policy: Policy, now: datetime) -> None:
    """Set state, `public`, digests and flags from the article's other values; `refresh_listing` sets the rest."""
    state = state_from_published(article.published, article.state)
    if state != article.state:
        article.state, article.state_since = state, now
    if state != State.SPIKED:
        article.spike_reason = ""
    if state != State.PUBLISHED:
        article.publish_at = article.unpublish_at = None
    if state != State.UNDECIDED or article.is_folded:
        article.previous_lead = article.same_event_as = None
    visible = is_public_by_policy(article, policy)
    if article.staged is None:
        article.public = visible
    else:
        article.staged = visible
    article.match_key = match_key(article.web_url, article.title, article.published_at)
    article.url_key = url_key(article.source_url)
    refresh_attention_flags(article, now)


def refresh_listing(
    article: Article,
    before: Listing,
    late_days: int,
    now: datetime,
    *,
    undone_at: datetime | None = None,
    to_archive: bool = False,
) -> None:
    """Set the times by which lists go, and the front page rank.

    `before` is the article's listing before the operation, so that the result is the same however often this is called
    meanwhile. A new number of `late_days` moves nothing that is listed already. `undone_at` is the time of the
    operation that this one undoes. `to_archive` is true while the newsroom's first import is shown.
    """
    article.first_shown_at = dates.first_shown_at(
        before.first_shown_at,
        is_public=article.public,
        publish_at=article.publish_at,
        unpublish_at=article.unpublish_at,
        now=now,
        undone_at=undone_at,
    )
    is_same_moment = article.first_shown_at == before.first_shown_at
    is_archived = to_archive and article.first_shown_at is not None
    article.from_archive = before.from_archive if is_same_moment else is_archived or None
    if is_same_moment and article.published_at == before.published_at and before.listed_at is not None:
        article.listed_at = before.listed_at
    else:
        article.listed_at = dates.listed_at(
            article.published_at,
            article.first_shown_at,
            late_days=late_days,
            from_archive=bool(article.from_archive),
        )
    article.hot = article.hot_now()


def needs_attention(heat: int | None, state: str, removed: bool | None) -> bool:
    """Return whether problems of the article matter to editors: not if it is folded, spiked or removed."""
    return heat != FOLDED_HEAT and state != State.SPIKED and not removed


def refresh_attention_flags(article: Article, now: datetime) -> None:
    """Set the flags for problems that need an editor's attention.

    A date that is ahead now may not be so later: see `desk.queues`.
    """
    is_open = needs_attention(article.heat, article.state, article.removed)
    article.duplicate = is_open and article.twin
    article.pictureless = is_open and (article.picture_count == 0 or bool(article.picture_failed))
    article.warned = is_open and bool(warnings(article, now))


def warnings(article: Article, now: datetime) -> list[str]:
    """Return the reasons against publishing the article as it is, for editors."""
    reasons = [
        (article.twin, _("another article has the same URL")),
        (article.stale, _("its document has lost its scores")),
        (article.missing, _("its document is missing")),
        (not article.excerpt, _("no excerpt")),
        (not article.source_url, _("no URL to read it at")),
        (dates.is_ahead(article.published_at, now), _("dated in the future")),
    ]
    return [str(text) for applies, text in reasons if applies]  # few apply, and translating takes time


def is_public_by_policy(article: Article, policy: Policy) -> bool:
    """Return whether the article is public by itself, schedules aside."""
    return is_public(
        policy,
        quality=article.quality,
        heat=article.heat,
        published=article.published,
        removed=article.removed,
        missing=article.missing,
    )
