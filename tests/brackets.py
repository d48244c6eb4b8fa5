"""A site in a language whose catalogue marks each of our texts with brackets, and what is found outside of them."""

from __future__ import annotations

import gettext
import re
from html import unescape

from django.utils.translation import trans_real

LANGUAGE = "fa"
CONTEXT = "\x04"
# Names of formats and services, and what the format's own examples are.
NAMES = re.compile(
    r"RSS|Atom|JSON Feed|JSON|CSV|YouTube|WhatsApp|Telegram|Mastodon|Bluesky|Facebook|Newsfold|UTC"
    r"|[A-Z]\w+(?:/[\w+-]+)+|https?://[^\s<\"]+|example\.com|\w+\.example"
)


class Brackets(gettext.NullTranslations):
    """A catalogue that has each text, in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message.rpartition(CONTEXT)[2]}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


def speak_in_brackets(settings) -> None:
    """Set the language of the site to one whose catalogue has each of our texts in brackets."""
    settings.LANGUAGE_CODE = LANGUAGE
    trans_real.translation(LANGUAGE).add_fallback(Brackets())


def untranslated(html: str) -> set[str]:
    """Return the texts with Latin letters that are in no brackets, and attributes that people hear or see."""
    html = re.sub(r"(?s)<script.*?</script>|<(code|kbd|pre)\b.*?</\1>|<!--.*?-->", "", html)
    heard = re.findall(r'(?:aria-label|placeholder|alt|title)="([^"]*)"|name="description" content="([^"]*)"', html)
    text = re.sub(r"<[^>]+>", "", html) + " ".join(part for pair in heard for part in pair)
    for _ in range(3):  # brackets in brackets
        text = re.sub(r"⟦[^⟦⟧]*⟧", "", text)
    return set(re.findall(r"[A-Za-z]{2,}[^\n]*", NAMES.sub("", unescape(text))))
