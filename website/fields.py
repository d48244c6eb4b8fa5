"""Model fields of pages and the look, with their checks. Migrations see the plain fields of Django."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from articles.db.limited_fields import LimitedField, LongTextField, ShapedJSONField
from articles.rules.values import InvalidValueError, check_text

from .colours import check_accent, normalize_colour
from .links import check_links
from .markdown import has_undescribed_picture

PAGE_BODY_MAX = 50_000  # characters; the longest privacy policies have about 40,000


class PageBodyField(LongTextField):
    """The Markdown of a page."""

    def check_limits(self, value: Any) -> None:
        check_text(value, PAGE_BODY_MAX)
        if has_undescribed_picture(value):
            raise InvalidValueError(_("has a picture without a description: say between [ and ] what it shows"))


class AccentField(LimitedField, models.CharField):
    """A colour in which text can be read on the light background, or on the dark one; empty for none."""

    on_dark = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": 7, "blank": True, **kwargs})

    def to_python(self, value: Any) -> Any:
        return normalize_colour(value) if isinstance(value, str) else value

    def check_limits(self, value: Any) -> None:
        check_accent(value, on_dark=self.on_dark)


class DarkAccentField(AccentField):
    on_dark = True


class LinksField(ShapedJSONField):
    """The entries of a menu."""

    def check_limits(self, value: Any) -> None:
        check_links(value)
