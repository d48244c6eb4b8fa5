"""Make text valid in XML."""

from __future__ import annotations

import html
import re

# XML 1.0, production 2: a parser rejects the whole document for one other character.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """Return a provider's text with entities decoded, on one line, without characters that XML forbids; not escaped."""
    return " ".join(_FORBIDDEN.sub("", html.unescape(text)).split())
