"""Where articles stand: loads what the rules of `policy.py` need to know of them. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import Prefetch

from articles import naming
from articles.models import Article, ArticleImage, ArticleQuerySet, RelatedLink, SitePolicy
from articles.policy import Explanation, Policy, Standing, Term, TopicTraits, explain, suggested_quality
from providers.models import Provider

BATCH = 500


def explain_article(article: Article, policy: Policy | None = None) -> Explanation:
    """Return why the article's numbers are what they are. Two queries."""
    loaded = next(iter(with_standing(Article.objects.filter(pk=article.pk))))
    return explain(standing_of(loaded), policy or SitePolicy.current())


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
        policy or SitePolicy.current(),
        title=article.title,
        topics=topics,
        has_image=article.images.filter(kind=ArticleImage.Kind.PICTURE).exists(),
        has_amp=bool(article.amp_url),
        is_video=article.type == "video",
        provider_registered=Provider.objects.registered().for_domain(article.provider.domain).exists(),
        provider_weight=article.provider.weight,
    )


def with_standing(articles: ArticleQuerySet) -> ArticleQuerySet:
    links = RelatedLink.objects.select_related("target").only(
        "article", "title", "published_at", "quality", "target__name", "target__quality"
    )
    return articles.prefetch_related(Prefetch("related_links", links))


def standing_batches(articles: ArticleQuerySet) -> Iterator[Sequence[Article]]:
    """Yield the articles in batches by id, so that memory doesn't grow with their number."""
    last = 0
    while batch := list(with_standing(articles.filter(pk__gt=last)).order_by("pk")[:BATCH]):
        yield batch
        last = batch[-1].pk


def standing_of(article: Article) -> Standing:
    return Standing(
        name=article.name,
        quality=article.quality,
        heat=article.heat,
        published=article.published,
        removed=bool(article.removed),
        engagement=article.engagement,
        rivals=[rival_of(link) for link in article.related_links.all()],
        pins=frozenset(article.pins),
    )


def rival_of(link: RelatedLink) -> tuple[int, str]:
    """Return (quality, name) of a related link: our own article's where we have it, else as it was listed.

    -1 stands for no quality: such coverage counts, but never leads.
    """
    target = link.target
    if target is None:
        return (-1 if link.quality is None else link.quality), naming.name_of(link.published_at, link.title)
    quality = link.quality if target.quality is None else target.quality
    return (-1 if quality is None else quality), target.name
