"""The rows of the desk's list: all that a page of them shows, loaded in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from articles.models import Article, ArticleQuerySet, ArticleTopic, Claim, RelatedLink, SitePolicy, derived
from articles.models.publish_checks import LABELS, failed_checks_of
from articles.public.cards import load_cards
from articles.public.media import StoredPicture
from config.times import format_time

from .actions import Action, offered_decisions
from .rivals import Rival, rivals_of
from .source_list import origins_of

DECISION = ("state", "spike_reason")
HOUR, DAY, WEEK = 60, 24 * 60, 7 * 24 * 60  # minutes
LARGE_COLUMNS = ("secured", "body", "extra", "layout", "featured_content")
UNUSED_COLUMNS = ("document_scores", "provider__extra", "provider__layout")  # JSON, which takes time to read


@dataclass(frozen=True, slots=True)
class Row:
    """One story of the list. `outlets` counts the providers that cover it, its own included."""

    article: Article
    picture: StoredPicture | None
    outlets: int
    topics: Sequence[str]
    warnings: Sequence[str]
    rivals: Sequence[Rival]
    decisions: Sequence[Action]
    source: str  # that brought it; empty if it came otherwise
    now: datetime
    claim: Claim | None = None  # that has not ended

    @property
    def age(self) -> str:
        return age_text(self.article.published_at, self.now)


def age_text(published_at: datetime, now: datetime) -> str:
    """Return the age of a story, short for a narrow place: minutes, hours or days; its date after a week."""
    minutes = int((now - published_at).total_seconds() // 60)
    if minutes < 0 or minutes >= WEEK:
        return format_time(published_at, "day")
    if minutes < HOUR:
        return _("%(minutes)s min ago") % {"minutes": minutes}
    if minutes < DAY:
        return _("%(hours)s h ago") % {"hours": minutes // HOUR}
    return _("%(days)s d ago") % {"days": minutes // DAY}


def with_row_columns(articles: ArticleQuerySet) -> ArticleQuerySet:
    """Load the columns that `build_rows` needs."""
    return articles.select_related("provider").defer(*LARGE_COLUMNS, *UNUSED_COLUMNS)


def build_rows(
    articles: Sequence[Article] | QuerySet[Article], permitted: dict[str, Action], now: datetime
) -> list[Row]:
    """Return the rows of articles loaded by `with_row_columns`, with a fixed number of queries."""
    ids = [article.pk for article in articles]
    rivals = rivals_of(list(articles))
    origins = _origins(articles)
    failed = _failed_checks(list(articles), now)
    claims = Claim.objects.active(now).select_related("user").in_bulk(ids)
    sources = origins_of(ids)
    links = RelatedLink.objects.coverage().with_dead_links().filter(article__in=ids)
    with_dead_coverage = set(links.order_by().values_list("article", flat=True))
    topics = _topics(ids)
    cards = {card.pk: card for card in load_cards(ids)}
    return [
        Row(
            article,
            cards[article.pk].picture,
            cards[article.pk].outlets,
            topics.get(article.pk, []),
            list(dict.fromkeys([*origins.get(article.pk, ()), *_warnings(article, now), *failed.get(article.pk, ())]))
            + [_("dead link in its coverage")] * (article.pk in with_dead_coverage),
            rivals.get(article.pk, []),
            offered_decisions(article, permitted),
            sources.get(article.pk, ""),
            now,
            claims.get(article.pk),
        )
        for article in articles
        if article.pk in cards
    ]


def _topics(ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the names of the topics of these articles, in the order of each."""
    topics: dict[int, list[str]] = {}
    for pk, name in ArticleTopic.objects.filter(content_object__in=ids).values_list("content_object", "tag__name"):
        topics.setdefault(pk, []).append(name)
    return topics


def _warnings(article: Article, now: datetime) -> list[str]:
    """Return what an editor should know before publishing the article, apart from its rivals."""
    warnings = derived.warnings(article, now)[article.twin :]  # the rival itself is named
    if article.ambiguous:
        warnings.append(_("several leads claim it"))
    return warnings


def _failed_checks(articles: Sequence[Article], now: datetime) -> dict[int, list[str]]:
    """Return the publish checks, in words, that those articles fail which matter to editors."""
    open_ones = [a for a in articles if derived.needs_attention(a.heat, a.state, a.removed)]
    failed = failed_checks_of(open_ones, SitePolicy.current_checks(), now)
    return {pk: [str(LABELS[check]) for check in checks] for pk, checks in failed.items()}


def _origins(articles: Iterable[Article]) -> dict[int, list[str]]:
    """Return notes by key: which withdrawn lead an article follows, and about which story an answer is awaited."""
    followed = {article.pk: article.previous_lead for article in articles if article.previous_lead}
    awaited = {article.pk: article.same_event_as for article in articles if article.same_event_as}
    names = {*followed.values(), *awaited.values()}
    if not names:
        return {}
    leads = Article.objects.only("name", "title", *DECISION).in_bulk(names, field_name="name")
    notes: dict[int, list[str]] = {pk: [_origin(name, leads.get(name))] for pk, name in followed.items()}
    for pk, name in awaited.items():
        notes.setdefault(pk, []).append(_awaited(name, leads.get(name)))
    return notes


def _awaited(name: str, lead: Article | None) -> str:
    text = _("waits until someone says whether it is the same event as “%(lead)s”, which is %(state)s")
    return text % {"lead": lead or name, "state": lead.decision_label if lead else _("deleted")}


def _origin(name: str, lead: Article | None) -> str:
    if lead is None:
        return _("follows %(name)s, which was deleted") % {"name": name}
    return _("follows “%(lead)s”, which is %(state)s") % {"lead": lead, "state": lead.decision_label}
