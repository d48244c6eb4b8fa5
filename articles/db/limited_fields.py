"""Model fields whose values keep the limits of documents, with the checks of `articles.rules.values`.

Forms report what a check refuses, because `full_clean()` validates fields. The tables know nothing of the checks, so
migrations see the plain field of Django that each field stands for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext_lazy as _

from articles.rules import languages, values
from articles.rules.limits import (
    COUNTRY_MAX,
    LANGUAGE_MAX,
    NAME_MAX,
    PIXELS_MAX,
    POINTS_MAX,
    SMALL_MAX,
    TEXT_MAX,
    URL_MAX,
)

LIMIT = "limit"


def run_check(check: Callable[..., None], *args: Any, **options: Any) -> None:
    """Call a check of `articles.rules.values`. Raises ValidationError, with a sentence, for what it refuses.

    Its code is LIMIT; `params["problem"]` is what follows the name of the value.
    """
    try:
        check(*args, **options)
    except values.InvalidValueError as invalid:
        raise ValidationError(_("This %(problem)s."), code=LIMIT, params={"problem": invalid}) from invalid


class LimitedField(models.Field):
    """A field with a check. A mixin; migrations see Django's field that it is mixed into, or `migrated_as`."""

    migrated_as: ClassVar[str] = ""

    def check_limits(self, value: Any) -> None:
        """Raise InvalidValueError if the value is beyond the limits."""
        raise NotImplementedError

    def validate(self, value: Any, model_instance: Any) -> None:
        super().validate(value, model_instance)
        if value is not None:
            run_check(self.check_limits, value)

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        plain = next(base for base in type(self).__mro__ if base.__module__.startswith("django."))
        return name, self.migrated_as or f"django.db.models.{plain.__name__}", args, kwargs


class LineField(LimitedField, models.CharField):
    """One line of text with something to see, or no text if the field may be blank."""

    def check_limits(self, value: Any) -> None:
        values.check_line(value, self.max_length or TEXT_MAX)


class FileNameField(LineField):
    """The name of a registry file."""

    def check_limits(self, value: Any) -> None:
        values.check_file_name(value)


class ShortTextField(LimitedField, models.CharField):
    """Text of any number of lines, up to `max_length`."""

    def check_limits(self, value: Any) -> None:
        values.check_text(value, self.max_length or TEXT_MAX)


class LongTextField(LimitedField, models.TextField):
    """Text of any number of lines."""

    def check_limits(self, value: Any) -> None:
        values.check_text(value)


class BodyField(LongTextField):
    """The text below the front matter of a document."""

    def check_limits(self, value: Any) -> None:
        values.check_body(value)


class UrlField(LimitedField, models.CharField):
    """An absolute http(s) URL."""

    def check_limits(self, value: Any) -> None:
        values.check_url(value)


class LogoUrlField(LimitedField, models.CharField):
    """The URL of a logo, which may be site-relative."""

    def check_limits(self, value: Any) -> None:
        values.check_url(value, site_relative=True)


class TimeField(LimitedField, models.DateTimeField):
    """An instant that documents can name."""

    def check_limits(self, value: Any) -> None:
        values.check_time(value)


class PixelsField(LimitedField, models.PositiveIntegerField):
    """One side of a picture."""

    def check_limits(self, value: Any) -> None:
        values.check_number(value, 0, PIXELS_MAX)


class PointsField(LimitedField, models.SmallIntegerField):
    """Points of a suggested quality."""

    def check_limits(self, value: Any) -> None:
        values.check_number(value, -POINTS_MAX, POINTS_MAX)


class SmallNumberField(LimitedField, models.PositiveSmallIntegerField):
    """A number that PostgreSQL holds too; SQLite holds larger ones."""

    def check_limits(self, value: Any) -> None:
        values.check_number(value, 0, SMALL_MAX)


class LanguageField(LimitedField, models.CharField):
    """The tag of a language; NULL if it isn't known. Columns that may be NULL are added without rewriting a table."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": LANGUAGE_MAX, "null": True, "blank": True, **kwargs})

    def check_limits(self, value: Any) -> None:
        languages.check_language(value)


class CountryField(LimitedField, models.CharField):
    """The code of a country; NULL if it isn't known."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": COUNTRY_MAX, "null": True, "blank": True, **kwargs})

    def check_limits(self, value: Any) -> None:
        languages.check_country(value)


class ListFormField(forms.JSONField):
    """JSON of a list; an emptied box is an empty list.

    Numbers of thousands of digits and thousands of brackets are valid JSON that Python doesn't read.
    """

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value) or []
        except (ValueError, RecursionError):
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except (ValueError, RecursionError):
            return InvalidJSONInput(data)

    def prepare_value(self, value: Any) -> Any:
        """Return the text of the box; half a character, which no page can hold, stays escaped as it was typed."""
        text = super().prepare_value(value)
        return text.encode(errors="backslashreplace").decode() if isinstance(text, str) else text


class ShapedJSONField(LimitedField, models.JSONField):
    """A list of one shape, as JSON."""

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": ListFormField, **kwargs})


class NamesField(ShapedJSONField):
    """A list of names, each once."""

    def check_limits(self, value: Any) -> None:
        values.check_names(value, NAME_MAX)


class UrlsField(ShapedJSONField):
    """A list of URLs, each once; they may be site-relative."""

    def check_limits(self, value: Any) -> None:
        values.check_names(value, URL_MAX)
        for url in value:
            values.check_url(url, site_relative=True)


class ServicesField(ShapedJSONField):
    """A list of [name, URL] pairs."""

    def check_limits(self, value: Any) -> None:
        values.check_services(value)
