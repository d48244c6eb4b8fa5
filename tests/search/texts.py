"""Hostile queries, and a search by titles."""

from articles import search
from articles.models import Article

HOSTILE = (
    '"',
    '""""',
    '-"',
    "'",
    "''; DROP TABLE article_search --",
    "(",
    "a)(b",
    "NEAR(a b, 5)",
    "title:a",
    "^a",
    "a*",
    "*",
    "a:*",
    "a & b | !c <-> d",
    "!",
    "<2>",
    "a AND",
    "OR b",
    "NOT c",
    "{title excerpt}: a",
    "+ a",
    "a\\",
    "a\0b",
    "\0",
    "%",
    "%s",
    "a_b",
    "\ud800",
    "a \udfff b",
    "\ufeff\u200b\u202e",
    "é" * 50,
    "a\u0301\u0301\u0301",
    "🙂",
    "① ² ½",
    "कि",
    "新冠 疫情",
    "x" * 10_000,
    "a " * 5_000,
    '"' * 10_000,
    "-a " * 5_000,
    "a-" * 5_000,
)


def titles(text, articles=None, **options):
    matches = search.matching(Article.objects.all() if articles is None else articles, text, **options)
    return [article.title for article in matches.newest_first()]
