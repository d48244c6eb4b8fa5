"""Changes of the policies, and rescoring: articles get the heat and publication that the policies decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from django.db import transaction

from articles.audit_log.unit_of_work import SYSTEM_ACTOR, Actor, unit_of_work
from articles.db.bulk import chunked
from articles.models import ArticleQuerySet, Policies, Verb
from articles.rules.publication import publishable
from articles.stories.neighbourhood import Neighbourhood
from articles.stories.placement import assign_leads_around
from articles.stories.rescoring import RescoreChange, apply_unscored_policy, preview_rescore, rescore_loaded

from .policy_numbers import set_policy_value
from .refolding import follow_folded_leads
from .suggesting import take_suggestions


def rescore(
    articles: ArticleQuerySet,
    policies: Policies | None = None,
    *,
    suggest: bool = False,
    dry_run: bool = False,
    by: Actor = SYSTEM_ACTOR,
) -> list[RescoreChange]:
    """Set heat and publication of these articles as the policies decide; return what changed.

    Pinned fields and articles without quality stay; with `suggest`, unscored ones take the suggested quality first.
    `policies` are the stored ones by default. `dry_run` writes nothing.
    """
    if not suggest:
        return preview_rescore(articles, policies) if dry_run else _rescore(articles, policies, by)
    with transaction.atomic():
        with unit_of_work(Verb.RESCORE, by):
            taken = take_suggestions(articles)
            changes = _rescore(articles, policies, by)
        transaction.set_rollback(dry_run)
    return [
        replace(change, fields={"quality": (None, taken[change.pk])} | change.fields) if change.pk in taken else change
        for change in changes
    ]


def _rescore(articles: ArticleQuerySet, policies: Policies | None, by: Actor) -> list[RescoreChange]:
    changes: list[RescoreChange] = []
    with unit_of_work(Verb.RESCORE, by) as uow, uow.consequences():
        ids = list(articles.filter(quality__isnull=False).order_by("pk").values_list("pk", flat=True))
        uow.publishable_ids.update(publishable("rescore", ids))
        for chunk in chunked(ids):
            rescored = rescore_loaded(uow, uow.load(chunk), Neighbourhood(chunk, uow.articles), policies)
            in_new_role = [change.pk for change in rescored if change.changed_role]
            if in_new_role:
                assign_leads_around(uow, in_new_role)
            changes += rescored
            uow.flush_if_large()
        changes = follow_folded_leads(uow, changes)
    return changes


def change_policy(
    numbers: Mapping[str, int | str] | None = None,
    overrides: Mapping[int, Mapping[str, int | None]] | None = None,
    *,
    by: Actor = SYSTEM_ACTOR,
) -> int:
    """Set values of the site's policy and overrides of topics; return how many unscored articles this showed or hid.

    `overrides` has numbers by the key of a top-level topic; None removes an override, and a topic without any has no
    policy of its own. Scored articles keep heat and publication until they are rescored.
    """
    with unit_of_work(Verb.POLICY, by) as uow:
        for name, value in (numbers or {}).items():
            set_policy_value(uow, name, None, value)
        for topic, values in (overrides or {}).items():
            for name, override in values.items():
                set_policy_value(uow, name, topic, override)
        return apply_unscored_policy(uow)
