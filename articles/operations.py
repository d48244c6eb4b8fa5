"""The verbs of the newsroom: the only code that changes editorial state.

The admin, the desk, the commands and the import call these functions. Each takes the rules from `policy.py` and
leaves the story consistent: heat, publication, leads and what is public follow in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from articles import naming
from articles.bulk import Table, chunked, json_text, time_value
from articles.derivation import DERIVED_FIELDS, derive, match_key, public_by_rule
from articles.models import Article, ArticleImage, ArticleQuerySet, ArticleTopic, RelatedLink, SitePolicy, Topic
from articles.policy import Policy, explain
from articles.standing import rival_of, standing_batches, standing_of
from articles.stories import connect_links, place_folded
from providers.models import Provider

SCORES = ("heat", "published")
MATCHED = {"title", "web_url", "published_at"}  # by these, related links find their article
LISTS = ("topics", "images", "related")
ARTICLES = Table(Article)
TOPICS = Table(ArticleTopic)
IMAGES = Table(ArticleImage)


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


@dataclass(frozen=True, slots=True)
class Refusal:
    """An article that a bulk decision left alone, and why."""

    title: str
    reason: str


def publish(article: Article) -> None:
    """Show the article to readers, by an editor's decision. Raises NotPublishable."""
    require_publishable(article)
    decide(article, published=True)


def withdraw(article: Article) -> None:
    """Take the article from readers, by an editor's decision."""
    decide(article, published=False)


def require_publishable(article: Article) -> None:
    """Raise NotPublishable if readers could not see the article by itself even if it were published."""
    if article.removed:
        raise NotPublishable("was removed by its source; clear that first")
    if article.missing:
        raise NotPublishable("was withdrawn because its document is missing; import the document again")
    if article.is_folded:
        lead = f" under “{article.lead}”; publish that one" if article.lead else "; unfold it first"
        raise NotPublishable(f"is folded{lead}")


def publish_all(articles: ArticleQuerySet) -> tuple[int, list[Refusal]]:
    """Publish all these articles that can be; return how many, and the others with their reasons."""
    return _decide_published(articles, published=True)


def withdraw_all(articles: ArticleQuerySet) -> int:
    """Take all these articles from readers; return how many they were."""
    return _decide_published(articles, published=False)[0]


@transaction.atomic
def decide(article: Article, **values: Any) -> list[Change]:
    """Set fields of an article by an editor's decision, pin them, and let its story follow.

    Returns what the policy changed besides. `article` is refreshed in place.
    """
    row = Article.objects.select_for_update().get(pk=article.pk)
    _pin(row, values)
    for field, value in values.items():
        setattr(row, field, value)
    if "provider" in values:  # the document's logos are those of its own outlet
        row.images.filter(kind=ArticleImage.Kind.LOGO).delete()
        row.layout = {key: value for key, value in row.layout.items() if key != "provider"}
    changes = _save_and_follow(row, values)
    article.refresh_from_db()
    return changes


def edit(article: Article, **values: Any) -> list[Change]:
    """Take over what an editor typed: a decision on each field, except that an emptied score is given back.

    `values` are the fields that the editor changed. Returns what the policy changed besides.
    """
    emptied = [field for field in ("quality", *SCORES) if field in values and values[field] is None]
    decided = {field: value for field, value in values.items() if field not in emptied}
    with transaction.atomic():
        changes = decide(article, **decided) if decided else []
        return changes + (unpin(article, *emptied) if emptied else [])


@transaction.atomic
def decide_lists(article: Article, *names: str) -> list[Change]:
    """Pin lists whose rows an editor has changed (see LISTS), put them in order, and let the story follow."""
    row = Article.objects.select_for_update().get(pk=article.pk)
    if "topics" in names:
        _renumber(TOPICS, row.article_topics.values_list("pk", "position"))
    if "images" in names:
        pictures = row.images.filter(kind=ArticleImage.Kind.PICTURE)
        _renumber(IMAGES, pictures.values_list("pk", "position"))
    if "related" in names:
        _settle_links(row)
    _pin(row, names)
    changes = _save_and_follow(row, names)
    article.refresh_from_db()
    return changes


@transaction.atomic
def unpin(article: Article, *fields: str) -> list[Change]:
    """Let document and policy decide these fields again, by default all that are pinned.

    What the document wants is taken back at once where it is known, and the next import compares it anew.
    Returns what the policy changed. `article` is refreshed in place.
    """
    row = Article.objects.select_for_update().get(pk=article.pk)
    freed = _free(row, fields or row.pins)
    changes = _save_and_follow(row, freed) if freed else []
    article.refresh_from_db()
    return changes


@transaction.atomic
def unpin_all(articles: ArticleQuerySet) -> int:
    """Let document and policy decide all fields of these articles again; return how many had pins."""
    policy = SitePolicy.current()
    unpinned = []
    for chunk in chunked(sorted(articles.exclude(pins=[]).values_list("pk", flat=True))):
        for row in Article.objects.select_for_update().filter(pk__in=chunk).order_by("pk"):
            _free(row, row.pins)
            _settle(row, policy)
            row.save()
            unpinned.append(row.pk)
    connect_links(unpinned)
    _follow_all(unpinned)
    return len(unpinned)


@transaction.atomic
def add(article: Article, decided: Iterable[str]) -> None:
    """Store a new article written by hand; `decided` are the fields that its editor filled in, which are pinned."""
    article.pins = sorted(decided)
    _settle(article, SitePolicy.current())
    article.save()
    connect_links([article.pk])
    follow(article)
    article.refresh_from_db()


@transaction.atomic
def delete(articles: ArticleQuerySet) -> None:
    """Delete articles for good; the stories that they leave follow. Documents that are imported again come back."""
    ids = list(articles.values_list("pk", flat=True))
    left = neighbours(ids)
    for chunk in chunked(ids):
        left.update(Article.objects.filter(lead__in=chunk).values_list("pk", flat=True))
        Article.objects.filter(pk__in=chunk).delete()
    _follow_all(sorted(left.difference(ids)))


def follow(article: Article) -> list[Change]:
    """Recompute the story of an article that an editor changed; return what changed."""
    changes = rescore(Article.objects.filter(pk__in=neighbours([article.pk])))
    place_folded([article.pk])  # the article itself may have been folded or unfolded by hand
    return changes


def neighbours(ids: Iterable[int]) -> set[int]:
    """Return the articles with those that they list or are listed by: whoever may lead or follow them."""
    found = set(ids)
    for chunk in chunked(sorted(found)):
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
        for batch in standing_batches(articles):
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


@transaction.atomic
def apply_publish_unscored() -> int:
    """Make what is public follow the policy for unscored articles; return how many changed."""
    show = SitePolicy.current().publish_unscored
    waiting = (
        Article.objects.unscored().filter(staged=None, public=not show).filter(missing=False).exclude(removed=True)
    )
    return waiting.update(public=show)


@transaction.atomic
def mark_missing(ids: Sequence[int], *, missing: bool) -> list[str]:
    """Withdraw articles whose documents have disappeared, or let those back whose documents came again.

    An article that an editor decided to publish stays. Returns the names of those that changed.
    """
    policy = SitePolicy.current()
    names = []
    for chunk in chunked(ids):
        rows = []
        for article in Article.objects.select_for_update().filter(pk__in=chunk, missing=not missing).order_by("name"):
            if missing and article.published and "published" in article.pins:
                continue
            article.missing = missing
            _settle(article, policy)
            rows.append((missing, article.public, article.staged, article.pk))
            names.append(article.name)
        ARTICLES.update(["missing", "public", "staged"], rows)
    return names


@transaction.atomic
def _decide_published(articles: ArticleQuerySet, *, published: bool) -> tuple[int, list[Refusal]]:
    """Decide `published` of many articles at once, as `decide()` does for one."""
    policy = SitePolicy.current()
    refusals = []
    decided: list[int] = []
    for chunk in chunked(sorted(articles.values_list("pk", flat=True))):
        found = Article.objects.select_related("lead").select_for_update(of=("self",)).filter(pk__in=chunk)
        rows = []
        for row in found.order_by("pk"):
            try:
                if published:
                    require_publishable(row)
            except NotPublishable as refused:
                refusals.append(Refusal(row.title, str(refused)))
                continue
            _pin(row, ["published"])
            row.published = published
            row.changed_at = timezone.now()
            _settle(row, policy)
            values = (json_text(row.pins), json_text(row.wishes), time_value(row.changed_at))
            rows.append((published, row.public, row.staged, *values, row.pk))
        ARTICLES.update(["published", "public", "staged", "pins", "wishes", "changed_at"], rows)
        decided += [row[-1] for row in rows]
    _follow_all(decided)
    return len(decided), refusals


def _follow_all(ids: Sequence[int]) -> None:
    """Recompute the stories of articles that changed."""
    for chunk in chunked(ids):
        rescore(Article.objects.filter(pk__in=neighbours(chunk)))
        place_folded(chunk)


def _pin(article: Article, fields: Iterable[str]) -> None:
    """Pin fields of the article in memory, before they change; what they were is kept as the document's wish.

    Lists are not kept: unpinned, they wait for the next import.
    """
    wishes = dict(article.wishes)
    for field in fields:
        if field not in article.pins and field not in LISTS:
            wishes[field] = _as_wish(article, field)
    article.wishes = wishes
    article.pins = sorted({*article.pins, *fields})


def _free(article: Article, fields: Iterable[str]) -> list[str]:
    """Unpin fields of the article in memory and take back what its document wants; return those that were pinned."""
    freed = [field for field in fields if field in article.pins]
    for field in freed:
        if field in article.wishes:
            _take_back(article, field, article.wishes[field])
    article.pins = [field for field in article.pins if field not in freed]
    article.wishes = {field: wish for field, wish in article.wishes.items() if field not in freed}
    article.content_hash = ""
    if "quality" in freed and article.quality is None:
        for field in SCORES:
            if field not in article.pins:
                setattr(article, field, None)
    return freed


def _as_wish(article: Article, field: str) -> Any:
    """Return the value of a field as `wishes` holds it: JSON, in the form that the import uses."""
    value = getattr(article, field)
    if isinstance(value, Provider):
        return [value.domain, value.name]
    return value.isoformat() if isinstance(value, datetime) else value


def _take_back(article: Article, field: str, wish: Any) -> None:
    """Set a field to what the document wants; of images and related links only the next import knows more."""
    if field == "topics":
        topics = {topic.name: topic for topic in Topic.objects.filter(name__in=wish)}
        article.article_topics.all().delete()
        ArticleTopic.objects.bulk_create(
            ArticleTopic(content_object=article, tag=topics[name], position=position)
            for position, name in enumerate(name for name in wish if name in topics)
        )
    elif field == "provider":
        article.provider = Provider.objects.filter(domain=wish[0], name=wish[1]).first() or article.provider
    elif field == "published_at":
        article.published_at = datetime.fromisoformat(wish)
    elif field not in LISTS:
        setattr(article, field, wish)


def _save_and_follow(article: Article, changed: Iterable[str]) -> list[Change]:
    _settle(article, SitePolicy.current())
    article.save()
    if not MATCHED.isdisjoint(changed) or "related" in changed:
        connect_links([article.pk])
    return follow(article)


def _renumber(table: Table, rows: Iterable[tuple[int, int]]) -> None:
    """Number rows from 0, given as (id, position) in their order."""
    moved = [(new, pk) for new, (pk, position) in enumerate(rows) if position != new]
    table.update(["position"], moved)


def _settle_links(article: Article) -> None:
    """Order an article's related links by quality, and let go of targets whose address a link no longer has."""
    links = list(article.related_links.select_related("target"))
    for link in links:
        link.match_key = match_key(link.web_url, link.title, link.published_at)
        if link.target and link.target.web_url != link.web_url:
            link.target = None
    links.sort(key=lambda link: (-rival_of(link)[0], naming.file_order(rival_of(link)[1])))
    for position, link in enumerate(links):
        link.position = position
    RelatedLink.objects.bulk_update(links, ["match_key", "target", "position"], batch_size=100)


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
    verdict = explain(standing_of(article), policy).verdict
    fields = {}
    for field in SCORES:
        before, after = getattr(article, field), getattr(verdict, field)
        if before != after:
            fields[field] = (before, after)
            setattr(article, field, after)
    return Change(article.name, fields) if fields else None
