"""Restore one field of an article to its value before an event, with the operation that sets it by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from articles import operations
from articles.audit_log import snapshots
from articles.audit_log.unit_of_work import Actor
from articles.models import Article, Event, Verb
from articles.operations.past_lists import obstacle, use_present_names
from articles.operations.results import ActionError, ActionResult
from articles.rules import permissions
from articles.rules.states import State
from articles.rules.undo_permissions import MODEL_BY_LIST, Effect, list_permissions
from providers.models import Provider

from .event_text import RESTORE_PERMISSIONS, label_of, restore_permission


def restore_permissions(user: permissions.HasPermissions) -> set[str]:
    """Return which of the permissions to restore fields the editor has, for `_timeline.html`."""
    models = [model.removeprefix("articles.") for model in MODEL_BY_LIST.values()]
    of_rows = {f"articles.{effect}_{model}" for effect in Effect for model in models}
    return {permission for permission in of_rows | {*RESTORE_PERMISSIONS.values()} if user.has_perm(permission)}


def required_permissions(article: Article, event: Event) -> set[str]:
    """Return the permissions to restore a field of the article as it is now, also those to add and delete rows."""
    if event.field not in MODEL_BY_LIST:
        return {restore_permission(event)} - {""}
    present = snapshots.read_list([article.pk], event.field)[article.pk]
    return {RESTORE_PERMISSIONS[event.field]} | list_permissions(event.field, event.before or [], present)


def restore(article: Article, event: Event, *, by: Actor, version: int | None = None) -> ActionResult:
    """Restore a field of the article to its value before the event. Raises ActionError if that is impossible.

    `version` is the one that the editor saw.
    """
    name, value = event.field, event.before
    versions = {article.pk: version} if version is not None else None

    def apply(operation: Callable[..., ActionResult], *args: Any, **values: Any) -> ActionResult:
        return operation(article, *args, **values, by=by, versions=versions)

    def edit(**values: Any) -> ActionResult:
        return operations.edit(article, by=by, version=version, **values)

    if name not in RESTORE_PERMISSIONS:
        raise ActionError(
            _("can't have its %(field)s restored alone; undo the whole operation instead") % {"field": label_of(name)}
        )
    match name:
        case "state" | "spike_reason":
            return apply(operations.apply_decision, _decision(article, event))
        case "topics":
            use_present_names(event.operation, [event])
            return apply(operations.set_topics, event.before or [])
        case "images" | "related":
            if reason := obstacle(name, value):
                text = _("can't have its %(field)s restored: %(reason)s")
                raise ActionError(text % {"field": label_of(name), "reason": reason})
            write = partial(snapshots.replace_list, article, name, value or [])
            return operations.edit_related_rows(article, name, write=write, by=by)
        case "lead_id" if value is None:
            return apply(operations.take_out)
        case "lead_id":
            return apply(operations.fold_into, _existing(Article, value, "lead_id"))
        case "publish_at" | "unpublish_at":
            if article.state != State.PUBLISHED:
                raise ActionError(_("is not published, so it has no schedule; publish it first"))
            times = {column: getattr(article, column) for column in ("publish_at", "unpublish_at")}
            return apply(operations.schedule, **times | {name: _time(value)})
        case "pick_until":
            return apply(operations.pick, _time(value))
        case "pick_place":
            return operations.place(article, value, by=by)
        case "off_front":
            return apply(operations.keep_off_front if value else operations.allow_on_front)
        case "quality" | "heat":
            _check_score(article, name, value)
            return edit(verb=Verb.SCORE, **{name: value})
        case "provider_id":
            return edit(provider=_existing(Provider, value, "provider_id"))
        case "published_at":
            return edit(published_at=_time(value))
    return edit(**{name: value})


def _decision(article: Article, event: Event) -> str:
    """Return the state before the event as one of `operations.DECISIONS`; its reason is an event of its own."""
    if event.field == "spike_reason":
        if article.state != State.SPIKED or not event.before:
            raise ActionError(_("has no reason to restore; restore its state instead"))
        return f"{State.SPIKED}: {event.before}"
    if event.before != State.SPIKED:
        return str(event.before)
    reasons = Event.objects.filter(operation=event.operation_id, field="spike_reason")
    reason = reasons.filter(subject=event.subject, subject_id=event.subject_id).first()
    if reason is None or not reason.before:
        raise ActionError(_("can't be spiked again, for its reason is unknown; spike it with a reason"))
    return f"{State.SPIKED}: {reason.before}"


def _check_score(article: Article, name: str, value: int | None) -> None:
    if value is None and name not in article.pins:
        raise ActionError(_("has a %(name)s by its document or the policy; editors can't empty it") % {"name": name})
    if name == "heat" and value is not None and (value < 0 or article.is_folded):
        raise ActionError(_("has its heat from its story; fold it or take it out instead"))


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _existing(model: type[Model], pk: Any, field: str) -> Model:
    row = model._default_manager.filter(pk=pk).first()
    if row is None:
        if field == "lead_id":
            raise ActionError(_("can't go back under its lead, which was deleted"))
        raise ActionError(_("can't go back to its outlet, which was deleted"))
    return row
