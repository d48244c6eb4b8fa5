"""Plain functions that build rows; a test says only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from articles.models import (
    Article,
    ArticleImage,
    ArticlePlace,
    ArticleTopic,
    Picture,
    PictureAddress,
    PreviewLink,
    RelatedLink,
    Topic,
)
from articles.models.derived import Listing, match_key, refresh_derived_fields, refresh_listing
from articles.operations.pins import pin_fields
from articles.public.media import StoredPicture
from articles.rules.scoring import Policy
from pictures.sizes import widths_for
from providers.models import Provider

MORNING = datetime(2020, 6, 9, 8, 0, tzinfo=UTC)
_counter = iter(range(10**9))
# What an article may be that readers don't see by itself; each is one case of a test.
HIDDEN: dict[str, dict[str, Any]] = {
    "held": {"published": False, "heat": 60, "quality": 60},
    "undecided": {"published": None, "heat": 90},
    "removed": {"removed": True},
    "folded": {"heat": -1, "published": False},
    "staged": {"staged": True},
    "staged and unscored": {"quality": None, "heat": None, "published": None, "staged": True},
    "not yet": {"publish_at": timezone.now() + timedelta(hours=1)},
    "no longer": {"unpublish_at": timezone.now() - timedelta(hours=1)},
}


def provider(name: str = "The Courier", domain: str = "courier.example", **values: Any) -> Provider:
    return Provider.objects.get_or_create(name=name, domain=domain, defaults=values)[0]


def topic(name: str = "AI", **values: Any) -> Topic:
    return Topic.objects.get_or_create(name=name, defaults=values)[0]


def article(title: str = "", *, topics: list[str] | None = None, **values: Any) -> Article:
    """Return a stored article: published with quality and heat 80 unless `values` say otherwise."""
    number = next(_counter)
    title = title or f"Story number {number}"
    values.setdefault("published_at", MORNING + timedelta(seconds=number))
    values.setdefault("name", f"{values['published_at']:%Y-%m-%d}-story-{number}")
    values.setdefault("excerpt", "What happened, in a sentence or two.")
    values.setdefault("web_url", f"https://www.courier.example/{number}")
    values.setdefault("quality", 80)
    values.setdefault("heat", values["quality"])
    values.setdefault("published", None if values["heat"] is None else values["heat"] >= 70)
    values.setdefault("provider", None)
    values["provider"] = values["provider"] or provider()
    row = Article(title=title, **values)
    refresh_derived_fields(row, Policy(), timezone.now())
    refresh_listing(row, Listing.of(row), Policy().late_days, timezone.now())
    row.save()
    if row.tags:
        ArticlePlace.objects.replace_for([row])
    for position, name in enumerate(topics or []):
        ArticleTopic.objects.create(content_object=row, tag=topic(name), position=position)
    return row


def pin(article: Article, name: str) -> Article:
    """Return the article with a field pinned as it is."""
    pin_fields(article, [name])
    article.save(update_fields=["pins", "wishes"])
    return article


def folded(lead: Article, title: str = "", **values: Any) -> Article:
    """Return an article folded under `lead`, and listed by it."""
    row = article(title, heat=-1, published=False, lead=lead, quality=values.pop("quality", 40), **values)
    related(lead, row)
    return row


def picture(
    of: Article, url: str = "", *, held: bool = True, width: int = 640, height: int = 360, **values: Any
) -> StoredPicture:
    """Add a picture to an article, with a copy if `held`; its files are not stored."""
    url = url or f"https://pictures.example/{next(_counter)}.jpg"
    ArticleImage.objects.create(article=of, url=url, position=of.images.count(), **values)
    digest = PictureAddress.digest_of(url)
    size = {"rungs": ",".join(map(str, widths_for(width))), "width": width, "height": height, "enclosure_bytes": 1234}
    copy = Picture(sha256=digest, key=digest[:32], **size)
    if held:
        copy, _ = Picture.objects.get_or_create(sha256=digest, defaults={"key": copy.key, **size})
        PictureAddress.objects.update_or_create(
            digest=digest, defaults={"url": url, "status": "held", "picture": copy, "next_try_at": None}
        )
    return StoredPicture.of(copy)


def related(of: Article, target: Article | None = None, title: str = "", **values: Any) -> RelatedLink:
    """Return a related link of `of`: a copy of `target`, or coverage that we have no article of."""
    if target is not None:
        copied = ("title", "excerpt", "published_at", "web_url", "provider", "quality")
        values = {field: getattr(target, field) for field in copied} | values
    values.setdefault("title", title or f"Coverage number {next(_counter)}")
    values.setdefault("published_at", of.published_at)
    values.setdefault("web_url", f"https://www.herald.example/{next(_counter)}")
    values.setdefault("provider", None)
    values["provider"] = values["provider"] or provider("Herald", "herald.example")
    values.setdefault("position", of.related_links.count())
    values.setdefault("match_key", match_key(values["web_url"], values["title"], values["published_at"]))
    return RelatedLink.objects.create(article=of, target=target, **values)


def preview_link(of: Article, maker: User | None = None) -> PreviewLink:
    """Return a link to the preview of an article; `maker` is a superuser unless named."""
    maker = maker or User.objects.get_or_create(username="sharer", is_staff=True, is_superuser=True)[0]
    return PreviewLink.objects.make(of, maker)
