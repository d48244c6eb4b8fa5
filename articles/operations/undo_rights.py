"""Whether somebody may undo an operation: gather what it changed, and what readers would see, for the rules.

The rules are in `rules/undo_permissions.py`. Undo and redo both ask here, and so does every button.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from django.utils.translation import gettext as _

from articles.audit_log.events import CREATED, DELETED, PIN_PREFIX, net_changes
from articles.db.bulk import chunked
from articles.models import Article, Event, Operation, Policies, Subject, Verb
from articles.models.derived import is_public_by_policy
from articles.rules import permissions, undo_permissions
from articles.rules.scoring import Policy
from articles.rules.undo_permissions import Change, Effect, UndoRefusal
from articles.rules.visibility import is_public

from .results import ActionError

VISIBILITY_FIELDS = ("quality", "heat", "published", "removed", "missing")
PUBLICATION_FIELDS = ("state", f"{PIN_PREFIX}published")
PUBLICATION_EVENTS = {(Subject.ARTICLE, field, False) for field in PUBLICATION_FIELDS}
EFFECT_ON_ROW = {CREATED: Effect.DELETE, DELETED: Effect.ADD}


class UndoRefusedError(ActionError):
    """Somebody may not undo an operation; `refusal` says why."""

    def __init__(self, refusal: UndoRefusal) -> None:
        super().__init__(
            _("can't be undone without the permissions %(missing)s") % {"missing": ", ".join(sorted(refusal.missing))}
        )
        self.refusal = refusal


def undo_refusal(user: permissions.HasPermissions, operation: Operation) -> UndoRefusal | None:
    """Return why `user` may not undo an operation, or redo it by undoing its undo; None if they may."""
    verb = original_operation(operation).verb
    if verb in undo_permissions.FINAL_ACTS or verb not in permissions.PERMISSION_BY_ACTION:
        return UndoRefusal()
    changes = _changes(operation, verb)
    required = undo_permissions.required_permissions(verb, changes)
    reveals = not user.has_perm(permissions.PUBLISH) and any(
        not undo_permissions.may_reveal(verb, changes, is_decisive) for is_decisive in _revealed(operation)
    )
    if reveals:
        required.add(permissions.PUBLISH)
    missing = frozenset(permission for permission in required if not user.has_perm(permission))
    return UndoRefusal(missing, reveals) if missing else None


def can_undo(user: permissions.HasPermissions, operation: Operation) -> bool:
    return undo_refusal(user, operation) is None


def original_operation(operation: Operation) -> Operation:
    """Return the operation that an undo undid or redid; any other operation itself."""
    while operation.verb == Verb.UNDO and operation.undoes is not None:
        operation = operation.undoes
    return operation


def _changes(operation: Operation, verb: str) -> set[Change]:
    events = operation.events.order_by()
    kinds = set(events.values_list("subject", "field", "derived").distinct())
    lists = {(Subject.ARTICLE, name, False) for name in undo_permissions.MODEL_BY_LIST} & kinds
    if verb not in undo_permissions.FORM_ACTS:
        lists.clear()
    changes = {
        Change(subject, field.removeprefix(PIN_PREFIX), derived, EFFECT_ON_ROW.get(field, Effect.CHANGE))
        for subject, field, derived in kinds - lists
    }
    direct = events.filter(subject=Subject.ARTICLE, derived=False)
    for _subject, name, _values in lists:
        for before, after in direct.filter(field=name).values_list("before", "after"):
            effects = undo_permissions.effects_on_list(name, before or [], after or [])
            changes |= {Change(Subject.ARTICLE, name, effect=effect) for effect in effects}
    if not kinds.isdisjoint(PUBLICATION_EVENTS) and _decides_publication(operation):
        changes.add(Change(Subject.ARTICLE, "published", publishes=True))
    return changes


def _decides_publication(operation: Operation) -> bool:
    """Return whether the operation, or the one that it undid or redid, published or withdrew something directly."""
    events = original_operation(operation).events.filter(subject=Subject.ARTICLE, derived=False)
    states = events.filter(field__in=PUBLICATION_FIELDS).order_by().values_list("field", "before", "after").distinct()
    return any(undo_permissions.decides_publication(*state) for state in states)


def _revealed(operation: Operation) -> Iterator[bool]:
    """Yield for each article that undo would show readers whether the operation decided directly about that."""
    policy = Policies.load().site
    deleted = operation.events.filter(subject=Subject.ARTICLE, field=DELETED, before__isnull=False)
    for event in deleted.iterator():
        columns = event.before["columns"]
        if is_public(policy, **{name: columns[name] for name in VISIBILITY_FIELDS}):
            yield not event.derived
    decisive = undo_permissions.DECISIVE_FIELDS
    by_article: dict[int, list[Event]] = defaultdict(list)
    changed = operation.events.filter(subject=Subject.ARTICLE, field__in={*VISIBILITY_FIELDS, *decisive})
    for event in changed.order_by():
        by_article[event.subject_id].append(event)
    for chunk in chunked(sorted(by_article)):
        for article in Article.objects.filter(pk__in=chunk).only(*VISIBILITY_FIELDS).order_by():
            events = net_changes(by_article[article.pk])
            if _would_appear(article, events, policy):
                yield any(event.field in decisive and not event.derived for event in events)


def _would_appear(article: Article, events: list[Event], policy: Policy) -> bool:
    """Return whether readers don't see the article now, and would after its fields were restored."""
    was_public = is_public_by_policy(article, policy)
    for event in events:
        if event.field in VISIBILITY_FIELDS and getattr(article, event.field) == event.after:
            setattr(article, event.field, event.before)
    return is_public_by_policy(article, policy) and not was_public
