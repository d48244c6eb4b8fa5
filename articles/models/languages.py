"""In which language an article's words are, in queries."""

from __future__ import annotations

from django.db.models import F
from django.db.models.functions import Coalesce


def text_language(article: str = "", provider: str = "provider__") -> Coalesce:
    """Return an expression for the language of an article's words, else of an outlet's; NULL if neither is known.

    `article` and `provider` lead to them, as "target__". `Article.text_language` is the same in Python.
    """
    return Coalesce(F(f"{article}language"), F(f"{provider}language"))
