"""What becomes of a publication when a story gets another lead, and of a story when its lead is withdrawn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from articles.audit_log.unit_of_work import UnitOfWork
from articles.db.bulk import chunked
from articles.models import Article
from articles.rules.scoring import choose_leader
from articles.rules.states import State
from articles.stories.rescoring import RescoreChange

from .pins import pin_fields, unpin_fields
from .results import SentenceError
from .story_changes import mark_standalone, member_ids, put_under


@dataclass(frozen=True, slots=True)
class Publication:
    """How a lead is published: by an editor's decision or by the policy, and when."""

    is_pinned: bool
    publish_at: datetime | None
    unpublish_at: datetime | None

    @classmethod
    def of(cls, lead: Article) -> Publication:
        return cls("published" in lead.pins, lead.publish_at, lead.unpublish_at)


def move_publications(uow: UnitOfWork, changes: Sequence[RescoreChange]) -> None:
    """Publish the new leads of published stories that a score gave another lead, unless they score too low."""
    for change in changes:
        previous = uow.articles.get(change.pk)
        if previous is None or not (change.is_withdrawn and change.changed_role and previous.lead_id):
            continue
        [lead] = uow.load([previous.lead_id])
        publication = Publication.of(previous)
        if publication.is_pinned or _reaches_threshold(uow, lead):
            move_publication(uow, previous, lead, publication)


def move_publication(uow: UnitOfWork, previous: Article, lead: Article, publication: Publication) -> None:
    """Publish a story's new lead as its previous one was published, unless somebody decided against it.

    What editors decided about its place on the front page moves too.
    """
    _move_place(previous, lead)
    if lead.published or lead.removed or lead.missing or "published" in lead.pins:
        return
    if publication.is_pinned or not _reaches_threshold(uow, lead):
        pin_fields(lead, ["published"])
    lead.published, lead.state = True, State.PUBLISHED
    lead.publish_at, lead.unpublish_at = publication.publish_at, publication.unpublish_at
    previous.published = False
    previous.pins = [name for name in previous.pins if name != "published"]
    previous.wishes = {name: value for name, value in previous.wishes.items() if name != "published"}


def _move_place(previous: Article, lead: Article) -> None:
    if previous.pick_until is not None:
        lead.pick_until, lead.pick_place = previous.pick_until, previous.pick_place
    lead.off_front = lead.off_front or previous.off_front
    previous.pick_until = previous.pick_place = previous.off_front = None


def _reaches_threshold(uow: UnitOfWork, article: Article) -> bool:
    return article.heat is not None and article.heat >= uow.policy_for(article).publish_threshold


def hand_over_stories(
    uow: UnitOfWork, withdrawn: Collection[int], decided: Collection[int], in_place: Collection[int] = ()
) -> None:
    """Give each story of these withdrawn leads to the best member: undecided, and unpublished until an editor decides.

    No member leads that is `decided` by the same act, or was by another. Those of `in_place` are published.
    """
    successors = []
    with uow.consequences():
        for chunk in chunked(sorted(withdrawn)):
            ids = list(Article.objects.filter(lead__in=chunk).order_by("pk").values_list("pk", flat=True))
            stories: dict[int, list[Article]] = defaultdict(list)
            for member in uow.load(ids):
                if member.lead_id is not None and member.lead_id in chunk:
                    stories[member.lead_id].append(member)
            for lead in uow.load(stories):
                successor = _successor(stories[lead.pk], decided)
                if successor is not None:
                    _hand_over(uow, lead, successor, stories[lead.pk])
                    successors.append(successor)
    for successor in successors:
        if successor.pk in in_place:
            _publish_in_place(uow, successor)


def next_lead(lead: Article) -> Article | None:
    """Return the member that would lead the story if its published lead were withdrawn now, or any lead deleted."""
    members = Article.objects.filter(lead=lead).only("name", "title", "quality", "state", "removed", "missing")
    return _successor(list(members), ())


def _successor(members: Sequence[Article], decided: Collection[int]) -> Article | None:
    candidates = {
        member.name: member
        for member in members
        if not (member.pk in decided or member.state != State.UNDECIDED or member.removed or member.missing)
    }
    scores = [(member.quality, name) for name, member in candidates.items() if member.quality is not None]
    leader = choose_leader(scores)
    return candidates[leader[1]] if leader else None


def _hand_over(uow: UnitOfWork, lead: Article, successor: Article, members: Sequence[Article]) -> None:
    pin_fields(successor, ["published"])
    mark_standalone(uow, successor)
    put_under(uow, successor, [member for member in members if member is not successor], lead.pk)
    successor.published, successor.previous_lead = False, lead.name


def _publish_in_place(uow: UnitOfWork, successor: Article) -> None:
    if not uow.actor.may_publish:
        raise SentenceError(
            _("“%(successor)s” can't be published without the permission to publish.") % {"successor": successor}
        )
    successor.published, successor.state = True, State.PUBLISHED


def take_members_back(uow: UnitOfWork, leads: Collection[int]) -> None:
    """Fold the successors of these leads, with their members, under them again unless they were decided meanwhile."""
    for chunk in chunked(sorted(leads)):
        names = {lead.name: lead for lead in uow.load(chunk)}
        waiting = Article.objects.filter(previous_lead__in=list(names)).order_by("pk")
        for successor in uow.load(waiting.values_list("pk", flat=True)):
            if successor.state == State.UNDECIDED and successor.previous_lead:
                members = uow.load(member_ids(successor.pk))
                lead = names[successor.previous_lead]
                unpin_fields(successor, ["published"])
                put_under(uow, lead, [successor, *members], None)
