"""Outlets and topics in acts: stored, changed, deleted and brought back, each with its events.

A deleted row leaves an image that can bring it back under its old key. The logos of an outlet are one list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from articles.audit_log.unit_of_work import CREATED, DELETED, FieldChange, UnitOfWork, to_event_value
from articles.images.store import follow_others
from articles.models import OVERRIDABLE, ArticleTopic, Event, Subject, Topic, TopicPolicy
from pictures import files
from providers.models import Provider, ProviderLogo

from . import policy_numbers
from .results import ActionError

ReferenceRow = Provider | Topic

LOGOS = "logos"
LOGO_FIELDS = ("url", "width", "height", "position", "extra", "layout", "file")
MODEL_BY_SUBJECT: dict[str, type[Provider] | type[Topic]] = {Subject.PROVIDER: Provider, Subject.TOPIC: Topic}
OWNED_MODELS = (ProviderLogo, ArticleTopic, TopicPolicy)  # these go with their row, and come back with it


class CannotRevertError(Exception):
    """A change that can't be taken back; without a text: because the row was changed since."""


def subject_of(row: ReferenceRow) -> Subject:
    return Subject.TOPIC if isinstance(row, Topic) else Subject.PROVIDER


# Changes


def add(uow: UnitOfWork, row: ReferenceRow) -> None:
    row.save()
    _record(uow, row, CREATED, None, str(row))


def edit(uow: UnitOfWork, row: ReferenceRow, values: Mapping[str, Any]) -> None:
    """Set what `values` say, by field name, where that changes anything."""
    stored = type(row)._base_manager.select_for_update().get(pk=row.pk)
    columns = {each.name: each.attname for each in row._meta.concrete_fields}
    former = {name: to_event_value(getattr(stored, columns[name])) for name in values}
    for name, value in values.items():
        setattr(stored, name, value)
    changed = [name for name in values if to_event_value(getattr(stored, columns[name])) != former[name]]
    if changed:
        stored.save(update_fields=changed)
    for name in changed:
        _record(uow, stored, columns[name], former[name], to_event_value(getattr(stored, columns[name])))


def edit_logos(uow: UnitOfWork, outlet: Provider, write: Callable[[], None]) -> None:
    """Let somebody change the logos of an outlet by calling `write`."""
    before = logos_of(outlet)
    write()
    after = logos_of(outlet)
    if after != before:
        _record(uow, outlet, LOGOS, before, after)


def delete(uow: UnitOfWork, row: ReferenceRow, let_go: Callable[[], object] = lambda: None) -> None:
    """Delete an outlet or a topic that nothing uses but what goes with it. Raises Refused.

    `let_go` changes what uses it; the log tells of that after the deletion that was asked for.
    """
    users = _used_by(row, but=OWNED_MODELS)
    if users:
        raise ActionError(f"is still in use by {', '.join(users)}; change or delete those first")
    _record(uow, row, DELETED, _row_snapshot(row), None)
    let_go()
    if isinstance(row, Topic) and TopicPolicy.objects.filter(topic=row).exists():
        for name in OVERRIDABLE:
            policy_numbers.set_policy_value(uow, name, row.pk, None)
    row.delete()


def logos_of(outlet: Provider) -> list[dict[str, Any]]:
    """Return the logos of an outlet as events hold them."""
    return list(ProviderLogo.objects.filter(provider=outlet.pk).order_by("width", "pk").values(*LOGO_FIELDS))


def _replace_logos(outlet: Provider, logos: Sequence[Mapping[str, Any]]) -> None:
    """Give an outlet these logos. Files that were let go meanwhile are left out, for `cache_images` to fetch anew."""
    follow_others()  # what is there now stays
    rows = [ProviderLogo(provider_id=outlet.pk, **logo) for logo in logos]
    for row in rows:
        if row.file and not files.are_there([str(row.file)]):
            row.file = ""
    ProviderLogo.objects.filter(provider=outlet.pk).delete()
    ProviderLogo.objects.bulk_create(rows)


def _row_snapshot(row: ReferenceRow) -> dict[str, Any]:
    columns = {each.attname: to_event_value(getattr(row, each.attname)) for each in row._meta.concrete_fields}
    return {"columns": columns} | ({LOGOS: logos_of(row)} if isinstance(row, Provider) else {})


def _used_by(row: ReferenceRow, but: Sequence[type[models.Model]] = ()) -> list[str]:
    """Return what uses a row, as editors call it."""
    found = []
    for each in row._meta.related_objects:
        model = each.field.model
        if not each.many_to_many and model not in but and model._base_manager.filter(**{each.field.name: row}).exists():
            found.append(str(model._meta.verbose_name_plural))
    return found


def _record(uow: UnitOfWork, row: ReferenceRow, name: str, before: Any, after: Any) -> None:
    uow.record(FieldChange(row.pk, str(row), name, before, after, subject=subject_of(row)))


# Taking back


def revert_event(uow: UnitOfWork, event: Event) -> None:
    """Undo what an event tells of an outlet or a topic. Raises Stays."""
    if event.field == DELETED:
        _recreate(uow, event)
        return
    row = MODEL_BY_SUBJECT[event.subject]._base_manager.filter(pk=event.subject_id).first()
    if row is None:
        raise CannotRevertError("it was deleted since")
    if event.field == CREATED:
        _remove(uow, row)
    elif event.field == LOGOS:
        _restore_logos(uow, row, event)
    else:
        _restore(uow, row, event)


def _recreate(uow: UnitOfWork, event: Event) -> None:
    model, image = MODEL_BY_SUBJECT[event.subject], event.before
    row = model(**image["columns"])
    if model._base_manager.filter(pk=row.pk).exists():
        raise CannotRevertError("it is there again")
    if isinstance(row, Topic) and row.parent_id and not Topic.objects.filter(pk=row.parent_id).exists():
        raise CannotRevertError("the topic above it was deleted since")
    _require_valid(row, row._meta.fields)
    row.save(force_insert=True)
    _record(uow, row, CREATED, None, str(row))
    if isinstance(row, Provider):
        _replace_logos(row, image[LOGOS])


def _remove(uow: UnitOfWork, row: ReferenceRow) -> None:
    """Delete a row that an operation brought, unless something uses it by now."""
    if _used_by(row, but=(ProviderLogo,)):
        raise CannotRevertError("it is in use by now")
    delete(uow, row)


def _restore(uow: UnitOfWork, row: ReferenceRow, event: Event) -> None:
    if _json_roundtrip(to_event_value(getattr(row, event.field))) != event.after:
        raise CannotRevertError
    setattr(row, event.field, event.before)
    fields = {each.name for each in row._meta.fields}
    column = event.field if event.field in fields else event.field.removesuffix("_id")
    _require_valid(row, [each for each in row._meta.fields if each.name == column])
    row.save(update_fields=[column])
    _record(uow, row, event.field, event.after, event.before)


def _restore_logos(uow: UnitOfWork, row: ReferenceRow, event: Event) -> None:
    if _json_roundtrip(logos_of(row)) != event.after:
        raise CannotRevertError
    _replace_logos(row, event.before)
    _record(uow, row, LOGOS, event.after, logos_of(row))


def _require_valid(row: ReferenceRow, fields: Sequence[Any]) -> None:
    checked = {each.name for each in fields}
    try:
        row.clean_fields(exclude={each.name for each in row._meta.fields} - checked)
        row.clean()
        row.validate_unique()
        row.validate_constraints()
    except ValidationError as invalid:
        raise CannotRevertError(" ".join(invalid.messages)) from invalid


def _json_roundtrip(value: Any) -> Any:
    """Return a value as the log gives it back."""
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder))
