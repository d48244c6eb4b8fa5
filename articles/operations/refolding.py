"""The members of stories around an undo: a folded article never leads, also if others joined it since the operation."""

from __future__ import annotations

from collections.abc import Sequence

from articles.audit_log.unit_of_work import UnitOfWork
from articles.models import Article, Operation, Pairing, Subject
from articles.models.pairing import of_pair
from articles.rules.scoring import FOLDED_HEAT, STORY_ROLE_PIN

from .results import NotRestored
from .story_changes import put_under


def keep_members(uow: UnitOfWork, operation: Operation, not_restored: Sequence[NotRestored]) -> set[int]:
    """Keep articles in their stories that the undo of an operation would leave without a lead.

    Returns the keys of those whose stories have to be updated. Those that no editor folded get their lead by that.
    """
    members = [*_members_of_refolded(uow, operation), *_left_folded(uow, not_restored)]
    for member in members:
        if STORY_ROLE_PIN in member.pins:
            _fold_again(uow, member)
    return {member.pk for member in members}


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
        lead = _lead_of(uow, lead)
    if lead is not None and not Pairing.objects.filter(of_pair(lead.pk, member.pk), together=False).exists():
        put_under(uow, lead, [member], None)


def _lead_of(uow: UnitOfWork, article: Article) -> Article | None:
    return next(iter(uow.load([article.lead_id])), None) if article.lead_id else None
