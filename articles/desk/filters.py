"""The filters of the desk: what narrows a queue, read from the query string.

To add one, add a field to `DeskFilters` and either its lookup to `LOOKUPS` or a method `filter_<field>`: the form of
the page, saved views and bulk actions on a whole view follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles.models import ArticlePlace, ArticleQuerySet, Event, Operation, Subject, Topic
from articles.public.dates import start_of_day
from articles.rules.places import codes_named
from articles.rules.scoring import FOLDED_HEAT
from articles.search import matching
from providers.models import Provider

from .day_field import DayField
from .queues import NEWEST, Queue, Viewer
from .text_search import contains_words, with_matching_notes
from .words_field import WordsField

SEARCH_MAX = 200  # characters
LOOKUPS = {
    "quality_from": "quality__gte",
    "quality_to": "quality__lte",
    "heat_from": "heat__gte",
    "heat_to": "heat__lte",
}
# They look something up first, so views with them are counted on demand.
SLOW_FILTERS = ("q", "topic", "outlet", "place", "reason")


class DeskFilters(forms.Form):
    """The filters of a request. Invalid values are reported on the page and left out."""

    q = WordsField(label=gettext_lazy("Search"), max_length=SEARCH_MAX)
    topic = forms.CharField(label=gettext_lazy("Topic"), max_length=255, required=False)
    outlet = forms.CharField(label=gettext_lazy("Outlet, name or domain"), max_length=200, required=False)
    place = forms.CharField(label=gettext_lazy("Place, name or code"), max_length=100, required=False)
    quality_from = forms.IntegerField(label=gettext_lazy("Quality from"), min_value=0, required=False)
    quality_to = forms.IntegerField(label=gettext_lazy("Quality to"), min_value=0, required=False)
    heat_from = forms.IntegerField(label=gettext_lazy("Heat from"), min_value=FOLDED_HEAT, required=False)
    heat_to = forms.IntegerField(label=gettext_lazy("Heat to"), min_value=FOLDED_HEAT, required=False)
    since = DayField(label=gettext_lazy("From day"))
    until = DayField(label=gettext_lazy("To day"))
    reason = WordsField(label=gettext_lazy("Words of a reason"), max_length=SEARCH_MAX)

    def __init__(self, data: Any, topics: Sequence[Topic] = ()) -> None:
        """Read the filters of a query string; `topics` are those to choose from on the page."""
        super().__init__(data, auto_id=False)
        choices = [("", _("Any")), *((topic.slug, topic.name) for topic in topics)]
        self.fields["topic"].widget = forms.Select(choices=choices)

    @property
    def choices(self) -> dict[str, Any]:
        """The valid filters that are set."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}

    def apply(self, articles: ArticleQuerySet) -> ArticleQuerySet:
        """Return the articles that match all filters but the search."""
        for name, value in self.choices.items():
            if name in LOOKUPS:
                articles = articles.filter(**{LOOKUPS[name]: value})
            elif name != "q":
                articles = getattr(self, f"filter_{name}")(articles, value)
        return articles

    def filter_topic(self, articles: ArticleQuerySet, slug: str) -> ArticleQuerySet:
        return articles.with_topics(Topic.objects.filter(slug=slug))

    def filter_outlet(self, articles: ArticleQuerySet, outlet: str) -> ArticleQuerySet:
        return articles.of_providers(Provider.objects.filter(domain=outlet) | Provider.objects.filter(name=outlet))

    def filter_place(self, articles: ArticleQuerySet, place: str) -> ArticleQuerySet:
        places = ArticlePlace.objects.filter(code__in=codes_named(place))
        return articles.filter(pk__in=places.order_by().values("article"))

    def filter_since(self, articles: ArticleQuerySet, day: date) -> ArticleQuerySet:
        return articles.filter(published_at__gte=start_of_day(day))

    def filter_until(self, articles: ArticleQuerySet, day: date) -> ArticleQuerySet:
        return articles.filter(published_at__lt=start_of_day(day) + timedelta(days=1))

    def filter_reason(self, articles: ArticleQuerySet, words: str) -> ArticleQuerySet:
        """Return the articles that were changed directly by an operation whose reason contains the words."""
        operations = Operation.objects.exclude(reason="").filter(contains_words("reason", words)).order_by()
        events = Event.objects.filter(subject=Subject.ARTICLE, derived=False, operation__in=operations.values("pk"))
        return articles.filter(pk__in=events.order_by().values("subject_id"))


def filtered_queue(
    queue: Queue, viewer: Viewer, filters: DeskFilters, *, is_first_page: bool = False, is_complete: bool = False
) -> ArticleQuerySet:
    """Return the articles of a queue that match the filters, searched for last because search needs the others.

    The search looks in their notes too. Say whether only the first page is read, or all are read or counted: a search
    is quicker then.
    """
    articles = filters.apply(queue.articles(viewer))
    if "q" not in filters.choices:
        return articles
    words = filters.choices["q"]
    found = matching(articles, words, newest=is_first_page and queue.order == NEWEST, complete=is_complete)
    return with_matching_notes(articles, found, words)
