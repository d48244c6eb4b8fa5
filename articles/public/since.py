"""What is new since a visit. The URL carries the time, so that no cookie has to.

A list names the time of its newest story: whatever comes later is new, and as long as nothing comes, the page stays the
same for caches. On the front page, what was too small for it counts as new. `listed_at` is never before the moment
readers could first see a story, as the publication record has it; an archive that comes in late is listed where it
belongs, and counts as no news.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from articles.models import Article

from .cards import Card
from .pagination import ArticlePage, format_time, parse_time

CANDIDATES_MAX = 500  # of the newest stories, from which the front page chooses
SHOWN_MAX = 36  # of them on the page, as many as on the front page itself


def read_since(request: HttpRequest) -> datetime | None:
    """Return the time of the visit that the URL names; None without one, and for anything else."""
    try:
        return parse_time(request.GET.get("since", ""))
    except ValueError:
        return None


def visit_context(since: datetime | None, newest: datetime | None) -> dict[str, Any]:
    """Return what a list says about visits: `since` of the URL, and `visit` for the link to what comes after now.

    `newest` is when the newest story of the list came; without one there is no link.
    """
    visit = newest or since
    return {
        "since": since,
        "visit": format_time(visit) if visit else "",
        "since_query": f"&since={format_time(since)}" if since else "",
        "robots": "noindex,follow" if since else "",
    }


def only_new(page: ArticlePage, cards: Sequence[Card], since: datetime | None) -> tuple[ArticlePage, list[Card]]:
    """Return the part of a page of the latest stories that came after a time; it ends where that part does."""
    new = [card for card in cards if since is None or card.listed_at > since]
    return (page if len(new) == len(cards) else replace(page, older=None)), new


def newest_of(cards: Sequence[Card]) -> datetime | None:
    """Return when the newest of these stories came; None without any."""
    return max((card.listed_at for card in cards), default=None)


def new_for_front_page(since: datetime) -> tuple[list[int], bool]:
    """Return the keys of the first stories that came after a time, in the order of the front page, and if more came.

    One query.
    """
    new = Article.objects.public().on_front_page().filter(listed_at__gt=since).latest_first()
    rows = new.values_list("hot", "name", "pk")[:CANDIDATES_MAX]
    ids = [pk for _, _, pk in sorted(rows, key=lambda row: (-row[0], f"{row[1]}.md".encode()))]
    return ids[:SHOWN_MAX], len(ids) > SHOWN_MAX
