"""Turn the Markdown of publishers into HTML that is safe to show: CommonMark with tables, without HTML and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

TAGS = {
    *("h2", "h3", "h4", "h5", "h6", "p", "blockquote", "pre", "code", "hr", "br", "em", "strong", "a"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
URL_SCHEMES = {"http", "https", "mailto", "tel"}
MAX_NESTING = 10  # of quotations and lists


def render_markdown(text: str) -> SafeString:
    """Return the HTML of a text. Its headings begin at level 2, below the title of the page, and skip no level."""
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": MAX_NESTING}).enable("table").disable("image")
    tokens = parser.parse(text)
    _renumber_headings([token for token in tokens if token.type in ("heading_open", "heading_close")])
    html = parser.renderer.render(tokens, parser.options, {})
    cleaned = nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=URL_SCHEMES, link_rel="noopener")
    return mark_safe(cleaned)  # noqa: S308  nh3 has removed everything but TAGS


def _renumber_headings(tokens: Sequence[Token]) -> None:
    """Give the highest level in use number 2, and each heading at most one more than the one before it."""
    written = sorted({token.tag for token in tokens})
    previous = 1
    for opening, closing in pairwise(tokens):
        if opening.type == "heading_open":
            previous = min(written.index(opening.tag) + 2, previous + 1, 6)
            opening.tag = closing.tag = f"h{previous}"
