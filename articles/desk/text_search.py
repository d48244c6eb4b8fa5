"""Search notes and reasons, which the index of `articles.search` must not hold, because readers search with it."""

from __future__ import annotations

from typing import Any

from django.db.models import Func, Q, TextField

from articles.models import Article, ArticleQuerySet, Event
from articles.search.query import SearchTerm, parse


class TextOfJSON(Func):
    """The text of a JSON column that holds one, as values of events do; NULL if it holds none."""

    template = "JSON_EXTRACT(%(expressions)s, '$')"
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="(%(expressions)s #>> '{}')", **context)


def contains_words(column: str, text: str) -> Q:
    """Return the condition that a column contains what was typed into a search field: words, "phrases" and -words.

    Every row matches if no word was typed.
    """
    query, condition = parse(text), Q()
    for term in query.required:
        condition &= _contains(column, term)
    for term in query.excluded:
        condition &= ~_contains(column, term)
    return condition


def _contains(column: str, term: SearchTerm) -> Q:
    """Return the condition that the words stand side by side in any case, whatever separates them: Covid-19, AT&T."""
    return Q(**{f"{column}__iregex": r"(\W|_)+".join(term.words)})


def with_matching_notes(articles: ArticleQuerySet, found: ArticleQuerySet, text: str) -> ArticleQuerySet:
    """Return the `found` articles and those of `articles` whose notes match. One query, of the articles with notes."""
    if not parse(text).required:
        return found
    noted = Article.objects.filter(contains_words("note", text), note__isnull=False)
    ids = list(noted.order_by().values_list("pk", flat=True))
    return found | articles.filter(pk__in=ids) if ids else found


def notes_changed(text: str) -> Any:
    """Return the operations, by key, that changed a note from or to a text that matches."""
    events = Event.objects.filter(field="note").annotate(was=TextOfJSON("before"), now=TextOfJSON("after"))
    return events.filter(contains_words("was", text) | contains_words("now", text)).order_by().values("operation")
