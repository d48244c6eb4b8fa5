"""Stories in the database: related links meet their articles, folded articles their leads.

The decision which lead it is lies in `clustering.place()`; here are the queries around it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from django.db.models import Exists, OuterRef, Q, Subquery

from articles.bulk import Table, chunked
from articles.clustering import Claim, place
from articles.models import Article, RelatedLink
from articles.policy import FOLDED_HEAT

ARTICLES = Table(Article)
LINKS = Table(RelatedLink)


def connect_links(article_ids: Sequence[int]) -> None:
    """Connect the related links of these articles, and the links to them, with the articles that they name.

    The one or the other may have come first. Address, title and time must all agree; of several such articles
    the smallest name is taken, never the article that holds the link.
    """
    for ids in chunked(article_ids):
        keys = Article.objects.filter(pk__in=ids).values("match_key")
        links = RelatedLink.objects.filter(Q(article__in=ids) | Q(match_key__in=keys), target=None)
        waiting = list(links.values_list("pk", "article_id", "match_key"))
        targets = _articles_by_key({key for _, _, key in waiting})
        connected = []
        for pk, article_id, key in waiting:
            others = [target for target in targets.get(key, ()) if target != article_id]
            if others:
                connected.append((others[0], pk))
        LINKS.update(["target"], connected)


def notices_among(article_ids: Sequence[int]) -> Iterator[tuple[str, str]]:
    """Yield (name, notice) for those of these articles that share their address, or that several leads claim."""
    for ids in chunked(article_ids):
        articles = Article.objects.filter(pk__in=ids)
        shared = Article.objects.filter(url_key=OuterRef("url_key")).exclude(pk=OuterRef("pk")).order_by("file_name")
        twins = articles.exclude(url_key="").annotate(twin=Subquery(shared.values("name")[:1])).exclude(twin=None)
        for name, twin in twins.order_by("file_name").values_list("name", "twin"):
            yield name, f"has the address of {twin}"
        claimed = articles.filter(ambiguous=True).order_by("file_name")
        for name, lead in claimed.values_list("name", "lead__name"):
            yield name, f"several leads claim it; folded under {lead}"


def _articles_by_key(keys: Collection[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for chunk in chunked(sorted(keys)):
        rows = Article.objects.filter(match_key__in=chunk).order_by("file_name").values_list("match_key", "pk")
        for key, pk in rows:
            found[key].append(pk)
    return found


def place_folded(article_ids: Iterable[int]) -> int:
    """Give each folded article among these and their neighbours its lead; return how many changed.

    Neighbours are the articles that these list or are listed by: their lead may have come, gone or been folded.
    """
    affected = set(article_ids)
    for ids in chunked(sorted(affected)):
        for pair in RelatedLink.objects.filter(article__in=ids, target__isnull=False).values_list("target", flat=True):
            affected.add(pair)
        affected.update(RelatedLink.objects.filter(target__in=ids).values_list("article", flat=True))
        affected.update(Article.objects.filter(lead__in=ids).values_list("pk", flat=True))
    changed = 0
    for ids in chunked(sorted(affected)):
        changed += _place(ids)
    return changed


def _place(ids: Sequence[int]) -> int:
    """Set lead and `ambiguous` of these articles; return how many changed."""
    claims = _claims(ids)
    moved = []
    rows = Article.objects.filter(pk__in=ids).order_by().values_list("pk", "heat", "lead", "ambiguous")
    for pk, heat, *before in rows:
        placement = place(claims.get(pk, ()) if heat == FOLDED_HEAT else ())
        if before != [placement.lead_id, placement.ambiguous]:
            moved.append((placement.lead_id, placement.ambiguous, pk))
    ARTICLES.update(["lead", "ambiguous"], moved)
    return len(moved)


def _claims(ids: Sequence[int]) -> dict[int, list[Claim]]:
    """Return the leads that list these articles or that they list."""
    listed = set(RelatedLink.objects.filter(target__in=ids).values_list("article", "target"))
    lists = set(RelatedLink.objects.filter(article__in=ids, target__isnull=False).values_list("target", "article"))
    leads = _leads({lead for lead, _ in listed | lists})
    claims: dict[int, list[Claim]] = defaultdict(list)
    for pair in listed | lists:
        lead, member = pair
        if lead in leads:
            name, quality = leads[lead]
            claims[member].append(Claim(lead, name, quality, mutual=pair in listed and pair in lists))
    return claims


def _leads(ids: set[int]) -> dict[int, tuple[str, int]]:
    """Return name and quality of those among `ids` that are leads: scored, not folded, with related links."""
    found = {}
    has_related = Exists(RelatedLink.objects.filter(article=OuterRef("pk")))
    for chunk in chunked(sorted(ids)):
        leads = Article.objects.filter(has_related, pk__in=chunk, heat__gt=FOLDED_HEAT)
        for pk, name, quality in leads.values_list("pk", "name", "quality"):
            found[pk] = (name, quality or 0)
    return found
