"""Which editors have a story open. It locks nothing: edit conflicts are found when somebody saves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from articles.models import Presence

TIMEOUT = timedelta(seconds=90)  # the desk reports every 15 seconds, from a hidden tab every minute


def record(user: User, article_id: int, now: datetime, *, dirty: bool = False) -> None:
    """Remember that `user` has this story open."""
    Presence.objects.update_or_create(user=user, defaults={"article_id": article_id, "seen_at": now, "dirty": dirty})


def other_editors(user: User, article_ids: Sequence[int], now: datetime) -> dict[int, list[str]]:
    """Return the other editors who have these stories open, in words, by article."""
    present = Presence.objects.filter(article__in=article_ids, seen_at__gt=now - TIMEOUT).exclude(user=user)
    editors: dict[int, list[str]] = defaultdict(list)
    for article, name, dirty in present.order_by("user__username").values_list("article", "user__username", "dirty"):
        editors[article].append((_("%(name)s is typing") if dirty else _("%(name)s is here")) % {"name": name})
    return dict(editors)


def colleagues() -> QuerySet[User]:
    """Return the people to whom a story can be handed over: the active staff."""
    return User.objects.filter(is_active=True, is_staff=True).order_by("username")
