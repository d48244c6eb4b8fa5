"""Markup to one line of text, and text to a title or an excerpt."""

from __future__ import annotations

import html
import re

import nh3

from articles.rules.limits import TITLE_MAX

from .values import EXCERPT_MAX, MARKUP_MAX

REPLACEMENT_CHARACTER = "\N{REPLACEMENT CHARACTER}"
SURROGATE_PATTERN = re.compile("[\ud800-\udfff]")
TITLE_FROM_EXCERPT_MAX = 100
TITLE_FROM_EXCERPT_MIN = 10  # a shorter text is no headline
_CLEANER = nh3.Cleaner(
    tags=set(),
    clean_content_tags={"math", "noscript", "script", "select", "style", "svg", "template"},
)
_BLOCKS = "article|blockquote|br|dd|div|dl|dt|figcaption|figure|h[1-6]|hr|li|ol|p|pre|section|table|td|th|tr|ul"
_BLOCK_PATTERN = re.compile(rf"(?=</?(?:{_BLOCKS})\b)", re.IGNORECASE)
_ELEMENTS = (
    "a|abbr|acronym|address|applet|article|aside|audio|b|big|blink|blockquote|body|br|button|caption|center|cite|code|col|"
    "colgroup|dd|del|details|dfn|dir|div|dl|dt|em|embed|fieldset|figcaption|figure|font|footer|form|frame|frameset|"
    "h[1-6]|head|header|hgroup|hr|html|i|iframe|img|input|ins|kbd|label|legend|li|link|main|map|mark|marquee|math|"
    "menu|meta|nav|nobr|noscript|object|ol|optgroup|option|p|param|picture|pre|q|rp|rt|ruby|s|samp|script|section|"
    "select|small|source|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|template|textarea|tfoot|th|"
    "thead|time|title|tr|track|tt|u|ul|var|video|wbr|[a-z][a-z0-9]*[:-][a-z0-9:-]+"
)
_TAG = rf"/?(?:{_ELEMENTS})(?=[\s/>]|$)|!"
# A stock symbol such as <ABC.N> is no tag, and is kept.
_NO_TAG_PATTERN = re.compile(rf"<(?!{_TAG})", re.IGNORECASE)
# Where it is unsure whether a text is markup: "the <blink> tag" only names one.
_MARKUP_PATTERN = re.compile(
    rf"&(?:#\d+|#x[0-9a-f]+|[a-z]\w*);|<!|</(?:{_ELEMENTS})\s*>|<(?:{_BLOCKS}|img)(?=[\s/>]|$)"
    rf"|<(?:{_ELEMENTS})(?:\s+[a-z]|\s*/|\s*$)",
    re.IGNORECASE,
)
# Of Windows-1252, where a text was decoded as Latin-1.
_MISREAD = {chr(code): bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
_MISREAD_PATTERN = re.compile(f"[{''.join(char for char, meant in _MISREAD.items() if meant)}]")
# Controls, and the characters that override or isolate the direction of text; marks that real texts need stay.
_HIDDEN_PATTERN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
_FEEDBURNER_FOOTER = '<div class="feedflare">'
_MORE = (
    "Read more|Read the full (?:story|article)|Read on|Continue reading|Keep reading|Weiterlesen|Mehr lesen|"
    "Lire la suite|Lire plus|Leer más|Seguir leyendo|Leggi tutto|Continua a leggere|Leia mais|Continue lendo|"
    "Lees verder|Lees meer|Czytaj dalej|Czytaj więcej|Läs mer|Læs mere|Les mer|Читать далее|Devamını oku"
)
# At the end of a text, after a sentence; a sentence that only begins with these words ends with a full stop.
_FOOTER_PATTERNS = (
    re.compile(r"(?:^| )The post .{1,300} (?:first )?appeared first on (?:(?!\. ).){1,100}$"),
    re.compile(rf"(?:^|(?<=[.!?…»”\"'\])]) ?)[\[(]?(?:{_MORE})\b[^.!?]{{0,150}}(?:\.\.\.|[…»›>→\])])*$"),
    re.compile(rf"(?:^| )[\[(]?(?:{_MORE}) ?(?:\.\.\.|[…»›>→\])])*$"),
)
_ELLIPSIS_PATTERN = re.compile(r"\s*(?:\[(?:…|\.\.\.)\]|\((?:…|\.\.\.)\))$")
_SENTENCE_END_PATTERN = re.compile(r"[.!?…][\"'”’»)\]]?(?= )|[。！？]")


def plain_text(markup: str) -> tuple[str, int]:
    """Return the text of the markup on one line, and how many characters were removed that nobody would see.

    Entities are decoded twice at most: many feeds encode them twice.
    """
    text, lone_count = SURROGATE_PATTERN.subn("", markup[:MARKUP_MAX])  # JSON can hold half a character
    text = text.partition(_FEEDBURNER_FOOTER)[0]
    if "<" in text or "&" in text:
        text = _without_markup(text)
        if _MARKUP_PATTERN.search(text):
            text = _without_markup(text)
    text = _MISREAD_PATTERN.sub(lambda match: _MISREAD[match[0]], text)
    text, hidden_count = _HIDDEN_PATTERN.subn("", text)
    return " ".join(text.split()), hidden_count + lone_count


def as_markup(text: str) -> str:
    """Return markup of a text that is none by its format; what it encodes against the format is still decoded."""
    return html.escape(text, quote=False)


def title_from(text: str, provider: str) -> str:
    """Return the text as a title, without the outlet's name at its end."""
    for separator in (" - ", " | ", " – ", " — "):
        head, found, tail = text.rpartition(separator)
        if found and head.strip() and provider and tail.strip().casefold() == provider.casefold():
            text = head.strip()
            break
    return cut_at_word(text, TITLE_MAX)


def title_from_excerpt(excerpt: str) -> str:
    """Return a title for an entry that has none, or nothing if the excerpt is too short for one."""
    return cut_at_word(excerpt, TITLE_FROM_EXCERPT_MAX) if len(excerpt) >= TITLE_FROM_EXCERPT_MIN else ""


def excerpt_from(text: str) -> str:
    """Return the text without "Read more" and the like at its end, cut at a sentence or a word."""
    for pattern in _FOOTER_PATTERNS:
        text = pattern.sub("", text).rstrip()
    text = _ELLIPSIS_PATTERN.sub("…", text)
    if len(text) <= EXCERPT_MAX:
        return text
    ends = [match.end() for match in _SENTENCE_END_PATTERN.finditer(text, 0, EXCERPT_MAX)]
    if ends and ends[-1] > EXCERPT_MAX // 2:
        return text[: ends[-1]]
    return cut_at_word(text, EXCERPT_MAX)


def cut_at_word(text: str, length: int) -> str:
    """Return the text, cut after a word and marked with an ellipsis if it is longer than `length`."""
    if len(text) <= length:
        return text
    head = text[: length - 1]
    if not text[length - 1].isspace():
        whole_words = head.rpartition(" ")[0]
        head = whole_words if len(whole_words) > length // 2 else head
    return head.rstrip(" ,;:-–—") + "…"


def _without_markup(text: str) -> str:
    """Return the text outside of tags, with entities decoded once and a space where a block begins or ends."""
    text = _BLOCK_PATTERN.sub(" ", _NO_TAG_PATTERN.sub("&lt;", text))
    return html.unescape(_CLEANER.clean(text))
