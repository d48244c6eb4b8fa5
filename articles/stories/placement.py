"""The lead of each folded article, stored as `lead`; `clustering.choose_lead()` decides."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from articles.audit_log.unit_of_work import UnitOfWork
from articles.db.bulk import KEYS_CHUNK, BulkTable, chunked, ids_between_or_in
from articles.models import Article
from articles.rules.clustering import LeadAssignment, choose_lead
from articles.rules.scoring import FOLDED_HEAT

from .neighbourhood import Neighbourhood, linked_ids

ARTICLES = BulkTable(Article)


def assign_leads(articles: Iterable[Article], neighbourhood: Neighbourhood) -> None:
    """Give each of these articles that is folded its lead, and the others none."""
    for article in articles:
        assignment = _assignment(article.pk, article.heat, neighbourhood)
        article.lead_id, article.ambiguous = assignment.lead_id, assignment.ambiguous


def assign_leads_around(uow: UnitOfWork, ids: Collection[int], except_ids: Collection[int] = ()) -> None:
    """Give each folded article among these and their neighbours its lead, except `except_ids`.

    Neighbours may have lost their lead, or a better one may exist now.
    """
    nearby = linked_ids(ids)
    for chunk in chunked(sorted(set(ids)), KEYS_CHUNK):
        nearby.update(Article.objects.filter(ids_between_or_in("lead", chunk)).order_by().values_list("pk", flat=True))
    for chunk in chunked(sorted(nearby.difference(except_ids)), KEYS_CHUNK):
        _assign(uow, set(chunk))


def _assign(uow: UnitOfWork, ids: set[int]) -> None:
    """Give each of these articles its lead. Only those whose lead changes are loaded."""
    stored = Article.objects.filter(ids_between_or_in("pk", list(ids))).order_by()
    columns: dict[int, tuple[int | None, int | None, bool]] = {}
    for pk, heat, lead, ambiguous in stored.values_list("pk", "heat", "lead", "ambiguous"):
        if pk in ids:
            article = uow.articles.get(pk)
            columns[pk] = (article.heat, article.lead_id, article.ambiguous) if article else (heat, lead, ambiguous)
    folded = [pk for pk, (heat, *_) in columns.items() if heat == FOLDED_HEAT]
    neighbourhood = Neighbourhood(folded, uow.articles) if folded else None
    changes: dict[int, LeadAssignment] = {}
    for pk, (heat, lead, ambiguous) in columns.items():
        assignment = _assignment(pk, heat, neighbourhood)
        if (lead, ambiguous) != (assignment.lead_id, assignment.ambiguous):
            changes[pk] = assignment
    new = sorted(pk for pk in changes if pk in uow.created_ids and pk not in uow.articles)
    ARTICLES.update(["lead", "ambiguous"], [(changes[pk].lead_id, changes[pk].ambiguous, pk) for pk in new])
    for article in uow.load(sorted(changes.keys() - set(new))):
        article.lead_id, article.ambiguous = changes[article.pk].lead_id, changes[article.pk].ambiguous


def _assignment(pk: int, heat: int | None, neighbourhood: Neighbourhood | None) -> LeadAssignment:
    candidates = neighbourhood.lead_candidates(pk) if neighbourhood and heat == FOLDED_HEAT else ()
    return choose_lead(candidates)
