"""Field types that behave the same on SQLite and PostgreSQL."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import SHA256

from articles.db.limited_fields import LimitedField, ShapedJSONField
from articles.rules import values
from articles.rules.limits import TOPIC_MAX, URL_MAX


class BytewiseCharField(models.CharField):
    """Text that sorts and compares by bytes on every database.

    File names decide ties (docs/format.md#stories), so their order must not depend on a locale. PostgreSQL gets the
    collation "C"; SQLite compares bytes anyway.
    """

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters


class SparseJSONField(models.JSONField):
    """JSON that is empty in most rows, which skips decoding empty lists and objects."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if value == "[]":
            return []
        if value == "{}":
            return {}
        return super().from_db_value(value, expression, connection)


class TagsField(ShapedJSONField, SparseJSONField):
    """A list of places, each once."""

    migrated_as: ClassVar[str] = "articles.models.fields.SparseJSONField"

    def check_limits(self, value: Any) -> None:
        values.check_names(value, TOPIC_MAX)


class WebAddressField(LimitedField, models.CharField):
    """A URL of up to 2,048 characters; empty means none.

    Not a URLField: URLs are stored as documents write them, with spaces, and must not become links unchecked
    (CVE-2026-15920). The database checks them too, by `is_web_address()`.
    """

    migrated_as: ClassVar[str] = "articles.models.fields.WebAddressField"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", URL_MAX)
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    def check_limits(self, value: Any) -> None:
        values.check_url(value)


class AddressStart(models.Func):
    """The first characters of a URL, for an index: PostgreSQL can't index longer ones.

    Not `Left()`, which passes the length as a parameter, so that SQLite doesn't recognise the index's expression.
    """

    template = "SUBSTR(%(expressions)s, 1, 200)"
    output_field = models.TextField()


class Digest(SHA256):
    """The SHA-256 of a text as hexadecimal digits. Django's own needs an extension of PostgreSQL."""

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = "ENCODE(SHA256(CONVERT_TO(%(expressions)s, 'UTF8')), 'hex')"
        return self.as_sql(compiler, connection, template=template, **extra)


def is_web_address(*fields: str) -> Q:
    """Return the condition that each of `fields` is empty or an http(s) URL."""
    condition = Q()
    for field in fields:
        condition &= (
            Q(**{field: ""}) | Q(**{f"{field}__istartswith": "https://"}) | Q(**{f"{field}__istartswith": "http://"})
        )
    return condition


def is_site_relative(field: str) -> Q:
    """Return the condition that `field` is a path without a host: /path, not //host."""
    return Q(**{f"{field}__startswith": "/"}) & ~Q(**{f"{field}__startswith": "//"})
