"""Every text of every template is marked for translation, also in branches that no test renders."""

from __future__ import annotations

import re
from html import unescape

from django.conf import settings
from django.template.base import Lexer, TokenType

FOLDER = settings.BASE_DIR / "templates"
# What stays as it is in every language: code, keys, names of formats and services.
UNSPOKEN = re.compile(r"(?s)<(script|style|code|kbd|pre)\b.*?</\1>|<!--.*?-->|<!DOCTYPE[^>]*>")
NAMES = re.compile(r"https?://\S+|example\.com|CSV|RSS|Atom|JSON Feed|WhatsApp|Telegram|Mastodon|Bluesky|Facebook")
SPOKEN_ATTRIBUTES = re.compile(r'(?<![\w-])(?:aria-label|title|placeholder|alt)="([^"]*)"')
SUBMIT_VALUE = re.compile(r'<input type="submit"[^>]*? value="([^"]*)"')
# In tags: a default without _(), an argument that is a sentence, and endings, which other languages form in other ways.
TAG_TEXT = re.compile(r"""\|(?:default|default_if_none|yesno):["']([A-Za-z][^"']*)|\w="([A-Z][^"]*)"|\|(pluralize)\b""")
SILENT = ("blocktranslate", "comment", "block bodyclass")


def unmarked(source: str) -> list[str]:
    """Return the texts of a template that stand outside of the tags that translate."""
    html, texts, is_silent = [], [], False
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.BLOCK and token.contents.removeprefix("end").startswith(SILENT):
            is_silent = not token.contents.startswith("end")
        elif token.token_type in (TokenType.BLOCK, TokenType.VAR):
            texts += ["".join(found) for found in TAG_TEXT.findall(token.contents)]
        elif token.token_type == TokenType.TEXT and not is_silent:
            html.append(token.contents)
    page = UNSPOKEN.sub("", "·".join(html))
    texts += [
        *SPOKEN_ATTRIBUTES.findall(page),
        *SUBMIT_VALUE.findall(page),
        *re.sub(r"<[^>]*>", "\n", page).split("\n"),
    ]
    texts = [NAMES.sub("", unescape(text)).strip(" ·") for text in texts]
    return [text for text in texts if re.search(r"[A-Za-z]{2,}", text)]


def test_texts_of_templates_are_marked():
    found = {str(path.relative_to(FOLDER)): unmarked(path.read_text()) for path in FOLDER.rglob("*.html")}
    assert len(found) > 100
    assert {name: texts for name, texts in found.items() if texts} == {}


def test_an_unmarked_text_is_found():
    assert unmarked("<p>{{ number }} storm{{ number|pluralize }}</p>") == ["pluralize", "storm"]
    assert unmarked('<a title="Storm" class="calm" href="{% url "storm" %}">{% translate "Calm" %}</a>') == ["Storm"]
    assert unmarked('{{ heat|default:"none" }} {{ heat|default:_("none") }}<input type="submit" value="Go">') == [
        "none",
        "Go",
    ]
    assert unmarked("{% blocktranslate %}Calm{% endblocktranslate %} <kbd>Esc</kbd> storm") == ["storm"]
