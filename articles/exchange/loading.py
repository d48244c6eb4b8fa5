"""Load stored articles as documents, for exports and to compare with documents that changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from articles.db.bulk import ids_between_or_in
from articles.models import ArticleImage, ArticleQuerySet, ArticleTopic, RelatedImage, RelatedLink

from .format.document import Document, Image, Layout, ProviderData, Related
from .format.fields import QUOTED_DIALECTS

SCORE_FIELDS = ("quality", "heat", "published")
LIST_FIELDS = ("topics", "images", "related")
_NOT_TEXT = {*SCORE_FIELDS, *LIST_FIELDS, "provider", "secured"}
TEXT_FIELDS = (
    "dialect",
    *(field.attribute for field in QUOTED_DIALECTS.article if field.attribute not in _NOT_TEXT),
    "body",
    "extra",
)
IMAGE_FIELDS = ("url", "width", "height", "is_cached", "title", "attribution", "extra", "layout")
RELATED_FIELDS = ("title", "excerpt", "published_at", "web_url", "amp_url", "cdn_amp_url", "type", "quality", "extra")
_DOCUMENT_FIELDS = ("name", *TEXT_FIELDS, *SCORE_FIELDS, "secured", "content_hash")


def load_documents(articles: ArticleQuerySet) -> list[Document]:
    """Return the documents of these articles, in their order. Five queries whatever their number."""
    columns = ("pk", "stale", "pins", "layout", "provider__name", "provider__domain", *_DOCUMENT_FIELDS)
    rows = list(articles.values_list(*columns))
    related_rows = _RelatedRows([row[0] for row in rows])
    return [_document(row, related_rows) for row in rows]


def changed_fields(stored: Document, document: Document) -> list[str]:
    """Return the fields in which `document` differs from what is stored, by their labels in the admin."""
    fields = (*TEXT_FIELDS, *SCORE_FIELDS, *LIST_FIELDS, "provider", "layout")
    return [name for name in fields if getattr(stored, name) != getattr(document, name)]


class _RelatedRows:
    """The rows of other tables that belong to some articles, by article."""

    def __init__(self, ids: Sequence[int]) -> None:
        self.topics: dict[int, list[str]] = defaultdict(list)
        self.pictures: dict[int, list[Image]] = defaultdict(list)
        self.logos: dict[int, list[Image]] = defaultdict(list)
        self.related: dict[int, list[Related]] = defaultdict(list)
        topics = ArticleTopic.objects.filter(ids_between_or_in("content_object", ids)).order_by("position", "pk")
        for pk, name in topics.values_list("content_object", "tag__name"):
            self.topics[pk].append(name)
        images = ArticleImage.objects.filter(ids_between_or_in("article", ids)).order_by("position", "pk")
        for pk, kind, *values in images.values_list("article", "kind", *IMAGE_FIELDS):
            images_of = self.logos if kind == ArticleImage.Kind.LOGO else self.pictures
            images_of[pk].append(_image(values))
        self._load_related(ids)

    def _load_related(self, ids: Sequence[int]) -> None:
        link_images: dict[int, list[Image]] = defaultdict(list)
        images = RelatedImage.objects.filter(ids_between_or_in("link__article", ids)).order_by("position", "pk")
        for pk, *values in images.values_list("link", *IMAGE_FIELDS):
            link_images[pk].append(_image(values))
        columns = ("pk", "article", "layout", "provider__name", "provider__domain", *RELATED_FIELDS)
        links = RelatedLink.objects.filter(ids_between_or_in("article", ids)).order_by("position", "pk")
        for pk, article_id, layout, name, domain, *values in links.values_list(*columns):
            layout, provider = _split_provider_layout(layout)
            self.related[article_id].append(
                Related(
                    provider=ProviderData(name=name, domain=domain, **provider),
                    images=link_images.get(pk, []),
                    layout=layout,
                    **dict(zip(RELATED_FIELDS, values, strict=True)),
                )
            )


def _document(row: tuple[Any, ...], related_rows: _RelatedRows) -> Document:
    pk, stale, pins, layout, name, domain, *values = row
    layout, provider = _split_provider_layout(layout)
    fields = dict(zip(_DOCUMENT_FIELDS, values, strict=True))
    if stale:  # the document has no scores; the article shows the last ones that it had
        fields |= {field: None for field in SCORE_FIELDS if field not in pins}
    return Document(
        layout=layout,
        provider=ProviderData(name=name, domain=domain, images=related_rows.logos.get(pk, []), **provider),
        topics=related_rows.topics.get(pk, []),
        images=related_rows.pictures.get(pk, []),
        related=related_rows.related.get(pk, []),
        **fields,
    )


def _image(values: Sequence[Any]) -> Image:
    return Image(**dict(zip(IMAGE_FIELDS, values, strict=True)))


def layout_with_provider(layout: Layout, provider: ProviderData) -> Layout:
    """Return the layout of a mapping together with that of the provider in it: both are stored in one column."""
    if not provider.extra and not provider.layout:
        return layout
    return layout | {"provider": {"extra": provider.extra, "layout": provider.layout}}


def _split_provider_layout(stored: Layout) -> tuple[Layout, dict[str, Any]]:
    """Return the layout of a mapping, and what the stored layout says about the provider in it."""
    if not stored:
        return {}, {}
    layout = dict(stored)
    return layout, layout.pop("provider", {})
