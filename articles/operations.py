"""The verbs of the newsroom: the only code that changes editorial state.

The admin, the desk, the commands and the import call these functions. Each takes the rules from `policy.py` and
leaves the story consistent: heat, publication, leads and what is public follow in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, Q

from articles import naming
from articles.derivation import DERIVED_FIELDS, derive, public_by_rule
from articles.models import Article, ArticleImage, ArticleQuerySet, RelatedLink, SitePolicy
from articles.policy import Explanation, Policy, Standing, Term, TopicTraits, explain, suggested_quality
from articles.stories import place_folded

BATCH = 500
SCORES = ("heat", "published")


class NotPublishable(Exception):
    """An article can't be published by itself; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Change:
    """What rescoring makes of one article: (before, after) for each field that changes."""

    name: str
    fields: dict[str, tuple[Any, Any]]

    def __str__(self) -> str:
        told = ", ".join(f"{field} {_word(old)} → {_word(new)}" for field, (old, new) in self.fields.items())
        return f"{self.name}: {told}"


def _word(value: Any) -> str:
    if value is None:
        return "none"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def publish(article: Article) -> None:
    """Show the article to readers, by an editor's decision. Raises NotPublishable."""
    if article.removed:
        raise NotPublishable("was removed by its source; clear that first")
    if article.is_folded:
        lead = f" under “{article.lead}”; publish that one" if article.lead else "; unfold it first"
        raise NotPublishable(f"is folded{lead}")
    decide(article, published=True)


def withdraw(article: Article) -> None:
    """Take the article from readers, by an editor's decision."""
    decide(article, published=False)


@transaction.atomic
def decide(article: Article, **values: Any) -> list[Change]:
    """Set fields of an article by an editor's decision, pin them, and let its story follow.

    Returns what the policy changed besides. `article` is refreshed in place.
    """
    row = Article.objects.select_for_update().get(pk=article.pk)
    for field, value in values.items():
        setattr(row, field, value)
    row.pins = sorted({*row.pins, *values})
    _settle(row, SitePolicy.current())
    row.save()
    changes = follow(row)
    article.refresh_from_db()
    return changes


def follow(article: Article) -> list[Change]:
    """Recompute the story of an article that an editor changed; return what changed."""
    return rescore(Article.objects.filter(pk__in=neighbours([article.pk])))


def neighbours(ids: Iterable[int]) -> set[int]:
    """Return the articles with those that they list or are listed by: whoever may lead or follow them."""
    found = set(ids)
    for chunk in _chunks(sorted(found)):
        links = RelatedLink.objects.filter(Q(article__in=chunk) | Q(target__in=chunk), target__isnull=False)
        for pair in links.values_list("article", "target"):
            found.update(pair)
    return found


def rescore(articles: ArticleQuerySet, policy: Policy | None = None, *, dry_run: bool = False) -> list[Change]:
    """Let the policy decide heat and publication of these articles; return what changes.

    Pins stay. An article without quality keeps what it has. `policy` is the stored one by default.
    """
    rules = policy or SitePolicy.current()
    changes, moved = [], []
    with transaction.atomic():
        for batch in _standing_batches(articles):
            rows = []
            for article in batch:
                change = _rescored(article, rules)
                if change:
                    changes.append(change)
                    rows.append(article)
            if rows and not dry_run:
                for row in rows:
                    _settle(row, rules)
                Article.objects.bulk_update(rows, [*SCORES, *DERIVED_FIELDS, "public"], batch_size=100)
                moved += [row.pk for row in rows]
        if moved:
            place_folded(moved)
    return changes


def explain_article(article: Article, policy: Policy | None = None) -> Explanation:
    """Return why the article's numbers are what they are. Two queries."""
    loaded = next(iter(_with_standing(Article.objects.filter(pk=article.pk))))
    return explain(_standing(loaded), policy or SitePolicy.current())


def suggest_quality(article: Article, policy: Policy | None = None) -> tuple[int, tuple[Term, ...]]:
    """Return the quality that the policy's weights suggest, 0 or more, and its terms. Three queries."""
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
        provider_registered=article.provider.registered,
        provider_weight=article.provider.weight,
    )


@transaction.atomic
def apply_publish_unscored() -> int:
    """Make what is public follow the policy for unscored articles; return how many changed."""
    show = SitePolicy.current().publish_unscored
    waiting = Article.objects.unscored().filter(staged=None, public=not show).exclude(removed=True)
    return waiting.update(public=show)


def _settle(article: Article, policy: Policy) -> None:
    derive(article)
    visible = public_by_rule(article, policy)
    if article.staged is None:
        article.public = visible
    else:
        article.staged = visible


def _rescored(article: Article, policy: Policy) -> Change | None:
    """Set what the policy decides on the article in memory; return what that changed."""
    if article.quality is None:
        return None
    verdict = explain(_standing(article), policy).verdict
    fields = {}
    for field in SCORES:
        before, after = getattr(article, field), getattr(verdict, field)
        if before != after:
            fields[field] = (before, after)
            setattr(article, field, after)
    return Change(article.name, fields) if fields else None


def _with_standing(articles: ArticleQuerySet) -> ArticleQuerySet:
    links = RelatedLink.objects.select_related("target").only(
        "article", "title", "published_at", "quality", "target__name", "target__quality"
    )
    return articles.prefetch_related(Prefetch("related_links", links))


def _standing_batches(articles: ArticleQuerySet) -> Iterator[Sequence[Article]]:
    """Yield the articles in batches by id, so that memory doesn't grow with their number."""
    last = 0
    while batch := list(_with_standing(articles.filter(pk__gt=last)).order_by("pk")[:BATCH]):
        yield batch
        last = batch[-1].pk


def _standing(article: Article) -> Standing:
    return Standing(
        name=article.name,
        quality=article.quality,
        heat=article.heat,
        published=article.published,
        removed=bool(article.removed),
        engagement=article.engagement,
        rivals=[_rival(link) for link in article.related_links.all()],
        pins=frozenset(article.pins),
    )


def _rival(link: RelatedLink) -> tuple[int, str]:
    """Return (quality, name) of a related link: our own article's where we have it, else as it was listed.

    -1 stands for no quality: such coverage counts, but never leads.
    """
    target = link.target
    if target is None:
        return (-1 if link.quality is None else link.quality), naming.name_of(link.published_at, link.title)
    quality = link.quality if target.quality is None else target.quality
    return (-1 if quality is None else quality), target.name


def _chunks(items: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
