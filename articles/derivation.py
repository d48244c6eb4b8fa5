"""The stored values that follow from an article's other values, in one place. No queries here."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from articles.models import Article
from articles.policy import Policy, is_public

DERIVED_FIELDS = ("match_key", "url_key", "hot")


def match_key(web_url: str, title: str, published_at: datetime) -> str:
    """Return the digest by which a related link finds its article (FORMAT.md part 2: address, title and time)."""
    text = f"{web_url}\n{title}\n{published_at.astimezone(UTC).isoformat()}"
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def url_key(url: str) -> str:
    """Return the digest by which articles at one address find each other; empty for no address."""
    return hashlib.blake2b(url.encode(), digest_size=16).hexdigest() if url else ""


def derive(article: Article) -> None:
    """Set what follows from title, time, addresses and heat."""
    article.match_key = match_key(article.web_url, article.title, article.published_at)
    article.url_key = url_key(article.source_url)
    article.hot = article.hot_now()


def public_by_rule(article: Article, policy: Policy) -> bool:
    """Return whether readers may see the article by itself."""
    return is_public(
        policy,
        quality=article.quality,
        heat=article.heat,
        published=article.published,
        removed=article.removed,
        missing=article.missing,
    )
