"""Pins: fields of an article that an editor decided, so that documents and policies no longer change them.

For each pinned field, `article.wishes` has its incoming value: what the document says. Lists and the role in the story
have none. Imports apply pins in `articles/exchange/store.py` (`update`). Editors pin and unpin in `pinning.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from articles.audit_log import snapshots
from articles.models import Article
from articles.rules.scoring import STORY_ROLE_PIN
from providers.models import Provider

from .renames import find_provider, present_topic_names

LISTS = ("topics", "images", "related")
FIELDS_WITHOUT_INCOMING = (*LISTS, STORY_ROLE_PIN)
REIMPORT_MARK = "anew"  # in place of a document's hash: the next import compares the document even if unchanged
POLICY_FIELDS = ("heat", "published")  # the policy decides these once an article has a quality


def pin_fields(article: Article, fields: Iterable[str]) -> None:
    """Pin fields of the article before they change; their present values are kept as incoming values."""
    names = list(fields)
    incoming = dict(article.wishes)
    for name in names:
        if name not in article.pins and name not in FIELDS_WITHOUT_INCOMING:
            incoming[name] = to_incoming_value(article, name)
    article.wishes = incoming
    article.pins = sorted({*article.pins, *names})


def unpin_fields(article: Article, fields: Iterable[str]) -> list[str]:
    """Unpin fields of the article and set their incoming values; return those that were pinned."""
    unpinned = [name for name in fields if name in article.pins]
    for name in unpinned:
        if name in article.wishes:
            apply_incoming_value(article, name, article.wishes[name])
    article.pins = [name for name in article.pins if name not in unpinned]
    article.wishes = {name: value for name, value in article.wishes.items() if name not in unpinned}
    if unpinned:
        force_reimport(article)
    if "quality" in unpinned and article.quality is None and not article.is_folded:
        for name in POLICY_FIELDS:
            if name not in article.pins:
                setattr(article, name, None)
    return unpinned


def force_reimport(article: Article) -> None:
    """Let the next import compare the article's document, if it has one, even if that is unchanged."""
    if article.content_hash:
        article.content_hash = REIMPORT_MARK


def to_incoming_value(article: Article, name: str) -> Any:
    """Return the present value of a field in the form of `wishes`, which is that of the import: JSON."""
    value = getattr(article, name)
    if isinstance(value, Provider):
        return [value.domain, value.name]
    return value.isoformat() if isinstance(value, datetime) else value


def apply_incoming_value(article: Article, name: str, value: Any) -> None:
    """Set a field to its incoming value. Images and related links wait for the next import.

    Topics and outlets that were renamed since keep their present names.
    """
    if name == "topics":
        snapshots.replace_list(article, "topics", present_topic_names(value))
    elif name == "provider":
        article.provider = find_provider(*value) or article.provider
    elif name == "published_at":
        article.published_at = datetime.fromisoformat(value)
    elif name not in FIELDS_WITHOUT_INCOMING:
        setattr(article, name, value)
