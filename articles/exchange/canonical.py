"""The fast way out of a document: the text of one that keeps to the rules everywhere. Pure.

The mirror of scanner.py. Nearly all documents are canonical, and the table-driven writer, which knows every
exception, takes ten times as long; the tests hold the two against each other.
"""

from __future__ import annotations

from functools import lru_cache

from .document import Document, Image, Outlet
from .values import quoted, written, written_time


def is_canonical(document: Document) -> bool:
    """Return whether the document has no unknown keys and no exceptions at any level, and is of D3 to D5."""
    return (
        document.dialect != "D2"
        and not document.body
        and _is_plain(document)
        and _is_plain(document.provider)
        and all(map(_is_plain, document.images))
        and all(map(_is_plain, document.provider.images))
        and all(
            not link.extra
            and not link.layout
            and not link.provider.extra
            and not link.provider.layout
            and all(map(_is_plain, link.images))
            for link in document.related
        )
    )


def _is_plain(record: Document | Outlet | Image) -> bool:
    return not record.extra and not record.layout


@lru_cache(maxsize=4096)
def _bare(text: str) -> str:
    """Return a name bare or, where YAML would misread it, quoted. Names repeat: they are worked out once."""
    return written(text, "p")


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def canonical_text(document: Document) -> str:
    """Return the text of a document for which `is_canonical()` holds."""
    lines = ["---"]
    add = lines.append
    if document.category:
        add(f"category: {_bare(document.category)}")
    add(f"title: {quoted(document.title)}")
    add(f"excerpt: {quoted(document.excerpt)}")
    add(f"publishedDateTime: {written_time(document.published_at)}")
    if document.original_url:
        add(f"originalUrl: {quoted(document.original_url)}")
    _add_addresses(lines, document.web_url, document.amp_url, document.cdn_amp_url, "")
    if document.type:
        add(f"type: {_bare(document.type)}")
    if document.quality is not None:
        add(f"quality: {document.quality}")
    if document.heat is not None:
        add(f"heat: {document.heat}")
    if document.published is not None:
        add(f"published: {_boolean(document.published)}")
    if document.removed is not None:
        add(f"removed: {_boolean(document.removed)}")
    if document.featured_content:
        add(f"\nfeaturedContent: {quoted(document.featured_content)}")
    add(f"\nprovider:\n  name: {_bare(document.provider.name)}\n  domain: {_bare(document.provider.domain)}")
    if document.provider.images:
        add("  images:")
        _add_images(lines, document.provider.images, "    ")
    _add_names(lines, "topics", document.topics)
    _add_names(lines, "tags", document.tags)
    if document.images:
        add("\nimages:")
        _add_images(lines, document.images, "  ")
    if document.related:
        add("\nrelated:")
        _add_related(lines, document)
    if document.secured:
        add(f"\nsecured: {quoted(document.secured)}")
    return "\n".join(lines) + "\n---\n\n"


def _add_addresses(lines: list[str], web_url: str, amp_url: str, cdn_amp_url: str, indent: str) -> None:
    if web_url:
        lines.append(f"{indent}webUrl: {quoted(web_url)}")
    if amp_url:
        lines.append(f"{indent}ampWebUrl: {quoted(amp_url)}")
    if cdn_amp_url:
        lines.append(f"{indent}cdnAmpWebUrl: {quoted(cdn_amp_url)}")


def _add_names(lines: list[str], key: str, names: list[str]) -> None:
    if names:
        lines.append(f"\n{key}:")
        lines += [f"  - {_bare(name)}" for name in names]


def _add_images(lines: list[str], images: list[Image], indent: str) -> None:
    for image in images:
        lines.append(f"{indent}- url: {quoted(image.url)}")
        if image.width is not None:
            lines.append(f"{indent}  width: {image.width}")
        if image.height is not None:
            lines.append(f"{indent}  height: {image.height}")
        if image.is_cached is not None:
            lines.append(f"{indent}  isCached: {_boolean(image.is_cached)}")
        if image.title:
            lines.append(f"{indent}  title: {quoted(image.title)}")
        if image.attribution:
            lines.append(f"{indent}  attribution: {quoted(image.attribution)}")


def _add_related(lines: list[str], document: Document) -> None:
    for link in document.related:
        lines.append(f"  - title: {quoted(link.title)}")
        if link.excerpt:
            lines.append(f"    excerpt: {quoted(link.excerpt)}")
        lines.append(f"    publishedDateTime: {written_time(link.published_at)}")
        _add_addresses(lines, link.web_url, link.amp_url, link.cdn_amp_url, "    ")
        if link.type:
            lines.append(f"    type: {_bare(link.type)}")
        provider = link.provider
        lines.append(f"    provider:\n      name: {_bare(provider.name)}\n      domain: {_bare(provider.domain)}")
        if link.quality is not None:
            lines.append(f"    quality: {link.quality}")
        if link.images:
            lines.append("    images:")
            _add_images(lines, link.images, "      ")
