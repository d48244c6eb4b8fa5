"""Find the articles that a client may have received and that are no longer public, from the audit log.

The rule is `withdrawal_times.last_public_at`; here are its queries, at most seven.
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

from .cursor import ChangesCursor
from .withdrawal_times import (
    EXISTS_KEY,
    PUBLISH_UNSCORED,
    VISIBILITY_INPUTS,
    LogEntry,
    Values,
    is_public_by_values,
    last_public_at,
)

Withdrawn = dict[int, tuple[str, datetime]]


def find_withdrawn(ids: Sequence[int], cursor: ChangesCursor, until: datetime) -> Withdrawn:
    """Return the name of each of these articles that was withdrawn by `until`, and when.

    Articles that nobody ever saw are left out.
    """
    if not ids:
        return {}
    publish_unscored = SitePolicy.current().publish_unscored
    names, current_values = _current_values(ids, publish_unscored)
    log = _log_entries(ids, cursor, names)
    event, since = cursor.known_from
    valid_since = _valid_since(ids, event)
    withdrawn: Withdrawn = {}
    for pk, name in names.items():
        entries = [entry for _, entry in sorted(log[pk], key=itemgetter(0), reverse=True)]
        values = current_values.get(pk, {EXISTS_KEY: False, PUBLISH_UNSCORED: publish_unscored})
        at = last_public_at(values, entries, since=max(since, valid_since.get(pk, since)), until=until)
        if at is not None:
            withdrawn[pk] = (name, at)
    return _exclude_reused_names(withdrawn, current_values, until)


def _current_values(ids: Sequence[int], publish_unscored: bool) -> tuple[dict[int, str], dict[int, Values]]:
    """Return the names and values of the articles that are stored, except those of an unfinished import."""
    names: dict[int, str] = {}
    values_by_id: dict[int, Values] = {}
    stored = Article.objects.filter(pk__in=ids, staged=None).order_by()
    context = {EXISTS_KEY: True, PUBLISH_UNSCORED: publish_unscored}
    for pk, name, *values in stored.values_list("pk", "name", *VISIBILITY_INPUTS):
        names[pk] = name
        values_by_id[pk] = dict(zip(VISIBILITY_INPUTS, values, strict=True)) | context
    return names, values_by_id


def _log_entries(
    ids: Sequence[int], cursor: ChangesCursor, names: dict[int, str]
) -> dict[int, list[tuple[int, LogEntry]]]:
    """Return what was logged for each article since the client may have received it; add deleted ones to `names`."""
    log: dict[int, list[tuple[int, LogEntry]]] = defaultdict(list)

    def add(pk: int, key: int, operation: int, at: datetime, before: Values) -> None:
        log[pk].append((key, LogEntry(operation, at, cursor.possibly_seen_until(key), before)))

    event, _ = cursor.known_from
    events = Event.objects.filter(pk__gt=event).order_by("pk")
    article_events = events.filter(subject=Subject.ARTICLE, subject_id__in=ids)
    columns = ("subject_id", "pk", "operation_id", "operation__at")
    field_events = article_events.filter(field__in=(*VISIBILITY_INPUTS, CREATED))
    for pk, key, operation, at, name, before in field_events.values_list(*columns, "field", "before"):
        add(pk, key, operation, at, {EXISTS_KEY: False} if name == CREATED else {name: before})
    deletions = article_events.filter(field=DELETED)
    for pk, key, operation, at, article in deletions.values_list(*columns, "before__columns"):
        names.setdefault(pk, article["name"])
        add(pk, key, operation, at, _values_at_deletion(article))
    policy_events = events.filter(subject=Subject.POLICY, field=PUBLISH_UNSCORED)
    for _, key, operation, at, before in policy_events.values_list(*columns, "before"):
        for pk in ids:
            add(pk, key, operation, at, {PUBLISH_UNSCORED: before})
    return log


def _valid_since(ids: Sequence[int], event: int) -> dict[int, datetime]:
    """Return since when these articles had the values that they had at the key `event`, as far as was logged."""
    earlier = Event.objects.filter(subject=Subject.ARTICLE, subject_id__in=ids, pk__lte=event).order_by()
    field_events = earlier.filter(field__in=(*VISIBILITY_INPUTS, CREATED))
    return dict(field_events.values_list("subject_id").annotate(at=Max("operation__at")))


def _values_at_deletion(article: dict[str, Any]) -> Values:
    """Return the values of a deleted article. One of an unfinished import had not been created yet."""
    values = {name: article[name] for name in VISIBILITY_INPUTS}
    was_staged = not article["public"] and is_public_by_values(values | {PUBLISH_UNSCORED: False})
    return values | {EXISTS_KEY: not was_staged}


def _exclude_reused_names(withdrawn: Withdrawn, current_values: dict[int, Values], at: datetime) -> Withdrawn:
    """Leave out deleted articles whose names belong to other public articles by now."""
    deleted = [name for pk, (name, _) in withdrawn.items() if pk not in current_values]
    if not deleted:
        return withdrawn
    reused = set(Article.objects.public(at).filter(name__in=deleted).values_list("name", flat=True))
    return {pk: entry for pk, entry in withdrawn.items() if pk in current_values or entry[0] not in reused}
