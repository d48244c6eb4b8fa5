"""Where articles stand: loads what the rules of `policy.py` need to know of them. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from articles.models import Article, ArticleImage, Policies, Topic
from articles.rules.scoring import Explanation, Policy, Term, TopicTraits, suggested_quality
from articles.rules.slugs import document_name
from providers.models import Provider

from .explanation_text import format_explanation, format_suggestion
from .rescoring import Neighbourhood, explain_in_context


@dataclass(frozen=True)
class EffectivePolicy:
    """A policy and whose it is, in words for people."""

    policy: Policy
    by: str = "the policy of the site"


def policy_for(article: Article) -> EffectivePolicy:
    """Return the policy that decides an article. One query; up to four where topics have policies of their own."""
    policies = Policies.load()
    if not policies.by_topic:
        return EffectivePolicy(policies.site)
    topics = article.article_topics.order_by("position", "pk").values_list("tag", flat=True)
    topic = policies.topic_for(topics)
    if topic is None:
        return EffectivePolicy(policies.site)
    return EffectivePolicy(policies.by_topic[topic], f"the policy of {Topic.objects.get(pk=topic)}")


def title_for_name(article: Article, name: str) -> str:
    """Return the title under which a member of the article's story is known; its name if we know no title."""
    known = Article.objects.filter(name=name).values_list("title", flat=True).first()
    if known is None:
        links = article.related_links.values_list("published_at", "title")
        known = next((title for at, title in links if document_name(at, title) == name), None)
    return name if known is None else f"“{known}”"


def explanation_lines(article: Article) -> list[str]:
    """Return in lines for editors why the article's numbers are what they are, and which quality is suggested."""
    decided = policy_for(article)
    explanation = explain_article(article, decided.policy)
    lines = format_explanation(
        explanation, article, called="it", by=decided.by, naming=lambda name: title_for_name(article, name)
    )
    return [*lines, format_suggestion(*suggest_quality(article, decided.policy))]


def explain_article(article: Article, policy: Policy | None = None) -> Explanation:
    """Return why the article's numbers are what they are. One query beside the policy's."""
    return explain_in_context(article, Neighbourhood([article.pk]), policy or policy_for(article).policy)


def suggest_quality(article: Article, policy: Policy | None = None) -> tuple[int, tuple[Term, ...]]:
    """Return the quality that the policy's weights suggest, 0 or more, and its terms. Four queries.

    An outlet counts as registered by its domain, whatever name it speaks under.
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
        policy or policy_for(article).policy,
        title=article.title,
        topics=topics,
        has_image=article.images.filter(kind=ArticleImage.Kind.PICTURE).exists(),
        has_amp=bool(article.amp_url),
        is_video=article.type == "video",
        provider_registered=Provider.objects.registered().for_domain(article.provider.domain).exists(),
        provider_weight=article.provider.weight,
    )
