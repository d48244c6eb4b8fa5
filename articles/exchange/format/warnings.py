"""What an editor should look at in a document that is otherwise fine. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from .document import Document

_ENTITY_PATTERN = re.compile(r"&(#\d{1,7}|#x[0-9a-fA-F]{1,6}|[a-zA-Z]{2,31});")


def document_warnings(document: Document) -> list[str]:
    """Return what is odd about a document, in words for people."""
    notices = []
    url = document.web_url or document.original_url
    if not url:
        notices.append("has no address")
    elif document.type != "video" and not _is_on_domain(url, document.provider.domain):
        notices.append(f"address is at {urlsplit(url).hostname}, not at the outlet's {document.provider.domain}")
    if not document.images:
        notices.append("has no picture")
    if document.excerpt.rstrip().endswith(("...", "…", ",")):
        notices.append("excerpt is cut off")
    if not document.excerpt.strip():
        notices.append("excerpt is empty")
    if _ENTITY_PATTERN.search(document.title) or _ENTITY_PATTERN.search(document.excerpt):
        notices.append("text contains HTML entities")
    if document.heat == -1 and document.published:
        notices.append("is folded and published at once; readers don't see it")
    return notices


def _is_on_domain(url: str, domain: str) -> bool:
    if url.startswith((f"https://www.{domain}/", f"https://{domain}/")):  # nearly all, and quickly told
        return True
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    own = domain.lower().removeprefix("www.")
    return host == own or host.endswith(f".{own}")
