"""The members of a lead that is folded itself, by rules, a document or undo: a folded article leads nobody.

Those that follow from links get their lead by the rules; those that an editor folded go with the lead.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from articles.audit_log.events import DELETED, PAIRINGS
from articles.audit_log.unit_of_work import UnitOfWork
from articles.db.bulk import chunked
from articles.models import Article, Operation, Pairing, Subject
from articles.models.pairing import of_pair
from articles.rules.scoring import FOLDED_HEAT, STORY_ROLE_PIN
from articles.stories import links, rescoring
from articles.stories.rescoring import LEAD, RescoreChange

from .results import NotRestored
from .story_changes import put_under


def update_stories(uow: UnitOfWork, ids: Collection[int]) -> list[RescoreChange]:
    """Update stories as `stories.rescoring` does; what editors folded under a lead that this folds goes with it."""
    return follow_folded_leads(uow, rescoring.update_stories(uow, ids))


def follow_folded_leads(uow: UnitOfWork, changes: Sequence[RescoreChange]) -> list[RescoreChange]:
    """Move the members of leads that these changes folded, as `move_members` does; return all changes."""
    combined: dict[int, RescoreChange] = {}
    latest = list(changes)
    while latest:
        for change in latest:
            earlier = combined.get(change.pk)
            combined[change.pk] = earlier.followed_by(change) if earlier else change
        latest = move_members(uow, [change.pk for change in latest if change.is_folded])
    return [change for change in combined.values() if change.fields]


def move_members(uow: UnitOfWork, leads: Collection[int]) -> list[RescoreChange]:
    """Fold what an editor folded under those of these articles that are folded now under their lead.

    Returns what that changed; one that was kept apart from that lead stays without one.
    """
    changes: list[RescoreChange] = []
    moved: set[int] = set()
    for chunk in chunked(sorted(leads)):
        pairings = Pairing.objects.filter(lead__in=chunk, together=True).order_by("pk")
        pairs = list(pairings.values_list("lead_id", "member_id"))
        uow.load(pk for pair in pairs for pk in pair)
        for pair in pairs:
            previous, member = uow.load(pair)
            if not (previous.is_folded and member.is_folded and STORY_ROLE_PIN in member.pins):
                continue
            lead = _leading(uow, previous)
            if lead is not None and not _is_apart(lead, member):
                put_under(uow, lead, [member], None)
                moved |= {lead.pk, member.pk}
                changes.append(_new_lead(member, previous.title, lead.title))
            elif member.lead_id is None:
                changes.append(_new_lead(member, previous.title, None))
    uow.relinked_ids -= moved
    return [*changes, *rescoring.update_stories(uow, moved)]


def _new_lead(member: Article, before: str, after: str | None) -> RescoreChange:
    return RescoreChange(
        member.pk,
        member.name,
        member.title,
        fields={LEAD: (before, after)},
        heat=FOLDED_HEAT,
        state=(member.state, member.state),
        public=(member.public, member.public),
    )


def keep_members(uow: UnitOfWork, operation: Operation, not_restored: Sequence[NotRestored]) -> set[int]:
    """Keep articles in their stories that the undo of an operation would leave without a lead.

    Returns the keys of those whose stories have to be updated. Those that no editor folded get their lead by that.
    """
    members = [*_members_of_refolded(uow, operation), *_left_folded(uow, not_restored)]
    for member in members:
        if STORY_ROLE_PIN in member.pins:
            _fold_again(uow, member)
    return {member.pk for member in members} | links.apply_pairings(uow, _paired(operation))


def leads_of_restored(operation: Operation) -> set[int]:
    """Return the articles under which the undo of an operation folds others again, as an editor had."""
    pairings = Pairing.objects.filter(member__in=_paired(operation), together=True).order_by()
    return set(pairings.values_list("lead_id", flat=True))


def _paired(operation: Operation) -> set[int]:
    """Return the articles whose pairings the undo of an operation restores; links may have changed since."""
    events = operation.events.filter(subject=Subject.ARTICLE, field__in=(PAIRINGS, DELETED)).order_by()
    return set(events.values_list("subject_id", flat=True))


def _members_of_refolded(uow: UnitOfWork, operation: Operation) -> list[Article]:
    """Return the articles that were folded since under one that the undo of an operation folds again. One query."""
    moved = operation.events.filter(subject=Subject.ARTICLE, field="heat").order_by().values("subject_id")
    members = Article.objects.filter(lead__in=moved, lead__heat=FOLDED_HEAT).order_by("pk")
    stored = dict(members.values_list("pk", "lead"))
    return [member for member in uow.load(stored) if member.lead_id == stored[member.pk]]


def _left_folded(uow: UnitOfWork, not_restored: Sequence[NotRestored]) -> list[Article]:
    """Return the articles that stay folded where an operation put them, because their old lead leads no more."""
    after = {kept.event.subject_id: kept.event.after for kept in not_restored if kept.event.field == "lead_id"}
    return [article for article in uow.load(after) if article.lead_id and article.lead_id == after[article.pk]]


def _fold_again(uow: UnitOfWork, member: Article) -> None:
    """Fold an article again under its lead, or that lead's own if it is folded too, unless kept apart from it.

    Undo may have taken the pairing and the link that keep it there.
    """
    lead = _lead_of(uow, member)
    if lead is not None and lead.is_folded:
        lead = _leading(uow, lead)
    if lead is not None and not _is_apart(lead, member):
        put_under(uow, lead, [member], None)


def _leading(uow: UnitOfWork, folded: Article) -> Article | None:
    """Return the lead of a folded article, if it leads its story."""
    lead = _lead_of(uow, folded)
    return None if lead is None or lead.is_folded else lead


def _is_apart(lead: Article, member: Article) -> bool:
    return Pairing.objects.filter(of_pair(lead.pk, member.pk), together=False).exists()


def _lead_of(uow: UnitOfWork, article: Article) -> Article | None:
    return next(iter(uow.load([article.lead_id])), None) if article.lead_id else None
