"""The filters of the list of articles. Every choice is a condition that an index or a range can serve."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from articles.models import Article, ArticleQuerySet, RelatedLink, Topic, shown_to_readers
from articles.public.dates import start_of_day
from articles.rules.limits import YEAR_MAX, YEAR_MIN
from articles.rules.scoring import FOLDED_HEAT
from articles.rules.states import State
from providers.models import Provider

from .topic_order import in_tree_order

_IS_UNSCORED = Q(quality=None, heat=None, published=None)
_IS_FOLDED = Q(heat=FOLDED_HEAT)
_HAS_RELATED = Exists(RelatedLink.objects.filter(article=OuterRef("pk")))
_STANDS_ALONE = ~_IS_UNSCORED & (Q(heat=None) | Q(heat__gt=FOLDED_HEAT))

STATES: dict[str, tuple[Any, Any]] = {
    "unscored": (_("unscored"), _IS_UNSCORED),
    "lead": (_("leads a story"), _STANDS_ALONE & Q(_HAS_RELATED)),
    "single": (_("without coverage"), _STANDS_ALONE & ~Q(_HAS_RELATED)),
    "folded": (_("folded"), _IS_FOLDED),
    "undecided": (_("undecided"), Q(state=State.UNDECIDED)),
    "published": (_("published"), Q(state=State.PUBLISHED)),
    "held": (_("held"), Q(state=State.HELD)),
    "spiked": (_("spiked"), Q(state=State.SPIKED)),
    "removed": (_("removed by its source"), Q(removed=True)),
    "missing": (_("document missing"), Q(missing=True)),
    "stale": (_("stale scores"), Q(stale=True)),
    "ambiguous": (_("several leads claim it"), Q(ambiguous=True)),
}


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [("public", gettext("readers see it")), *((key, label) for key, (label, _condition) in STATES.items())]

    def queryset(self, request: Any, queryset: QuerySet[Article]) -> QuerySet[Article]:
        if self.value() == "public":
            return queryset.filter(shown_to_readers())
        state = STATES.get(self.value() or "")
        return queryset.filter(state[1]) if state else queryset


class EditorFilter(admin.SimpleListFilter):
    title = _("decided by")
    parameter_name = "editor"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [("me", _("you")), ("anybody", gettext("an editor")), ("nobody", gettext("no editor"))]

    def queryset(self, request: Any, queryset: QuerySet[Article]) -> QuerySet[Article]:
        match self.value():
            case "me":
                return queryset.filter(editor=request.user)
            case "anybody":
                return queryset.filter(editor__isnull=False)
            case "nobody":
                return queryset.filter(editor=None)
        return queryset


class TopicFilter(admin.SimpleListFilter):
    title = _("topic")
    parameter_name = "topic"
    template = "admin/articles/long_filter.html"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        topics = Topic.objects.only("slug", "name", "shortname", "parent_id")
        return [(topic.slug, "– " * depth + topic.label) for topic, depth in in_tree_order(topics)]

    def queryset(self, request: Any, queryset: ArticleQuerySet) -> ArticleQuerySet:
        slug = (self.value() or "").replace("\0", "")
        return queryset.with_topics(Topic.objects.filter(slug=slug)) if slug else queryset


class ProviderFilter(admin.SimpleListFilter):
    """Links for registered outlets, and a field for the thousands of others."""

    title = _("outlet")
    parameter_name = "outlet"
    template = "admin/articles/provider_filter.html"
    listed_max = 20

    def __init__(self, request: Any, *args: Any) -> None:
        super().__init__(request, *args)
        self.others = [
            (key, value)
            for key, values in request.GET.lists()
            if key not in (self.parameter_name, "p")
            for value in values
        ]

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        registered = Provider.objects.filter(registered=True).values_list("domain", "name")
        return list(dict(registered[: self.listed_max]).items())

    def has_output(self) -> bool:
        return True

    def queryset(self, request: Any, queryset: ArticleQuerySet) -> ArticleQuerySet:
        text = (self.value() or "").strip().replace("\0", "")
        if not text:
            return queryset
        outlets = Provider.objects.filter(Q(domain=text) | Q(name__icontains=text))
        return queryset.of_providers(outlets)


class TimeFilter(admin.SimpleListFilter):
    """Ranges of the publication time, down to a month. Django's date_hierarchy would read every row."""

    title = _("publication time")
    parameter_name = "time"

    def __init__(self, *args: Any) -> None:
        self.title = gettext("publication time in %(zone)s") % {"zone": timezone.get_current_timezone_name()}
        super().__init__(*args)

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [*((key, label) for key, (label, _days) in _RECENT.items()), *self._months(), *self._years()]

    def queryset(self, request: Any, queryset: QuerySet[Article]) -> QuerySet[Article]:
        span = _span(self.value() or "")
        return queryset.filter(published_at__gte=span[0], published_at__lt=span[1]) if span else queryset

    def _months(self) -> Iterator[tuple[str, str]]:
        """Yield the months of the chosen year, or of the year of the chosen month."""
        year = (self.used_parameters.get(self.parameter_name) or "")[:4]
        if year.isdigit() and _span(year):
            for month in range(1, 13):
                yield f"{year}-{month:02}", date_format(date(int(year), month, 1), "F Y")

    def _years(self) -> Iterator[tuple[str, str]]:
        """Yield the years from the last article to the first, with two queries that read one row each."""
        times = Article.objects.order_by("published_at").values_list("published_at", flat=True)
        first, last = times.first(), times.last()
        if first and last:
            for year in range(timezone.localtime(last).year, timezone.localtime(first).year - 1, -1):
                yield str(year), str(year)


_RECENT = {"today": (_("today"), 0), "week": (_("past 7 days"), 7), "30days": (_("past 30 days"), 30)}  # label, days


def _span(choice: str) -> tuple[datetime, datetime] | None:
    """Return when the chosen time begins and ends; None if there is no such choice."""
    if choice in _RECENT:
        midnight = start_of_day(timezone.localdate())
        return midnight - timedelta(days=_RECENT[choice][1]), midnight + timedelta(days=1)
    year, _hyphen, month = choice.partition("-")
    try:
        first = date(int(year), int(month or 1), 1)
        after = date(first.year + first.month // 12, first.month % 12 + 1, 1) if month else date(first.year + 1, 1, 1)
    except (ValueError, OverflowError):
        return None
    if not YEAR_MIN <= first.year <= YEAR_MAX:
        return None
    return start_of_day(first), start_of_day(after)
