"""Documents to rows and rows to documents. The only module that maps the one onto the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Count
from django.utils import timezone

from articles.audit_log.unit_of_work import UnitOfWork
from articles.db.bulk import BulkTable, chunked, ids_between_or_in, json_text, time_value
from articles.models import (
    Article,
    ArticleImage,
    ArticleQuerySet,
    ArticleTopic,
    Policies,
    RelatedImage,
    RelatedLink,
)
from articles.models.derived import match_key, needs_attention, url_key
from articles.rules.ranking import front_page_rank
from articles.rules.scoring import FOLDED_HEAT, STORY_ROLE_PIN, infer_engagement, is_public
from articles.rules.states import State

from .format.document import Document, Image, Layout, Outlet, Related
from .registry import Registry
from .story_links import StoryLinks

WORD_FIELDS = (
    "dialect",
    "category",
    "title",
    "excerpt",
    "published_at",
    "original_url",
    "web_url",
    "amp_url",
    "cdn_amp_url",
    "type",
    "removed",
    "featured_content",
    "tags",
    "body",
    "extra",
)
SCORE_FIELDS = ("quality", "heat", "published")
LOADED = ("name", *WORD_FIELDS, *SCORE_FIELDS)
LIST_FIELDS = ("topics", "images", "related")
RELATED_FIELDS = ("title", "excerpt", "published_at", "web_url", "amp_url", "cdn_amp_url", "type", "quality", "extra")
LOGGED_LISTS = {"topics": "topics", "images": "images", "related": "related", "provider": "logos"}
IMAGE_FIELDS = ("url", "width", "height", "is_cached", "title", "attribution", "extra", "layout")

ARTICLES = BulkTable(
    Article,
    "id",
    "name",
    *WORD_FIELDS[:10],
    *SCORE_FIELDS,
    "removed",
    "engagement",
    "staged",
    "hot",
    "featured_content",
    "provider",
    "tags",
    "secured",
    "body",
    "extra",
    "layout",
    "content_hash",
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
SHOWN = BulkTable(Article, *("public" if name == "staged" else name for name in ARTICLES.columns), "lead", "ambiguous")
TOPICS = BulkTable(ArticleTopic, "content_object", "tag", "position", "published_at")
IMAGE_COLUMNS = ("position", *IMAGE_FIELDS)
IMAGES = BulkTable(ArticleImage, "article", "kind", *IMAGE_COLUMNS)
RELATED = BulkTable(
    RelatedLink,
    "id",
    "article",
    "position",
    *RELATED_FIELDS[:7],
    "provider",
    "quality",
    "match_key",
    "extra",
    "layout",
    "target",
)
RELATED_IMAGES = BulkTable(RelatedImage, "link", *IMAGE_COLUMNS)


def insert(documents: Sequence[Document], registry: Registry, policies: Policies) -> list[int]:
    """Store new documents with all their parts, staged: readers see them when the run ends. Return their ids.

    Runs in the caller's transaction; a fixed number of queries for each call.
    """
    registry.prepare(documents)
    ids = ARTICLES.reserve_ids(len(documents))
    pairs = list(zip(ids, documents, strict=True))
    now = time_value(timezone.now())
    ARTICLES.insert([_article_row(pk, document, registry, policies, now) for pk, document in pairs])
    _insert_parts(pairs, registry)
    return list(ids)


def insert_complete_stories(documents: Sequence[Document], registry: Registry, policies: Policies) -> list[int]:
    """Store new documents that are whole stories, for readers to see at once. Return their ids.

    Links find their articles and folded articles their leads among them, without a query.
    """
    registry.prepare(documents)
    ids = ARTICLES.reserve_ids(len(documents))
    pairs = list(zip(ids, documents, strict=True))
    whole = StoryLinks(pairs)
    now = time_value(timezone.now())
    rows = [_article_row(pk, document, registry, policies, now) for pk, document in pairs]
    SHOWN.insert([(*row, *whole.placement(pk)) for pk, row in zip(ids, rows, strict=True)])
    _insert_parts(pairs, registry, whole)
    return list(ids)


def _insert_parts(pairs: Sequence[tuple[int, Document]], registry: Registry, whole: StoryLinks | None = None) -> None:
    _insert_topics(pairs, registry)
    _insert_images(pairs)
    _insert_related(pairs, registry, whole or StoryLinks([]))


def load(articles: ArticleQuerySet) -> list[Document]:
    """Return the documents of these articles, in their order. Five queries whatever their number."""
    columns = (
        "pk",
        *LOADED,
        "layout",
        "content_hash",
        "secured",
        "stale",
        "pins",
        "provider__name",
        "provider__domain",
    )
    rows = list(articles.values_list(*columns))
    parts = _Parts([row[0] for row in rows])
    return [_document(row, parts) for row in rows]


def changed_fields(stored: Document, document: Document) -> list[str]:
    """Return the fields in which `document` differs from what is stored, as editors call them."""
    fields = (*WORD_FIELDS, *SCORE_FIELDS, *LIST_FIELDS, "provider", "layout")
    return [name for name in fields if getattr(stored, name) != getattr(document, name)]


def update(
    uow: UnitOfWork, article: Article, document: Document, changed: Sequence[str], registry: Registry
) -> list[str]:
    """Bring an article of the act up to its changed document; return the fields that it really changed.

    A pinned field stays as the editor wants it; the document's wish is kept beside it. Scores that the document
    has lost stay, marked stale. Lists are written, columns wait for the act's end.
    """
    registry.prepare([document])
    pinned = set(article.pins)
    kept = pinned | _kept_scores(article, document)
    lost = _has_lost_scores(article, document)
    uow.track_lists(
        [article.pk], *(LOGGED_LISTS[name] for name in changed if name in LOGGED_LISTS and name not in kept)
    )
    wishes = dict(article.wishes)
    done = []
    for name in pinned & {*WORD_FIELDS, *SCORE_FIELDS, *LIST_FIELDS, "provider"}:
        wishes[name] = _wish(document, name)
    for name in changed:
        if name not in kept:
            _set(article, document, name, registry)
            done.append(name)
    if article.stale != lost:
        article.stale = lost
        done.append("stale")
    article.wishes = wishes
    article.staged = None
    article.secured = document.secured
    article.content_hash = document.content_hash
    if not lost:
        topics = uow.topic_ids_of(article) if "topics" in pinned else topic_keys(document, registry)
        policy = uow.policies.of(topics)
        article.engagement = infer_engagement(policy, document.quality, document.heat, len(document.related))
    return done


def settle_engagement(ids: Iterable[int], policies: Policies) -> None:
    """Set the audience term of new articles anew: topics found their place after the articles had come in."""
    moved = []
    for chunk in chunked(ids):
        topics: dict[int, list[int]] = defaultdict(list)
        rows = ArticleTopic.objects.filter(content_object__in=chunk).order_by("position", "pk")
        for pk, topic in rows.values_list("content_object", "tag"):
            topics[pk].append(topic)
        articles = Article.objects.filter(pk__in=chunk).order_by().annotate(coverage=Count("related_links"))
        for pk, quality, heat, known, coverage in articles.values_list(
            "pk", "quality", "heat", "engagement", "coverage"
        ):
            found = infer_engagement(policies.of(topics[pk]), quality, heat, coverage)
            if found != known:
                moved.append((found, pk))
    ARTICLES.update(["engagement"], moved)


def topic_keys(document: Document, registry: Registry) -> list[int]:
    return [registry.topic_ids[name] for name in document.topics]


def _kept_scores(article: Article, document: Document) -> set[str]:
    """Return the scores that stay although they are not pinned: lost ones, and those that would turn the side of a
    story that an editor decided.
    """
    if _has_lost_scores(article, document):
        return set(SCORE_FIELDS)
    turns = (document.heat == FOLDED_HEAT) != article.is_folded
    return {"heat", "published"} if STORY_ROLE_PIN in article.pins and turns else set()


def _has_lost_scores(article: Article, document: Document) -> bool:
    has_none = document.quality is None and document.heat is None and document.published is None
    return has_none and (article.quality is not None or article.heat is not None)


def _wish(document: Document, name: str) -> Any:
    """Return what the document wants for a pinned field, as JSON can hold it."""
    value = getattr(document, name)
    if name == "provider":
        return [value.domain, value.name]
    if name in ("images", "related"):
        return len(value)
    return value.isoformat() if name == "published_at" else value


def _set(article: Article, document: Document, name: str, registry: Registry) -> None:
    match name:
        case "provider":
            article.provider_id = registry.provider_id(document.provider)
            article.layout = _article_layout(document)
            article.images.filter(kind=ArticleImage.Kind.LOGO).delete()
            _insert_logos([(article.pk, document)])
        case "layout":
            article.layout = _article_layout(document)
        case "topics":
            article.article_topics.all().delete()
            _insert_topics([(article.pk, document)], registry)
        case "images":
            article.images.filter(kind=ArticleImage.Kind.PICTURE).delete()
            _insert_pictures([(article.pk, document)])
        case "related":
            article.related_links.all().delete()
            _insert_related([(article.pk, document)], registry, StoryLinks([]))
        case _:
            setattr(article, name, getattr(document, name))


def _article_row(pk: int, document: Document, registry: Registry, policies: Policies, now: Any) -> tuple[Any, ...]:
    """Return the values of ARTICLES."""
    policy = policies.of(topic_keys(document, registry)) if policies.by_topic else policies.site
    state = State.PUBLISHED if document.published else State.UNDECIDED
    stands_open = needs_attention(document.heat, state, document.removed)
    address = document.web_url or document.original_url
    visible = is_public(
        policy,
        quality=document.quality,
        heat=document.heat,
        published=document.published,
        removed=document.removed,
    )
    return (
        pk,
        document.name,
        document.dialect,
        document.category,
        document.title,
        document.excerpt,
        time_value(document.published_at),
        document.original_url,
        document.web_url,
        document.amp_url,
        document.cdn_amp_url,
        document.type,
        document.quality,
        document.heat,
        document.published,
        document.removed,
        infer_engagement(policy, document.quality, document.heat, len(document.related)),
        visible,
        front_page_rank(document.heat, document.published_at),
        document.featured_content,
        registry.provider_id(document.provider),
        json_text(document.tags),
        document.secured,
        document.body,
        json_text(document.extra),
        json_text(_article_layout(document)),
        document.content_hash,
        match_key(document.web_url, document.title, document.published_at),
        url_key(address),
        state.value,
        now,
        len(document.images),
        stands_open and not document.images,
        stands_open and not (document.excerpt and address),
        now,
        now,
    )


def _article_layout(document: Document) -> Layout:
    return document.layout | _outlet_layout(document.provider)


def _outlet_layout(outlet: Outlet) -> Layout:
    """Return what an outlet's mapping adds to the layout of the mapping that holds it."""
    if not outlet.extra and not outlet.layout:
        return {}
    return {"provider": {"extra": outlet.extra, "layout": outlet.layout}}


def _insert_topics(pairs: Sequence[tuple[int, Document]], registry: Registry) -> None:
    rows = []
    for pk, document in pairs:
        moment = time_value(document.published_at)
        rows += [(pk, registry.topic_ids[name], place, moment) for place, name in enumerate(document.topics)]
    TOPICS.insert(rows)


def _insert_images(pairs: Sequence[tuple[int, Document]]) -> None:
    _insert_pictures(pairs)
    _insert_logos(pairs)


def _insert_pictures(pairs: Sequence[tuple[int, Document]]) -> None:
    kind = ArticleImage.Kind.PICTURE.value
    IMAGES.insert([(pk, kind, *row) for pk, document in pairs for row in _image_rows(document.images)])


def _insert_logos(pairs: Sequence[tuple[int, Document]]) -> None:
    kind = ArticleImage.Kind.LOGO.value
    IMAGES.insert([(pk, kind, *row) for pk, document in pairs for row in _image_rows(document.provider.images)])


def _image_rows(images: Sequence[Image]) -> Iterator[tuple[Any, ...]]:
    """Yield the values of IMAGE_COLUMNS."""
    for position, image in enumerate(images):
        yield (
            position,
            image.url,
            image.width,
            image.height,
            image.is_cached,
            image.title,
            image.attribution,
            json_text(image.extra),
            json_text(image.layout),
        )


def _insert_related(pairs: Sequence[tuple[int, Document]], registry: Registry, whole: StoryLinks) -> None:
    items = [(pk, position, item) for pk, document in pairs for position, item in enumerate(document.related)]
    ids = RELATED.reserve_ids(len(items))
    RELATED.insert([_related_row(pk, *item, registry, whole) for pk, item in zip(ids, items, strict=True)])
    RELATED_IMAGES.insert(
        [(pk, *row) for pk, (_, _, item) in zip(ids, items, strict=True) for row in _image_rows(item.images)]
    )


def _related_row(
    pk: int, article_id: int, position: int, item: Related, registry: Registry, whole: StoryLinks
) -> tuple[Any, ...]:
    """Return the values of RELATED."""
    key = match_key(item.web_url, item.title, item.published_at)
    return (
        pk,
        article_id,
        position,
        item.title,
        item.excerpt,
        time_value(item.published_at),
        item.web_url,
        item.amp_url,
        item.cdn_amp_url,
        item.type,
        registry.provider_id(item.provider),
        item.quality,
        key,
        json_text(item.extra),
        json_text(item.layout | _outlet_layout(item.provider)),
        whole.target(key, article_id),
    )


class _Parts:
    """What belongs to some articles beside their own columns, by article."""

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
            layout, provider = _without_outlet(layout)
            self.related[article_id].append(
                Related(
                    provider=Outlet(name=name, domain=domain, **provider),
                    images=link_images.get(pk, []),
                    layout=layout,
                    **dict(zip(RELATED_FIELDS, values, strict=True)),
                )
            )


def _document(row: tuple[Any, ...], parts: _Parts) -> Document:
    pk, *values = row
    *values, layout, content_hash, secured, stale, pins, name, domain = values
    layout, provider = _without_outlet(layout)
    words = dict(zip(LOADED, values, strict=True))
    if stale:  # the document has no scores; what the article shows are the last known ones
        words |= {field: None for field in SCORE_FIELDS if field not in pins}
    return Document(
        content_hash=content_hash,
        secured=secured,
        layout=layout,
        provider=Outlet(name=name, domain=domain, images=parts.logos.get(pk, []), **provider),
        topics=parts.topics.get(pk, []),
        images=parts.pictures.get(pk, []),
        related=parts.related.get(pk, []),
        **words,
    )


def _without_outlet(layout: Layout) -> tuple[Layout, dict[str, Any]]:
    if not layout:
        return {}, {}
    own = dict(layout)
    return own, own.pop("provider", {})


def _image(values: Sequence[Any]) -> Image:
    return Image(**dict(zip(IMAGE_FIELDS, values, strict=True)))
