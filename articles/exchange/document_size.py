"""The size of whole documents: what editors write must fit into a document that an import accepts.

Each field and list has limits of its own, but all of them together allow more than that.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from django.utils.translation import gettext as _

from articles.audit_log import unit_of_work
from articles.db.bulk import chunked
from articles.models import Article
from articles.operations.results import ActionError
from articles.rules.limits import FILE_SIZE_MAX, RELATED_MAX

from .format.document import Document
from .format.write import document_text
from .loading import load_documents

BATCH = 500  # documents in memory


def require_importable_sizes(ids: Collection[int]) -> None:
    """Raise ActionError if the document of one of these articles, as an export would write it, is too large.

    Folding articles adds to the related links of a lead, whose number is limited too.
    """
    for chunk in chunked(sorted(ids), BATCH):
        for document in load_documents(Article.objects.filter(pk__in=chunk).order_by("pk")):
            if len(document.related) > RELATED_MAX:
                raise ActionError(_too_many_links(document))
            size = _size(document)
            if size > FILE_SIZE_MAX:
                raise ActionError(_refusal(document, size))


def connect() -> None:
    """Let every operation check the articles whose text or lists it changes."""
    unit_of_work.document_checks.add(require_importable_sizes)


def _size(document: Document) -> int:
    return len(document_text(document).encode())


def _too_many_links(document: Document) -> str:
    values = {"title": document.title, "number": f"{len(document.related):,}", "allowed": f"{RELATED_MAX:,}"}
    return _("would give “%(title)s” %(number)s related links, and %(allowed)s are allowed. Remove some first") % values


def _refusal(document: Document, size: int) -> str:
    """Return what is too large, and which part of it is the largest; the text follows the name of a story."""
    parts = {
        _("text"): len((document.body or "").encode()) + len((document.excerpt or "").encode()),
        _("related links"): size - _size(replace(document, related=[])),
        _("pictures"): size - _size(replace(document, images=[])),
    }
    largest = max(parts, key=lambda name: parts[name])
    return _(
        "would make the document of “%(title)s” larger than an import accepts: it would have %(size)s bytes, "
        "%(part_size)s of them for its %(part)s, and %(allowed)s are allowed. Shorten or remove some"
    ) % {
        "title": document.title,
        "size": f"{size:,}",
        "part": largest,
        "part_size": f"{parts[largest]:,}",
        "allowed": f"{FILE_SIZE_MAX:,}",
    }
