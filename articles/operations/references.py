"""Rows that aren't articles: outlets, topics, the site's own pages and its look.

They are created, edited, deleted and restored here, each with its events in the log.

The event of a deleted row has a snapshot that can restore it under its old key. The logos of a provider are one list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext as _

from articles.audit_log.events import CREATED, DELETED, FieldChange, to_event_value
from articles.audit_log.unit_of_work import SYSTEM_ACTOR, Actor, UnitOfWork, unit_of_work
from articles.images.store import lock_pictures
from articles.models import OVERRIDABLE, Article, ArticleTopic, Event, Subject, Topic, TopicPolicy, Verb
from pictures import files
from providers.models import Provider, ProviderLogo
from website.links import keys_of
from website.models import SiteLook, SitePage

from . import policy_numbers
from .editing import set_topics
from .results import ActionError, ActionResult, SentenceError

ReferenceRow = Provider | Topic | SitePage | SiteLook

LOGOS = "logos"
LOGO_FIELDS = ("url", "width", "height", "position", "extra", "layout", "file")
MODEL_BY_SUBJECT: dict[str, type[ReferenceRow]] = {
    Subject.PROVIDER: Provider,
    Subject.TOPIC: Topic,
    Subject.PAGE: SitePage,
    Subject.LOOK: SiteLook,
}
SUBJECT_BY_MODEL = {model: subject for subject, model in MODEL_BY_SUBJECT.items()}
MENUS = ("menu", "footer_links")  # the fields of the look that name pages and topics
OWNED_MODELS = (ProviderLogo, ArticleTopic, TopicPolicy)  # deleted and restored with their row


class CannotRevertError(Exception):
    """An event that can't be undone. Without a text: because the row has changed since."""


# Actions


def create_reference(row: ReferenceRow, *, by: Actor = SYSTEM_ACTOR) -> ActionResult:
    with unit_of_work(Verb.ADD, by) as uow:
        row.save()
        _record(uow, row, CREATED, None, str(row))
    return ActionResult(uow.operation)


def edit_reference(row: ReferenceRow, values: Mapping[str, Any], *, by: Actor = SYSTEM_ACTOR) -> ActionResult:
    """Set fields of a row, by field name."""
    with unit_of_work(Verb.EDIT, by) as uow:
        stored = type(row)._base_manager.select_for_update().get(pk=row.pk)
        columns = {field.name: field.attname for field in row._meta.concrete_fields}
        before = {name: to_event_value(getattr(stored, columns[name])) for name in values}
        for name, value in values.items():
            setattr(stored, name, value)
        after = {name: to_event_value(getattr(stored, columns[name])) for name in values}
        changed = [name for name in values if after[name] != before[name]]
        if changed:
            stored.save(update_fields=changed)
        for name in changed:
            _record(uow, stored, columns[name], before[name], after[name])
    return ActionResult(uow.operation)


def edit_look(values: Mapping[str, Any], *, by: Actor = SYSTEM_ACTOR) -> ActionResult:
    """Set fields of the look of the site, by field name."""
    with unit_of_work(Verb.EDIT, by) as uow:
        edit_reference(_stored_look(), values)
    return ActionResult(uow.operation)


def link_in_footer(page: SitePage, shown: bool, *, by: Actor = SYSTEM_ACTOR) -> ActionResult:
    """Put a page behind the links in the footer, or take it out; no change if it is as wanted."""
    target = f"{Subject.PAGE.value}:{page.pk}"
    with unit_of_work(Verb.EDIT, by) as uow:
        look = _stored_look()
        others = [entry for entry in look.footer_links if entry["target"] != target]
        if shown != (len(others) < len(look.footer_links)):
            added = [{"target": target, "label": "", "url": ""}] if shown else []
            edit_reference(look, {"footer_links": others + added})
    return ActionResult(uow.operation)


def _stored_look() -> SiteLook:
    SiteLook.objects.get_or_create(pk=1)
    return SiteLook.objects.select_for_update().get()


def edit_logos(provider: Provider, *, write: Callable[[], None], by: Actor = SYSTEM_ACTOR) -> ActionResult:
    """Let `write` change the logos of a provider."""
    with unit_of_work(Verb.EDIT, by) as uow:
        before = logos_of(provider)
        write()
        after = logos_of(provider)
        if after != before:
            _record(uow, provider, LOGOS, before, after)
    return ActionResult(uow.operation)


def delete_references(rows: Iterable[ReferenceRow], *, by: Actor = SYSTEM_ACTOR) -> ActionResult:
    """Delete rows. Articles lose the topics, which pins their lists of topics; menus lose topics and pages.

    Raises ActionError if something else uses one of the rows; then nothing is deleted.
    """
    outcome = ActionResult()
    with unit_of_work(Verb.DELETE, by) as uow:
        for row in list(rows):
            try:
                outcome.done += _delete(uow, row)
            except ActionError as error:
                raise SentenceError(error.about(f"“{row}”")) from error
    outcome.operation = uow.operation
    return outcome


def _delete(uow: UnitOfWork, row: ReferenceRow) -> list[int]:
    """Delete a row; return the articles that lost it as a topic. Raises ActionError if it is in use."""
    users = _used_by(row, except_models=OWNED_MODELS)
    if users:
        raise ActionError(_("is still in use by %(users)s; change or delete those first") % {"users": ", ".join(users)})
    articles: list[int] = []
    _record(uow, row, DELETED, _row_snapshot(row), None)
    if isinstance(row, Topic | SitePage):
        with uow.consequences():
            _remove_from_menus(uow, row)
    if isinstance(row, Topic):
        with uow.consequences():
            articles = set_topics(Article.objects.with_topics([row]), remove=[row.name]).done
            if TopicPolicy.objects.filter(topic=row).exists():
                for name in OVERRIDABLE:
                    policy_numbers.set_policy_value(uow, name, row.pk, None)
    row.delete()
    return articles


def _remove_from_menus(uow: UnitOfWork, row: Topic | SitePage) -> None:
    look = SiteLook.objects.select_for_update().first()
    target = f"{SUBJECT_BY_MODEL[type(row)]}:{row.pk}"
    if look is None:
        return
    for name in MENUS:
        entries = getattr(look, name)
        others = [entry for entry in entries if entry["target"] != target]
        if others != entries:
            setattr(look, name, others)
            look.save(update_fields=[name])
            _record(uow, look, name, entries, others)


def logos_of(provider: Provider) -> list[dict[str, Any]]:
    """Return the logos of a provider in the form of events."""
    return list(ProviderLogo.objects.filter(provider=provider.pk).order_by("width", "pk").values(*LOGO_FIELDS))


def _replace_logos(provider: Provider, logos: Sequence[Mapping[str, Any]]) -> None:
    """Give a provider these logos. Files that have been deleted are left out; `cache_images` fetches them again."""
    lock_pictures()  # the files that are there now stay until the end of the transaction
    rows = [ProviderLogo(provider_id=provider.pk, **logo) for logo in logos]
    for row in rows:
        if row.file and not files.all_exist([str(row.file)]):
            row.file = ""
    ProviderLogo.objects.filter(provider=provider.pk).delete()
    ProviderLogo.objects.bulk_create(rows)


def _row_snapshot(row: ReferenceRow) -> dict[str, Any]:
    columns = {field.attname: to_event_value(getattr(row, field.attname)) for field in row._meta.concrete_fields}
    return {"columns": columns} | ({LOGOS: logos_of(row)} if isinstance(row, Provider) else {})


def _used_by(row: ReferenceRow, except_models: Sequence[type[models.Model]] = ()) -> list[str]:
    """Return the names of what uses a row, such as `articles`."""
    users = []
    for relation in row._meta.related_objects:
        if getattr(relation, "through", relation.field.model) in except_models:
            continue
        if relation.field.model._base_manager.filter(**{relation.field.name: row}).exists():
            users.append(str(relation.field.model._meta.verbose_name_plural))
    return users


def _record(uow: UnitOfWork, row: ReferenceRow, field: str, before: Any, after: Any) -> None:
    uow.record(FieldChange(row.pk, str(row), field, before, after, subject=SUBJECT_BY_MODEL[type(row)]))


# Undo


def revert_event(uow: UnitOfWork, event: Event) -> None:
    """Undo what an event says about a row. Raises CannotRevertError."""
    if event.field == DELETED:
        _recreate(uow, event)
        return
    row = MODEL_BY_SUBJECT[event.subject]._base_manager.filter(pk=event.subject_id).first()
    if row is None:
        raise CannotRevertError(_("it was deleted since"))
    if event.field == CREATED:
        _remove(uow, row)
    elif event.field == LOGOS:
        _restore_logos(uow, row, event)
    else:
        _restore_field(uow, row, event)


def _recreate(uow: UnitOfWork, event: Event) -> None:
    model, snapshot = MODEL_BY_SUBJECT[event.subject], event.before
    row = model(**snapshot["columns"])
    if model._base_manager.filter(pk=row.pk).exists():
        raise CannotRevertError(_("it exists again"))
    if isinstance(row, Topic) and row.parent_id and not Topic.objects.filter(pk=row.parent_id).exists():
        raise CannotRevertError(_("its parent topic was deleted"))
    _require_valid(row, row._meta.fields)
    row.save(force_insert=True)
    _record(uow, row, CREATED, None, str(row))
    if isinstance(row, Provider):
        _replace_logos(row, snapshot[LOGOS])


def _remove(uow: UnitOfWork, row: ReferenceRow) -> None:
    """Delete a row that an operation created, unless something uses it now."""
    if _used_by(row, except_models=(ProviderLogo,)):
        raise CannotRevertError(_("it is in use now"))
    _delete(uow, row)


def _restore_field(uow: UnitOfWork, row: ReferenceRow, event: Event) -> None:
    if _json_roundtrip(to_event_value(getattr(row, event.field))) != event.after:
        raise CannotRevertError
    if reason := _what_was_deleted(event):
        raise CannotRevertError(reason)
    setattr(row, event.field, event.before)
    fields = {field.name for field in row._meta.fields}
    name = event.field if event.field in fields else event.field.removesuffix("_id")
    _require_valid(row, [field for field in row._meta.fields if field.name == name])
    row.save(update_fields=[name])
    _record(uow, row, event.field, event.after, event.before)


def _what_was_deleted(event: Event) -> str:
    """Return why a field can't name the rows that it named; empty if it can."""
    if event.field == "parent_id" and event.before and not Topic.objects.filter(pk=event.before).exists():
        return _("its parent topic was deleted")
    for subject in (Subject.PAGE, Subject.TOPIC) if event.field in MENUS else ():
        keys = keys_of(event.before, subject.value)
        if MODEL_BY_SUBJECT[subject]._base_manager.filter(pk__in=keys).count() < len(keys):
            return _("a page or topic in it was deleted since")
    return ""


def _restore_logos(uow: UnitOfWork, row: ReferenceRow, event: Event) -> None:
    assert isinstance(row, Provider)  # noqa: S101
    if _json_roundtrip(logos_of(row)) != event.after:
        raise CannotRevertError
    _replace_logos(row, event.before)
    _record(uow, row, LOGOS, event.after, logos_of(row))


def _require_valid(row: ReferenceRow, fields: Sequence[Any]) -> None:
    names = {field.name for field in fields}
    try:
        row.clean_fields(exclude={field.name for field in row._meta.fields} - names)
        row.clean()
        row.validate_unique()
        row.validate_constraints()
    except ValidationError as invalid:
        raise CannotRevertError(" ".join(invalid.messages)) from invalid


def _json_roundtrip(value: Any) -> Any:
    """Return a value as it would be read back from the log."""
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder))
