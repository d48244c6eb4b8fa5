"""Who has which story open. No lock: editors see each other, and clashes are asked about when they save."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib.auth.models import User

from articles.models import Presence

GONE_AFTER = timedelta(seconds=90)  # the desk tells every 15 seconds where its editor is, in a hidden tab every minute


def note(user: User, article: int, now: datetime, *, dirty: bool = False) -> None:
    """Remember that `user` has this story open."""
    Presence.objects.update_or_create(user=user, defaults={"article_id": article, "seen_at": now, "dirty": dirty})


def others(user: User, articles: Sequence[int], now: datetime) -> dict[int, list[str]]:
    """Return the names of the other editors who have these stories open, by article; `*` marks unsaved typing."""
    there = Presence.objects.filter(article__in=articles, seen_at__gt=now - GONE_AFTER).exclude(user=user)
    found: dict[int, list[str]] = defaultdict(list)
    for article, name, dirty in there.order_by("user__username").values_list("article", "user__username", "dirty"):
        found[article].append(f"{name} is typing" if dirty else f"{name} is here")
    return dict(found)
