"""The quality that the policy suggests for articles: loads what the rule of `rules/scoring.py` needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from articles.audit_log.unit_of_work import UnitOfWork
from articles.db.bulk import chunked
from articles.models import Article, ArticleImage, ArticleTopic
from articles.rules.scoring import Policy, Term, TopicTraits, suggested_quality
from providers.models import Provider

Suggestion = tuple[int, tuple[Term, ...]]  # the quality, 0 or more, and its terms


class Suggestions:
    """The suggested qualities of the articles of a unit of work, by its policies."""

    def __init__(self) -> None:
        self._qualities: dict[int, int] = {}

    def quality_of(self, uow: UnitOfWork, article: Article) -> int:
        """Return the quality suggested for a loaded article. Four queries for all that are loaded with it."""
        if article.pk not in self._qualities:
            loaded = [other for other in uow.articles.values() if other.quality is None]
            for chunk in chunked(loaded):
                suggestions = suggest_qualities(chunk, uow.policy_for)
                self._qualities.update((pk, quality) for pk, (quality, _) in suggestions.items())
        return self._qualities[article.pk]


def suggest_quality(article: Article, policy: Policy) -> Suggestion:
    """Return the quality that the policy's weights suggest, and its terms. Four queries."""
    return suggest_qualities([article], lambda _: policy)[article.pk]


def suggest_qualities(articles: Sequence[Article], policy_for: Callable[[Article], Policy]) -> dict[int, Suggestion]:
    """Return the suggestion for each of these articles by its key. Four queries.

    A provider counts as registered if its domain is, whatever its name on the article.
    """
    ids = [article.pk for article in articles]
    topics = _topics_of(ids)
    pictures = ArticleImage.objects.filter(article__in=ids, kind=ArticleImage.Kind.PICTURE).order_by()
    with_picture = set(pictures.values_list("article", flat=True))
    providers = Provider.objects.only("domain", "weight").in_bulk({article.provider_id for article in articles})
    domains = {provider.domain for provider in providers.values()}
    registered = set(Provider.objects.filter(registered=True, domain__in=domains).values_list("domain", flat=True))
    return {
        article.pk: suggested_quality(
            policy_for(article),
            title=article.title,
            topics=topics[article.pk],
            has_image=article.pk in with_picture,
            has_amp=bool(article.amp_url),
            is_video=article.type == "video",
            provider_registered=providers[article.provider_id].domain in registered,
            provider_weight=providers[article.provider_id].weight,
        )
        for article in articles
    }


def _topics_of(ids: Iterable[int]) -> dict[int, list[TopicTraits]]:
    topics: dict[int, list[TopicTraits]] = defaultdict(list)
    rows = ArticleTopic.objects.filter(content_object__in=ids).select_related("tag").order_by("position", "pk")
    for row in rows:
        tag = row.tag
        traits = TopicTraits(name=tag.name, keywords=tuple(tag.keywords), parent=tag.parent_id, weight=tag.weight)
        topics[row.content_object_id].append(traits)
    return topics
