"""Stories in the database: related links meet their articles, heat follows the rules, folded articles find their leads.

The decisions lie in `policy.explain()` and `clustering.place()`; here are the queries around them. Rows are changed
through the act that is under way, which writes and logs them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db.models import Exists, OuterRef, Q, Subquery

from articles.audit_log import snapshots
from articles.audit_log.unit_of_work import SYSTEM_ACTOR, UnitOfWork
from articles.db.bulk import BulkTable, chunked, ids_between_or_in
from articles.models import Article, ArticleQuerySet, Pairing, Policies, RelatedLink, Verb
from articles.models.derived import is_public_by_policy, match_key, refresh_derived_fields
from articles.rules.clustering import LeadAssignment, LeadCandidate, choose_lead
from articles.rules.scoring import FOLDED_HEAT, Explanation, Policy, ScoringInput, explain
from articles.rules.slugs import document_name, file_sort_key
from articles.rules.states import state_from_published

from .explanation_text import format_value

ARTICLES = BulkTable(Article)
LINKS = BulkTable(RelatedLink)
# What the rules ask of an article, and what is told of it.
RESCORE_FIELDS = (
    "name",
    "title",
    "quality",
    "heat",
    "published",
    "removed",
    "missing",
    "engagement",
    "pins",
    "state",
    "public",
)
SINGLE_QUERY_MAX = 20  # articles whose neighbours are found by one statement; of many, several are quicker
CHUNK = 200  # articles whose neighbourhood is looked at together


# Links


def connect_links(article_ids: Iterable[int]) -> None:
    """Connect the related links of these articles, and the links to them, with the articles that they name.

    The one or the other may have come first. Address, title and time must all agree; of several such articles
    the smallest name is taken, never the article that holds the link.
    """
    for ids in chunked(article_ids):
        keys = Article.objects.filter(ids_between_or_in("pk", ids)).order_by().values("match_key")
        waiting: set[tuple[int, int, str]] = set()
        # Joined by OR, PostgreSQL reads all links; asked for `target=None`, databases read all that have none.
        for condition in (ids_between_or_in("article", ids), Q(match_key__in=keys)):
            links = RelatedLink.objects.filter(condition).order_by()
            rows = links.values_list("target_id", "pk", "article_id", "match_key")
            waiting.update((pk, article, key) for target, pk, article, key in rows if target is None)
        targets = _articles_by_key({key for _, _, key in waiting})
        connected = []
        for pk, article_id, key in sorted(waiting):
            others = [target for target in targets.get(key, ()) if target != article_id]
            if others:
                connected.append((others[0], pk))
        LINKS.update(["target"], connected)


def _articles_by_key(keys: Collection[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for chunk in chunked(sorted(keys)):
        rows = Article.objects.filter(match_key__listed=chunk).order_by("file_name").values_list("match_key", "pk")
        for key, pk in rows:
            found[key].append(pk)
    return found


def apply_story_overrides(uow: UnitOfWork, ids: Collection[int]) -> set[int]:
    """Make the links of these articles agree with what editors decided about pairs of them; return whom that moved."""
    moved: set[int] = set()
    for chunk in chunked(sorted(set(ids))):
        pairs = Pairing.objects.filter(ids_between_or_in("lead", chunk) | ids_between_or_in("member", chunk)).order_by(
            "pk"
        )
        for pairing in pairs.select_related("member"):
            pair = (pairing.lead_id, pairing.member_id)
            if not pairing.together:
                if unlink(uow, *pair):
                    moved.update(pair)
            elif not RelatedLink.objects.filter(article=pairing.lead_id, target=pairing.member_id).exists():
                [lead] = uow.load([pairing.lead_id])
                uow.track_lists([lead.pk], "related")
                add_link(lead.pk, pairing.member)
                sort_and_check_links(lead)
                moved.update(pair)
    return moved


def unlink(uow: UnitOfWork, one: int, other: int) -> bool:
    """Let neither of two articles list the other; return whether one did."""
    links = RelatedLink.objects.filter(Q(article=one, target=other) | Q(article=other, target=one))
    holders = sorted(set(links.values_list("article", flat=True)))
    uow.load(holders)
    uow.track_lists(holders, "related")
    links.delete()
    for holder in holders:
        snapshots.renumber(RelatedLink.objects.filter(article=holder))
    return bool(holders)


def sort_and_check_links(article: Article) -> None:
    """Order an article's related links by quality, and let go of targets whose address a link no longer has."""
    links = list(article.related_links.select_related("target"))
    for link in links:
        link.match_key = match_key(link.web_url, link.title, link.published_at)
        if link.target and link.target.web_url != link.web_url:
            link.target = None
    links.sort(key=_rank)
    for position, link in enumerate(links):
        link.position = position
    RelatedLink.objects.bulk_update(links, ["match_key", "target", "position"], batch_size=100)


def _rank(link: RelatedLink) -> tuple[int, bytes]:
    own = link.target.quality if link.target else None
    quality = link.quality if own is None else own
    name = link.target.name if link.target else document_name(link.published_at, link.title)
    return (1 if quality is None else -quality, file_sort_key(name))


def add_link(lead_id: int, member: Article) -> None:
    """Add an article of ours to a lead's related list, behind all others; `settle_links` sorts it."""
    RelatedLink.objects.create(
        article_id=lead_id,
        position=RelatedLink.objects.filter(article=lead_id).count(),
        target=member,
        title=member.title,
        excerpt=member.excerpt,
        published_at=member.published_at,
        web_url=member.web_url,
        amp_url=member.amp_url,
        cdn_amp_url=member.cdn_amp_url,
        type=member.type,
        provider_id=member.provider_id,
        quality=member.quality,
        match_key=member.match_key,
    )


def duplicate_warnings(article_ids: Iterable[int]) -> Iterator[tuple[str, str]]:
    """Yield (name, notice) for those of these articles that share their address, or that several leads claim."""
    for ids in chunked(article_ids):
        wanted, articles = set(ids), Article.objects.filter(ids_between_or_in("pk", ids))
        shared = Article.objects.filter(url_key=OuterRef("url_key")).exclude(pk=OuterRef("pk")).order_by("file_name")
        twins = articles.filter(twin=True).annotate(other=Subquery(shared.values("name")[:1])).exclude(other=None)
        for pk, name, twin in twins.order_by("file_name").values_list("pk", "name", "other"):
            if pk in wanted:
                yield name, f"has the address of {twin}"
        claimed = articles.filter(ambiguous=True).order_by("file_name")
        for pk, name, lead in claimed.values_list("pk", "name", "lead__name"):
            if pk in wanted:
                yield name, f"several leads claim it; folded under {lead}"


# Neighbourhoods


@dataclass(slots=True)
class Neighbour:
    """What the rules need to know of an article beside its links. `is_fixed`: an editor decided its heat or side."""

    name: str
    quality: int | None
    heat: int | None
    is_fixed: bool

    @property
    def may_lead(self) -> bool:
        return not (self.heat == FOLDED_HEAT and self.is_fixed)


class Neighbourhood:
    """The links of some articles and to them, with who stands at their ends. One query.

    `rows` are newer than the database.
    """

    def __init__(self, ids: Collection[int], rows: Mapping[int, Article] = MappingProxyType({})) -> None:
        self.links: dict[int, list[tuple[int | None, int | None, datetime, str]]] = defaultdict(list)
        self.listed_by: dict[int, set[int]] = defaultdict(set)
        self.members: dict[int, Neighbour] = {}
        self.with_related: set[int] = set()
        self.decided: set[tuple[int, int]] = set()
        has_related = Exists(RelatedLink.objects.filter(article=OuterRef("target")))
        together = Exists(Pairing.objects.filter(lead=OuterRef("article"), member=OuterRef("target"), together=True))
        ends = [f"{end}__{name}" for end in ("article", "target") for name in ("name", "quality", "heat", "pins")]
        own = list(ids)
        links = RelatedLink.objects.filter(ids_between_or_in("article", own) | ids_between_or_in("target", own))
        found = links.annotate(leads=has_related, decided=together)
        columns = ("article", "target", "quality", "published_at", "title", "leads", "decided", *ends)
        for row in found.order_by().values_list(*columns):
            article, target, quality, published_at, title, leads, decided, *known = row
            self.links[article].append((target, quality, published_at, title))
            self.with_related.add(article)
            self._know(rows, article, known[:4])
            if target is not None:
                self.listed_by[target].add(article)
                self._know(rows, target, known[4:])
                if leads:
                    self.with_related.add(target)
                if decided:
                    self.decided.add((article, target))

    def _know(self, rows: Mapping[int, Article], pk: int, values: Sequence[Any]) -> None:
        row = rows.get(pk)
        if row is not None:
            values = (row.name, row.quality, row.heat, row.pins)
        name, quality, heat, pins = values
        self.members[pk] = Neighbour(name, quality, heat, not {"heat", "lead"}.isdisjoint(pins or ()))

    def member_qualities(self, pk: int) -> list[tuple[int, str]]:
        """Return (quality, name) of what an article lists: our own article's where we have it, else as listed.

        -1 stands for no quality, and for what an editor folded: it counts as coverage, but never leads.
        """
        found = []
        for target, quality, published_at, title in self.links.get(pk, ()):
            if target is None:
                found.append((-1 if quality is None else quality, document_name(published_at, title)))
                continue
            member = self.members[target]
            own = quality if member.quality is None else member.quality
            found.append((-1 if own is None or not member.may_lead else own, member.name))
        return found

    def lead_candidates(self, pk: int) -> list[LeadCandidate]:
        """Return the leads that list an article or that it lists: scored, not folded, with related links."""
        lists = {target for target, *_ in self.links.get(pk, ()) if target is not None}
        listed_by = self.listed_by.get(pk, set())
        found = []
        for lead in lists | listed_by:
            member = self.members[lead]
            if member.heat is not None and member.heat > FOLDED_HEAT and lead in self.with_related:
                mutual, decided = lead in lists & listed_by, (lead, pk) in self.decided
                found.append(LeadCandidate(lead, member.name, member.quality or 0, mutual, decided))
        return found


def explain_in_context(article: Article, neighbourhood: Neighbourhood, policy: Policy) -> Explanation:
    """Return what `policy` makes of an article among its neighbours."""
    scoring_input = ScoringInput(
        name=article.name,
        quality=article.quality,
        heat=article.heat,
        published=article.published,
        removed=bool(article.removed),
        engagement=article.engagement,
        members=neighbourhood.member_qualities(article.pk),
        pins=frozenset(article.pins),
    )
    return explain(scoring_input, policy)


@dataclass(frozen=True, slots=True)
class RescoreChange:
    """What the policy made of one article: (before, after) for each of heat and published that changed.

    `state` and `public`, whether readers see it, are given as they were and as they become, `heat` as it becomes.
    `topic` is the one whose policy decided; None: the site's.
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
        """What changed, without saying of which article."""
        return ", ".join(
            f"{field} {format_value(old)} → {format_value(new)}" for field, (old, new) in self.fields.items()
        )

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


def update_stories(uow: UnitOfWork, ids: Collection[int]) -> list[RescoreChange]:
    """Let the stories of these articles follow what the act changed: heat, publication, leads. Return what followed.

    Articles that change sides (fold, unfold) take those along that hang on them.
    """
    done = []
    for chunk in chunked(sorted(ids), CHUNK):
        done += update_loaded_stories(uow, lock_with_linked(uow, chunk), chunk)
    return done


def update_loaded_stories(uow: UnitOfWork, near: Sequence[Article], ids: Collection[int]) -> list[RescoreChange]:
    """Do what `follow` does where the neighbours of `ids` are loaded already."""
    neighbourhood = Neighbourhood([article.pk for article in near], uow.articles)
    done = rescore_loaded(uow, near, neighbourhood)
    assign_leads(near, neighbourhood)
    further = {change.pk for change in done if change.changed_role}.difference(ids)
    if further:
        assign_leads_around(uow, further, placed={article.pk for article in near})
    return done


def rescore_loaded(
    uow: UnitOfWork, articles: Iterable[Article], neighbourhood: Neighbourhood, policies: Policies | None = None
) -> list[RescoreChange]:
    """Set the heat and publication that these policies decide, by default the act's; return what that changed."""
    done = []
    ruling = policies or uow.policies
    for article in articles:
        if article.quality is None:
            continue
        topic = ruling.topic_for(uow.topic_ids_of(article)) if ruling.by_topic else None
        policy = ruling.site if topic is None else ruling.by_topic[topic]
        result = explain_in_context(article, neighbourhood, policy).result
        was = (article.state, article.public)
        before = {"heat": article.heat, "published": article.published}
        article.heat, article.published = result.heat, result.published
        changed = {name: (old, getattr(article, name)) for name, old in before.items() if old != getattr(article, name)}
        if changed:
            state = (was[0], str(state_from_published(article.published, was[0])))
            public = (was[1], is_public_by_policy(article, policy))
            done.append(
                RescoreChange(article.pk, article.name, article.title, changed, article.heat, state, public, topic)
            )
        if article.pk in neighbourhood.members:
            neighbourhood.members[article.pk].heat = result.heat
    return done


def preview_rescore(articles: ArticleQuerySet, policies: Policies | None = None) -> list[RescoreChange]:
    """Return what rescoring these articles would change, by `policies` or the stored ones. Writes nothing."""
    done = []
    uow = UnitOfWork(Verb.RESCORE, SYSTEM_ACTOR, policies or Policies.load())  # nobody waits for what writes nothing
    ids = list(articles.filter(quality__isnull=False).order_by("pk").values_list("pk", flat=True))
    for chunk in chunked(ids):
        uow.articles = Article.objects.only(*RESCORE_FIELDS).order_by("pk").in_bulk(chunk)
        done += rescore_loaded(uow, uow.articles.values(), Neighbourhood(chunk, uow.articles))
    return done


def apply_unscored_policy(uow: UnitOfWork) -> int:
    """Let what is public follow the policy in force for unscored articles; return how many turned.

    It is no change of any article: what was decided about it stays.
    """
    uow.policies = Policies.load()
    show = uow.policies.site.publish_unscored
    return Article.objects.unscored_against(show).update(public=show)


def init_derived_fields(uow: UnitOfWork, article: Article) -> None:
    """Set what follows from the values of an article that is about to be stored."""
    refresh_derived_fields(article, uow.policies.site, uow.now)


def assign_leads(articles: Iterable[Article], neighbourhood: Neighbourhood) -> None:
    for article in articles:
        placement = _choose_lead(article.pk, article.heat, neighbourhood)
        article.lead_id, article.ambiguous = placement.lead_id, placement.ambiguous


def assign_leads_around(uow: UnitOfWork, ids: Collection[int], placed: Collection[int] = ()) -> None:
    """Give each folded article among these and their neighbours its lead, but for those that are `placed` already.

    Neighbours are the articles that these list or are listed by: their lead may have come, gone or been folded.
    """
    if len(ids) <= SINGLE_QUERY_MAX:
        _assign(uow, [row for row in _lead_columns(with_linked(sorted(ids)).order_by()) if row[0] not in placed])
        return
    near: set[int] = set()
    for chunk in chunked(sorted(set(ids))):
        near.update(chunk)
        near.update(Article.objects.filter(ids_between_or_in("lead", chunk)).order_by().values_list("pk", flat=True))
        links = RelatedLink.objects.filter(
            ids_between_or_in("article", chunk) | ids_between_or_in("target", chunk), target__isnull=False
        )
        near.update(pk for pair in links.order_by().values_list("article", "target") for pk in pair)
    for chunk in chunked(sorted(near)):
        wanted = set(chunk)
        rows = _lead_columns(Article.objects.filter(ids_between_or_in("pk", chunk)).order_by())
        _assign(uow, [row for row in rows if row[0] in wanted and row[0] not in placed])


def _lead_columns(articles: ArticleQuerySet) -> Iterable[tuple[int, int | None, int | None, bool]]:
    """Return key, heat, lead and ambiguity of articles. One query."""
    return articles.values_list("pk", "heat", "lead", "ambiguous")


def _assign(uow: UnitOfWork, rows: Iterable[tuple[int, int | None, int | None, bool]]) -> None:
    found: dict[int, tuple[int | None, int | None, bool]] = {}
    for pk, heat, lead, ambiguous in rows:
        own = uow.articles.get(pk)
        found[pk] = (own.heat, own.lead_id, own.ambiguous) if own else (heat, lead, ambiguous)
    folded = [pk for pk, (heat, *_) in found.items() if heat == FOLDED_HEAT]
    neighbourhood = Neighbourhood(folded, uow.articles) if folded else None
    moved: dict[int, LeadAssignment] = {}
    for pk, (heat, lead, ambiguous) in found.items():
        placement = choose_lead(neighbourhood.lead_candidates(pk) if neighbourhood and heat == FOLDED_HEAT else ())
        if (lead, ambiguous) != (placement.lead_id, placement.ambiguous):
            moved[pk] = placement
    new = sorted(pk for pk in moved if pk in uow.created_ids and pk not in uow.articles)
    ARTICLES.update(["lead", "ambiguous"], [(moved[pk].lead_id, moved[pk].ambiguous, pk) for pk in new])
    for article in uow.load(sorted(moved.keys() - set(new))):
        article.lead_id, article.ambiguous = moved[article.pk].lead_id, moved[article.pk].ambiguous


def _choose_lead(pk: int, heat: int | None, neighbourhood: Neighbourhood) -> LeadAssignment:
    return choose_lead(neighbourhood.lead_candidates(pk) if heat == FOLDED_HEAT else ())


def with_linked(ids: Sequence[int]) -> ArticleQuerySet:
    """Return these articles with those that they list, that list them or that are folded under them."""
    links = RelatedLink.objects.order_by()
    lists = links.filter(article__in=ids, target__isnull=False).values("target")
    listed_by = links.filter(target__in=ids).values("article")
    under = Article.objects.order_by().filter(lead__in=ids).values("pk")
    own = Article.objects.order_by().filter(pk__in=ids).values("pk")
    return Article.objects.filter(pk__in=own.union(lists, listed_by, under)).order_by("pk")


def lock_with_linked(uow: UnitOfWork, ids: Sequence[int]) -> list[Article]:
    """Return these articles and their neighbours as the act has them, locked. One query."""
    found = list(with_linked(ids).select_for_update())
    uow.adopt(found)
    return [uow.articles[article.pk] for article in found]
