"""Rescoring: heat and publication as the policies decide them, and the stories that follow from them.

The rules are in `rules/scoring.py` and `rules/clustering.py`. Articles are changed through the unit of work, which
writes and logs them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from articles.audit_log.unit_of_work import SYSTEM_ACTOR, UnitOfWork
from articles.db.bulk import chunked
from articles.models import Article, ArticleQuerySet, Policies, Verb
from articles.models.derived import is_public_by_policy
from articles.publication_record.listing import finish_listing, listing_of_shown, unlist_undone
from articles.rules.publication import published_after
from articles.rules.scoring import FOLDED_HEAT
from articles.rules.states import state_from_published

from .explanation_text import format_value
from .neighbourhood import Neighbourhood, lock_with_linked
from .placement import assign_leads, assign_leads_around

# The columns that rescoring reads and that a preview shows.
RESCORE_FIELDS = (
    "name",
    "title",
    "quality",
    "heat",
    "published",
    "removed",
    "missing",
    "document_scores",
    "pins",
    "state",
    "public",
)
CHUNK = 200  # articles that are updated together with their neighbours
LEAD = "lead"


@dataclass(frozen=True, slots=True)
class RescoreChange:
    """What rescoring changed on one article: `fields` has (before, after) of heat and published if they changed.

    Of a member that an editor folded, it has the titles of its lead before and after, if that was folded itself.
    `state` and `public` (whether readers see it) are (before, after) too, `heat` is the new one. `topic` is the topic
    whose policy decided; None: the site's policy.
    """

    pk: int
    name: str
    title: str
    fields: dict[str, tuple[Any, Any]]
    heat: int | None
    state: tuple[str, str]
    public: tuple[bool, bool]
    topic: int | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.summary}"

    @property
    def summary(self) -> str:
        """What changed, without the name of the article."""
        return self._numbers(self.fields)

    @property
    def sentence(self) -> str:
        """What changed, as a sentence with its title: first whether readers see it, then its numbers."""
        numbers = self._numbers(field for field in self.fields if field != "published")
        if LEAD in self.fields:
            lead = self.fields[LEAD][1]
            text = (
                _("“%(title)s” is folded under “%(lead)s” now.")
                if lead
                else _("“%(title)s” is folded and has no lead now; find it in the view “Folded, no lead”.")
            )
            return text % {"title": self.title, "lead": lead}
        before, after = self.fields.get("heat", (None, None))
        if after == FOLDED_HEAT:
            return _("“%(title)s” was folded as a result.") % {"title": self.title}
        if before == FOLDED_HEAT and "published" not in self.fields:
            text, numbers = _("“%(title)s” stands by itself as a result, with heat %(numbers)s."), format_value(after)
        elif "published" not in self.fields:
            text = _("“%(title)s” changed as a result: %(numbers)s.")
        elif self.fields["published"][1]:
            text = _("“%(title)s” was published as a result.")
        else:
            text = _("“%(title)s” was unpublished as a result.")
        if "published" in self.fields and numbers:
            text = f"{text.removesuffix('.')} (%(numbers)s)."
        return text % {"title": self.title, "numbers": numbers}

    def _numbers(self, names: Iterable[str]) -> str:
        return ", ".join(f"{name} {' → '.join(map(format_value, self.fields[name]))}" for name in names)

    @property
    def is_published(self) -> bool:
        return self.public == (False, True)

    @property
    def is_withdrawn(self) -> bool:
        return self.public == (True, False)

    @property
    def changed_role(self) -> bool:
        """Whether the article was folded or unfolded."""
        return FOLDED_HEAT in self.fields.get("heat", ())

    @property
    def is_folded(self) -> bool:
        return self.changed_role and self.heat == FOLDED_HEAT

    def followed_by(self, later: RescoreChange) -> RescoreChange:
        """Return what this change and a later one of the same article changed together."""
        befores = {name: values[0] for name, values in (later.fields | self.fields).items()}
        afters = {name: values[1] for name, values in (self.fields | later.fields).items()}
        return replace(
            later,
            fields={name: (before, afters[name]) for name, before in befores.items() if before != afters[name]},
            state=(self.state[0], later.state[1]),
            public=(self.public[0], later.public[1]),
        )


def update_stories(uow: UnitOfWork, ids: Collection[int]) -> list[RescoreChange]:
    """Update heat, publication and leads of these articles and their neighbours; return what that changed.

    If a neighbour is folded or unfolded by that, the leads around it are updated too.
    """
    changes = []
    for chunk in chunked(sorted(ids), CHUNK):
        changes += update_loaded_stories(uow, lock_with_linked(uow, chunk), chunk)
    return changes


def update_loaded_stories(uow: UnitOfWork, nearby: Sequence[Article], ids: Collection[int]) -> list[RescoreChange]:
    """Do the same as `update_stories` where `ids` and their neighbours are loaded already."""
    neighbourhood = Neighbourhood([article.pk for article in nearby], uow.articles)
    changes = rescore_loaded(uow, nearby, neighbourhood)
    assign_leads(nearby, neighbourhood)
    neighbours_in_new_role = {change.pk for change in changes if change.changed_role}.difference(ids)
    if neighbours_in_new_role:
        assign_leads_around(uow, neighbours_in_new_role, except_ids={article.pk for article in nearby})
    return changes


def rescore_loaded(
    uow: UnitOfWork, articles: Iterable[Article], neighbourhood: Neighbourhood, policies: Policies | None = None
) -> list[RescoreChange]:
    """Set heat and publication by these policies, by default those of the unit of work; return what that changed.

    It publishes nothing but the `publishable_ids` of the unit of work.
    """
    changes = []
    policies = policies or uow.policies
    for article in articles:
        if article.quality is None:
            continue
        topic = policies.topic_for(uow.topic_ids_of(article)) if policies.by_topic else None
        policy = policies.site if topic is None else policies.by_topic[topic]
        result = neighbourhood.explain(article, policy).result
        before = {"heat": article.heat, "published": article.published}
        state, public = article.state, article.public
        article.heat = result.heat
        article.published = published_after(
            article.published,
            result.published,
            may_publish=article.pk in uow.publishable_ids,
            unfolds=before["heat"] == FOLDED_HEAT != result.heat,
        )
        fields = {name: (old, getattr(article, name)) for name, old in before.items() if old != getattr(article, name)}
        if fields:
            states = (state, str(state_from_published(article.published, state)))
            publics = (public, is_public_by_policy(article, policy))
            change = RescoreChange(
                article.pk, article.name, article.title, fields, article.heat, states, publics, topic
            )
            changes.append(change)
        if article.pk in neighbourhood.neighbours:
            neighbourhood.neighbours[article.pk].heat = result.heat
    return changes


def preview_rescore(articles: ArticleQuerySet, policies: Policies | None = None) -> list[RescoreChange]:
    """Return what rescoring these articles would change, by `policies` or the stored ones. Writes nothing."""
    changes = []
    uow = UnitOfWork(Verb.RESCORE, SYSTEM_ACTOR, policies or Policies.load())  # without a lock: it writes nothing
    ids = list(articles.filter(quality__isnull=False).order_by("pk").values_list("pk", flat=True))
    uow.publishable_ids.update(ids)
    for chunk in chunked(ids):
        uow.articles = Article.objects.only(*RESCORE_FIELDS).order_by("pk").in_bulk(chunk)
        changes += rescore_loaded(uow, uow.articles.values(), Neighbourhood(chunk, uow.articles))
    return changes


def apply_unscored_policy(uow: UnitOfWork) -> int:
    """Show or hide all unscored articles as the stored policy says; return how many changed.

    Nothing is logged on the articles: no decision on them has changed.
    """
    uow.policies = Policies.load()
    show = uow.policies.site.publish_unscored
    differing = Article.objects.unscored_differing_from(show)
    uow.appearances.note(differing.order_by().values_list("pk", flat=True))
    if show:
        count = differing.update(public=True, **listing_of_shown(Q(), uow.now, uow.policies.site.late_days))
        finish_listing(uow.now)
        return count
    if uow.undoes:
        unlist_undone(differing, uow.now, uow.undoes.at)
    return differing.update(public=False)
