"""Find the feeds that have changed since a position in the log, by events and schedules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Q
from django.urls import reverse

from articles.audit_log.events import DELETED
from articles.audit_log.last_modified import VISIBLE_FIELDS
from articles.models import Article, ArticleQuerySet, ArticleTopic, Event, RelatedLink, Subject, Topic
from articles.models.operation import EventQuerySet
from articles.public.places import published_codes
from articles.public.providers import published_domains
from articles.public.topic_tree import TopicTree
from articles.rules.places import place_codes
from providers.models import Provider

from .formats import FORMATS

# Events by which a story may leave the site; a schedule can be moved to do so too.
UNPUBLISHING = (
    Q(field="published", before=True)
    | Q(field__in=("removed", "missing"), after=True)
    | Q(field__in=("publish_at", "unpublish_at"))
)


@dataclass(frozen=True)
class LogPosition:
    """The last event of the log at a time."""

    event: int
    at: datetime

    @classmethod
    def present(cls, now: datetime) -> LogPosition:
        return cls(Event.objects.aggregate(newest=Max("pk"))["newest"] or 0, now)


def site_feeds() -> list[str]:
    return _feed_paths("latest_feed")


def changed_feeds(since: LogPosition, until: LogPosition) -> list[str]:
    """Return the paths of the feeds that stories have entered, left or changed in.

    There may be one too many if a schedule was moved that had not begun, but never one that isn't public. At most a
    dozen queries.
    """
    events = Event.objects.filter(subject=Subject.ARTICLE, pk__gt=since.event, pk__lte=until.event).order_by()
    deletions = events.filter(field=DELETED).values_list("before", flat=True)
    deleted = [article for article in deletions if article and article["columns"]["public"]]
    changed = _changed_articles(events, since.at, until.at)
    if not (deleted or changed.exists()):
        return []
    of_lists = (_topic_feeds, _place_feeds, _provider_feeds)
    return [*site_feeds(), *(path for feeds in of_lists for path in feeds(changed, events, deleted))]


def _changed_articles(events: EventQuerySet, after: datetime, until: datetime) -> ArticleQuerySet:
    visible_ids = events.filter(field__in=VISIBLE_FIELDS).values("subject_id")
    shown = Article.objects.public(until).filter(pk__in=visible_ids).order_by()
    withdrawn = Q(pk__in=events.filter(UNPUBLISHING).values("subject_id"))
    scheduled = Q(public=True) & (_between("publish_at", after, until) | _between("unpublish_at", after, until))
    return Article.objects.filter(withdrawn | scheduled | Q(pk__in=shown.values("pk"))).order_by()


def _between(field: str, after: datetime, until: datetime) -> Q:
    return Q(**{f"{field}__gt": after, f"{field}__lte": until})


def _topic_feeds(changed: ArticleQuerySet, events: EventQuerySet, deleted: Iterable[Any]) -> Iterator[str]:
    """Yield the feeds of the topics that changed stories have or had, and of the topics above them."""
    previous = [*_previous_values(changed, events, "topics"), *(article["lists"]["topics"] for article in deleted)]
    names = {name for topics in previous for name in topics or ()}
    article_topics = ArticleTopic.objects.filter(content_object__in=changed.values("pk")).order_by()
    ids = {*article_topics.values_list("tag", flat=True).distinct()}
    ids |= {*Topic.objects.filter(name__in=names).order_by().values_list("pk", flat=True)}
    tree = TopicTree.load()
    for topic in tree.published_topics():
        if any(below.pk in ids for below in tree.subtree(topic)):
            yield from _feed_paths("topic_feed", topic.slug)


def _place_feeds(changed: ArticleQuerySet, events: EventQuerySet, deleted: Iterable[Any]) -> Iterator[str]:
    """Yield the feeds of the places that changed stories have or had."""
    present = changed.values_list("tags", flat=True)
    deleted_tags = (article["columns"]["tags"] for article in deleted)
    all_tags = [*present, *_previous_values(changed, events, "tags"), *deleted_tags]
    codes = {code for tags in all_tags for code in place_codes(tags or ())}
    for code in sorted(codes.intersection(published_codes()) if codes else ()):
        yield from _feed_paths("place_feed", code)


def _provider_feeds(changed: ArticleQuerySet, events: EventQuerySet, deleted: Iterable[Any]) -> Iterator[str]:
    """Yield the feeds of the providers that report changed stories, or did."""
    ids = {*changed.values_list("provider", flat=True).distinct(), *_previous_values(changed, events, "provider_id")}
    links = RelatedLink.objects.filter(article__in=changed.values("pk")).order_by()
    ids |= {*links.values_list("provider", flat=True).distinct()}
    previous = [*_previous_values(changed, events, "related"), *(article["lists"]["related"] for article in deleted)]
    ids |= {link["provider_id"] for links in previous for link in links or ()}
    ids |= {article["columns"]["provider_id"] for article in deleted}
    domains = {*Provider.objects.filter(pk__in=ids).order_by().values_list("domain", flat=True)}
    for domain in sorted(domain.domain for domain in published_domains() if domain.domain in domains):
        yield from _feed_paths("provider_feed", domain)


def _previous_values(changed: ArticleQuerySet, events: EventQuerySet, field: str) -> Iterable[Any]:
    """Return what a field of changed stories held before."""
    return events.filter(field=field, subject_id__in=changed.values("pk")).values_list("before", flat=True)


def _feed_paths(name: str, *arguments: str) -> list[str]:
    return [reverse(name, args=[*arguments, form]) for form in FORMATS]
