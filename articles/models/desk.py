"""Saved views of the desk, which story each editor has open, and who works on which story."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

VIEW_NAME_MAX, VIEW_QUERY_MAX = 60, 1000


class SavedView(models.Model):
    """A named filter of the desk, stored as the query string of its URL. Private unless shared."""

    name = models.CharField(max_length=VIEW_NAME_MAX)
    query = models.CharField(max_length=VIEW_QUERY_MAX, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="desk_views")
    shared = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        constraints = (
            models.UniqueConstraint(
                fields=["owner", "name"],
                name="savedview_name_once",
                violation_error_message=_("You have a view of that name; choose another one."),
            ),
        )

    def __str__(self) -> str:
        return self.name


class Presence(models.Model):
    """The story that an editor has open, as of `seen_at`. `dirty` says that there are unsaved changes."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    article = models.ForeignKey("articles.Article", models.CASCADE, related_name="+")
    dirty = models.BooleanField(default=False)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return gettext("%(user)s on %(article)s") % {"user": self.user, "article": self.article}


class ClaimQuerySet(models.QuerySet["Claim"]):
    def active(self, now: datetime) -> Self:
        """Return the claims that have not ended at `now`."""
        return self.filter(until__gt=now)


class Claim(models.Model):
    """Who works on a story, until when. It locks nothing; see `operations.claiming`."""

    article = models.OneToOneField("articles.Article", models.CASCADE, primary_key=True, related_name="claim")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    until = models.DateTimeField()

    objects = ClaimQuerySet.as_manager()

    def __str__(self) -> str:
        return gettext("%(article)s by %(user)s") % {"user": self.user, "article": self.article}
