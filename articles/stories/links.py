"""Related links between articles: connect them, sort them, and make them agree with editors' decisions.

A decision of an editor on two articles (they belong together, or they don't) is a `Pairing`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db.models import Q

from articles.audit_log import snapshots
from articles.audit_log.unit_of_work import UnitOfWork
from articles.db.bulk import KEYS_CHUNK, BulkTable, chunked, ids_between_or_in
from articles.models import Article, Pairing, RelatedLink
from articles.models.derived import match_key
from articles.rules.coverage import Report, repeated_places
from articles.rules.slugs import document_name, file_sort_key
from articles.rules.urls import page_of

LINKS = BulkTable(RelatedLink)
REPORT_FIELDS = ("web_url", "provider", "title", "published_at")  # the values of a Report


def connect_links(article_ids: Iterable[int]) -> None:
    """Connect the related links of these articles, and the links to them, with the articles that they name.

    Either side may have been imported first. Page, title and time must all agree. If several articles do, the
    smallest name is taken, but never the article that holds the link.
    """
    for ids in chunked(article_ids, KEYS_CHUNK):
        keys = Article.objects.filter(ids_between_or_in("pk", ids)).order_by().values("match_key")
        unconnected: set[tuple[int, int, str]] = set()
        # Two queries: with OR, PostgreSQL scans all links. A filter on `target=None` scans all that have none.
        for condition in (ids_between_or_in("article", ids), Q(match_key__in=keys)):
            links = RelatedLink.objects.filter(condition).order_by()
            rows = links.values_list("target_id", "pk", "article_id", "match_key")
            unconnected.update((pk, article, key) for target, pk, article, key in rows if target is None)
        targets = _article_ids_by_key({key for _, _, key in unconnected})
        connections = []
        for pk, article_id, key in sorted(unconnected):
            candidates = [target for target in targets.get(key, ()) if target != article_id]
            if candidates:
                connections.append((candidates[0], pk))
        LINKS.update(["target"], connections)


def mark_repeated_links(article_ids: Iterable[int]) -> None:
    """Mark those links of these articles that repeat the article's own report or an earlier link."""
    for ids in chunked(article_ids, KEYS_CHUNK):
        marked = {}
        links: dict[int, list[tuple[int, Report]]] = defaultdict(list)
        rows = RelatedLink.objects.filter(ids_between_or_in("article", ids)).order_by("article", "position", "pk")
        for article, pk, repeated, *report in rows.values_list("article", "pk", "repeated", *REPORT_FIELDS):
            links[article].append((pk, Report(*report)))
            marked[pk] = repeated
        repeated_pks: set[int] = set()
        leads = Article.objects.filter(pk__in=links).order_by()
        for article, original_url, url, *report in leads.values_list("pk", "original_url", *REPORT_FIELDS):
            places = repeated_places(Report(url or original_url, *report), [report for _, report in links[article]])
            repeated_pks.update(links[article][place][0] for place in places)
        changed = sorted(pk for pk, repeated in marked.items() if repeated != (pk in repeated_pks))
        LINKS.update(["repeated"], [(pk in repeated_pks, pk) for pk in changed])


def _article_ids_by_key(keys: Collection[str]) -> dict[str, list[int]]:
    ids: dict[str, list[int]] = defaultdict(list)
    for chunk in chunked(sorted(keys), KEYS_CHUNK):
        rows = Article.objects.filter(match_key__listed=chunk).order_by("file_name").values_list("match_key", "pk")
        for key, pk in rows:
            ids[key].append(pk)
    return ids


def apply_pairings(uow: UnitOfWork, ids: Collection[int]) -> set[int]:
    """Make the links of these articles agree with editors' pairings; return the articles whose links changed."""
    relinked: set[int] = set()
    for chunk in chunked(sorted(set(ids)), KEYS_CHUNK):
        pairings = Pairing.objects.filter(ids_between_or_in("lead", chunk) | ids_between_or_in("member", chunk))
        for pairing in pairings.order_by("pk").select_related("member"):
            pair = (pairing.lead_id, pairing.member_id)
            if not pairing.together:
                if unlink(uow, *pair):
                    relinked.update(pair)
            elif not RelatedLink.objects.filter(article=pairing.lead_id, target=pairing.member_id).exists():
                [lead] = uow.load([pairing.lead_id])
                uow.track_lists([lead.pk], "related")
                add_link(lead.pk, pairing.member)
                sort_and_check_links(lead)
                relinked.update(pair)
    return relinked


def unlink(uow: UnitOfWork, one: int, other: int) -> bool:
    """Delete the links between two articles; return whether there were any."""
    links = RelatedLink.objects.filter(Q(article=one, target=other) | Q(article=other, target=one))
    holders = sorted(set(links.values_list("article", flat=True)))
    uow.load(holders)
    uow.track_lists(holders, "related")
    links.delete()
    for holder in holders:
        snapshots.renumber(RelatedLink.objects.filter(article=holder))
    mark_repeated_links(holders)
    return bool(holders)


def add_link(lead_id: int, member: Article) -> None:
    """Add a member to the end of a lead's related list, unless it is listed. `sort_and_check_links` sorts the list."""
    related = RelatedLink.objects.filter(article=lead_id)
    if related.filter(target=member.pk).exists():
        return
    RelatedLink.objects.create(
        article_id=lead_id,
        position=related.count(),
        target=member,
        title=member.title,
        excerpt=member.excerpt,
        published_at=member.published_at,
        web_url=member.web_url,
        amp_url=member.amp_url,
        cdn_amp_url=member.cdn_amp_url,
        type=member.type,
        provider_id=member.provider_id,
        quality=member.quality,
        match_key=member.match_key,
    )


def sort_and_check_links(article: Article) -> None:
    """Sort an article's related links by quality; disconnect those whose page is no longer that of their target."""
    links = list(article.related_links.select_related("target"))
    for link in links:
        link.match_key = match_key(link.web_url, link.title, link.published_at)
        if link.target and page_of(link.target.web_url) != page_of(link.web_url):
            link.target = None
    links.sort(key=_sort_key)
    for position, link in enumerate(links):
        link.position = position
    RelatedLink.objects.bulk_update(links, ["match_key", "target", "position"], batch_size=100)
    mark_repeated_links([article.pk])


def _sort_key(link: RelatedLink) -> tuple[int, bytes]:
    target_quality = link.target.quality if link.target else None
    quality = link.quality if target_quality is None else target_quality
    name = link.target.name if link.target else document_name(link.published_at, link.title)
    return (1 if quality is None else -quality, file_sort_key(name))
