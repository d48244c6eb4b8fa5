"""Whole stories in memory: whom their links name and who leads them. No queries here.

It finds what `stories.py` asks the database, for documents that no article lists but those beside them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from articles.models.derived import match_key
from articles.rules.clustering import LeadCandidate, choose_lead
from articles.rules.scoring import FOLDED_HEAT
from articles.rules.slugs import file_sort_key

from .format.document import Document


class StoryLinks:
    """The documents of some stories, by the keys that their articles get."""

    def __init__(self, pairs: Sequence[tuple[int, Document]]) -> None:
        self.documents = dict(pairs)
        self._named: dict[str, list[int]] = defaultdict(list)
        for pk, document in sorted(pairs, key=lambda pair: file_sort_key(pair[1].name)):
            self._named[match_key(document.web_url, document.title, document.published_at)].append(pk)
        self._lists: dict[int, set[int]] = defaultdict(set)
        self._listed_by: dict[int, set[int]] = defaultdict(set)
        for pk, document in pairs:
            for item in document.related:
                target = self.target(match_key(item.web_url, item.title, item.published_at), pk)
                if target is not None:
                    self._lists[pk].add(target)
                    self._listed_by[target].add(pk)

    def target(self, key: str, holder: int) -> int | None:
        """Return the article that a link of `holder` with this `match_key` names."""
        return next((pk for pk in self._named.get(key, ()) if pk != holder), None)

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
