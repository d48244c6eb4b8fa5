"""When what readers see of a story changed last, by the log: `lastmod` of sitemaps, `updated` of feeds.

`changed_at` can't tell: a policy that rescores everything moves it although no reader sees a difference. What stands
around a story (see also, more on its topic, the menu) is not the story.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from django.db.models import OuterRef, Subquery

from articles.models import Event, RelatedLink, Subject

if TYPE_CHECKING:
    from articles.models import ArticleQuerySet

# The fields of events that change what a story's page says, or whether there is one.
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
    "images",
    "related",
    "published",
    "removed",
    "missing",
    "publish_at",
    "unpublish_at",
    "lead_id",
)
# Those by which a folded article comes and goes under its lead.
VISIBLE_MEMBER_FIELDS = ("removed", "missing", "lead_id", "web_url", "original_url")


def with_last_modified(articles: ArticleQuerySet) -> ArticleQuerySet:
    """Load what `modified_at` reads; no query more."""
    events = Event.objects.filter(subject=Subject.ARTICLE).order_by("-pk").values("operation__at")
    members = RelatedLink.objects.filter(article=OuterRef(OuterRef("pk")), target__isnull=False).values("target")
    return articles.annotate(
        logged_at=Subquery(events.filter(subject_id=OuterRef("pk"), field__in=VISIBLE_FIELDS)[:1]),
        covered_at=Subquery(events.filter(subject_id__in=members, field__in=VISIBLE_MEMBER_FIELDS)[:1]),
    )


class HasLastModified(Protocol):
    """What `modified_at` reads of an article."""

    @property
    def created_at(self) -> datetime: ...
    @property
    def publish_at(self) -> datetime | None: ...
    @property
    def logged_at(self) -> datetime | None: ...
    @property
    def covered_at(self) -> datetime | None: ...


def modified_at(article: HasLastModified, now: datetime) -> datetime:
    """Return when the story last changed for readers, of an article loaded with `with_log()`.

    Without an entry in the log: when it came in. A schedule counts once it has begun.
    """
    begun = article.publish_at if article.publish_at and article.publish_at <= now else None
    moments = (article.logged_at or article.created_at, article.covered_at, begun)
    return max(moment for moment in moments if moment is not None)
