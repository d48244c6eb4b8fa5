"""Convert the lists of an article (topics, images, ...) to JSON values for events, and back into rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet, Subquery

from articles.db.bulk import CHUNK, BulkTable, chunked
from articles.models import Article, ArticleImage, ArticleTopic, Pairing, RelatedImage, RelatedLink, Topic
from articles.models.derived import match_key
from providers.models import Provider

IMAGE_FIELDS = ("url", "width", "height", "is_cached", "title", "extra", "layout")
OPTIONAL_IMAGE_FIELDS = ("attribution", "alt")  # left out where they are empty
RELATED_FIELDS = (
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


def read_list(ids: Sequence[int], name: str) -> Lists:
    """Return the list `name` (see LIST_NAMES) of each of these articles, as JSON values. One or two queries per 500."""
    lists: Lists = {pk: [] for pk in ids}
    for chunk in chunked(sorted(ids)):
        for pk, value in _LISTS[name].read(chunk):
            lists[pk].append(value)
    return lists


def replace_list(article: Article, name: str, values: Sequence[Any]) -> None:
    """Replace a list of an article by `values` as `read_list` returns them. Rows that no longer exist are left out."""
    _LISTS[name].rows_of(article.pk).delete()
    insert_lists({article.pk: values}, name)


def insert_lists(lists: Mapping[int, Sequence[Any]], name: str) -> None:
    """Insert the list `name` of articles that have none. A handful of queries, however many articles there are."""
    _LISTS[name].insert(lists)


def equal_ignoring_targets(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Return whether two lists are equal, whichever of our articles the related links are connected with."""
    return [_without_target(value) for value in one] == [_without_target(value) for value in other]


def _without_target(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: item for key, item in value.items() if key != "target_id"}


def renumber(rows: QuerySet[Any]) -> None:
    """Number the rows of a list from 0, in their order."""
    moved = [(new, pk) for new, (pk, position) in enumerate(rows.values_list("pk", "position")) if position != new]
    BulkTable(rows.model).update(["position"], moved)


def to_json(value: Any) -> str | None:
    """Return a value of an event in the form of its database column."""
    return None if value is None else json.dumps(value, cls=DjangoJSONEncoder)


def _read_topics(ids: Sequence[int]) -> Iterator[tuple[int, str]]:
    rows = ArticleTopic.objects.filter(content_object__in=ids).order_by("position", "pk")
    yield from rows.values_list("content_object", "tag__name")


def _insert_topics(lists: Mapping[int, Sequence[str]]) -> None:
    topics = dict(Topic.objects.filter(name__in=_all_of(lists)).values_list("name", "pk"))
    rows = [
        ArticleTopic(
            content_object_id=pk,
            tag_id=topics[name],
            position=position,
            **{time: Subquery(Article.objects.filter(pk=pk).values(time)) for time in ("published_at", "listed_at")},
        )
        for pk, names in lists.items()
        for position, name in enumerate(name for name in dict.fromkeys(names) if name in topics)
    ]
    ArticleTopic.objects.bulk_create(rows, batch_size=CHUNK)


def _read_images(kind: str, ids: Sequence[int]) -> Iterator[tuple[int, Any]]:
    rows = ArticleImage.objects.filter(article__in=ids, kind=kind).order_by("position", "pk")
    for pk, *values in rows.values_list("article", *IMAGE_FIELDS, *OPTIONAL_IMAGE_FIELDS):
        yield pk, _image_value((*IMAGE_FIELDS, *OPTIONAL_IMAGE_FIELDS), values)


def _image_value(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    return {
        name: value for name, value in zip(names, values, strict=True) if value or name not in OPTIONAL_IMAGE_FIELDS
    }


def _insert_images(kind: str, lists: Mapping[int, Sequence[Any]]) -> None:
    rows = [
        ArticleImage(article_id=pk, kind=kind, position=position, **value)
        for pk, values in lists.items()
        for position, value in enumerate(values)
    ]
    ArticleImage.objects.bulk_create(rows, batch_size=CHUNK)


def _read_related(ids: Sequence[int]) -> Iterator[tuple[int, Any]]:
    images: dict[int, list[Any]] = {}
    rows = RelatedImage.objects.filter(link__article__in=ids).order_by("position", "pk")
    for pk, *values in rows.values_list("link", *IMAGE_FIELDS, OPTIONAL_IMAGE_FIELDS[0]):
        images.setdefault(pk, []).append(_image_value((*IMAGE_FIELDS, OPTIONAL_IMAGE_FIELDS[0]), values))
    links = RelatedLink.objects.filter(article__in=ids).order_by("position", "pk")
    for pk, article, *values in links.values_list("pk", "article", *RELATED_FIELDS):
        value = dict(zip(RELATED_FIELDS, values, strict=True))
        value["published_at"] = value["published_at"].isoformat()
        yield article, value | {"images": images.get(pk, [])}


def _insert_related(lists: Mapping[int, Sequence[Any]]) -> None:
    all_values = _all_of(lists)
    providers = _existing(Provider.objects.all(), {value["provider_id"] for value in all_values})
    targets = _existing(Article.objects.all(), {value["target_id"] for value in all_values})
    links, images = [], []
    for pk, values in lists.items():
        for position, value in enumerate(values):
            if value["provider_id"] not in providers:
                continue
            fields = {name: value[name] for name in RELATED_FIELDS}
            fields["published_at"] = datetime.fromisoformat(fields["published_at"])
            if fields["target_id"] not in targets - {pk}:
                fields["target_id"] = None
            key = match_key(fields["web_url"], fields["title"], fields["published_at"])
            link = RelatedLink(article_id=pk, position=position, match_key=key, **fields)
            links.append(link)
            images += [
                RelatedImage(link=link, position=image_position, **image)
                for image_position, image in enumerate(value["images"])
            ]
    RelatedLink.objects.bulk_create(links, batch_size=CHUNK)
    RelatedImage.objects.bulk_create(images, batch_size=CHUNK)


def _read_pairings(ids: Sequence[int]) -> Iterator[tuple[int, list[Any]]]:
    rows = Pairing.objects.filter(member__in=ids).order_by("lead")
    for member, lead, together in rows.values_list("member", "lead", "together"):
        yield member, [lead, together]


def _insert_pairings(lists: Mapping[int, Sequence[list[Any]]]) -> None:
    leads = _existing(Article.objects.all(), {lead for lead, _ in _all_of(lists)})
    Pairing.objects.bulk_create(
        Pairing(lead_id=lead, member_id=pk, together=together)
        for pk, values in lists.items()
        for lead, together in values
        if lead in leads
    )


def _all_of(lists: Mapping[int, Sequence[Any]]) -> list[Any]:
    return [value for values in lists.values() for value in values]


def _existing(rows: QuerySet[Any], ids: set[int | None]) -> set[int]:
    existing: set[int] = set()
    for chunk in chunked(sorted(pk for pk in ids if pk is not None)):
        existing.update(rows.filter(pk__in=chunk).order_by().values_list("pk", flat=True))
    return existing


class _List(NamedTuple):
    read: Callable[[Sequence[int]], Iterator[tuple[int, Any]]]
    insert: Callable[[Mapping[int, Sequence[Any]]], None]
    rows_of: Callable[[int], QuerySet[Any]]


def _images(kind: str) -> _List:
    return _List(
        partial(_read_images, kind),
        partial(_insert_images, kind),
        lambda pk: ArticleImage.objects.filter(article=pk, kind=kind),
    )


_LISTS = {
    "topics": _List(_read_topics, _insert_topics, lambda pk: ArticleTopic.objects.filter(content_object=pk)),
    "images": _images(ArticleImage.Kind.PICTURE),
    "logos": _images(ArticleImage.Kind.LOGO),
    "related": _List(_read_related, _insert_related, lambda pk: RelatedLink.objects.filter(article=pk)),
    "pairings": _List(_read_pairings, _insert_pairings, lambda pk: Pairing.objects.filter(member=pk)),
}
LIST_NAMES = tuple(_LISTS)
