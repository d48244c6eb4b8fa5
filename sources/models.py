"""What Newsfold follows: sources, the entries seen in them, and each attempt to fetch one.

Knows articles by their keys only. Undo restores an article under its old key, so an entry needs no change when an
intake is undone or redone: whether it was refused follows from whether its article exists.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.db.bulk import chunked
from articles.db.limited_fields import LineField, SmallNumberField, UrlField
from articles.rules.limits import NAME_MAX
from articles.rules.urls import url_key

from .health import Health, health_of
from .limits import REASON_MAX, SOURCE_URL_MAX, TAKE_DEFAULT, TIME_ZONE_MAX, VALIDATOR_MAX
from .reading.urls import host_of
from .rules import AppliedRule, Rule
from .schedule import UNKNOWN_INTERVAL

__all__ = ["AppliedRule", "Entry", "Fetch", "Rule", "Source"]


class SourceQuerySet(models.QuerySet["Source"]):
    def due(self, now: datetime) -> Self:
        """Return the sources to fetch at `now`, those that wait longest first."""
        return self.filter(paused=False, next_at__lte=now).order_by("next_at", "pk")


class Source(models.Model):
    """A feed or news sitemap that is followed."""

    class Publication(models.TextChoices):
        EDITORS = "editors", _("Editors decide")
        POLICY = "policy", _("By the policy")

    url = UrlField(
        _("URL"), unique=True, max_length=SOURCE_URL_MAX, help_text=_("The URL of the feed or news sitemap.")
    )
    name = LineField(_("name"), max_length=NAME_MAX, help_text=_("The name shown at the desk."))
    provider = models.ForeignKey(
        "providers.Provider",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="sources",
        verbose_name=_("outlet"),
        help_text=_("The outlet of these stories. Leave blank to use the one each entry names, as in a search feed."),
    )
    topics: Any = models.ManyToManyField(
        "articles.Topic",
        blank=True,
        related_name="sources",
        verbose_name=_("topics"),
        help_text=_("Given to stories whose headline has no keyword of any topic."),
    )
    publication = models.CharField(
        _("stories are published"),
        max_length=7,
        choices=Publication,
        default=Publication.EDITORS,
        help_text=_("By the policy: readers see a story at once if its heat reaches the threshold."),
    )
    take = SmallNumberField(
        _("stories of the first fetch"),
        default=TAKE_DEFAULT,
        help_text=_("How many of the newest stories the first fetch takes. None older than two days."),
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=TIME_ZONE_MAX,
        blank=True,
        db_default="",
        help_text=_("For dates without a time zone. Leave blank for UTC."),
    )
    paused = models.BooleanField(_("paused"), default=False, help_text=_("Not fetched while this is ticked."))
    # What the fetches found
    host = models.CharField(max_length=255, editable=False, db_index=True)
    format = models.CharField(max_length=20, blank=True, editable=False)
    title = models.CharField(max_length=300, blank=True, editable=False, help_text="As the feed calls itself.")
    trusts_guids = models.BooleanField(
        _("trusts guids"),
        default=True,
        help_text=_("Tell entries apart by their guids. Turned off by itself when many repeat or change."),
    )
    etag = models.CharField(max_length=VALIDATOR_MAX, blank=True, editable=False)
    last_modified = models.CharField(max_length=VALIDATOR_MAX, blank=True, editable=False)
    body_digest = models.CharField(max_length=32, blank=True, editable=False)
    # When it is fetched
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    next_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    stated_minutes = models.PositiveIntegerField(
        default=0, db_default=0, editable=False, help_text="How long nothing new is to be expected, as the feed says."
    )
    interval_seconds = models.PositiveIntegerField(default=int(UNKNOWN_INTERVAL.total_seconds()), editable=False)
    fetched_at = models.DateTimeField(null=True, editable=False, help_text="The last attempt.")
    last_ok_at = models.DateTimeField(_("last successful fetch"), null=True, editable=False)
    last_entry_at = models.DateTimeField(null=True, editable=False, help_text="When a new entry arrived last.")
    quiet_at = models.DateTimeField(null=True, editable=False, help_text="It counts as quiet from then on.")
    # How it is
    failures = models.PositiveIntegerField(default=0, editable=False, help_text="In a row.")
    failing_since = models.DateTimeField(null=True, editable=False)
    status = models.PositiveSmallIntegerField(null=True, editable=False, help_text="Of the last response.")
    reason = models.CharField(max_length=REASON_MAX, blank=True, editable=False)
    moved_to = models.CharField(max_length=SOURCE_URL_MAX, blank=True, editable=False)
    moved_since = models.DateTimeField(null=True, editable=False)
    moved_count = models.PositiveIntegerField(default=0, editable=False)

    objects = SourceQuerySet.as_manager()

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering: ClassVar = ["name", "pk"]
        constraints = (models.CheckConstraint(name="source_has_name", condition=~Q(name="") & ~Q(url="")),)

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.host = host_of(self.url)
        super().save(*args, **kwargs)

    def set_url(self, url: str) -> None:
        """Follow another URL from now on. Its entries are known; its validators and failures are not."""
        self.url = url
        self.etag = self.last_modified = self.body_digest = ""
        self.moved_to, self.moved_since, self.moved_count = "", None, 0
        self.failures, self.failing_since, self.status, self.reason = 0, None, None, ""
        self.next_at = timezone.now()

    def health(self, now: datetime) -> Health:
        return health_of(self, now)


TAKEN_OUTCOMES = ("taken", "changed")


class EntryQuerySet(models.QuerySet["Entry"]):
    def waiting(self) -> Self:
        """Return the entries that the next intake takes, in the order in which they arrived."""
        return self.filter(outcome__in=(Entry.Outcome.NEW, Entry.Outcome.CHANGED)).order_by("pk")

    def taken(self) -> Self:
        """Return the entries that articles came of."""
        return self.filter(outcome__in=TAKEN_OUTCOMES)

    def of_pages(self, keys: Collection[str]) -> Self:
        """Return the entries of these pages, also those without a key because a feed listed the page several times.

        Two queries; the first reads the texts of the latter.
        """
        repeated = self.filter(page_key="").exclude(values={}).only("page_key", "values")
        ids = [entry.pk for entry in repeated if entry.page in keys]
        return self.filter(Q(page_key__in=list(keys)) | Q(pk__in=ids))


class Entry(models.Model):
    """One story as one source lists it. `values` has its text until an article has it."""

    class Outcome(models.TextChoices):
        NEW = "new", _("new")
        TAKEN = "taken", _("taken")
        CHANGED = "changed", _("taken, changed since")  # until the next intake
        KNOWN = "known", _("known from elsewhere")
        HISTORY = "history", _("older than the source is followed")
        HELD_BACK = "held", _("held back: too many at once")
        RULED_OUT = "ruled", _("kept out by a rule")
        REFUSED = "refused", _("refused")

    source = models.ForeignKey(Source, models.CASCADE, related_name="entries")
    guid_key = models.CharField(max_length=32, blank=True)
    page_key = models.CharField(max_length=32, blank=True)
    title_key = models.CharField(max_length=32)
    fingerprint = models.CharField(max_length=32, help_text="Digest of what may change: title, excerpt, URL, picture.")
    stated_at = models.DateTimeField(null=True, help_text="When it was published, as the source states it.")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    changes = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=7, choices=Outcome)
    reason = models.CharField(
        max_length=REASON_MAX, blank=True, help_text="Why it was refused, or which rule kept it out."
    )
    # Without a constraint: the key outlives its article, which undo restores under the same key.
    article = models.ForeignKey(
        "articles.Article", models.DO_NOTHING, null=True, db_constraint=False, related_name="source_entries"
    )
    values = models.JSONField(default=dict, blank=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-pk"]
        verbose_name_plural = "entries"
        indexes = (
            models.Index(fields=["source", "guid_key"], name="entry_by_guid"),
            models.Index(fields=["source", "page_key"], name="entry_by_page"),
            models.Index(fields=["source", "title_key"], name="entry_by_title"),
            models.Index(fields=["source", "outcome"], name="entry_by_outcome"),
            models.Index(fields=["outcome"], name="entry_outcome"),
        )

    def __str__(self) -> str:
        return str(self.values.get("title") or f"entry {self.pk}")

    @property
    def page(self) -> str:
        """The key of its page, also where the feed lists the page several times; empty if that isn't known."""
        return self.page_key or url_key(self.values.get("url", ""))


def brought_by_sources(articles: Sequence[int]) -> set[int]:
    """Return which of these articles came from a source, by their keys."""
    ids: set[int] = set()
    for chunk in chunked(articles):
        taken = Entry.objects.taken().filter(article__in=chunk).order_by()
        ids.update(taken.values_list("article", flat=True))
    return ids


class Fetch(models.Model):
    """One attempt to fetch a source. Kept for 30 days."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="fetches")
    at = models.DateTimeField(db_index=True)
    status = models.PositiveSmallIntegerField(null=True)
    bytes = models.PositiveIntegerField(default=0)
    milliseconds = models.PositiveIntegerField(default=0)
    entries = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=REASON_MAX, blank=True)

    class Meta:
        ordering: ClassVar = ["-pk"]
        verbose_name_plural = "fetches"
        indexes = (models.Index(fields=["source", "-at"], name="fetch_of_source"),)

    def __str__(self) -> str:
        return f"{self.source_id} at {self.at:%Y-%m-%d %H:%M:%S}"
