"""What both databases share: a condition written in SQL, and what matches are needed for."""

from __future__ import annotations

from enum import Enum
from typing import Any

from django.db.models import BooleanField, F, Func

MANY = 5000  # matches


class Purpose(Enum):
    """What matches are needed for, which decides how they are found."""

    PAGE = "page"
    RANKING = "ranking"
    COUNTING = "counting"


class Condition(Func):
    """True where the SQL of `template` is; it has %(expressions)s for the article's id and %%s for `words`."""

    def __init__(self, template: str, words: str) -> None:
        super().__init__(F("pk"), template=template, output_field=BooleanField())
        self.words = words

    def as_sql(self, compiler: Any, *args: Any, **context: Any) -> Any:
        sql, params = super().as_sql(compiler, *args, **context)
        return sql, [*params, self.words]
