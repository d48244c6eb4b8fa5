"""Store documents that are complete stories, for readers to see at once.

Folded articles find their leads among the documents themselves, without a query. An import gets the same from the
database (`articles.stories`), because its documents list articles that came before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from articles.audit_log.unit_of_work import Actor, unit_of_work
from articles.db.bulk import BulkTable, time_value
from articles.exchange import store
from articles.exchange.format.document import Document
from articles.exchange.registry import ReferenceCache
from articles.models import Article, Policies, Verb
from articles.models.derived import match_key
from articles.rules.clustering import LeadCandidate, choose_lead
from articles.rules.scoring import FOLDED_HEAT
from articles.rules.slugs import file_sort_key
from articles.stories.links import connect_links

_PUBLIC_ARTICLES = BulkTable(
    Article,
    *("public" if name == "staged" else name for name in store.ARTICLES.columns),
    "first_shown_at",
    "from_archive",
    "lead",
    "ambiguous",
)
_IS_PUBLIC = store.ARTICLES.columns.index("staged")


def insert_complete_stories(
    documents: Sequence[Document], references: ReferenceCache, policies: Policies, by: Actor
) -> None:
    """Store new stories that no other article lists, as one operation.

    The caller holds the import lock, and marks duplicates and writes the publication record when all are stored.
    """
    with unit_of_work(Verb.IMPORT, by) as uow:
        pairs = store.with_ids(documents)
        links = StoryLinks(pairs)
        rows = zip(pairs, store.article_rows(pairs, references, policies), strict=True)
        now = time_value(uow.now)
        listing = {True: (now, True), False: (None, None)}
        _PUBLIC_ARTICLES.insert([(*row, *listing[row[_IS_PUBLIC]], *links.placement(pk)) for (pk, _), row in rows])
        store.insert_parts(pairs, references)
        connect_links(pk for pk, _ in pairs)
        uow.record_created([pk for pk, _ in pairs])
        uow.appearances.discard()  # without indexes, each batch would read all links


class StoryLinks:
    """The links among some documents, by the ids of their articles."""

    def __init__(self, pairs: Sequence[store.Pair]) -> None:
        self.documents = dict(pairs)
        self._ids_by_key: dict[str, list[int]] = defaultdict(list)
        for pk, document in sorted(pairs, key=lambda pair: file_sort_key(pair[1].name)):
            self._ids_by_key[match_key(document.web_url, document.title, document.published_at)].append(pk)
        self._lists: dict[int, set[int]] = defaultdict(set)
        self._listed_by: dict[int, set[int]] = defaultdict(set)
        for pk, document in pairs:
            for item in document.related:
                target = self.target(match_key(item.web_url, item.title, item.published_at), pk)
                if target is not None:
                    self._lists[pk].add(target)
                    self._listed_by[target].add(pk)

    def target(self, key: str, article_id: int) -> int | None:
        """Return the article that a link of `article_id` with this `match_key` names."""
        return next((pk for pk in self._ids_by_key.get(key, ()) if pk != article_id), None)

    def placement(self, pk: int) -> tuple[int | None, bool]:
        """Return an article's lead, and whether several claim it."""
        if self.documents[pk].heat != FOLDED_HEAT:
            return None, False
        lists, listed_by = self._lists.get(pk, set()), self._listed_by.get(pk, set())
        claims = [self._claim(lead, lead in lists & listed_by) for lead in lists | listed_by if self._leads(lead)]
        placement = choose_lead(claims)
        return placement.lead_id, placement.ambiguous

    def _leads(self, pk: int) -> bool:
        document = self.documents[pk]
        return document.heat is not None and document.heat > FOLDED_HEAT and bool(document.related)

    def _claim(self, pk: int, mutual: bool) -> LeadCandidate:
        document = self.documents[pk]
        return LeadCandidate(pk, document.name, document.quality or 0, mutual)
