"""Undo: restore the previous value of each field that nobody has changed since the operation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from articles.audit_log import snapshots
from articles.audit_log.events import (
    CREATED,
    DELETED,
    PAIRINGS,
    PIN_PREFIX,
    REFUSALS,
    RULES,
    net_changes,
    to_event_value,
)
from articles.audit_log.unit_of_work import SYSTEM_ACTOR, Actor, UnitOfWork, unit_of_work
from articles.db.bulk import chunked
from articles.models import Article, Event, Operation, Subject, Topic, Verb, parse_policy_field
from articles.rules.scoring import FOLDED_HEAT, STORY_ROLE_PIN, choose_leader
from articles.rules.states import State
from articles.rules.undo_permissions import CLAIM_ACTS, FINAL_ACTS
from articles.stories import duplicates, links, rescoring
from providers.models import Provider

from . import pins, policy_numbers, references
from .deletion import recreate_articles, remove_created
from .outdated import outdated_heats
from .past_lists import obstacle, use_present_names
from .preview import ActionPreview, preview_actor, preview_of
from .refolding import keep_members, leads_of_restored, move_members, update_stories
from .refusals import refusals_of_moved, revert_refusals
from .results import DECIDED_BY, ActionError, ActionResult, NotRestored
from .undo_rights import UndoRefusedError, original_operation, undo_refusal

# Parts of one decision: a later change of the second decides the first too, even if to the same value. In this order:
# what isn't folded again goes on waiting for an editor.
DEPENDENT_FIELDS = {
    "published": "state",
    "spike_reason": "state",
    "heat": "lead_id",
    "previous_lead": "heat",
    "pick_until": "pick_place",
    "logos": "provider_id",
    "layout": "provider_id",  # it has what the document says of its outlet
}
OWN_UNDO = (CREATED, DELETED, REFUSALS)  # events that don't say which value a field of an article had
SCHEDULE_FIELDS = ("publish_at", "unpublish_at")
# The fields that a pin keeps where their names in events are not that of the pin.
FIELDS_BY_PIN = {
    "provider": ("logos",),
    "published": ("state", "spike_reason", "previous_lead"),
    STORY_ROLE_PIN: ("heat", "pairings"),
}


def undo(operation: Operation, *, by: Actor = SYSTEM_ACTOR) -> ActionResult:
    """Undo an operation, as a new operation: restore the fields that nobody has changed since.

    `not_restored` has the other fields and who changed them. Raises UndoRefusedError if the actor may not undo it, and
    ActionError if it was undone already.
    """
    with unit_of_work(Verb.UNDO, by) as uow:
        verb = original_operation(operation).verb
        if verb in CLAIM_ACTS:
            raise ActionError(_("can't be undone: claim the story again, or release it"))
        if verb in FINAL_ACTS:
            if verb == Verb.TAKE_DOWN:
                raise ActionError(_("can't be undone: a picture is taken down for good"))
            raise ActionError(_("can't be undone: a story is taken down for good"))
        refusal = undo_refusal(by.user, operation) if by.user else None
        if refusal is not None:
            raise UndoRefusedError(refusal)
        earlier = operation.undone_by.order_by("-pk").first()
        if earlier is not None:
            raise ActionError(_("was already undone by %(who)s; undo that to redo it") % {"who": earlier.who})
        uow.undoes = operation
        not_restored = _revert(uow, operation)
        if operation.events.filter(subject=Subject.POLICY).exists():
            rescoring.apply_unscored_policy(uow)
        partly_restored = {kept.event.subject_id for kept in not_restored if kept.event.subject == Subject.ARTICLE}
        members = keep_members(uow, operation, not_restored)
        outdated = outdated_heats(uow, operation)
        consequences = update_stories(uow, (partly_restored & set(uow.articles)) | members | outdated)
        consequences += move_members(uow, leads_of_restored(operation))
    done = sorted(uow.changed_ids)
    return ActionResult(done=done, consequences=consequences, not_restored=not_restored).completed(uow)


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """What undo would do. `deleted` is the number of rows that it would delete because the operation created them."""

    outcome: ActionResult
    changes: ActionPreview
    deleted: int = 0


def preview_undo(operation: Operation, *, by: Actor = SYSTEM_ACTOR) -> UndoPreview:
    """Return what undo would do now. Writes nothing: it is done and rolled back."""
    with transaction.atomic():
        outcome = undo(operation, by=preview_actor(by))
        written = outcome.operation
        deleted = written.events.filter(field=DELETED).count() if written else 0
        changes = preview_of(outcome)
        transaction.set_rollback(True)
    return UndoPreview(outcome, changes, deleted)


def _revert(uow: UnitOfWork, operation: Operation) -> list[NotRestored]:
    events = list(operation.events.exclude(field=RULES).order_by("-pk"))
    articles = [event for event in events if event.subject == Subject.ARTICLE]
    of_rows = [event for event in events if event.subject in references.MODEL_BY_SUBJECT]
    not_restored = _forgotten(articles)
    articles = net_changes(event for event in articles if not event.is_forgotten)
    use_present_names(operation, articles)
    for event in of_rows:
        if event.field == DELETED:  # before the articles, which refer to them
            not_restored += _revert_reference(uow, event)
    not_restored += recreate_articles(uow, [event for event in articles if event.field == DELETED])
    not_restored += _revert_articles(uow, [event for event in articles if event.field not in OWN_UNDO])
    not_restored = revert_refusals(uow, articles, not_restored)
    not_restored += remove_created(uow, [event for event in articles if event.field == CREATED])
    for event in events:
        if event.subject == Subject.POLICY:
            not_restored += _revert_policy_value(uow, event)
        elif event.subject in references.MODEL_BY_SUBJECT and event.field != DELETED:
            not_restored += _revert_reference(uow, event)
    return not_restored


def _forgotten(events: Sequence[Event]) -> list[NotRestored]:
    """Return one event of each story that was taken down since: nothing brings it back."""
    by_article = {event.subject_id: event for event in events if event.is_forgotten}
    return [NotRestored(event, _("nothing brings it back")) for event in by_article.values()]


def _revert_reference(uow: UnitOfWork, event: Event) -> Iterator[NotRestored]:
    try:
        references.revert_event(uow, event)
    except references.CannotRevertError as error:
        yield NotRestored(event, str(error)) if str(error) else NotRestored.changed_later(event)


def _revert_policy_value(uow: UnitOfWork, event: Event) -> Iterator[NotRestored]:
    """Restore a number of the site's policy or of a topic's."""
    name, topic = parse_policy_field(event.field)
    if topic is not None and not Topic.objects.filter(pk=topic).exists():
        yield NotRestored(event, _("the topic was deleted since"))
    elif getattr(policy_numbers.locked_policy(topic), name) != event.after:
        yield NotRestored.changed_later(event)
    else:
        policy_numbers.set_policy_value(uow, name, topic, event.before)


def _revert_articles(uow: UnitOfWork, events: Sequence[Event]) -> Iterator[NotRestored]:
    by_article: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        by_article[event.subject_id].append(event)
    members = {event.subject_id for event in events if event.field == "lead_id" and event.before is not None}
    for chunk in chunked(sorted(by_article, key=lambda pk: (pk in members, pk))):  # first those that lead again
        yield from _revert_chunk(uow, {pk: by_article[pk] for pk in chunk})


def _revert_chunk(uow: UnitOfWork, by_article: dict[int, list[Event]]) -> list[NotRestored]:
    articles = {article.pk: article for article in uow.load(by_article)}
    decided = _decided_since(articles, by_article)
    for name in snapshots.LIST_NAMES:
        uow.track_lists([pk for pk in articles if any(event.field == name for event in by_article[pk])], name)
    not_restored = []
    relinked = []
    for pk, events in by_article.items():
        article = articles.get(pk)
        if article is None:
            not_restored += [NotRestored(event, _("the article was deleted since")) for event in events]
            continue
        kept = _revert_fields(uow, article, events, changed_since={"state"} if pk in decided else set())
        not_restored += [_not_restored(article, event) for event in kept]
        pins.force_reimport(article)
        if any(event.field == "related" for event in events):
            relinked.append(pk)
    uow.write_pending()
    links.connect_links(relinked)
    links.mark_repeated_links(list(articles))  # an article's own URL may be another one again
    duplicates.mark_duplicates(uow, list(articles))
    return not_restored


def _not_restored(article: Article, event: Event) -> NotRestored:
    if event.field == "lead_id" and article.lead_id == event.after:
        return NotRestored(event, _("its previous lead doesn't lead a story any more"))
    if event.field == "provider_id" and article.provider_id == event.after:
        return NotRestored(event, _("its outlet was deleted"))
    if reason := obstacle(event.field, event.before):
        return NotRestored(event, reason)
    kept = NotRestored.changed_later(event)
    if event.field == "heat" and event.before == FOLDED_HEAT and not article.is_folded:
        return NotRestored(event, _("%(reason)s, so it isn't folded again") % {"reason": kept.reason})
    return kept


def _decided_since(articles: Mapping[int, Article], by_article: Mapping[int, Sequence[Event]]) -> set[int]:
    """Return the articles whose publication was decided, or given to an editor, after these events. One query.

    Their state may be the same: a member that follows a withdrawn lead was undecided before, and now waits. A decision
    that was undone doesn't count, nor does an undo that only brings an older one back; a redo counts as its decision.
    """
    pinned = [pk for pk, article in articles.items() if "published" in article.pins]
    decisions = Event.objects.filter(subject=Subject.ARTICLE, subject_id__in=pinned, field__in=DECIDED_BY["state"])
    new = decisions.filter(Q(operation__undoes=None) | Q(operation__undoes__verb=Verb.UNDO), before__isnull=True)
    newest = new.filter(operation__undone_by=None).order_by().values("subject_id").annotate(last=Max("pk"))
    last = dict(newest.values_list("subject_id", "last"))
    return {pk for pk in pinned if last.get(pk, 0) > max(event.pk for event in by_article[pk])}


def _revert_fields(uow: UnitOfWork, article: Article, events: Sequence[Event], changed_since: set[str]) -> list[Event]:
    """Restore the fields of one article; return the events whose fields have other values now.

    Where somebody has changed a field since, the fields that depend on it and its pin stay too.
    """
    failed = []
    for event in sorted(events, key=_pins_last):
        if event.field.startswith(PIN_PREFIX):
            if not changed_since.isdisjoint(_pinned_by(event)) or _needs_pin(article, event):
                continue
        elif DEPENDENT_FIELDS.get(event.field) in changed_since:
            changed_since.add(event.field)
            continue
        is_kept = event.field in changed_since and to_event_value(getattr(article, event.field)) != event.before
        if event.field == "heat" and _follows_again(uow, article, events):
            article.heat = FOLDED_HEAT
        elif is_kept or _was_placed_since(article, event, events) or not _revert_field(uow, article, event):
            failed.append(event)
            changed_since.add(event.field)
    return failed + _keep_valid_schedule(article, [event for event in events if event not in failed])


def _pins_last(event: Event) -> tuple[bool, int]:
    """Sort fields that others depend on first, then dependent fields, then pins."""
    place = [*DEPENDENT_FIELDS].index(event.field) + 1 if event.field in DEPENDENT_FIELDS else 0
    return event.field.startswith(PIN_PREFIX), place


def _follows_again(uow: UnitOfWork, article: Article, events: Sequence[Event]) -> bool:
    """Return whether an article that the operation took from its lead is folded again, whatever its heat is now.

    Its heat has followed from its quality and its coverage since. One that an editor typed is kept, and so is that of
    an article that would lead by the rules, unless an editor had folded it.
    """
    before = {event.field: event.before for event in events}
    lead_id = before.get("lead_id")
    if before["heat"] != FOLDED_HEAT or lead_id is None or article.lead_id != lead_id:
        return False
    if "heat" in article.pins and f"{PIN_PREFIX}heat" not in before:
        return False
    role_pin = f"{PIN_PREFIX}{STORY_ROLE_PIN}"
    was_decided = before[role_pin] is not None if role_pin in before else STORY_ROLE_PIN in article.pins
    [lead] = uow.load([lead_id])
    scores = [(row.quality, row.name) for row in (lead, article) if row.quality is not None]
    return not lead.is_folded and (was_decided or choose_leader(scores) == (lead.quality, lead.name))


def _was_placed_since(article: Article, event: Event, events: Sequence[Event]) -> bool:
    """Return whether somebody has put a story in a place of the front page that the operation only picked."""
    is_pick = event.field == "pick_until" and event.before is None
    return is_pick and article.pick_place is not None and all(other.field != "pick_place" for other in events)


def _keep_valid_schedule(article: Article, events: Sequence[Event]) -> list[Event]:
    """If half of a schedule, restored, would end before it starts, leave it as it was; return those events."""
    if not (article.publish_at and article.unpublish_at and article.unpublish_at <= article.publish_at):
        return []
    halves = [event for event in events if event.field in SCHEDULE_FIELDS]
    for event in halves:
        setattr(article, event.field, event.after and datetime.fromisoformat(event.after))
    return halves


def _revert_field(uow: UnitOfWork, article: Article, event: Event) -> bool:
    """Restore one field in memory, or a list in its rows; return whether it still had the value of the event."""
    if event.field in snapshots.LIST_NAMES:
        return _revert_list(uow, article, event)
    if event.field.startswith(PIN_PREFIX):
        return _revert_pin(article, event)
    value, current = event.before, to_event_value(getattr(article, event.field))
    if current == value:
        return True
    if current != event.after:
        return False
    if event.field == "provider_id" and not Provider.objects.filter(pk=value).exists():
        return False
    if event.field == "lead_id" and value is not None and not _may_lead(uow, value):
        return False
    column = Article._meta.get_field(event.field.removesuffix("_id"))
    if isinstance(column, models.DateTimeField) and value is not None:
        value = datetime.fromisoformat(value)
    setattr(article, event.field, value)
    return True


def _revert_list(uow: UnitOfWork, article: Article, event: Event) -> bool:
    current = snapshots.read_list([article.pk], event.field)[article.pk]
    before, after, kept = event.before or [], event.after or [], []
    if event.field == PAIRINGS and (moved := refusals_of_moved(event)):
        kept = [pair for pair in current if pair in moved]
        before, after, current = ([pair for pair in pairs if pair not in moved] for pairs in (before, after, current))
        if before == after:
            return True
    if not snapshots.equal_ignoring_targets(current, after):
        return snapshots.equal_ignoring_targets(current, before)
    if obstacle(event.field, before):
        return False
    snapshots.replace_list(article, event.field, [*before, *kept])
    uow.invalidate_topics(article.pk)
    return True


def _revert_pin(article: Article, event: Event) -> bool:
    """Pin or unpin as before; an incoming value that came since then stays."""
    name = event.field.removeprefix(PIN_PREFIX)
    if (name in article.pins) != (event.after is not None):
        return False
    incoming = {field: value for field, value in article.wishes.items() if field != name}
    if event.before is None:
        article.pins = [field for field in article.pins if field != name]
    else:
        article.pins = sorted({*article.pins, name})
        if "wish" in event.before:
            incoming[name] = event.before["wish"]
    article.wishes = incoming
    return True


def _pinned_by(event: Event) -> set[str]:
    """Return the fields that a pin keeps, as events call them."""
    name = event.field.removeprefix(PIN_PREFIX)
    return {name, f"{name}_id", *FIELDS_BY_PIN.get(name, ())}


def _needs_pin(article: Article, event: Event) -> bool:
    """Return whether the article needs the pin that the event set: held and spiked articles are always pinned."""
    is_new_pin = event.field == f"{PIN_PREFIX}published" and event.before is None
    return is_new_pin and article.state in (State.HELD, State.SPIKED)


def _may_lead(uow: UnitOfWork, pk: int) -> bool:
    return any(not lead.is_folded for lead in uow.load([pk]))
