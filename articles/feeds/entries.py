"""What a feed says of each story: text as text, whole addresses, and our own copy of its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch
from django.utils import timezone

from articles.cards import pictures_of
from articles.media import Copy, media_address
from articles.models import Article, ArticleQuerySet, ArticleTopic
from articles.modified import modified_at, with_log
from articles.templatetags.newsfold import web_address
from articles.xmltext import xml_text

ENTRIES = 50


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
    now = timezone.now()
    return [_entry(article, site, now, _attachment(pictures.get(article.pk), site)) for article in newest]


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


def _attachment(copy: Copy | None, site: str) -> Attachment | None:
    return Attachment(site + media_address(copy.file), copy.bytes, "image/jpeg") if copy else None
