"""When a story last changed for readers, by the audit log: `lastmod` of sitemaps, `updated` of feeds.

`changed_at` can't be used: rescoring all articles sets it although readers see no difference. Other parts of a story's
page (see also, more on its topic, the menu) don't count.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from django.db.models import OuterRef, Subquery

from articles.models import Event, RelatedLink, Subject

if TYPE_CHECKING:
    from articles.models import ArticleQuerySet

# Events of these fields change what a story's page says, or whether there is one.
VISIBLE_FIELDS = (
    "created",
    "title",
    "excerpt",
    "published_at",
    "provider_id",
    "type",
    "original_url",
    "web_url",
    "featured_content",
    "topics",
    "tags",
    "images",
    "related",
    "published",
    "removed",
    "missing",
    "publish_at",
    "unpublish_at",
    "lead_id",
)
# Events of these fields of a folded article change whether and how its lead lists it.
VISIBLE_MEMBER_FIELDS = ("removed", "missing", "lead_id", "web_url", "original_url")


def with_last_modified(articles: ArticleQuerySet) -> ArticleQuerySet:
    """Add what `modified_at` reads to the same query."""
    events = Event.objects.filter(subject=Subject.ARTICLE).order_by("-pk").values("operation__at")
    members = RelatedLink.objects.filter(article=OuterRef(OuterRef("pk")), target__isnull=False).values("target")
    return articles.annotate(
        logged_at=Subquery(events.filter(subject_id=OuterRef("pk"), field__in=VISIBLE_FIELDS)[:1]),
        covered_at=Subquery(events.filter(subject_id__in=members, field__in=VISIBLE_MEMBER_FIELDS)[:1]),
    )


class HasLastModified(Protocol):
    """An article loaded by `with_last_modified()`."""

    @property
    def created_at(self) -> datetime: ...
    @property
    def publish_at(self) -> datetime | None: ...
    @property
    def logged_at(self) -> datetime | None: ...
    @property
    def covered_at(self) -> datetime | None: ...


def modified_at(article: HasLastModified, now: datetime) -> datetime:
    """Return when the story last changed for readers.

    Fall back to the import time if nothing was logged. A schedule counts once it has begun.
    """
    scheduled_at = article.publish_at if article.publish_at and article.publish_at <= now else None
    times = (article.logged_at or article.created_at, article.covered_at, scheduled_at)
    return max(time for time in times if time is not None)
