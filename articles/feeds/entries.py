"""What a feed says of each story: text as text, whole addresses, and our own copy of its picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db.models import Prefetch
from django.urls import reverse
from django.utils import timezone

from articles.cards import pictures_of
from articles.media import media_type
from articles.models import Article, ArticleQuerySet, ArticleTopic, Picture
from articles.modified import modified_at, with_log
from articles.templatetags.newsfold import web_address
from articles.xmltext import xml_text

ENTRIES = 50
SIZES_FOR = 30 * 24 * 3600  # seconds; our copies never change, so this only frees memory of those that left


@dataclass(frozen=True)
class Attachment:
    """Our own copy of a picture; `size` in bytes."""

    address: str
    size: int
    type: str


@dataclass(frozen=True)
class Entry:
    """One story in a feed. `page` is ours and its identity; `source` is the outlet's, empty where there is none."""

    page: str
    source: str
    title: str
    excerpt: str
    published_at: datetime
    modified_at: datetime
    outlet: str
    outlet_page: str
    topics: Sequence[str]
    picture: Attachment | None


def entries_of(articles: ArticleQuerySet, site: str) -> list[Entry]:
    """Return the newest of `articles`, as a feed tells them to readers of the site at the address `site`.

    Four queries whatever their number: articles, topics, pictures, our copies.
    """
    topics = Prefetch("article_topics", ArticleTopic.objects.select_related("tag"))
    told = with_log(articles).select_related("provider").prefetch_related(topics, "images")
    newest = list(told.newest_first()[:ENTRIES])
    pictures = pictures_of(newest)
    sizes = sizes_of(pictures.values())
    now = timezone.now()
    return [_entry(article, site, now, _attachment(pictures.get(article.pk), sizes, site)) for article in newest]


def sizes_of(pictures: Iterable[Picture]) -> dict[str, int]:
    """Return the size of each file that is there, in bytes. Storages far away are asked once for each."""
    names = {f"size:{picture.file.name}": picture.file.name for picture in pictures}
    known = cache.get_many(names)
    found = {}
    for key in names.keys() - known.keys():
        try:
            found[key] = default_storage.size(names[key])
        except OSError:
            continue
    if found:
        cache.set_many(found, SIZES_FOR)
    return {names[key]: size for key, size in (known | found).items()}


def _entry(article: Article, site: str, now: datetime, picture: Attachment | None) -> Entry:
    return Entry(
        page=site + article.get_absolute_url(),
        source=web_address(article.source_url),
        title=xml_text(article.title) or article.name,
        excerpt=xml_text(article.excerpt),
        published_at=article.published_at,
        modified_at=modified_at(article, now),
        outlet=xml_text(article.provider.name) or article.provider.domain,
        outlet_page=site + article.provider.get_absolute_url(),
        topics=[xml_text(place.tag.name) for place in article.article_topics.all()],
        picture=picture,
    )


def _attachment(picture: Picture | None, sizes: dict[str, int], site: str) -> Attachment | None:
    name = picture.file.name if picture else ""
    kind = media_type(name)
    if kind is None or name not in sizes:
        return None
    return Attachment(site + reverse("media", args=[name]), sizes[name], kind)
