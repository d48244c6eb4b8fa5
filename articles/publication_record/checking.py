"""Compare the publication record with what readers see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from heapq import merge
from itertools import groupby
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from articles.db.bulk import chunked
from articles.models import Appearance, Article, let_operations_wait
from articles.rules.appearances import Period, Revision

from .writing import find_revisions


class Difference(NamedTuple):
    """An article whose record is wrong."""

    article_id: int
    name: str
    revision: Revision

    def __str__(self) -> str:
        revision = self.revision
        wrong = [*revision.ended, *revision.called_off]
        parts = [f"the record wrongly has {_text(entry.period)}" for entry in wrong]
        parts += [f"the record lacks {_text(period)}" for period in revision.opened]
        parts += [
            f"the record has {_text(entry.period)}, which ends {_time(ends_at)}"
            for entry, ends_at in revision.moved_ends
        ]
        return f"{self.name}: {'; '.join(parts)}"


def find_differences() -> list[Difference]:
    """Return the articles whose record differs from what readers see from now on."""
    suspects = [difference.article_id for difference in _differences(_ids(timezone.now()), timezone.now())]
    if not suspects:
        return []
    with transaction.atomic():
        let_operations_wait()  # what an operation wrote between two queries is no difference
        return list(_differences(suspects, timezone.now()))


def _ids(now: datetime) -> Iterator[int]:
    """Yield the articles that readers see or will see, and those that the record says they do; in order."""
    public = Article.objects.filter(public=True).order_by("pk").values_list("pk", flat=True)
    recorded = Appearance.objects.not_over(now).order_by("article_id").values_list("article_id", flat=True)
    return (pk for pk, _ in groupby(merge(public.iterator(), recorded.iterator())))


def _differences(ids: Iterable[int], now: datetime) -> Iterator[Difference]:
    for chunk in chunked(ids):
        revisions = find_revisions(chunk, now)
        hidden = [pk for pk, plan, _ in revisions if plan is None]
        recorded = Appearance.objects.filter(article_id__in=hidden).order_by("pk")
        names = dict(recorded.values_list("article_id", "name"))
        for pk, plan, revision in revisions:
            yield Difference(pk, plan.name if plan else names[pk], revision)


def _text(period: Period) -> str:
    shown = period.shown
    end = "" if period.ends_at is None else f" until {_time(period.ends_at)}"
    pick = ", a pick" if shown.pick else ""
    place = f" for place {shown.pick_place}" if shown.pick_place else ""
    off_front = ", kept off the front page" if shown.off_front else ""
    listed_at = "unlisted" if shown.listed_at is None else f"listed at {_time(shown.listed_at)}"
    values = f"heat {shown.heat}, outlets {shown.outlets}, outlet {shown.provider}, {listed_at}, rank {shown.rank}"
    return f"a period from {_time(period.starts_at)}{end} ({values}{pick}{place}{off_front})"


def _time(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}"
