"""Pins: which fields of an article an editor decided, and what its document wanted instead.

Works on articles in memory; only lists are rows of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from articles.audit_log import snapshots
from articles.models import Article
from providers.models import Provider

LISTS = ("topics", "images", "related")
FIELDS_WITHOUT_INCOMING = (*LISTS, "lead")  # of these no wish is kept: the next import, or the rules, know them
REIMPORT_MARK = "anew"  # stands in for the hash of a document that the next import compares whatever it says
POLICY_FIELDS = ("heat", "published")  # what the policy decides once an article has quality


def pin_fields(article: Article, fields: Iterable[str]) -> None:
    """Pin fields of the article, before they change; what they were is kept as the document's wish.

    Lists and sides of a story are not kept.
    """
    wanted = list(fields)
    wishes = dict(article.wishes)
    for field in wanted:
        if field not in article.pins and field not in FIELDS_WITHOUT_INCOMING:
            wishes[field] = to_incoming_value(article, field)
    article.wishes = wishes
    article.pins = sorted({*article.pins, *wanted})


def unpin_fields(article: Article, fields: Iterable[str]) -> list[str]:
    """Unpin fields of the article and take back what its document wants; return those that were pinned."""
    freed = [field for field in fields if field in article.pins]
    for field in freed:
        if field in article.wishes:
            apply_incoming_value(article, field, article.wishes[field])
    article.pins = [field for field in article.pins if field not in freed]
    article.wishes = {field: wish for field, wish in article.wishes.items() if field not in freed}
    if freed:
        force_reimport(article)
    if "quality" in freed and article.quality is None:
        for field in POLICY_FIELDS:
            if field not in article.pins:
                setattr(article, field, None)
    return freed


def force_reimport(article: Article) -> None:
    """Let the next import compare the article's document, even an unchanged one. What has no document stays so."""
    if article.content_hash:
        article.content_hash = REIMPORT_MARK


def to_incoming_value(article: Article, field: str) -> Any:
    """Return the value of a field as `wishes` holds it: JSON, in the form that the import uses."""
    value = getattr(article, field)
    if isinstance(value, Provider):
        return [value.domain, value.name]
    return value.isoformat() if isinstance(value, datetime) else value


def apply_incoming_value(article: Article, field: str, wish: Any) -> None:
    """Set a field to what the document wants; of images and related links only the next import knows more."""
    if field == "topics":
        snapshots.replace_list(article, "topics", wish)
    elif field == "provider":
        article.provider = Provider.objects.filter(domain=wish[0], name=wish[1]).first() or article.provider
    elif field == "published_at":
        article.published_at = datetime.fromisoformat(wish)
    elif field not in FIELDS_WITHOUT_INCOMING:
        setattr(article, field, wish)
