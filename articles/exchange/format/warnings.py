"""Warn editors about oddities in a valid document. No I/O."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlsplit

from articles.rules.dates import is_ahead
from texts import Text
from texts import gettext_lazy as _

from .document import Document

_ENTITY_PATTERN = re.compile(r"&(#\d{1,7}|#x[0-9a-fA-F]{1,6}|[a-zA-Z]{2,31});")


def document_warnings(document: Document, now: datetime) -> list[str]:
    """Return what is odd about a document at `now`, in words for people."""
    warnings: list[Text] = []
    url = document.web_url or document.original_url
    if not url:
        warnings.append(_("has no URL"))
    elif document.type != "video" and not _is_on_domain(url, document.provider.domain):
        warnings.append(
            _(
                "URL is at %(hostname)s, not at the outlet's %(domain)s",
                hostname=urlsplit(url).hostname,
                domain=document.provider.domain,
            )
        )
    if not document.topics:
        warnings.append(_("has no topic"))
    if not document.images:
        warnings.append(_("has no picture"))
    if document.excerpt.rstrip().endswith(("...", "…", ",")):
        warnings.append(_("excerpt is cut off"))
    if not document.excerpt.strip():
        warnings.append(_("excerpt is empty"))
    if _ENTITY_PATTERN.search(document.title) or _ENTITY_PATTERN.search(document.excerpt):
        warnings.append(_("text contains HTML entities"))
    if is_ahead(document.published_at, now):
        warnings.append(_("is dated in the future: %(time)s", time=f"{document.published_at:%Y-%m-%d %H:%M}"))
    if document.heat == -1 and document.published:
        warnings.append(_("is both folded and published; readers don't see it"))
    return [str(warning) for warning in warnings]


def _is_on_domain(url: str, domain: str) -> bool:
    if url.startswith((f"https://www.{domain}/", f"https://{domain}/")):  # fast, and true for nearly all
        return True
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    domain = domain.lower().removeprefix("www.")
    return host == domain or host.endswith(f".{domain}")
