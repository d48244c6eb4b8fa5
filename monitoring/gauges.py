"""Metrics of the site: few queries, whose cost doesn't grow with the number of articles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError
from django.db.models import Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from articles.models import Article, Operation, PictureAddress, Verb
from articles.rules.states import State
from sources import health
from sources.limits import SOURCES_MAX
from sources.models import Entry, Fetch, Source

COUNTED_MAX = 10_000  # counting stops here; more are reported as one more
HOUR = timedelta(hours=1)
SAMPLE = 1000  # oldest undecided articles to look at; most of them may be folded


def site_gauges() -> Iterator[Any]:
    """Yield the metrics; if the database is down, only `newsfold_database_up`."""
    now = timezone.now()
    try:
        families = [*_counts(now), *_sources(now), *_ages(now)]
    except DatabaseError:
        families = []
    yield GaugeMetricFamily("newsfold_database_up", "Whether the database responds.", float(bool(families)))
    yield from families


def _counts(now: datetime) -> Iterator[Any]:
    articles = GaugeMetricFamily(
        "newsfold_articles", f"Articles in each state, folded ones too; {COUNTED_MAX + 1} for more.", labels=["state"]
    )
    for state in State:
        articles.add_metric([state.value], _count(Article.objects.filter(state=state).order_by("-state_since", "-id")))
    yield articles
    yield GaugeMetricFamily(
        "newsfold_articles_folded_without_lead",
        f"Folded articles that no article leads, so that readers can't reach them; {COUNTED_MAX + 1} for more.",
        _count(Article.objects.folded_without_lead().newest_first()),
    )
    for name, description, picture_urls in (
        ("failed", "that could not be fetched", PictureAddress.objects.failed()),
        ("due", "that wait to be fetched", PictureAddress.objects.due(now)),
    ):
        yield GaugeMetricFamily(
            f"newsfold_pictures_{name}",
            f"URLs of pictures {description}; {COUNTED_MAX + 1} for more.",
            _count(picture_urls.order_by()),
        )


def _sources(now: datetime) -> Iterator[Any]:
    sources = GaugeMetricFamily("newsfold_sources", "Sources in each state.", labels=["state"])
    states = Counter(source.health(now).state for source in Source.objects.all()[:SOURCES_MAX])
    for state in health.State:
        sources.add_metric([state.value], states[state])
    yield sources
    entries = GaugeMetricFamily(
        "newsfold_source_entries", f"Entries of sources by outcome; {COUNTED_MAX + 1} for more.", labels=["outcome"]
    )
    for outcome in Entry.Outcome:
        entries.add_metric([outcome.value], _count(Entry.objects.filter(outcome=outcome).order_by()))
    yield entries
    last_hour = Fetch.objects.filter(at__gt=now - HOUR).order_by()[:COUNTED_MAX].aggregate(new=Coalesce(Sum("new"), 0))
    yield GaugeMetricFamily(
        "newsfold_source_new_entries", "New entries that sources listed in the last hour.", last_hour["new"]
    )


def _ages(now: datetime) -> Iterator[Any]:
    imported = Operation.objects.filter(verb=Verb.IMPORT).order_by("-pk").values_list("at", flat=True).first()
    newest = Article.objects.filter(staged=None).order_by("-pk").values_list("created_at", flat=True).first()
    fetched = Fetch.objects.filter(reason="").order_by("-pk").values_list("at", flat=True).first()
    published = Article.objects.public(now).latest_first().values_list("listed_at", flat=True).first()
    for name, description, moment in (
        ("queue", "the oldest undecided story arrived at the desk, or was reopened", oldest_undecided()),
        ("import", "the last import that changed anything", imported),
        ("source_fetch", "the last fetch of a source that succeeded", fetched),
        ("newest_document", "the newest document was imported", newest),
        ("feed", "the latest story that readers see came to the site", published),
    ):
        if moment is not None:
            age = (now - moment).total_seconds()
            yield GaugeMetricFamily(f"newsfold_{name}_age_seconds", f"Seconds since {description}.", age)


def oldest_undecided() -> datetime | None:
    """Return when the oldest undecided story arrived at the desk; folded articles don't count.

    If the SAMPLE oldest are all folded, return the time of the last of them: the oldest story is no older.
    """
    oldest = Article.objects.filter(state=State.UNDECIDED).order_by("state_since", "id")[:SAMPLE]
    rows = list(oldest.values_list("pk", "state_since"))
    standing = Article.objects.standalone().exclude(removed__isnull=False, removed=True)
    open_ids = set(standing.filter(pk__in=[pk for pk, _ in rows]).order_by().values_list("pk", flat=True))
    waiting = (since for pk, since in rows if pk in open_ids)
    return next(waiting, rows[-1][1] if len(rows) == SAMPLE else None)


def _count(rows: Any) -> int:
    return rows[: COUNTED_MAX + 1].values("pk").count()
