"""Forms that find edit conflicts: they separate an editor's changes from those of others."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms.models import InlineForeignKeyField
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _

from articles.models import Article, ArticleImage, ArticleTopic, Event, RelatedLink, SitePolicy, Subject, Topic
from articles.rules.scoring import FOLDED_HEAT
from config.times import format_time
from providers.models import Provider
from website.models import SiteLook, SitePage

TYPED_MAX = 200  # characters
PREVIEW = "_preview"  # the button that shows what a form would change, and saves nothing
TIME_FIELDS = (forms.DateTimeField, forms.SplitDateTimeField)
SUBJECTS: dict[type[Model], str] = {
    Article: Subject.ARTICLE,
    Topic: Subject.TOPIC,
    Provider: Subject.PROVIDER,
    SitePolicy: Subject.POLICY,
    SitePage: Subject.PAGE,
    SiteLook: Subject.LOOK,
}
# Rows of lists have no events of their own: (the key of their article, the name of the list in its events).
LISTS: dict[type[Model], tuple[str, str]] = {
    ArticleTopic: ("content_object_id", "topics"),
    ArticleImage: ("article_id", "images"),
    RelatedLink: ("article_id", "related"),
}
EVENT_FIELDS = {"decision": ("state", "spike_reason"), "provider": ("provider_id",)}  # where events use other names


class FieldOfPage(forms.BoundField):
    """A field that keeps the value that the page showed first, when it is shown again with errors.

    Of a field with several widgets, Django forgets it: what was typed would look unchanged, and be dropped.
    """

    def as_hidden(self, attrs: dict[str, Any] | None = None, **kwargs: Any) -> SafeString:
        is_of_page = (
            kwargs.get("only_initial") and self.form.is_bound and isinstance(self.field.widget, forms.MultiWidget)
        )
        if not is_of_page:
            return super().as_hidden(attrs, **kwargs)
        name, widget = self.html_initial_name, self.field.hidden_widget()
        shown = widget.value_from_datadict(self.form.data, self.form.files, name)
        return widget.render(name, shown, {**(attrs or {}), "id": self.html_initial_id})


class ConflictAwareForm(forms.ModelForm):
    """A form that remembers the values its page showed, so that only the editor's own changes count.

    Fields that others changed meanwhile keep their values. If both changed the same field, the form asks the editor.
    A request without the values of the page, such as a script's, is compared with what is stored.
    """

    bound_field_class = FieldOfPage

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = _("Time zone: %(zone)s.") % {"zone": timezone.get_current_timezone_name()}
        for field in self.fields.values():
            if isinstance(field, TIME_FIELDS):
                for part, widget in zip((_("date"), _("time")), getattr(field.widget, "widgets", ()), strict=False):
                    widget.attrs["aria-label"] = f"{capfirst(field.label)}: {part}"
                field.help_text = f"{field.help_text} {zone}".strip()
        if self.instance.pk is None:
            return
        for name, field in self.fields.items():
            omitted = field.hidden_widget().value_omitted_from_data
            missing = self.is_bound and omitted(self.data, self.files, self.add_initial_prefix(name))
            field.show_hidden_initial = not missing and not isinstance(field, forms.FileField)

    @cached_property
    def changed_data(self) -> list[str]:
        """Return the fields that were changed: no time that was sent as the page showed it, even if it exists twice."""
        return [name for name in super().changed_data if not self._is_time_as_shown(name)]

    def _is_time_as_shown(self, name: str) -> bool:
        field = self.fields[name]
        return (
            isinstance(field, TIME_FIELDS)
            and field.show_hidden_initial
            and self[name].data == self._initial_on_page(name)
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in [name for name in self.errors if name in self.fields and self._is_time_as_shown(name)]:
            del self.errors[name]
            cleaned[name] = getattr(self.instance, name)
        for name in self.changed_data:
            if name in cleaned and isinstance(self.fields[name], TIME_FIELDS) and self._zone_has_changed():
                self.add_error(name, _("Your time zone has changed since you typed this. Check it and save again."))
            elif name in cleaned and self._changed_meanwhile(name):
                self._report_conflict(name, cleaned[name])
        if self.instance.pk is not None:
            columns = {*(self._meta.fields or ())} & {field.name for field in self._meta.model._meta.get_fields()}
            for name in set(cleaned).intersection(columns).difference(self.changed_data):
                if not isinstance(self.fields[name], InlineForeignKeyField):
                    cleaned[name] = getattr(self.instance, name)
        return cleaned

    def _zone_has_changed(self) -> bool:
        """Return whether the page named another time zone than the one in which its times would be read."""
        return self.data.get("zone", "") not in ("", timezone.get_current_timezone_name())

    def _changed_meanwhile(self, name: str) -> bool:
        field, stored = self.fields[name], self[name].initial
        if not field.show_hidden_initial or not field.has_changed(stored, self[name].data):
            return False
        if isinstance(stored, str):
            stored = field.to_python(stored)
        return field.has_changed(stored, self._initial_on_page(name))

    def _initial_on_page(self, name: str) -> Any:
        widget = self.fields[name].hidden_widget()
        return widget.value_from_datadict(self.data, self.files, self.add_initial_prefix(name))

    def _report_conflict(self, name: str, typed: Any) -> None:
        """Reject the first attempt: the page that is shown again contains what is stored now."""
        self.add_error(
            name,
            ValidationError(
                _(
                    "%(who)s changed this while you were editing: it is now “%(stored)s”, you typed “%(typed)s”. "
                    "Save again to replace it."
                ),
                code="stale",
                params={
                    "who": self._who_changed(name) or _("Someone"),
                    "stored": _display(name, getattr(self.instance, name)),
                    "typed": Truncator(_display(name, typed)).chars(TYPED_MAX),  # the full value is in the field below
                },
            ),
        )
        key, widget = self.add_initial_prefix(name), self.fields[name].hidden_widget()
        value = self.fields[name].prepare_value(self[name].initial)
        data = cast(QueryDict, self.data).copy()
        if isinstance(widget, forms.MultiWidget):
            for index, part in enumerate(widget.decompress(value) or ()):
                data[f"{key}_{index}"] = str(part)
        else:
            data[key] = "" if value is None else str(value)
        self.data = data

    def _who_changed(self, name: str) -> str:
        """Return who changed the field last; empty if no operation did."""
        row: Any = self.instance
        subject, pk = SUBJECTS.get(type(row), ""), row.pk
        fields = EVENT_FIELDS.get(name, (name,))
        if type(row) in LISTS:
            key, listing = LISTS[type(row)]
            subject, pk, fields = Subject.ARTICLE, getattr(row, key), (listing,)
        event = Event.objects.of(subject, pk).filter(field__in=fields).select_related("operation").first()
        if event is None:
            return ""
        return event.operation.actor_name or capfirst(event.operation.who)


def _display(name: str, value: Any) -> str:
    """Return a field's value as the page shows it."""
    if name == "heat" and value == FOLDED_HEAT:
        return _("folded")
    if value is None or value == "" or value == []:
        return "–"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        return format_time(value)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


class PreviewForm(ConflictAwareForm):
    """The same, which for a preview is cleaned but never valid, so that nothing saves it."""

    def is_valid(self) -> bool:
        return super().is_valid() and PREVIEW not in self.data


class RowForm(ConflictAwareForm):
    """One of many forms on a page: an unchanged row is not validated, and costs no query."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.empty_permitted = True
