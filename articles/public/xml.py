"""Text that XML may hold. Pure."""

from __future__ import annotations

import html
import re

# XML 1.0, production 2; a parser refuses the whole document for one of the others.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """Return text as its outlet meant it, on one line, without the characters that XML forbids. Not escaped."""
    return " ".join(_FORBIDDEN.sub("", html.unescape(text)).split())
