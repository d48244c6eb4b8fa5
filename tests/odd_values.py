"""Send odd values to the site: which fields and parameters there are is found out by reading pages and by listening.

A field is known by the forms of all pages; a parameter also by the links, and because a view asked for it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any, NamedTuple
from unittest.mock import patch
from urllib.parse import parse_qsl, urljoin, urlsplit

from django import forms
from django.apps import apps
from django.contrib.admin.views.main import IGNORED_PARAMS
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.db.models import BooleanField, CharField, DateField, Model, TextField
from django.forms import BaseForm, MultiValueField, MultiWidget
from django.test import Client
from django.utils.datastructures import MultiValueDict

from tests.sample_pictures import encode

Kind = tuple[Any, ...]
FORMS = "/django/forms/"
# Code between a request and what reads it, and code that makes the request or uses the same kind of dictionary.
BETWEEN = (f"{__name__.replace('.', '/')}.py", "django/utils/datastructures.py", "django/http/request.py")
NOT_READING = ("django/http/multipartparser.py", "django/core/handlers/wsgi.py", "django/urls/resolvers.py")
MISSING = object()
ODD_VALUES: dict[str, Any] = {
    "nul": "a\0b",
    "long": "x" * 12_000,
    "text": "nonsense",
    "huge": "9" * 30,
    "digits": "9" * 5_000,  # more than Python converts
    "many": "100000",
    "negative": "-1",
    "no number": "²",
    "infinite": "Infinity",
    "empty": "",
    "list": ["1", "nonsense", "a\0b"],
    "missing": MISSING,
    "surrogate": "\\ud800",
    "JSON": '["\\ud800", {"\\u0000": [1e999]}]',
    "day": "0001-01-01",
    "last day": "9999-12-31",
    "order": "6.-7.-99.x",
    "URL": "http://[",
    "markup": "'\"<&%s%(x)s{0}",
    "file": SimpleUploadedFile("odd.jpg", b"\xff\xd8\xff\0", "image/jpeg"),
}
LOOKUPS_BY_TYPE = {
    **dict.fromkeys(("exact", "regex"), (CharField, TextField)),
    **dict.fromkeys(("gte", "year"), DateField),
    "in": BooleanField,
}
FILLING = "en"  # a valid title, slug, language and description
TYPED = (forms.DateField, forms.DateTimeField, forms.IntegerField)  # fields that accept some of them, and pass them on
LOOKUPS = ("pk__in", "id__exact", "title__regex", "provider__id__exact", "nonsense__nonsense", "a\0b")


class Page(HTMLParser):
    """The forms of a page and the parameters of its links."""

    def __init__(self, url: str, html: str) -> None:
        super().__init__()
        self.url = url
        self.path = urlsplit(url).path
        self.requests: list[tuple[str, str, dict[str, Any]]] = []
        self.uploads: set[str] = set()  # names of inputs of files
        self.parameters: dict[str, set[str]] = {}
        self.autocompletes: set[tuple[str, str, str]] = set()
        self._loose: dict[str, Any] = {}
        self._by_id: dict[str, dict[str, Any]] = {}
        self._form: dict[str, Any] = self._loose
        self._select = self._text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        for link in ("href", "hx-get"):
            if link in attributes:
                self._follow(attributes[link])
        if tag == "form" or "hx-post" in attributes:
            action = urlsplit(urljoin(self.url, attributes.get("action") or attributes.get("hx-post") or self.url)).path
            method = "post" if "hx-post" in attributes else attributes.get("method", "get").lower()
            form = self._by_id.setdefault(attributes.get("id", ""), {}) if attributes.get("id") else {}
            if method in ("get", "post"):  # a dialog's form sends nothing
                self.requests.append((method, action, form))
            if tag == "form":
                self._form = form
        name, kind = attributes.get("name", ""), attributes.get("type", "text")
        if not name:
            return
        form = self._by_id.setdefault(attributes["form"], {}) if "form" in attributes else self._form
        if kind == "file":
            self.uploads.add(name)
        if tag == "input" and (kind not in ("checkbox", "radio") or "checked" in attributes or name not in form):
            form[name] = attributes.get("value", "")
        elif tag in ("select", "textarea"):
            form.setdefault(name, "")
            self._select, self._text = (name, "") if tag == "select" else ("", name)
            if "data-app-label" in attributes:
                keys = ("data-app-label", "data-model-name", "data-field-name")
                self.autocompletes.add(tuple(attributes[key] for key in keys))  # type: ignore[arg-type]
        elif tag == "button":
            form.setdefault(name, attributes.get("value", ""))
        if tag == "option" and self._select and "selected" in attributes:
            form[self._select] = attributes.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._text:
            self._form[self._text] = self._form.get(self._text, "") + data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = self._loose
        if tag in ("select", "textarea"):
            self._select = self._text = ""

    def with_uploads(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values of a form with a picture in each input of a file, and text in all empty ones.

        What is sent with a file may be read only if there is one.
        """
        filled = {name: FILLING if value == "" else value for name, value in values.items()}
        return filled | {name: SimpleUploadedFile("x.png", encode(), "image/png") for name in self.uploads & {*values}}

    def _follow(self, link: str) -> None:
        parts = urlsplit(urljoin(self.url, link))
        self.parameters.setdefault(parts.path, set()).update(name for name, _ in parse_qsl(parts.query))


class Reads:
    """What the code asked for while it answered a request."""

    def __init__(self) -> None:
        self.places: dict[str, set[str]] = {}  # of each name of a field or parameter: where in the code it was read
        self.fields: dict[str, Kind] = {}  # of each name that a form cleaned
        self.accepted: dict[str, list[str]] = {}  # labels of odd values that its field lets through to other code

    def kind(self, name: str) -> Kind:
        """Return what decides how a value with this name is parsed. Names of one kind go through the same code."""
        places = frozenset(place for place in self.places.get(name, ()) if FORMS not in place)
        return (self.fields.get(name, (name,) if places else ()), places)

    def note(self, name: Any) -> None:
        frame = inspect.currentframe()
        while frame and frame.f_code.co_filename.endswith(BETWEEN):
            frame = frame.f_back
        if frame and not frame.f_code.co_filename.endswith(NOT_READING):
            self.places.setdefault(str(name), set()).add(f"{frame.f_code.co_filename}:{frame.f_lineno}")

    def note_form(self, form: BaseForm) -> None:
        for name, field in form.fields.items():
            widget = field.widget
            validators = tuple(sorted(getattr(each, "__name__", type(each).__name__) for each in field.validators))
            own = name if hasattr(form, f"clean_{name}") else ""
            kind = (type(form).__qualname__, type(field), type(widget), validators, own)
            suffixes = widget.widgets_names if isinstance(widget, MultiWidget) else [""]
            parts = field.fields if isinstance(field, MultiValueField) else [field] * len(suffixes)
            for suffix, part in zip(suffixes, parts, strict=True):
                self.accepted[form.add_prefix(name) + suffix] = accepted_values(part)
            self.fields.update((form.add_prefix(name) + suffix, kind) for suffix in suffixes)
            self.fields.update((form.add_initial_prefix(name) + suffix, ("initial", *kind)) for suffix in suffixes)


def accepted_values(field: forms.Field) -> list[str]:
    """Return the labels of the odd values that a field of days, times or numbers accepts."""
    accepted = []
    for label, odd in ODD_VALUES.items() if isinstance(field, TYPED) else ():
        try:
            if isinstance(odd, str) and odd:
                field.clean(odd)
                accepted.append(label)
        except ValidationError:
            continue
    return accepted


@contextmanager
def reads() -> Iterator[Reads]:
    """Yield what is read of requests and by forms, and where."""
    found = Reads()
    get_item, get_list, full_clean = MultiValueDict.__getitem__, MultiValueDict.getlist, BaseForm.full_clean

    def item(self: Any, key: Any) -> Any:
        found.note(key)
        return get_item(self, key)

    def listed(self: Any, key: Any, default: Any = None) -> Any:
        found.note(key)
        return get_list(self, key, default)

    def contains(self: Any, key: Any) -> bool:
        found.note(key)
        return dict.__contains__(self, key)

    def clean(self: BaseForm) -> None:
        if self.is_bound:
            found.note_form(self)
        full_clean(self)

    with (
        patch.object(MultiValueDict, "__getitem__", item),
        patch.object(MultiValueDict, "getlist", listed),
        patch.object(MultiValueDict, "__contains__", contains, create=True),
        patch.object(BaseForm, "full_clean", clean),
    ):
        yield found


class Answer(NamedTuple):
    """The status of a response, where it redirects to, and the error if it is one."""

    status: int
    location: str
    error: str

    @property
    def is_refused(self) -> bool:
        """Whether somebody was turned away before anything of the request was looked at."""
        return self.status == 403 or "/login/" in self.location


def send(client: Client, method: str, path: str, values: dict[str, Any], headers: dict[str, str]) -> Answer:
    """Send a request and undo what it wrote."""
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    for value in values.values():
        if isinstance(value, SimpleUploadedFile):
            value.seek(0)
    with transaction.atomic():
        try:
            response = getattr(client, method)(path, values, headers=headers)
            if hasattr(response, "streaming_content"):
                b"".join(response.streaming_content)  # what it reads may fail too
        finally:
            transaction.set_rollback(True)
    client.cookies.clear()
    for name, value in cookies.items():
        client.cookies[name] = value
    error = getattr(response, "exc_info", None)
    return Answer(response.status_code, response.get("Location", ""), repr(error[1])[:200] if error else "")


def with_odd_value(values: dict[str, Any], name: str, odd: Any) -> dict[str, Any]:
    changed = {key: value for key, value in values.items() if key != name}
    if odd is MISSING:
        return changed
    return changed | {name: odd}


def parameters_of_list(list_url_name: str) -> set[str]:
    """Return the parameters that Django's list of a model knows, and some that it should refuse."""
    return {*IGNORED_PARAMS, "p", *LOOKUPS, *_lookups_of(models_by_list()[list_url_name])}


def models_by_list() -> dict[str, type[Model]]:
    """Return all models by the names that the URLs of their lists would have."""
    return {f"{model._meta.app_label}_{model._meta.model_name}_changelist": model for model in apps.get_models()}


def _lookups_of(model: type[Model]) -> set[str]:
    """Return lookups on the first column of each type: Django leaves their values to the database, or converts them."""
    columns = model._meta.concrete_fields
    first = {
        lookup: next((column.name for column in columns if isinstance(column, types)), "")
        for lookup, types in LOOKUPS_BY_TYPE.items()
    }
    return {f"{name}__{lookup}" for lookup, name in first.items() if name}
