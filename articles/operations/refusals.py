"""What keeps two articles apart outlives them: it is kept by their names while one of them is deleted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Q

from articles.audit_log.events import CREATED, DELETED, PAIRINGS, REFUSALS, FieldChange
from articles.audit_log.unit_of_work import UnitOfWork
from articles.db.bulk import chunked
from articles.models import Article, Event, Pairing, RefusedPair, Subject
from articles.models.pairing import of_pair

from .results import NotRestored
from .story_changes import end_refusal, save_pairing

Names = tuple[str, str]  # of the lead and of the member


def remember_refusals(ids: Sequence[int]) -> None:
    """Keep what separates these articles from others, by their names, because they are about to be deleted."""
    apart = Pairing.objects.filter(Q(lead__in=ids) | Q(member__in=ids), together=False).order_by("pk")
    _remember(apart.values_list("lead__name", "member__name"))


def without_refusals(pairs: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """Return those of a list of pairings that say which articles belong together."""
    return [[lead, together] for lead, together in pairs if together]


def refusals_of_moved(event: Event) -> list[list[Any]]:
    """Return the refusals in an event of pairings whose lead its operation created or deleted too.

    They come and go with the article, by its name, and undo restores or deletes that by itself.
    """
    leads = {lead for value in (event.before, event.after) for lead, together in value or () if not together}
    rows = event.operation.events.filter(subject=Subject.ARTICLE, field__in=(CREATED, DELETED), subject_id__in=leads)
    return [[lead, False] for lead in rows.order_by().values_list("subject_id", flat=True)] if leads else []


def restore_refusals(uow: UnitOfWork, ids: Collection[int]) -> None:
    """Keep new articles apart from those that earlier articles of their names were kept apart from.

    Undoing what brought them back doesn't end it.
    """
    if not RefusedPair.objects.exists():
        return
    for chunk in chunked(sorted(ids)):
        names = list(Article.objects.filter(pk__in=chunk).order_by().values_list("name", flat=True))
        kept = RefusedPair.objects.filter(Q(lead_name__in=names) | Q(member_name__in=names)).order_by("pk")
        pairs = {row.pk: (row.lead_name, row.member_name) for row in kept}
        keys = _keys_of(name for pair in pairs.values() for name in pair)
        for pk, (lead, member) in pairs.items():
            if lead in keys and member in keys:
                _keep_apart(uow, keys[lead], keys[member])
                RefusedPair.objects.filter(pk=pk).delete()


def forget_refusals(name: str) -> None:
    """Forget what was kept of an article that never comes back."""
    RefusedPair.objects.filter(Q(lead_name=name) | Q(member_name=name)).delete()


def revert_refusals(uow: UnitOfWork, events: Iterable[Event], not_restored: Sequence[NotRestored]) -> list[NotRestored]:
    """Undo refusals of articles that were deleted since, or imported again; return what is not restored even so."""
    reverted = set()
    pairings = [event for event in events if event.field in (PAIRINGS, REFUSALS) and not event.derived]
    pairs = [(_refusals(event.before, event), _refusals(event.after, event)) for event in pairings]
    names = _names_of({pk for before, after in pairs for pair in before | after for pk in pair}) if pairings else {}
    for event, (before, after) in zip(pairings, pairs, strict=True):
        ended = [pair for pair in sorted(after - before) if _end(uow, pair, names)]
        begun = [pair for pair in sorted(before - after) if _begin(uow, pair, names)]
        if ended or begun:
            reverted.add(event.pk)
            uow.record(FieldChange(event.subject_id, event.label, REFUSALS, _to_values(ended), _to_values(begun)))
    return [kept for kept in not_restored if kept.event.pk not in reverted]


def _end(uow: UnitOfWork, pair: tuple[int, int], names: Mapping[int, str]) -> bool:
    """End the refusal of two articles that were deleted, whatever articles have their names now."""
    lead, member = (names.get(pk, "") for pk in pair)
    of_names = Q(lead_name=lead, member_name=member) | Q(lead_name=member, member_name=lead)
    deleted, _ = RefusedPair.objects.filter(of_names).delete()
    keys = _keys_of([lead, member])
    if len(keys) == 2 and (keys[lead], keys[member]) != pair:
        return end_refusal(uow, keys[lead], keys[member]) or bool(deleted)
    return bool(deleted)


def _begin(uow: UnitOfWork, pair: tuple[int, int], names: Mapping[int, str]) -> bool:
    """Refuse two articles again after one or both of them were deleted."""
    lead, member = (names.get(pk, "") for pk in pair)
    keys = _keys_of([lead, member])
    if not (lead and member) or (keys.get(lead), keys.get(member)) == pair:
        return False
    if len(keys) == 2:
        save_pairing(uow, keys[lead], keys[member], together=False)
    else:
        _remember([(lead, member)])
    return True


def _refusals(value: Sequence[Sequence[Any]] | None, event: Event) -> set[tuple[int, int]]:
    """Return the pairs, lead first, that a list of pairings keeps apart."""
    return {(lead, event.subject_id) for lead, together in value or () if not together}


def _to_values(pairs: Iterable[tuple[int, int]]) -> list[list[Any]]:
    return [[lead, False] for lead, _member in pairs]


def _names_of(ids: Collection[int]) -> dict[int, str]:
    """Return the names of articles by their keys, also of deleted ones, which the log has."""
    existing = dict(Article.objects.filter(pk__in=ids).order_by().values_list("pk", "name"))
    events = Event.objects.filter(subject=Subject.ARTICLE, subject_id__in=set(ids) - existing.keys())
    names = {}
    for event in events.filter(field__in=(CREATED, DELETED)).order_by("pk"):
        names[event.subject_id] = event.after if event.field == CREATED else event.before["columns"]["name"]
    return names | existing


def _keys_of(names: Iterable[str]) -> dict[str, int]:
    return dict(Article.objects.filter(name__in=sorted(set(names))).order_by().values_list("name", "pk"))


def _keep_apart(uow: UnitOfWork, lead: int, member: int) -> None:
    with uow.consequences():
        if not Pairing.objects.filter(of_pair(lead, member)).exists():
            save_pairing(uow, lead, member, together=False)


def _remember(pairs: Iterable[Names]) -> None:
    RefusedPair.objects.bulk_create(
        [RefusedPair(lead_name=lead, member_name=member) for lead, member in pairs], ignore_conflicts=True
    )
