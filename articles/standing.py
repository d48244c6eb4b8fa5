"""Where articles stand: loads what the rules of `policy.py` need to know of them. Writes nothing."""

from __future__ import annotations

from articles.models import Article, ArticleImage, Policies
from articles.policy import Explanation, Policy, Term, TopicTraits, suggested_quality
from articles.stories import Around, explain_here
from providers.models import Provider


def policy_for(article: Article) -> Policy:
    """Return the policy that decides an article. One query, three where topics have policies of their own."""
    policies = Policies.load()
    if not policies.by_topic:
        return policies.site
    return policies.of(article.article_topics.order_by("position", "pk").values_list("tag", flat=True))


def explain_article(article: Article, policy: Policy | None = None) -> Explanation:
    """Return why the article's numbers are what they are. One query beside the policy's."""
    return explain_here(article, Around([article.pk]), policy or policy_for(article))


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
        policy or policy_for(article),
        title=article.title,
        topics=topics,
        has_image=article.images.filter(kind=ArticleImage.Kind.PICTURE).exists(),
        has_amp=bool(article.amp_url),
        is_video=article.type == "video",
        provider_registered=Provider.objects.registered().for_domain(article.provider.domain).exists(),
        provider_weight=article.provider.weight,
    )
