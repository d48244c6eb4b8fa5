"""Texts for people from code that knows no Django: marked where they are written, translated when they are shown.

The site calls `translate_with()` once. Without it, as in child processes, texts stay in English. The functions have the
names of Django's, by which `makemessages` finds their texts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

Translate = Callable[[str, str], str]


def _untranslated(context: str, text: str) -> str:
    return text


_translate: Translate = _untranslated


def translate_with(translate: Translate) -> None:
    """Translate all texts from now on by this function of context and text, which is called when they are shown."""
    global _translate
    _translate = translate


class Text:
    """A text with its values. `str()` returns it in the language in which it is shown."""

    def __init__(self, context: str, text: str, values: Mapping[str, object]) -> None:
        self._context, self._text, self._values = context, text, values

    def __str__(self) -> str:
        text = _translate(self._context, self._text)
        return text % self._values if self._values else text

    def __repr__(self) -> str:
        return f"Text({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, str | Text) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)


def gettext_lazy(text: str, **values: object) -> Text:
    """Return a text to translate, in which `%(name)s` stands for the value of that name."""
    return Text("", text, values)


def pgettext_lazy(context: str, text: str, **values: object) -> Text:
    """Do the same for a text that translators need a context for."""
    return Text(context, text, values)
