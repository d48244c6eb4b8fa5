"""Pins: fields of an article that an editor decided, so that documents and policies no longer change them.

For each pinned field, `article.wishes` has its incoming value: what the document says. Lists and the role in the story
have none. Imports apply pins in `articles/exchange/store.py` (`update`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from articles.audit_log import snapshots
from articles.audit_log.unit_of_work import SYSTEM_ACTOR, Actor, UnitOfWork
from articles.models import Article, Verb
from articles.rules import permissions
from articles.rules.publication import DECIDING_PINS, needs_publish_permission
from articles.rules.scoring import STORY_ROLE_PIN
from articles.rules.states import State
from providers.models import Provider

from .batch import Articles, SeenVersions, allow_publishing, apply_to_each, keep_unscored_hidden
from .results import ActionError, ActionResult

LISTS = ("topics", "images", "related")
FIELDS_WITHOUT_INCOMING = (*LISTS, STORY_ROLE_PIN)
REIMPORT_MARK = "anew"  # in place of a document's hash: the next import compares the document even if unchanged
UNPIN_NEEDS_PUBLISH = "has a decided publication, and unpinning that needs the permission to publish"
POLICY_FIELDS = ("heat", "published")  # the policy decides these once an article has a quality


def pin(articles: Articles, *fields: str, by: Actor = SYSTEM_ACTOR) -> ActionResult:
    """Keep these fields of the articles as they are, whatever documents and policies say from now on."""
    return apply_to_each(Verb.PIN, articles, lambda article: pin_fields(article, fields), by)


def unpin(articles: Articles, *fields: str, by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None) -> ActionResult:
    """Let document and policy decide these fields again, by default all that are pinned.

    A known incoming value is set at once; the next import compares the rest. Unpinning what only concerns the words
    publishes nothing, nor does somebody without the permission to publish.
    """

    def apply(article: Article) -> None:
        pinned = [name for name in (fields or tuple(article.pins)) if name in article.pins]
        if article.state == State.SPIKED and "published" in pinned:
            raise ActionError("was spiked; reopen it first")
        uow = UnitOfWork.current()
        user = uow.actor.user
        if needs_publish_permission(pinned) and user is not None and not user.has_perm(permissions.PUBLISH):
            raise ActionError(UNPIN_NEEDS_PUBLISH)
        if not DECIDING_PINS.isdisjoint(pinned):
            allow_publishing(uow, Verb.UNPIN, [article.pk])
        if "topics" in pinned:
            uow.track_lists([article.pk], "topics")
        if "published" in pinned:
            article.state = State.PUBLISHED if article.published else State.UNDECIDED
        unpin_fields(article, pinned)
        keep_unscored_hidden(uow, article)

    def is_done(article: Article) -> bool:
        return not {*(fields or article.pins)}.intersection(article.pins)

    return apply_to_each(Verb.UNPIN, articles, apply, by, versions, is_done)


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
    """Set a field to its incoming value. Images and related links wait for the next import."""
    if name == "topics":
        snapshots.replace_list(article, "topics", value)
    elif name == "provider":
        article.provider = Provider.objects.filter(domain=value[0], name=value[1]).first() or article.provider
    elif name == "published_at":
        article.published_at = datetime.fromisoformat(value)
    elif name not in FIELDS_WITHOUT_INCOMING:
        setattr(article, name, value)
