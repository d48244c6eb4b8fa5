"""Every sentence in code that editors and readers see is marked for translation, also where no test renders it.

Commands, system checks, logs, metrics and the APIs speak to operators and programs, and processes that load no Django
have no language: docs/architecture.md.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

PACKAGES = ("accounts", "articles", "fetching", "providers", "sources", "website")
ENGLISH = re.compile(
    r"/(?:migrations|management|api|search|db|reading|publication_record|page_cache)/|checks\.py$"
    r"|/(?:place_names|similarity|video|guards|structured_data|site_files|websub|from_folder|exporting|working_out)\.py$"
    r"|fetching/site_client\.py$"
)
MARKS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
# Exceptions that only programmers read, and functions whose texts are no language.
UNSPOKEN_CALLS = {"ValueError", "TypeError", "RuntimeError", "compile", "format_html", "format_html_join"}
SENTENCE = re.compile(r"[A-Za-z]{2,}(?:,|'s|’s)? (?:[a-z]{2,}|%\(|\{)")
# Values, keys, headers and texts of logs; names of permissions, which the database keeps.
ALLOWED = {
    *("no-store, private", "mail not sent", "password reset by mail", "Not found.\n", "queue of pictures"),
    *("bare, unended", "fenced, unended", "not fetched yet", "a story that was taken down", "(a path without a name)"),
    *("current unit of work", "There is no unit of work.", " (key, articles) ", "resolve %("),
    # Rows that only programmers see the name of.
    *("%( without %(", "%( and %(: %(", "%( to %(", "%( from %(", "%(, entry %(", "entry %(", "%( at %("),
}
NO_SENTENCE = re.compile(r"[=<>{}_/#@]|\b[A-Z]{3,}\b|^[a-z_]+ [a-z_]+$|^\S+ %s")


def unmarked(source: str) -> list[str]:
    """Return the sentences of a module outside of the functions that mark them, and of docstrings."""
    tree = ast.parse(source)
    texts = (text for text in _texts(tree) if SENTENCE.search(text) and not NO_SENTENCE.search(text))
    return [text for text in texts if text not in ALLOWED and not text.startswith("Can ")]


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and _name(node.func) in MARKS | UNSPOKEN_CALLS:
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # a docstring
        return
    if isinstance(node, ast.keyword) and node.arg == "help_text" and isinstance(node.value, ast.Constant):
        return  # of fields that no form has; labels of the others are tested by their pages
    if isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else "%(" for part in node.values)
        node.values = [part for part in node.values if not isinstance(part, ast.Constant)]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from _texts(child)


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (path for path in (settings.BASE_DIR / package).rglob("*.py") if not ENGLISH.search(str(path)))


@pytest.mark.slow
def test_sentences_of_code_are_marked():
    found = {str(path.relative_to(settings.BASE_DIR)): unmarked(path.read_text()) for path in modules()}
    assert len(found) > 200
    assert {name: texts for name, texts in found.items() if texts} == {}


def test_an_unmarked_sentence_is_found():
    assert unmarked('raise ActionError("is folded already")') == ["is folded already"]
    assert unmarked('text = f"moved by {who}, again"') == ["moved by %(, again"]
    assert unmarked('raise ActionError(_("is folded already"))') == []
    assert unmarked('"""A docstring of a module."""') == []
