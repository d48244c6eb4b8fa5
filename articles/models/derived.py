"""Stored values that follow from an article's other values. Makes no queries."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from articles.models import Article
from articles.rules.scoring import FOLDED_HEAT, Policy
from articles.rules.states import State, state_from_published
from articles.rules.urls import normalize_url, page_of
from articles.rules.visibility import is_public

DERIVED_FIELDS = (
    "state",
    "spike_reason",
    "state_since",
    "publish_at",
    "unpublish_at",
    "public",
    "staged",
    "hot",
    "match_key",
    "url_key",
    "duplicate",
    "pictureless",
    "warned",
)


def match_key(web_url: str, title: str, published_at: datetime) -> str:
    """Return the digest that connects a related link with its article (docs/format.md#related-links)."""
    text = f"{page_of(web_url)}\n{title}\n{published_at.astimezone(UTC).isoformat()}"
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def url_key(url: str) -> str:
    """Return the digest by which articles of the same page are found; empty without a URL, and for a front page."""
    page = normalize_url(url)
    return hashlib.blake2b(page.encode(), digest_size=16).hexdigest() if page else ""


def refresh_derived_fields(article: Article, policy: Policy, now: datetime) -> None:
    """Set state, `public`, rank, digests and flags from the article's other values."""
    state = state_from_published(article.published, article.state)
    if state != article.state:
        article.state, article.state_since = state, now
    if state != State.SPIKED:
        article.spike_reason = ""
    if state != State.PUBLISHED:
        article.publish_at = article.unpublish_at = None
    visible = is_public_by_policy(article, policy)
    if article.staged is None:
        article.public = visible
    else:
        article.staged = visible
    article.hot = article.hot_now()
    article.match_key = match_key(article.web_url, article.title, article.published_at)
    article.url_key = url_key(article.source_url)
    refresh_attention_flags(article)


def needs_attention(heat: int | None, state: str, removed: bool | None) -> bool:
    """Return whether problems of the article matter to editors: not if it is folded, spiked or removed."""
    return heat != FOLDED_HEAT and state != State.SPIKED and not removed


def refresh_attention_flags(article: Article) -> None:
    """Set the flags for problems that need an editor's attention."""
    is_open = needs_attention(article.heat, article.state, article.removed)
    article.duplicate = is_open and article.twin
    article.pictureless = is_open and (article.picture_count == 0 or bool(article.picture_failed))
    article.warned = is_open and bool(warnings(article))


def warnings(article: Article) -> list[str]:
    """Return the reasons against publishing the article as it is, for editors."""
    reasons = [
        (article.twin, "another article has the same URL"),
        (article.stale, "its document has lost its scores"),
        (article.missing, "its document is missing"),
        (not article.excerpt, "no excerpt"),
        (not article.source_url, "no URL to read it at"),
    ]
    return [text for applies, text in reasons if applies]


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
