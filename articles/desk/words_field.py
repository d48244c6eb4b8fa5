"""Words to search for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from articles.search.query import MAX_WORDS, parse


class WordsField(forms.CharField):
    """Optional words in the language of `articles.search.query`, no more than a search looks for.

    What it left out could widen a view on which editors act as a whole.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def validate(self, value: str) -> None:
        super().validate(value)
        if parse(value).is_cut:
            raise ValidationError(_("A search has at most %(most)d words.") % {"most": MAX_WORDS})
