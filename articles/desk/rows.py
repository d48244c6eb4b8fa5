"""What a row of the desk shows, fetched for all rows of a page at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from articles.models import Article, ArticleQuerySet, ArticleTopic, derived
from articles.public.cards import count_sources, pictures_of
from articles.public.media import Copy
from articles.rules import permissions
from articles.rules.states import State

HOUR, DAY, WEEK = 60, 24 * 60, 7 * 24 * 60  # minutes
HEAVY = ("secured", "body", "extra", "layout", "featured_content")


@dataclass(frozen=True, slots=True)
class Row:
    """One story of a list. `outlets` counts those who cover it, its own included."""

    article: Article
    picture: Copy | None
    outlets: int
    topics: Sequence[str]
    warnings: Sequence[str]
    now: datetime

    @property
    def age(self) -> str:
        """How old the story is, short for a narrow place: minutes, hours or days; its date after a week."""
        minutes = int((self.now - self.article.published_at).total_seconds() // 60)
        if minutes < 0 or minutes >= WEEK:
            return date_format(timezone.localtime(self.article.published_at), "j M Y")
        if minutes < HOUR:
            return f"{minutes} min ago"
        return f"{minutes // HOUR} h ago" if minutes < DAY else f"{minutes // DAY} d ago"


@dataclass(frozen=True)
class Allowed:
    """What an editor may do at the desk: the buttons that are there. The server asks again."""

    edit: bool
    score: bool
    publish: bool
    fold: bool
    share: bool
    verbs: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def to(cls, user: User) -> Allowed:
        verbs = frozenset(verb for verb in permissions.PERMISSION_BY_ACTION if permissions.can(user, verb))
        return cls("edit" in verbs, "score" in verbs, "publish" in verbs, "fold" in verbs, "edit" in verbs, verbs)

    def may_decide(self, article: Article) -> bool:
        """Whether the editor may hold, spike or reopen it: what readers see takes the right to publish."""
        return self.score and (self.publish or article.state != State.PUBLISHED)


def with_rows(articles: ArticleQuerySet) -> ArticleQuerySet:
    """Load what `rows_of` needs: two queries more, whatever the number of articles."""
    topics = Prefetch("article_topics", ArticleTopic.objects.select_related("tag"))
    return articles.select_related("provider").defer(*HEAVY).prefetch_related(topics, "images")


def rows_of(articles: Sequence[Article] | QuerySet[Article], now: datetime) -> list[Row]:
    """Return the rows of articles loaded by `with_rows`. Two queries."""
    pictures = pictures_of(articles)
    outlets = count_sources(articles)
    return [row_of(article, pictures.get(article.pk), 1 + outlets.get(article.pk, 0), now) for article in articles]


def row_of(article: Article, picture: Copy | None, outlets: int, now: datetime) -> Row:
    topics = [place.tag.name for place in article.article_topics.all()]
    return Row(article, picture, outlets, topics, warnings(article, now), now)


def warnings(article: Article, now: datetime) -> list[str]:
    """Return what an editor should know before publishing it."""
    found = derived.warnings(article)
    if article.ambiguous:
        found.append("several leads claim it")
    if article.published_at > now:
        found.append("dated in the future")
    return found
