"""The queues of the desk: the views that every newsroom has, their order and their counts.

Each queue is a condition that an index serves in the order of the queue, so that it opens as fast among a million
articles as among ten thousand; counts stop at COUNT_MAX for the same reason. Filters narrow a queue: `filters.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import DateTimeField, F, Min, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Least
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from articles.models import Article, ArticleQuerySet, RelatedLink
from articles.public.dates import start_of_day
from articles.rules.dates import AHEAD_MAX
from articles.rules.scoring import FOLDED_HEAT
from articles.rules.states import State

COUNT_MAX = 9_999  # more are shown as "10k+"
AMBIGUOUS_MAX = 10_000

NEWEST = ("-published_at", "file_name")
HOTTEST = ("-hot", "file_name")
LAST_DECIDED = ("-state_since", "-id")
LAST_CHANGED = ("-changed_at", "-id")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a queue, and when."""

    user_id: int
    now: datetime

    @property
    def midnight(self) -> datetime:
        return start_of_day(timezone.localdate(self.now))


@dataclass(frozen=True, slots=True)
class Queue:
    """A view that every newsroom has. `empty` is what the list says when nothing is in it."""

    key: str
    label: str | Promise
    articles: Callable[[Viewer], ArticleQuerySet]
    order: tuple[str, ...] = NEWEST
    empty: str | Promise = _("Nothing here.")


def _with(*args: Any, **conditions: Any) -> Callable[[Viewer], ArticleQuerySet]:
    return lambda viewer: Article.objects.standalone().filter(*args, **conditions)


def _everyday(*args: Any, **conditions: Any) -> Callable[[Viewer], ArticleQuerySet]:
    """Return the same without what was spiked long ago."""
    return lambda viewer: _with(*args, **conditions)(viewer).exclude(
        state=State.SPIKED, state_since__lt=_spiked_lately_since(viewer)
    )


def _undecided(viewer: Viewer) -> ArticleQuerySet:
    return _with(state=State.UNDECIDED)(viewer).exclude(removed__isnull=False, removed=True)


def _hot(viewer: Viewer) -> ArticleQuerySet:
    return _undecided(viewer).filter(heat__isnull=False)


def _published_today(viewer: Viewer) -> ArticleQuerySet:
    """Return the stories that were published today, and those scheduled before whose time began today.

    The time of the earliest such decision bounds the list, so that its index serves it.
    """
    begun = Article.objects.filter(publish_at__gte=viewer.midnight, publish_at__lte=viewer.now).order_by()
    midnight = Value(viewer.midnight, DateTimeField())
    earliest = begun.annotate(all=Value(1)).values("all").annotate(time=Min("state_since")).values("time")
    is_of_today = Q(state_since__gte=viewer.midnight) | Q(publish_at__gte=viewer.midnight)
    published = _with(
        is_of_today, state=State.PUBLISHED, state_since__gte=Least(Coalesce(Subquery(earliest), midnight), midnight)
    )
    return published(viewer).exclude(publish_at__gt=viewer.now)


def _with_warnings(viewer: Viewer) -> ArticleQuerySet:
    """Return the stories that have a warning now: the clock may have caught up with a date that was ahead."""
    is_ahead = Q(published_at__gt=viewer.now + AHEAD_MAX)
    others = Q(twin=True) | Q(stale=True) | Q(missing=True) | Q(excerpt="") | Q(url_key="")
    return _everyday(is_ahead | others, warned=True)(viewer)


def _folded(viewer: Viewer) -> ArticleQuerySet:
    return Article.objects.filter(heat=FOLDED_HEAT, staged=None)


def _spiked(viewer: Viewer) -> ArticleQuerySet:
    return _with(state=State.SPIKED, state_since__gte=_spiked_lately_since(viewer))(viewer)


def _spiked_long_ago(viewer: Viewer) -> ArticleQuerySet:
    return _with(state=State.SPIKED, state_since__lt=_spiked_lately_since(viewer))(viewer)


def _spiked_lately_since(viewer: Viewer) -> datetime:
    """Return when the stories were spiked, at the earliest, that everyday views show."""
    return viewer.now - timedelta(days=settings.SPIKED_VIEW_DAYS)


def _dead_links(viewer: Viewer) -> ArticleQuerySet:
    """Return the stories on the site whose page is gone or that of their coverage, by the last look at their URLs."""
    is_current = Q(link_check__url=F("web_url")) | Q(web_url="", link_check__url=F("original_url"))
    stories = Article.objects.filter(is_current, link_check__is_dead=True).order_by().values("pk")
    coverage = RelatedLink.objects.coverage().with_dead_links().order_by().values("article")
    return Article.objects.public(viewer.now).filter(pk__in=stories.union(coverage))


def _claimed(viewer: Viewer) -> ArticleQuerySet:
    """Return the stories that the viewer has claimed, folded or not."""
    return Article.objects.filter(staged=None, claim__user=viewer.user_id, claim__until__gt=viewer.now)


def _ambiguous(viewer: Viewer) -> ArticleQuerySet:
    ambiguous = Article.objects.filter(ambiguous=True).order_by()
    leads = ambiguous.values("lead")[:AMBIGUOUS_MAX]  # with a limit, no database walks all articles instead
    return _with(pk__in=leads)(viewer)


QUEUES: dict[str, Queue] = {
    queue.key: queue
    for queue in (
        Queue("undecided", _("Undecided"), _undecided, empty=_("All decided. Well done.")),
        Queue("hot", _("Hottest undecided"), _hot, HOTTEST, _("No undecided story has a heat.")),
        Queue("today", _("Published today"), _published_today, LAST_DECIDED, _("Nothing has been published today.")),
        Queue(
            "scheduled",
            _("Scheduled"),
            lambda viewer: Article.objects.standalone().scheduled(viewer.now),
            LAST_DECIDED,
            _("No story waits for its time."),
        ),
        Queue(
            "on-site",
            _("On the site"),
            lambda viewer: Article.objects.public(viewer.now),
            empty=_("Readers see no story."),
        ),
        Queue("published", _("Published or scheduled"), _with(state=State.PUBLISHED), empty=_("Nothing is published.")),
        Queue("held", _("Held"), _with(state=State.HELD), LAST_DECIDED, _("Nothing is held.")),
        Queue("spiked", _("Spiked"), _spiked, LAST_DECIDED, _("Nothing was spiked recently.")),
        Queue("spiked-older", _("Spiked earlier"), _spiked_long_ago, LAST_DECIDED, _("Nothing was spiked long ago.")),
        Queue("folded", _("Folded"), _folded, empty=_("Nothing is folded.")),
        Queue(
            "no-lead",
            _("Folded, no lead"),
            lambda viewer: Article.objects.folded_without_lead(),
            empty=_("Every folded article has a lead that wasn't withdrawn."),
        ),
        Queue("ambiguous", _("Ambiguous stories"), _ambiguous, empty=_("Every folded article has one lead.")),
        Queue("duplicates", _("Duplicates"), _everyday(duplicate=True), empty=_("No two stories share a URL.")),
        Queue("pictures", _("Missing picture"), _everyday(pictureless=True), empty=_("Every story has a picture.")),
        Queue("warnings", _("Warnings"), _with_warnings, empty=_("No warnings.")),
        Queue("dead-links", _("Dead links"), _dead_links, empty=_("No story on the site has a dead link.")),
        Queue("removed", _("Removed by source"), _everyday(removed=True), empty=_("No source removed a story.")),
        Queue("claimed", _("Claimed by me"), _claimed, LAST_CHANGED, _("You have not claimed any story.")),
        Queue(
            "mine",
            _("Changed by me"),
            lambda viewer: _everyday(editor=viewer.user_id)(viewer),
            LAST_CHANGED,
            _("You have not decided anything yet."),
        ),
        Queue("all", _("All stories"), _with(), empty=_("No stories yet. Import documents first.")),
    )
}
DEFAULT = QUEUES["undecided"]


def queue_of(query: QueryDict) -> Queue:
    """Return the queue that a query string names, or the default."""
    return QUEUES.get(query.get("view", ""), DEFAULT)


def queue_counts(querysets: Mapping[str, QuerySet[Any]]) -> dict[str, int]:
    """Return the number of rows of each queryset in one statement; COUNT_MAX + 1 stands for more.

    Pass them in the order of their pages: without one, PostgreSQL would read any part of the table, uncached.
    """
    parts: list[str] = []
    values: list[Any] = []
    for articles in querysets.values():
        try:
            sql, params = articles.values("pk")[: COUNT_MAX + 1].query.sql_with_params()
        except EmptyResultSet:  # for example because no outlet matches
            parts.append("0")
            continue
        parts.append(f"(SELECT COUNT(*) FROM ({sql}) counted)")  # noqa: S608  no text of a request is in it
        values += params
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(parts), values)
        return dict(zip(querysets, cursor.fetchone(), strict=True))


def after_cursor(articles: ArticleQuerySet, order: Sequence[str], last: Article) -> ArticleQuerySet:
    """Return the articles behind `last` in an order of two columns that are never NULL.

    The first condition follows from the others, but lets both databases start in the index (see
    `articles/public/pagination.py`).
    """
    first, *rest = order
    name, value = first.removeprefix("-"), getattr(last, first.removeprefix("-"))
    beyond = "lt" if first.startswith("-") else "gt"
    tie = rest[-1]
    tie_name, tie_beyond = tie.removeprefix("-"), "lt" if tie.startswith("-") else "gt"
    tied = Q(**{name: value, f"{tie_name}__{tie_beyond}": getattr(last, tie_name)})
    return articles.filter(Q(**{f"{name}__{beyond}e": value}) & (Q(**{f"{name}__{beyond}": value}) | tied))
