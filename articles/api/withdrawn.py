"""Which articles readers could see since a client last asked, and can't any more, out of the log.

See `airtime.left_at` for the rule; here are the queries, seven at most.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from django.db.models import Max

from articles.audit_log.events import CREATED, DELETED
from articles.models import Article, Event, SitePolicy, Subject

from .cursor import Cursor
from .withdrawal_times import DECISIVE, EXISTS, SHOWS_UNSCORED, Entry, Values, is_judged_public, left_at

Found = dict[int, tuple[str, datetime]]


def find(ids: Sequence[int], cursor: Cursor, until: datetime) -> Found:
    """Return the name of each of these articles that was withdrawn by `until`, and when.

    What nobody ever saw is left out.
    """
    if not ids:
        return {}
    shows_unscored = SitePolicy.current().publish_unscored
    names, now = _as_they_are(ids, shows_unscored)
    log = _log(ids, cursor, names)
    event, since = cursor.known_since
    decided = _decided_at(ids, event)
    found: Found = {}
    for pk in names:
        entries = [entry for _, entry in sorted(log[pk], key=itemgetter(0), reverse=True)]
        values = now.get(pk, {EXISTS: False, SHOWS_UNSCORED: shows_unscored})
        left = left_at(values, entries, since=max(since, decided.get(pk, since)), until=until)
        if left is not None:
            found[pk] = (names[pk], left)
    return _without_successors(found, now, until)


def _as_they_are(ids: Sequence[int], shows_unscored: bool) -> tuple[dict[int, str], dict[int, Values]]:
    """Return the names and values of those that are stored, but for what an import is still bringing."""
    names: dict[int, str] = {}
    now: dict[int, Values] = {}
    stored = Article.objects.filter(pk__in=ids, staged=None).order_by()
    for pk, name, *values in stored.values_list("pk", "name", *DECISIVE):
        names[pk] = name
        now[pk] = dict(zip(DECISIVE, values, strict=True)) | {EXISTS: True, SHOWS_UNSCORED: shows_unscored}
    return names, now


def _log(ids: Sequence[int], cursor: Cursor, names: dict[int, str]) -> dict[int, list[tuple[int, Entry]]]:
    """Return what the log says of each article since somebody may have known it; adds the deleted to `names`."""
    log: dict[int, list[tuple[int, Entry]]] = defaultdict(list)

    def note(pk: int, key: int, operation: int, at: datetime, before: Values) -> None:
        log[pk].append((key, Entry(operation, at, cursor.seen_before(key), before)))

    event, _ = cursor.known_since
    events = Event.objects.filter(pk__gt=event).order_by("pk")
    told = events.filter(subject=Subject.ARTICLE, subject_id__in=ids)
    columns = ("subject_id", "pk", "operation_id", "operation__at")
    decisive = told.filter(field__in=(*DECISIVE, CREATED)).values_list(*columns, "field", "before")
    for pk, key, operation, at, name, before in decisive:
        note(pk, key, operation, at, {EXISTS: False} if name == CREATED else {name: before})
    for pk, key, operation, at, image in told.filter(field=DELETED).values_list(*columns, "before__columns"):
        names.setdefault(pk, image["name"])
        note(pk, key, operation, at, _last_values(image))
    policy = events.filter(subject=Subject.POLICY, field=SHOWS_UNSCORED).values_list(*columns, "before")
    for _, key, operation, at, before in policy:
        for pk in ids:
            note(pk, key, operation, at, {SHOWS_UNSCORED: before})
    return log


def _decided_at(ids: Sequence[int], event: int) -> dict[int, datetime]:
    """Return since when these articles had the values that they had at the entry `event`, where the log tells."""
    told = Event.objects.filter(subject=Subject.ARTICLE, subject_id__in=ids, pk__lte=event).order_by()
    decisive = told.filter(field__in=(*DECISIVE, CREATED)).values_list("subject_id")
    return dict(decisive.annotate(at=Max("operation__at")))


def _last_values(image: dict[str, Any]) -> Values:
    """Return the values of a deleted article. One that an import was still bringing had not come into being."""
    values = {name: image[name] for name in DECISIVE}
    was_staged = not image["public"] and is_judged_public(values | {SHOWS_UNSCORED: False})
    return values | {EXISTS: not was_staged}


def _without_successors(found: Found, now: dict[int, Values], at: datetime) -> Found:
    """Leave out deleted articles of whose names there are others by now that readers see."""
    deleted = [name for pk, (name, _) in found.items() if pk not in now]
    if not deleted:
        return found
    there = set(Article.objects.public(at).filter(name__in=deleted).values_list("name", flat=True))
    return {pk: told for pk, told in found.items() if pk in now or told[0] not in there}
