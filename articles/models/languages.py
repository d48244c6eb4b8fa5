"""In which language an article's words are, in queries."""

from __future__ import annotations

from django.db.models import F
from django.db.models.functions import Coalesce


def text_language(article: str = "") -> Coalesce:
    """Return an expression for the language of an article's words, else of the outlet's; NULL if neither is known.

    `article` leads to the article, as "target__". `Article.text_language` is the same in Python.
    """
    return Coalesce(F(f"{article}language"), F("provider__language"))
