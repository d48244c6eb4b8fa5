"""What the page of a story says about its reports: which were first and latest, from which countries and languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from articles.rules.coverage import first_known, last_known
from articles.rules.places import place_name

from .story_page import StoryLink, StoryView


class ReportFact(NamedTuple):
    """Which report was the first or the latest, and where it is to read."""

    label: str
    url: str
    outlet: str
    published_at: datetime


class OutletFact(NamedTuple):
    """How many outlets of a story are at home in each country, or report in each language; by number, then name."""

    label: str
    counts: list[tuple[str, int]]


def with_facts(context: dict[str, Any]) -> dict[str, Any]:
    """Return the context of a story's page with what it says about its reports."""
    reports = context["story"], context["coverage"]
    return context | {"report_facts": report_facts(*reports), "outlet_facts": outlet_facts(*reports)}


def report_facts(story: StoryView, coverage: Sequence[StoryLink]) -> list[ReportFact]:
    """Return the first and the latest report, where their times tell; nothing if there is only one report."""
    reports: list[StoryView | StoryLink] = [story, *coverage]
    times = [report.published_at for report in reports]
    if len(reports) == 1:
        return []
    places = ((_("First report"), first_known(times)), (_("Latest report"), last_known(times)))
    return [
        ReportFact(label, reports[at].source_url, reports[at].provider_name, times[at])
        for label, at in places
        if at is not None
    ]


def outlet_facts(story: StoryView, coverage: Sequence[StoryLink]) -> list[OutletFact]:
    """Return the countries and languages of a story's outlets, if there are several outlets and one is known."""
    countries: dict[int, str] = {}
    languages: dict[int, str] = {}
    reports: list[StoryView | StoryLink] = [story, *coverage]
    for report in reports:
        countries.setdefault(report.provider_id, report.provider_country)
        languages.setdefault(report.provider_id, report.lang or "")
    if len(countries) == 1:
        return []
    facts = [
        OutletFact(_("Countries"), _counted(place_name(code) if code else "" for code in countries.values())),
        OutletFact(_("Languages"), _counted(language_name(tag) if tag else "" for tag in languages.values())),
    ]
    return [fact for fact in facts if fact.counts]


def language_name(tag: str) -> str:
    """Return the name of a language in that of the site; its tag if it isn't known."""
    try:
        return str(get_language_info(tag.lower())["name_translated"])
    except KeyError:
        return tag


def _counted(names: Iterable[str]) -> list[tuple[str, int]]:
    """Return how often each name occurs, and for how many outlets there is none; nothing if no name is known."""
    counts = Counter(names)
    unknown = counts.pop("", 0)
    known = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [*known, *([(_("not known"), unknown)] if unknown else [])] if known else []
