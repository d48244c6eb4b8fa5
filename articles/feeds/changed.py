"""Which feeds have changed since a moment, by the log and the schedules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q
from django.urls import reverse

from articles.audit_log.events import DELETED
from articles.audit_log.last_modified import VISIBLE_FIELDS
from articles.models import Article, ArticleQuerySet, ArticleTopic, Event, Subject, Topic
from articles.models.operation import EventQuerySet
from articles.public.topic_tree import TopicTree
from providers.models import Provider

from .formats import FORMATS

# Decisions by which a story leaves the site; a schedule may be moved to do so too.
LEFT = (
    Q(field="published", before=True)
    | Q(field__in=("removed", "missing"), after=True)
    | Q(field__in=("publish_at", "unpublish_at"))
)


@dataclass(frozen=True)
class Moment:
    """How far the log and the clock had come."""

    event: int
    at: datetime

    @classmethod
    def present(cls, now: datetime) -> Moment:
        return cls(Event.objects.aggregate(newest=Max("pk"))["newest"] or 0, now)


def site_feeds() -> list[str]:
    return [reverse("latest_feed", args=[form]) for form in FORMATS]


def feeds_touched(since: Moment, until: Moment) -> list[str]:
    """Return the paths of the feeds that stories have entered, left or changed in.

    It may be one too many, where a schedule was moved that had not begun; it is never one that readers can't see.
    A dozen queries at most.
    """
    events = Event.objects.filter(subject=Subject.ARTICLE, pk__gt=since.event, pk__lte=until.event).order_by()
    images = [image for image in events.filter(field=DELETED).values_list("before", flat=True) if _was_public(image)]
    touched = _touched(events, since.at, until.at)
    if not (images or touched.exists()):
        return []
    return [*site_feeds(), *_topic_feeds(touched, events, images), *_outlet_feeds(touched, events, images)]


def _touched(events: EventQuerySet, after: datetime, until: datetime) -> ArticleQuerySet:
    shown = Article.objects.public(until).filter(pk__in=events.filter(field__in=VISIBLE_FIELDS).values("subject_id"))
    left = Q(pk__in=events.filter(LEFT).values("subject_id"))
    scheduled = Q(public=True) & (_between("publish_at", after, until) | _between("unpublish_at", after, until))
    return Article.objects.filter(left | scheduled | Q(pk__in=shown.order_by().values("pk"))).order_by()


def _between(field: str, after: datetime, until: datetime) -> Q:
    return Q(**{f"{field}__gt": after, f"{field}__lte": until})


def _was_public(image: dict[str, Any]) -> bool:
    return bool(image["columns"]["public"])


def _topic_feeds(touched: ArticleQuerySet, events: EventQuerySet, images: Iterable[Any]) -> Iterator[str]:
    """Yield the feeds of the topics that stories have or had, and of those above them."""
    had = [*_before(touched, events, "topics"), *(image["lists"]["topics"] for image in images)]
    names = {name for topics in had for name in topics or ()}
    places = ArticleTopic.objects.filter(content_object__in=touched.values("pk"))
    tree = TopicTree.load()
    ids = {*places.order_by().values_list("tag", flat=True).distinct()}
    ids |= {*Topic.objects.filter(name__in=names).order_by().values_list("pk", flat=True)}
    for topic in tree.told():
        if any(below.pk in ids for below in tree.subtree(topic)):
            yield from (reverse("topic_feed", args=[topic.slug, form]) for form in FORMATS)


def _outlet_feeds(touched: ArticleQuerySet, events: EventQuerySet, images: Iterable[Any]) -> Iterator[str]:
    """Yield the feeds of the outlets whose stories they are or were."""
    ids = {*touched.values_list("provider", flat=True).distinct(), *_before(touched, events, "provider_id")}
    ids |= {image["columns"]["provider_id"] for image in images}
    named = Provider.objects.filter(pk__in=ids).order_by().values("domain")
    told = Article.objects.public().filter(provider=OuterRef("pk"))
    outlets = Provider.objects.filter(Exists(told), domain__in=named).order_by("domain")
    for domain in outlets.values_list("domain", flat=True).distinct():
        yield from (reverse("provider_feed", args=[domain, form]) for form in FORMATS)


def _before(touched: ArticleQuerySet, events: EventQuerySet, field: str) -> Iterable[Any]:
    """Return what touched stories had in a field before they changed it."""
    return events.filter(field=field, subject_id__in=touched.values("pk")).values_list("before", flat=True)
