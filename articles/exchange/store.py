"""Store documents as rows: new ones in bulk, changed ones field by field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.utils import timezone

from articles.audit_log.unit_of_work import UnitOfWork
from articles.db.bulk import BulkTable, json_text, time_value
from articles.models import (
    Article,
    ArticleImage,
    ArticlePlace,
    ArticleTerms,
    ArticleTopic,
    Policies,
    RelatedImage,
    RelatedLink,
)
from articles.models.derived import match_key, needs_attention
from articles.rules.coverage import Report, repeated_places
from articles.rules.dates import is_ahead
from articles.rules.places import place_codes
from articles.rules.ranking import front_page_rank
from articles.rules.scoring import FOLDED_HEAT, STORY_ROLE_PIN, document_scores
from articles.rules.states import State
from articles.rules.urls import url_key
from articles.rules.visibility import is_public

from .format.document import Document, Image, Related
from .loading import LIST_FIELDS, SCORE_FIELDS, TEXT_FIELDS, layout_with_provider
from .registry import ReferenceCache

# The tables' columns; the first ones of each are attributes of the document that are stored as they are.
_CONVERTED = {"published_at", "tags", "extra"}
_ARTICLE_ATTRIBUTES = (
    *(name for name in (*TEXT_FIELDS, *SCORE_FIELDS) if name not in _CONVERTED),
    "name",
    "secured",
    "content_hash",
)
ARTICLES = BulkTable(
    Article,
    *_ARTICLE_ATTRIBUTES,
    "id",
    "published_at",
    "listed_at",
    "tags",
    "extra",
    "layout",
    "provider",
    "document_scores",
    "staged",
    "hot",
    "match_key",
    "url_key",
    "state",
    "state_since",
    "picture_count",
    "pictureless",
    "warned",
    "created_at",
    "changed_at",
)
TOPICS = BulkTable(ArticleTopic, "content_object", "tag", "position", "published_at", "listed_at")
PLACES = BulkTable(ArticlePlace, "article", "code", "published_at", "listed_at")
_IMAGE_ATTRIBUTES = ("url", "width", "height", "is_cached", "title", "attribution")
_IMAGE_COLUMNS = (*_IMAGE_ATTRIBUTES, "extra", "layout", "position")
IMAGES = BulkTable(ArticleImage, "article", "kind", *_IMAGE_COLUMNS)
RELATED_IMAGES = BulkTable(RelatedImage, "link", *_IMAGE_COLUMNS)
_RELATED_ATTRIBUTES = ("title", "excerpt", "web_url", "amp_url", "cdn_amp_url", "type", "quality")
RELATED = BulkTable(
    RelatedLink,
    *_RELATED_ATTRIBUTES,
    "id",
    "article",
    "position",
    "published_at",
    "provider",
    "extra",
    "layout",
    "match_key",
    "repeated",
)
TERMS = BulkTable(ArticleTerms, "article", "terms")
_article_values = attrgetter(*_ARTICLE_ATTRIBUTES)
_image_values = attrgetter(*_IMAGE_ATTRIBUTES)
_related_values = attrgetter(*_RELATED_ATTRIBUTES)

_LOGGED_LISTS = {"topics": "topics", "images": "images", "related": "related", "provider": "logos"}
_PINNABLE = {*TEXT_FIELDS, *SCORE_FIELDS, *LIST_FIELDS, "provider"}

Pair = tuple[int, Document]  # an article's id and its document


def insert(documents: Sequence[Document], references: ReferenceCache, policies: Policies) -> list[int]:
    """Store new documents with all their parts, pending: readers see them when the run ends. Return their ids.

    Runs in the caller's transaction; a fixed number of queries for each call.
    """
    pairs = with_ids(documents)
    ARTICLES.insert(article_rows(pairs, references, policies))
    insert_parts(pairs, references)
    return [pk for pk, _ in pairs]


def with_ids(documents: Sequence[Document]) -> list[Pair]:
    """Return the documents with ids reserved for their articles."""
    return list(zip(ARTICLES.reserve_ids(len(documents)), documents, strict=True))


def article_rows(pairs: Sequence[Pair], references: ReferenceCache, policies: Policies) -> list[tuple[Any, ...]]:
    """Return the values of ARTICLES for each document; outlets and topics are created where they are missing."""
    references.ensure([document for _, document in pairs])
    now = timezone.now()
    return [_article_row(pk, document, references, policies, now) for pk, document in pairs]


def insert_parts(pairs: Sequence[Pair], references: ReferenceCache) -> None:
    """Store the topics, images and links of articles; their outlets and topics exist."""
    _insert_topics(pairs, references)
    _insert_places(pairs)
    _insert_images(pairs, ArticleImage.Kind.PICTURE)
    _insert_images(pairs, ArticleImage.Kind.LOGO)
    _insert_related(pairs, references)
    TERMS.insert([(pk, "") for pk, _ in pairs])  # computed when they are compared


def update(
    uow: UnitOfWork, article: Article, document: Document, changed: Sequence[str], references: ReferenceCache
) -> list[str]:
    """Update an article from its changed document, as part of a unit of work; return the fields that really changed.

    A pinned field keeps the editor's value, and the document's value is stored in `wishes`. Scores that the document
    no longer has stay, marked stale; so does a suggested quality, unmarked. Lists are written at once, columns at the
    end of the unit of work.
    """
    references.ensure([document])
    updated, lacks_scores = updated_fields(article, document, changed), _lacks_scores(article, document)
    uow.track_lists([article.pk], *(_LOGGED_LISTS[name] for name in updated if name in _LOGGED_LISTS))
    article.wishes = article.wishes | {name: _incoming_value(document, name) for name in _PINNABLE & {*article.pins}}
    for name in updated:
        _set(article, document, name, references)
    article.staged = None
    article.secured = document.secured
    article.content_hash = document.content_hash
    if document.quality is not None:
        article.suggested_quality = None
    if not lacks_scores:
        article.document_scores = document_scores(document.quality, document.heat, len(document.related))
    return updated


def updated_fields(article: Article, document: Document, changed: Sequence[str]) -> list[str]:
    """Return which of the changed fields `update` sets, and "stale" if the document has lost scores or has some again.

    Pinned fields and scores that stay are left out.
    """
    kept = {*article.pins} | _kept_scores(article, document)
    updated = [name for name in changed if name not in kept]
    lost_scores = _lacks_scores(article, document) and not article.uses_suggestion
    return updated if article.stale == lost_scores else [*updated, "stale"]


def _kept_scores(article: Article, document: Document) -> set[str]:
    """Return the scores that stay although they are not pinned.

    Those that the document no longer has, and those that would turn a lead that an editor chose into a folded
    article, or the reverse.
    """
    if _lacks_scores(article, document):
        return set(SCORE_FIELDS)
    changes_role = (document.heat == FOLDED_HEAT) != article.is_folded
    return {"heat", "published"} if STORY_ROLE_PIN in article.pins and changes_role else set()


def _lacks_scores(article: Article, document: Document) -> bool:
    """Return whether the document has no scores, and the article has some: of an earlier document, or suggested."""
    has_none = document.quality is None and document.heat is None and document.published is None
    return has_none and (article.quality is not None or article.heat is not None)


def _incoming_value(document: Document, name: str) -> Any:
    """Return the document's value for a pinned field, as JSON can hold it."""
    value = getattr(document, name)
    if name == "provider":
        return [value.domain, value.name]
    if name in ("images", "related"):
        return len(value)
    return value.isoformat() if name == "published_at" else value


def _set(article: Article, document: Document, name: str, references: ReferenceCache) -> None:
    pairs = [(article.pk, document)]
    match name:
        case "provider":
            article.provider_id = references.provider_id(document.provider)
            article.layout = layout_with_provider(document.layout, document.provider)
            article.images.filter(kind=ArticleImage.Kind.LOGO).delete()
            _insert_images(pairs, ArticleImage.Kind.LOGO)
        case "layout":
            article.layout = layout_with_provider(document.layout, document.provider)
        case "topics":
            article.article_topics.all().delete()
            _insert_topics(pairs, references)
        case "images":
            article.images.filter(kind=ArticleImage.Kind.PICTURE).delete()
            _insert_images(pairs, ArticleImage.Kind.PICTURE)
        case "related":
            article.related_links.all().delete()
            _insert_related(pairs, references)
        case "stale":
            article.stale = not article.stale
        case _:
            setattr(article, name, getattr(document, name))


def _article_row(
    pk: int, document: Document, references: ReferenceCache, policies: Policies, now: datetime
) -> tuple[Any, ...]:
    """Return the values of ARTICLES."""
    quality, heat, published, removed = document.quality, document.heat, document.published, document.removed
    state = State.PUBLISHED if published else State.UNDECIDED
    needs_work = needs_attention(heat, state, removed)
    scores = document_scores(quality, heat, len(document.related))
    url = document.web_url or document.original_url
    published_at, stored_now = time_value(document.published_at), time_value(now)
    return (
        *_article_values(document),
        pk,
        published_at,
        published_at,  # listed then until readers see it
        json_text(document.tags),
        json_text(document.extra),
        json_text(layout_with_provider(document.layout, document.provider)),
        references.provider_id(document.provider),
        json_text(scores) if scores else None,
        is_public(policies.site, quality=quality, heat=heat, published=published, removed=removed),
        front_page_rank(heat, document.published_at),
        match_key(document.web_url, document.title, document.published_at),
        url_key(url),
        state.value,
        stored_now,
        len(document.images),
        needs_work and not document.images,
        needs_work and (not (document.excerpt and url) or is_ahead(document.published_at, now)),
        stored_now,
        stored_now,
    )


def _insert_topics(pairs: Sequence[Pair], references: ReferenceCache) -> None:
    rows = []
    for pk, document in pairs:
        published_at = time_value(document.published_at)
        topics = enumerate(references.topic_ids[name] for name in document.topics)
        rows += [(pk, topic, position, published_at, published_at) for position, topic in topics]
    TOPICS.insert(rows)


def _insert_places(pairs: Sequence[Pair]) -> None:
    rows = []
    for pk, document in pairs:
        if document.tags:
            published_at = time_value(document.published_at)
            rows += [(pk, code, published_at, published_at) for code in place_codes(document.tags)]
    PLACES.insert(rows)


def _insert_images(pairs: Sequence[Pair], kind: ArticleImage.Kind) -> None:
    is_logo = kind is ArticleImage.Kind.LOGO
    images_by_article = [(pk, document.provider.images if is_logo else document.images) for pk, document in pairs]
    IMAGES.insert([(pk, kind.value, *row) for pk, images in images_by_article for row in _image_rows(images)])


def _image_rows(images: Sequence[Image]) -> Iterator[tuple[Any, ...]]:
    """Yield the values of _IMAGE_COLUMNS."""
    for position, image in enumerate(images):
        yield (*_image_values(image), json_text(image.extra), json_text(image.layout), position)


def _insert_related(pairs: Sequence[Pair], references: ReferenceCache) -> None:
    """Store the links, without the articles that they name: those are connected when all articles are there."""
    rows: list[tuple[Any, ...]] = []
    image_rows: list[tuple[Any, ...]] = []
    with_related = [pair for pair in pairs if pair[1].related]
    ids = iter(RELATED.reserve_ids(sum(len(document.related) for _, document in with_related)))
    for article_id, document in with_related:
        repeated = _repeated_places(document, references)
        for position, item in enumerate(document.related):
            pk = next(ids)
            rows.append((*_related_row(pk, article_id, position, item, references), position in repeated))
            image_rows += [(pk, *row) for row in _image_rows(item.images)]
    RELATED.insert(rows)
    RELATED_IMAGES.insert(image_rows)


def _repeated_places(document: Document, references: ReferenceCache) -> set[int]:
    """Return the places of the related links that repeat others, see `links.mark_repeated_links()`."""

    def report(item: Document | Related, url: str) -> Report:
        return Report(url, references.provider_id(item.provider), item.title, item.published_at)

    lead = report(document, document.web_url or document.original_url)
    return repeated_places(lead, [report(item, item.web_url) for item in document.related])


def _related_row(pk: int, article_id: int, position: int, item: Related, references: ReferenceCache) -> tuple[Any, ...]:
    """Return the values of RELATED but the last."""
    return (
        *_related_values(item),
        pk,
        article_id,
        position,
        time_value(item.published_at),
        references.provider_id(item.provider),
        json_text(item.extra),
        json_text(layout_with_provider(item.layout, item.provider)),
        match_key(item.web_url, item.title, item.published_at),
    )
