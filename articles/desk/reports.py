"""What the newsroom did, in numbers: each report is a table, from which its chart and its CSV are made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from django.db.models import Count, F, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import localize
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from articles.models import Article, ArticleTopic, Event, Operation, Policies, Subject, Topic
from articles.models.publish_checks import checks_text
from articles.rules.scoring import FOLDED_HEAT
from articles.rules.states import SPIKE_REASON_LABELS, State

from .queues import QUEUES, Viewer

Row = tuple[Any, ...]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CHUNK = 500  # stories whose topics are read at once
AGES = (
    (gettext_lazy("under 1 hour"), timedelta(0), HOUR),
    (gettext_lazy("1 to 6 hours"), HOUR, 6 * HOUR),
    (gettext_lazy("6 to 24 hours"), 6 * HOUR, DAY),
    (gettext_lazy("1 to 3 days"), DAY, 3 * DAY),
    (gettext_lazy("3 to 7 days"), 3 * DAY, 7 * DAY),
    (gettext_lazy("over 7 days"), 7 * DAY, None),
)


@dataclass(frozen=True)
class StoryCell:
    """A story in a table: its title leads to its page."""

    pk: int
    title: str

    def __str__(self) -> str:
        return self.title

    @property
    def url(self) -> str:
        return reverse("desk_story", args=[self.pk])


@dataclass(frozen=True)
class Period:
    """The time of a report: from `start` until before `end`, with the zone in which its days are counted."""

    start: datetime
    end: datetime
    zone: tzinfo
    now: datetime


@dataclass(frozen=True)
class Report:
    """A report. `rows` may be read once; `bars` sums rows up for the chart, as (label, number)."""

    key: str
    title: str | Promise
    text: str | Promise
    columns: Sequence[str | Promise]
    rows: Callable[[Period], Iterable[Row]]
    bars: Callable[[Sequence[Row]], list[tuple[str, int]]]
    bar_title: str | Promise
    has_period: bool = True


def _decisions(period: Period) -> Iterator[Row]:
    """Count the stories whose state a person decided, apart from what was undone."""
    operations = Operation.objects.filter(at__gte=period.start, at__lt=period.end, undone_by=None, undoes=None)
    decided = Q(events__subject=Subject.ARTICLE, events__field="state", events__derived=False)
    counted = (
        operations.exclude(actor_name="")
        .annotate(day=TruncDate("at", tzinfo=period.zone))
        .order_by("-day", "actor_name")
        .values_list("day", "actor_name")
        .annotate(number=Count("events", filter=decided))
        .filter(number__gt=0)
    )
    return counted.iterator()


def _queue_age(period: Period) -> Iterator[Row]:
    """Count the undecided stories by the time since they came in. The queue is that of now, in no period."""
    undecided = QUEUES["undecided"].articles(Viewer(0, period.now)).order_by()
    conditions = {}
    for number, (_label, youngest, oldest) in enumerate(AGES):
        condition = Q(created_at__lte=period.now - youngest)
        if oldest:
            condition &= Q(created_at__gt=period.now - oldest)
        conditions[f"age_{number}"] = Count("pk", filter=condition)
    counts = undecided.aggregate(**conditions)
    return ((str(label), counts[f"age_{number}"]) for number, (label, _young, _old) in enumerate(AGES))


def _spikes(period: Period) -> Iterator[Row]:
    spiked = Article.objects.filter(
        state=State.SPIKED, state_since__gte=period.start, state_since__lt=period.end
    ).order_by()
    counted = (
        spiked.values_list("provider__name", "spike_reason")
        .annotate(number=Count("pk"))
        .order_by("-number", "provider__name", "spike_reason")
    )
    for outlet, reason, number in counted.iterator():
        yield outlet, str(SPIKE_REASON_LABELS[reason]), number


def _overrides(period: Period) -> Iterator[Row]:
    """List stories decided against the score, then publish checks that somebody overrode, each newest first."""
    for article in _decided_against_policy(period):
        is_published = article.state == State.PUBLISHED
        what = _("published below the threshold") if is_published else _("kept off above the threshold")
        since = timezone.localtime(article.state_since, period.zone)
        yield since, article.by or "", what, StoryCell(article.pk, article.title), article.why or ""
    overriding = Operation.objects.filter(overridden__isnull=False, at__gte=period.start, at__lt=period.end)
    for operation in overriding.order_by("-pk").iterator():
        titles = dict(Article.objects.filter(pk__in=map(int, operation.overridden)).values_list("pk", "title"))
        for pk, checks in operation.overridden.items():
            what = checks_text(checks)
            story = StoryCell(int(pk), titles[int(pk)]) if int(pk) in titles else _("deleted")
            yield timezone.localtime(operation.at, period.zone), operation.who, what, story, operation.reason


def _decided_against_policy(period: Period) -> Iterator[Any]:
    """Yield the stories whose state isn't that of their policy, which is the site's or that of their topic."""
    policies = Policies.load()
    thresholds = [policies.site.publish_threshold, *(policy.publish_threshold for policy in policies.by_topic.values())]
    published = Q(state=State.PUBLISHED, heat__gt=FOLDED_HEAT, heat__lt=max(thresholds))
    kept_off = Q(state__in=(State.HELD, State.SPIKED), heat__gte=min(thresholds))
    decided = Article.objects.filter(published | kept_off, state_since__gte=period.start, state_since__lt=period.end)
    last = Event.objects.filter(subject=Subject.ARTICLE, subject_id=OuterRef("pk"), field="state").order_by("-pk")
    names = {"by": "operation__actor_name", "why": "operation__reason"}
    rows = decided.annotate(**{name: Subquery(last.values(column)[:1]) for name, column in names.items()})
    topics = Prefetch("article_topics", ArticleTopic.objects.order_by("position", "pk"))
    rows = rows.prefetch_related(topics).only("title", "state", "state_since", "heat").order_by("-state_since", "-pk")
    for article in rows.iterator(CHUNK):
        policy = policies.for_topics(topic.tag_id for topic in article.article_topics.all())
        reaches_threshold = article.heat is not None and article.heat >= policy.publish_threshold
        if reaches_threshold != (article.state == State.PUBLISHED):
            yield article


def _quiet_topics(period: Period) -> Iterator[Row]:
    """List the topics without a story on the site that came to it in the period."""
    on_site = ArticleTopic.objects.filter(content_object__public=True, listed_at__isnull=False, tag=OuterRef("pk"))
    newest = on_site.order_by("-listed_at").values("listed_at")[:1]
    topics = Topic.objects.annotate(newest=Subquery(newest)).order_by(F("newest").desc(nulls_last=True), "name")
    for topic in topics.only("name").iterator():
        if topic.newest and topic.newest >= period.start:
            continue
        if topic.newest is None:
            yield topic.name, _("never"), ""
        else:
            yield topic.name, timezone.localtime(topic.newest, period.zone), (period.now - topic.newest).days


def _sum_by(label: int, number: int | None = None) -> Callable[[Sequence[Row]], list[tuple[str, int]]]:
    """Return how to sum up rows by a column: another column, or the rows themselves."""

    def bars(rows: Sequence[Row]) -> list[tuple[str, int]]:
        counts: Counter[str] = Counter()
        for row in rows:
            counts[localize(row[label])] += 1 if number is None else int(row[number])
        return list(counts.items())

    return bars


REPORTS: dict[str, Report] = {
    report.key: report
    for report in (
        Report(
            "decisions",
            gettext_lazy("Decisions per day by person"),
            gettext_lazy(
                "Stories whose state a person decided: published, scheduled, held, spiked, reopened. "
                "What was undone isn’t counted."
            ),
            (gettext_lazy("Day"), gettext_lazy("Person"), gettext_lazy("Stories decided")),
            _decisions,
            _sum_by(0, 2),
            gettext_lazy("Stories decided by day"),
        ),
        Report(
            "queue",
            gettext_lazy("Age of the queue"),
            gettext_lazy("Undecided stories by the time since they came in, as of now."),
            (gettext_lazy("Age"), gettext_lazy("Undecided stories")),
            _queue_age,
            _sum_by(0, 1),
            gettext_lazy("Undecided stories by age"),
            has_period=False,
        ),
        Report(
            "spikes",
            gettext_lazy("Spikes by outlet and reason"),
            gettext_lazy("Stories spiked in this period and still spiked."),
            (gettext_lazy("Outlet"), pgettext_lazy("of a spike", "Reason"), gettext_lazy("Stories spiked")),
            _spikes,
            _sum_by(1, 2),
            gettext_lazy("Stories spiked by reason"),
        ),
        Report(
            "overrides",
            gettext_lazy("Overrides of policy and checks"),
            gettext_lazy("Stories decided against the heat threshold, and publish checks that someone overrode."),
            (
                gettext_lazy("Time"),
                gettext_lazy("Person"),
                gettext_lazy("Override"),
                gettext_lazy("Story"),
                pgettext_lazy("of an act", "Reason"),
            ),
            _overrides,
            _sum_by(2),
            gettext_lazy("Stories by override"),
        ),
        Report(
            "topics",
            gettext_lazy("Topics without news"),
            gettext_lazy("Topics without a story that came to the site since the period began."),
            (gettext_lazy("Topic"), gettext_lazy("Newest story"), gettext_lazy("Days ago")),
            _quiet_topics,
            lambda rows: [(row[0], row[2]) for row in rows if row[2] != ""],
            gettext_lazy("Days since the newest story"),
        ),
    )
}
