"""A condition on articles, written in the SQL of one database."""

from __future__ import annotations

from typing import Any

from django.db.models import BooleanField, F, Func


class Condition(Func):
    """True where the SQL of `template` is; it says %(expressions)s for the article's id and %%s for `words`."""

    def __init__(self, template: str, words: str) -> None:
        super().__init__(F("pk"), template=template, output_field=BooleanField())
        self.words = words

    def as_sql(self, compiler: Any, *args: Any, **context: Any) -> Any:
        sql, params = super().as_sql(compiler, *args, **context)
        return sql, [*params, self.words]
