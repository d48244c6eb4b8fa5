"""What becomes of a publication when a story gets another lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from articles.audit_log.unit_of_work import UnitOfWork
from articles.models import Article
from articles.rules.states import State
from articles.stories.rescoring import RescoreChange

from .pins import pin_fields


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
    """Publish a story's new lead as its previous one was published, unless somebody decided against it."""
    if lead.published or lead.removed or lead.missing or "published" in lead.pins:
        return
    if publication.is_pinned or not _reaches_threshold(uow, lead):
        pin_fields(lead, ["published"])
    lead.published, lead.state = True, State.PUBLISHED
    lead.publish_at, lead.unpublish_at = publication.publish_at, publication.unpublish_at
    previous.published = False
    previous.pins = [name for name in previous.pins if name != "published"]
    previous.wishes = {name: value for name, value in previous.wishes.items() if name != "published"}


def _reaches_threshold(uow: UnitOfWork, article: Article) -> bool:
    return article.heat is not None and article.heat >= uow.policy_for(article).publish_threshold
