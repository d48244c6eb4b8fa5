"""Why an article's numbers are what they are: loads what the rules of `rules/scoring.py` need. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from articles.models import Article, ArticleImage, Policies, Topic
from articles.rules.scoring import Explanation, Policy, Term, TopicTraits, suggested_quality
from articles.rules.slugs import document_name
from providers.models import Provider

from .explanation_text import format_explanation, format_suggestion
from .neighbourhood import Neighbourhood


@dataclass(frozen=True)
class EffectivePolicy:
    """The policy that applies to an article, and its owner's name."""

    policy: Policy
    owner: str = "the policy of the site"


def policy_for(article: Article) -> EffectivePolicy:
    """Return the policy that applies to an article. One query; up to four where topics have policies of their own."""
    policies = Policies.load()
    if not policies.by_topic:
        return EffectivePolicy(policies.site)
    topics = article.article_topics.order_by("position", "pk").values_list("tag", flat=True)
    topic = policies.topic_for(topics)
    if topic is None:
        return EffectivePolicy(policies.site)
    return EffectivePolicy(policies.by_topic[topic], f"the policy of {Topic.objects.get(pk=topic)}")


def title_for_name(article: Article, name: str) -> str:
    """Return the title of a member of the article's story by its name; the name itself if there is no title."""
    title = Article.objects.filter(name=name).values_list("title", flat=True).first()
    if title is None:
        links = article.related_links.values_list("published_at", "title")
        title = next((title for at, title in links if document_name(at, title) == name), None)
    return name if title is None else f"“{title}”"


def explanation_lines(article: Article) -> list[str]:
    """Return lines that explain the article's numbers to editors, and the suggested quality."""
    effective = policy_for(article)
    lines = format_explanation(
        explain_article(article, effective.policy),
        article,
        called="it",
        policy_owner=effective.owner,
        title_for_name=lambda name: title_for_name(article, name),
    )
    return [*lines, format_suggestion(*suggest_quality(article, effective.policy))]


def explain_article(article: Article, policy: Policy) -> Explanation:
    """Return the numbers that the policy gives the article, with the reasons. One query."""
    return Neighbourhood([article.pk]).explain(article, policy)


def suggest_quality(article: Article, policy: Policy) -> tuple[int, tuple[Term, ...]]:
    """Return the quality that the policy's weights suggest, 0 or more, and its terms. Three queries.

    A provider counts as registered if its domain is, whatever its name on the article.
    """
    topics = [
        TopicTraits(
            name=item.tag.name,
            keywords=tuple(item.tag.keywords),
            is_subtopic=item.tag.parent_id is not None,
            weight=item.tag.weight,
        )
        for item in article.article_topics.select_related("tag")
    ]
    return suggested_quality(
        policy,
        title=article.title,
        topics=topics,
        has_image=article.images.filter(kind=ArticleImage.Kind.PICTURE).exists(),
        has_amp=bool(article.amp_url),
        is_video=article.type == "video",
        provider_registered=Provider.objects.registered().for_domain(article.provider.domain).exists(),
        provider_weight=article.provider.weight,
    )
