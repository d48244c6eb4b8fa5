"""The lists of articles as plain values, out of their rows and back: what events and snapshots hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet

from articles.bulk import Table, chunked
from articles.derivation import match_key
from articles.models import Article, ArticleImage, ArticleTopic, Pairing, RelatedImage, RelatedLink, Topic
from providers.models import Provider

IMAGE = ("url", "width", "height", "is_cached", "title", "extra", "layout")
RELATED = (
    "title",
    "excerpt",
    "published_at",
    "web_url",
    "amp_url",
    "cdn_amp_url",
    "type",
    "provider_id",
    "quality",
    "extra",
    "layout",
    "target_id",
)

Lists = dict[int, Any]


def load(ids: Sequence[int], name: str) -> Lists:
    """Return the list `name` (see NAMES) of each of these articles, as JSON values. One or two queries per 500."""
    found: Lists = {pk: [] for pk in ids}
    for chunk in chunked(sorted(ids)):
        for pk, value in _READERS[name](chunk):
            found[pk].append(value)
    return found


def put(article: Article, name: str, values: Sequence[Any]) -> None:
    """Replace a list of an article by `values`, as `load` returned them. What no longer exists is left out."""
    _WRITERS[name](article, values)


def same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Return whether two lists say the same; which of our articles a related link has met is not part of it."""
    return [_without_target(value) for value in one] == [_without_target(value) for value in other]


def _without_target(value: Any) -> Any:
    return {key: each for key, each in value.items() if key != "target_id"} if isinstance(value, dict) else value


def renumber(rows: QuerySet[Any]) -> None:
    """Number the rows of a list from 0, in their order."""
    moved = [(new, pk) for new, (pk, position) in enumerate(rows.values_list("pk", "position")) if position != new]
    Table(rows.model).update(["position"], moved)


def as_json(value: Any) -> str | None:
    """Return a value of an event as its column holds it."""
    return None if value is None else json.dumps(value, cls=DjangoJSONEncoder)


def _topics(ids: Sequence[int]) -> Iterator[tuple[int, str]]:
    rows = ArticleTopic.objects.filter(content_object__in=ids).order_by("position", "pk")
    yield from rows.values_list("content_object", "tag__name")


def _put_topics(article: Article, names: Sequence[str]) -> None:
    topics = {topic.name: topic for topic in Topic.objects.filter(name__in=names)}
    article.article_topics.all().delete()
    known = [topics[name] for name in dict.fromkeys(names) if name in topics]
    ArticleTopic.objects.bulk_create(
        ArticleTopic(content_object=article, tag=topic, position=position) for position, topic in enumerate(known)
    )


def _images(kind: str) -> Callable[[Sequence[int]], Iterator[tuple[int, Any]]]:
    def read(ids: Sequence[int]) -> Iterator[tuple[int, Any]]:
        rows = ArticleImage.objects.filter(article__in=ids, kind=kind).order_by("position", "pk")
        for pk, *values in rows.values_list("article", *IMAGE):
            yield pk, dict(zip(IMAGE, values, strict=True))

    return read


def _put_images(kind: str) -> Callable[[Article, Sequence[Any]], None]:
    def write(article: Article, values: Sequence[Any]) -> None:
        article.images.filter(kind=kind).delete()
        ArticleImage.objects.bulk_create(
            ArticleImage(article=article, kind=kind, position=position, **value)
            for position, value in enumerate(values)
        )

    return write


def _related(ids: Sequence[int]) -> Iterator[tuple[int, Any]]:
    images: dict[int, list[Any]] = {}
    rows = RelatedImage.objects.filter(link__article__in=ids).order_by("position", "pk")
    for pk, *values in rows.values_list("link", *IMAGE):
        images.setdefault(pk, []).append(dict(zip(IMAGE, values, strict=True)))
    links = RelatedLink.objects.filter(article__in=ids).order_by("position", "pk")
    for pk, article, *values in links.values_list("pk", "article", *RELATED):
        value = dict(zip(RELATED, values, strict=True))
        value["published_at"] = value["published_at"].isoformat()
        yield article, value | {"images": images.get(pk, [])}


def _put_related(article: Article, values: Sequence[Any]) -> None:
    article.related_links.all().delete()
    outlets = set(_existing(Provider.objects.all(), {value["provider_id"] for value in values}))
    targets = set(_existing(Article.objects.exclude(pk=article.pk), {value["target_id"] for value in values} - {None}))
    for position, value in enumerate(values):
        if value["provider_id"] in outlets:
            own = {name: value[name] for name in RELATED}
            own["published_at"] = datetime.fromisoformat(own["published_at"])
            own["target_id"] = own["target_id"] if own["target_id"] in targets else None
            key = match_key(own["web_url"], own["title"], own["published_at"])
            link = RelatedLink.objects.create(article=article, position=position, match_key=key, **own)
            RelatedImage.objects.bulk_create(
                RelatedImage(link=link, position=place, **image) for place, image in enumerate(value["images"])
            )


def _pairings(ids: Sequence[int]) -> Iterator[tuple[int, list[Any]]]:
    rows = Pairing.objects.filter(member__in=ids).order_by("lead")
    for member, lead, together in rows.values_list("member", "lead", "together"):
        yield member, [lead, together]


def _put_pairings(article: Article, values: Sequence[list[Any]]) -> None:
    Pairing.objects.filter(member=article).delete()
    leads = set(_existing(Article.objects.all(), {lead for lead, _ in values}))
    Pairing.objects.bulk_create(
        Pairing(lead_id=lead, member=article, together=together) for lead, together in values if lead in leads
    )


def _existing(rows: QuerySet[Any], ids: set[int]) -> list[int]:
    return list(rows.filter(pk__in=ids).order_by().values_list("pk", flat=True))


_READERS: dict[str, Callable[[Sequence[int]], Iterator[tuple[int, Any]]]] = {
    "topics": _topics,
    "images": _images(ArticleImage.Kind.PICTURE),
    "logos": _images(ArticleImage.Kind.LOGO),
    "related": _related,
    "pairings": _pairings,
}
_WRITERS: dict[str, Callable[[Article, Sequence[Any]], None]] = {
    "topics": _put_topics,
    "images": _put_images(ArticleImage.Kind.PICTURE),
    "logos": _put_images(ArticleImage.Kind.LOGO),
    "related": _put_related,
    "pairings": _put_pairings,
}
NAMES = tuple(_READERS)
