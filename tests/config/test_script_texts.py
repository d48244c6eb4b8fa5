"""The scripts of the desk hold no sentences of their own: they find them in the page, by names that exist."""

from __future__ import annotations

import re

from django.conf import settings

from articles.templatetags.script_texts import SCRIPT_TEXTS

FOLDER = settings.BASE_DIR / "articles" / "static" / "articles"
SENTENCE = re.compile(r"""["'`][A-Z][a-z’']+[ .][^"'`]*["'`]""")
COMMENT = re.compile(r"(?s)/\*.*?\*/|(?<!:)//[^\n]*")
CODE = COMMENT.sub("", "\n".join(path.read_text() for path in sorted(FOLDER.rglob("*.js"))))


def test_scripts_hold_no_sentences():
    assert SENTENCE.findall(CODE) == []
    assert SENTENCE.findall('announce("Choose a story first.")') == ['"Choose a story first."']


def test_texts_of_scripts_exist_and_are_used():
    assert {name for name in re.findall(r'\btext\("(\w+)"', CODE) if name not in SCRIPT_TEXTS} == set()
    of_fields = {f"no_{name}" for name in re.findall(r'\beditField\("(\w+)"\)', CODE)}
    assert of_fields - SCRIPT_TEXTS.keys() == set()
    assert {name for name in SCRIPT_TEXTS.keys() - of_fields if f'"{name}"' not in CODE} == set()
