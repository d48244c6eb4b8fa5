"""Send odd values to the site: which fields and parameters there are is found out by reading pages and by listening.

A field is known by the forms of all pages; a parameter also by the links, and because a view asked for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any, NamedTuple
from unittest.mock import patch
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.contrib.admin.views.main import IGNORED_PARAMS
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.utils.datastructures import MultiValueDict

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
LOOKUPS = ("pk__in", "id__exact", "title__regex", "provider__id__exact", "nonsense__nonsense", "a\0b")


class Request(NamedTuple):
    """A request that a page leads to, with the values that a browser would send."""

    method: str
    path: str
    values: tuple[tuple[str, Any], ...]


class Page(HTMLParser):
    """The forms of a page and the parameters of its links."""

    def __init__(self, url: str, html: str) -> None:
        super().__init__()
        self.url = url
        self.path = urlsplit(url).path
        self.requests: list[tuple[str, str, dict[str, Any]]] = []
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

    def _follow(self, link: str) -> None:
        parts = urlsplit(urljoin(self.url, link))
        self.parameters.setdefault(parts.path, set()).update(name for name, _ in parse_qsl(parts.query))


@contextmanager
def names_read() -> Iterator[set[str]]:
    """Yield a set that collects the names of fields and parameters that views ask for."""
    names: set[str] = set()
    get_item, get_list = MultiValueDict.__getitem__, MultiValueDict.getlist

    def item(self: Any, key: Any) -> Any:
        names.add(str(key))
        return get_item(self, key)

    def listed(self: Any, key: Any, default: Any = None) -> Any:
        names.add(str(key))
        return get_list(self, key, default)

    def contains(self: Any, key: Any) -> bool:
        names.add(str(key))
        return dict.__contains__(self, key)

    with (
        patch.object(MultiValueDict, "__getitem__", item),
        patch.object(MultiValueDict, "getlist", listed),
        patch.object(MultiValueDict, "__contains__", contains, create=True),
    ):
        yield names


def send(client: Client, method: str, path: str, values: dict[str, Any], headers: dict[str, str]) -> tuple[int, str]:
    """Send a request and undo what it wrote; return its status, and the error if it is one."""
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    with transaction.atomic():
        try:
            response = getattr(client, method)(path, values, headers=headers)
            if hasattr(response, "streaming_content"):
                response.close()
        finally:
            transaction.set_rollback(True)
    client.cookies.clear()
    for name, value in cookies.items():
        client.cookies[name] = value
    error = getattr(response, "exc_info", None)
    return response.status_code, repr(error[1])[:200] if error else ""


def with_odd_value(values: dict[str, Any], name: str, odd: Any) -> dict[str, Any]:
    changed = {key: value for key, value in values.items() if key != name}
    if odd is MISSING:
        return changed
    if isinstance(odd, SimpleUploadedFile):
        odd.seek(0)
    return changed | {name: odd}


def parameters_of_lists() -> set[str]:
    """Return the parameters that Django's lists know, and some that they should refuse."""
    return {*IGNORED_PARAMS, "p", *LOOKUPS}
