"""Stories that were taken down: what keeps them from coming back. None of their words are here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles.rules.urls import url_key
from config.times import format_time

from .derived import match_key
from .fields import BytewiseCharField
from .operation import Operation

NOT_IMPORTED = gettext_lazy("It isn't imported again: remove the file, or give another story another name.")

PAGE_NOT_IMPORTED = gettext_lazy("It isn't imported: remove the file.")


class TakenDownStory(models.Model):
    """A story that was taken down for good, by the name of its document.

    `ids` are the keys that its article has had, `url_keys` the digests of its pages, and `match_key` that by which
    related links name it.
    """

    name = BytewiseCharField(max_length=255, unique=True)
    ids = models.JSONField(default=list)
    url_keys = models.JSONField(default=list)
    match_key = models.CharField(max_length=32)
    was_shown = models.BooleanField(help_text="Readers have seen it, so that its URL may say that it was taken down.")
    operation = models.ForeignKey(Operation, models.PROTECT, related_name="taken_down_stories")

    def __str__(self) -> str:
        return self.name

    @property
    def refusal(self) -> str:
        """Return who took it down, when and why, to follow the name of a story or a file."""
        day = format_time(self.operation.at, "day")
        return _("was taken down on %(day)s by %(who)s: %(reason)s") % {
            "day": day,
            "who": self.operation.who,
            "reason": self.operation.reason,
        }


@dataclass(frozen=True, slots=True)
class TakenDownStories:
    """All stories that were taken down, to look them up by name, page, key of the article, or related link."""

    by_name: dict[str, TakenDownStory] = field(default_factory=dict)
    by_url_key: dict[str, TakenDownStory] = field(default_factory=dict)
    by_id: dict[int, TakenDownStory] = field(default_factory=dict)
    match_keys: frozenset[str] = frozenset()

    @classmethod
    def load(cls) -> Self:
        """Return them. One query; there are few."""
        rows = list(TakenDownStory.objects.select_related("operation"))
        return cls(
            {row.name: row for row in rows},
            {key: row for row in rows for key in row.url_keys},
            {pk: row for row in rows for pk in row.ids},
            frozenset(row.match_key for row in rows),
        )

    def __bool__(self) -> bool:
        return bool(self.by_name)

    def is_listed(self, web_url: str, title: str, published_at: datetime) -> bool:
        """Return whether a related link names one of them."""
        if web_url and url_key(web_url) in self.by_url_key:
            return True
        return match_key(web_url, title, published_at) in self.match_keys
