"""Heats that no longer follow from their articles after an undo, because something else changed since the operation."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from articles.audit_log import snapshots
from articles.audit_log.events import DELETED, PIN_PREFIX
from articles.audit_log.unit_of_work import UnitOfWork
from articles.db.bulk import KEYS_CHUNK, chunked
from articles.models import Article, Event, Operation, Subject
from articles.rules.scoring import STORY_ROLE_PIN
from articles.stories.neighbourhood import linked_ids

QUALITY = "quality"
PINS = (f"{PIN_PREFIX}heat", f"{PIN_PREFIX}{STORY_ROLE_PIN}")
# The heat, and what it follows from by the rules. Topics may have policies of their own.
HEAT_FIELDS = ("heat", QUALITY, "document_scores", "related", "topics", *PINS)

Key = tuple[int, str]  # of an article, and a field of it


def outdated_heats(uow: UnitOfWork, operation: Operation) -> set[int]:
    """Return the articles around an operation that was undone whose heat has to follow from its origins again.

    Those are articles of the operation whose heat, or what it follows from, isn't what it was before, and their
    neighbours whose quality has changed. Policies that changed since don't count: heats wait for a rescoring then. Lets
    the policy publish those that readers saw until the undo.
    """
    events = operation.events.filter(subject=Subject.ARTICLE, field__in=(*HEAT_FIELDS, DELETED)).order_by()
    named = set(events.values_list("subject_id", flat=True))
    changed = set(_changed_since(uow, operation, linked_ids(named)))
    own = {pk for pk, _field in changed} & named
    uow.publishable_ids |= {pk for pk in own if uow.was_public(pk)}
    return own | {pk for pk, field in changed if field == QUALITY}


def _changed_since(uow: UnitOfWork, operation: Operation, ids: Collection[int]) -> Iterator[Key]:
    """Yield the fields with events after the operation that have other values than before it."""
    for chunk in chunked(sorted(ids), KEYS_CHUNK):
        events = Event.objects.filter(subject=Subject.ARTICLE, subject_id__in=chunk, field__in=HEAT_FIELDS).order_by()
        later = events.filter(operation__gt=operation.pk)
        if uow.operation is not None:
            later = later.exclude(operation=uow.operation)  # written in parts already
        since = set(later.values_list("subject_id", "field").distinct())
        before: dict[Key, Any] = {}
        of_articles = events.filter(operation__gte=operation.pk, subject_id__in={pk for pk, _field in since})
        for pk, field, value in of_articles.order_by("pk").values_list("subject_id", "field", "before"):
            before.setdefault((pk, field), value)
        articles = {article.pk: article for article in uow.load(sorted({pk for pk, _field in since}))}
        yield from (
            (pk, name) for pk, name in since if pk in articles and _differs(articles[pk], name, before[pk, name])
        )


def _differs(article: Article, field: str, before: Any) -> bool:
    if field in snapshots.LIST_NAMES:
        return not snapshots.equal_ignoring_targets(snapshots.read_list([article.pk], field)[article.pk], before or [])
    if field in PINS:
        return (field.removeprefix(PIN_PREFIX) in article.pins) != (before is not None)
    return bool(getattr(article, field) != before)
