"""Which of a story's related links repeat another one, so that readers see each report once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from .urls import normalize_url


class Report(NamedTuple):
    """What identifies an outlet's report. `outlet` is any key of the outlet."""

    url: str
    outlet: Hashable
    title: str
    published_at: datetime

    def identities(self) -> set[Hashable]:
        """Return its page, and its headline on that day; two reports that share one of them are the same."""
        headline = (self.outlet, self.title, self.published_at.astimezone(UTC).date())
        page = normalize_url(self.url)
        return {headline, page} if page else {headline}


def repeated_places(lead: Report, reports: Sequence[Report]) -> set[int]:
    """Return the places of those reports that repeat the lead's own or an earlier one."""
    seen, places = lead.identities(), set()
    for place, report in enumerate(reports):
        identities = report.identities()
        if not seen.isdisjoint(identities):
            places.add(place)
        seen |= identities
    return places


def first_known(times: Sequence[datetime]) -> int | None:
    """Return the place of the earliest of these times; None if that can't be decided.

    Midnight UTC means that only the day is known, so such a report may be from any time of it.
    """
    ends = [_end(moment) for moment in times]
    place = min(range(len(times)), key=ends.__getitem__)
    return place if all(ends[place] < start for at, start in enumerate(times) if at != place) else None


def last_known(times: Sequence[datetime]) -> int | None:
    """Return the place of the latest of these times; None if that can't be decided, as in `first_known`."""
    place = max(range(len(times)), key=times.__getitem__)
    return place if all(times[place] > _end(moment) for at, moment in enumerate(times) if at != place) else None


def _end(moment: datetime) -> datetime:
    """Return the last time that a time of publication may mean."""
    return moment + timedelta(days=1, microseconds=-1) if moment.astimezone(UTC).time() == time() else moment
