"""Restore one field of an article to its value before an event, with the operation that sets it by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from articles import operations
from articles.audit_log import snapshots
from articles.audit_log.unit_of_work import Actor
from articles.models import Article, Event, Verb
from articles.operations.batch import SeenVersions
from articles.operations.results import ActionError, ActionResult
from articles.rules import permissions
from articles.rules.states import State
from providers.models import Provider

from .event_text import RESTORE_PERMISSIONS, label_of

SCHEDULE = ("publish_at", "unpublish_at")


def restore_permissions(user: permissions.HasPermissions) -> set[str]:
    """Return which of the permissions to restore fields the editor has, for `_timeline.html`."""
    return {permission for permission in set(RESTORE_PERMISSIONS.values()) if user.has_perm(permission)}


def restore(article: Article, event: Event, *, by: Actor, version: int | None = None) -> ActionResult:
    """Restore a field of the article to its value before the event. Raises ActionError if that is impossible.

    `version` is the one that the editor saw.
    """
    name, value = event.field, event.before
    versions = {article.pk: version} if version is not None else None
    if name not in RESTORE_PERMISSIONS:
        raise ActionError(f"can't have its {label_of(name)} restored alone; undo the whole operation instead")
    match name:
        case "state" | "spike_reason":
            return operations.apply_decision(article, _decision(article, event), by=by, versions=versions)
        case "topics":
            return operations.set_topics(article, value or [], by=by, versions=versions)
        case "images" | "related":
            return operations.edit_related_rows(
                article, name, write=lambda: snapshots.replace_list(article, name, value or []), by=by
            )
        case "lead_id":
            return _restore_story(article, value, by, versions)
        case "publish_at" | "unpublish_at":
            return _restore_schedule(article, event, by, versions)
        case "pick_until":
            until = datetime.fromisoformat(value) if value else None
            return operations.pick(article, until, by=by, versions=versions)
        case "quality" | "heat":
            return _restore_score(article, name, value, by, version)
        case "provider_id":
            return operations.edit(article, provider=_provider(value), by=by, version=version)
        case "published_at":
            return operations.edit(article, published_at=datetime.fromisoformat(value), by=by, version=version)
    return operations.edit(article, by=by, version=version, **{name: value})


def _decision(article: Article, event: Event) -> str:
    """Return the state before the event as one of `operations.DECISIONS`; its reason is an event of its own."""
    if event.field == "spike_reason":
        if article.state != State.SPIKED or not event.before:
            raise ActionError("has no reason to restore; restore its state instead")
        return f"{State.SPIKED}: {event.before}"
    if event.before != State.SPIKED:
        return str(event.before)
    reasons = Event.objects.filter(operation=event.operation_id, field="spike_reason")
    reason = reasons.filter(subject=event.subject, subject_id=event.subject_id).first()
    if reason is None or not reason.before:
        raise ActionError("can't be spiked again, for its reason is unknown; spike it with a reason")
    return f"{State.SPIKED}: {reason.before}"


def _restore_score(article: Article, name: str, value: Any, by: Actor, version: int | None) -> ActionResult:
    if value is None and name not in article.pins:
        raise ActionError(f"has a {name} by its document or the policy; editors can't empty it")
    if name == "heat" and value is not None and (value < 0 or article.is_folded):
        raise ActionError("has its heat from its story; fold it or take it out instead")
    return operations.edit(article, by=by, version=version, verb=Verb.SCORE, **{name: value})


def _restore_story(article: Article, lead: int | None, by: Actor, versions: SeenVersions) -> ActionResult:
    if lead is None:
        return operations.take_out(article, by=by, versions=versions)
    former = Article.objects.filter(pk=lead).first()
    if former is None:
        raise ActionError("can't go back under its lead, which is gone")
    return operations.fold_into(article, former, by=by, versions=versions)


def _restore_schedule(article: Article, event: Event, by: Actor, versions: SeenVersions) -> ActionResult:
    if article.state != State.PUBLISHED:
        raise ActionError("is not published, so it has no schedule; publish it first")
    times = {name: getattr(article, name) for name in SCHEDULE}
    times[event.field] = datetime.fromisoformat(event.before) if event.before else None
    return operations.schedule(article, **times, by=by, versions=versions)


def _provider(pk: Any) -> Provider:
    provider = Provider.objects.filter(pk=pk).first()
    if provider is None:
        raise ActionError("can't go back to its outlet, which is gone")
    return provider
