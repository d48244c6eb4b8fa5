"""Follow what a list names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from articles.rules.limits import NAME_MAX
from articles.rules.urls import url_key
from articles.rules.values import is_blank

from .limits import SOURCES_MAX
from .models import Source
from .opml import Outline
from .reading.urls import host_of


class Added(StrEnum):
    ADDED = "added"
    KNOWN = "known"
    REFUSED = "refused"


def follow_all(
    outlines: Iterable[Outline],
    *,
    topics: Sequence[int] = (),
    on_result: Callable[[Outline, Added, str], None],
    dry_run: bool = False,
) -> None:
    """Follow the feeds of a list, in one transaction. `topics` are for those in no folder that is named like a topic.

    `on_result` gets what became of each, with the reason if it is refused.
    """
    with transaction.atomic():
        known = {url_key(url) or url for url in Source.objects.values_list("url", flat=True)}
        by_name = topics_by_name()
        for outline in outlines:
            key = url_key(outline.url) or outline.url
            if key in known:
                on_result(outline, Added.KNOWN, "")
                continue
            if len(known) >= SOURCES_MAX:
                on_result(
                    outline,
                    Added.REFUSED,
                    _("More than %(most)s sources can't be followed.") % {"most": f"{SOURCES_MAX:,}"},
                )
                continue
            try:
                source = _follow(outline)
            except ValidationError as invalid:
                on_result(outline, Added.REFUSED, " ".join(invalid.messages))
                continue
            known.add(key)
            named = [by_name[name.lower()] for name in outline.categories if name.lower() in by_name]
            source.topics.set(named or topics)
            on_result(outline, Added.ADDED, "")
        transaction.set_rollback(dry_run)


def _follow(outline: Outline) -> Source:
    name = outline.name[:NAME_MAX].strip()
    name = host_of(outline.url) if is_blank(name) else name
    source = Source(url=outline.url, name=name)
    source.full_clean(exclude=["host"])
    source.save()
    return source


def topics_by_name() -> dict[str, int]:
    """Return the ids of topics by their names in lower case; of several, the oldest."""
    topics = Source.topics.field.related_model.objects  # imports nothing of articles
    return {name.lower(): pk for name, pk in topics.order_by("-pk").values_list("name", "pk")}
