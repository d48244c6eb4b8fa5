"""The audit log: one operation per action, one event per field that it changed."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from articles.db.limited_fields import ShortTextField
from articles.rules.limits import REASON_MAX

TAKEN_DOWN_LABEL = "a story that was taken down"  # in place of its title


class Verb(models.TextChoices):
    """What was done. The labels are the past tense for histories."""

    ADD = "add", _("added")
    EDIT = "edit", _("edited")
    SCORE = "score", _("scored")
    RESCORE = "rescore", _("rescored")
    PIN = "pin", _("pinned")  # nothing writes it: acts that decide a field pin it
    UNPIN = "unpin", _("unpinned")
    PUBLISH = "publish", _("published")
    HOLD = "hold", _("held")
    UNPUBLISH = "unpublish", _("unpublished")
    SPIKE = "spike", _("spiked")
    REOPEN = "reopen", _("reopened")
    SCHEDULE = "schedule", _("scheduled")
    PICK = "pick", _("picked")
    END_PICK = "end_pick", _("no longer picked")
    PLACE = "place", _("placed on the front page")
    KEEP_OFF = "keep_off", _("kept off the front page")
    ALLOW_ON = "allow_on", _("allowed on the front page")
    FOLD = "fold", _("folded")
    TAKE_OUT = "take_out", _("taken out")
    MAKE_LEAD = "make_lead", _("made lead")
    MERGE = "merge", _("merged")
    KEEP_APART = "keep_apart", _("kept apart")
    CLAIM = "claim", _("claimed")
    HAND_OVER = "hand_over", _("handed over")
    RELEASE = "release", _("released")
    DELETE = "delete", _("deleted")
    TAKE_DOWN = "take_down", _("picture taken down")
    TAKE_DOWN_STORY = "story_down", _("story taken down")
    IMPORT = "import", _("imported")
    INTAKE = "intake", _("taken in")
    POLICY = "policy", _("changed policy")
    UNDO = "undo", _("undone")


class Via(models.TextChoices):
    """The channel through which an operation was made."""

    DESK = "desk", _("the desk")
    ADMIN = "admin", _("the admin")
    COMMAND = "command", _("the command line")
    SOURCE = "source", _("a source")
    SYSTEM = "system", _("the system")


class Operation(models.Model):
    """One action of a person or a program. `articles` is the number of articles it changed."""

    verb = models.CharField(max_length=10, choices=Verb)
    via = models.CharField(max_length=7, choices=Via, default=Via.SYSTEM)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="operations")
    actor_name = models.CharField(max_length=150, blank=True, help_text=_("Kept when the account is gone."))
    reason = ShortTextField(max_length=REASON_MAX, blank=True)
    at = models.DateTimeField()
    articles = models.PositiveIntegerField(default=0)
    overridden: Any = models.JSONField(
        null=True, help_text="The publish checks that its stories failed and that a person overrode: names by key."
    )
    undoes = models.ForeignKey("self", models.SET_NULL, null=True, related_name="undone_by")

    class Meta:
        ordering: ClassVar = ["-pk"]
        indexes = (
            models.Index(fields=["actor", "-id"], name="operation_by_actor"),
            models.Index(fields=["verb", "-id"], name="operation_by_verb"),
            models.Index(fields=["at"], name="operation_at"),
            models.Index(fields=["-id"], name="operation_with_reason", condition=~Q(reason="")),
            models.Index(fields=["-id"], name="operation_overriding", condition=Q(overridden__isnull=False)),
        )

    def __str__(self) -> str:
        return gettext("%(act)s by %(who)s") % {"act": self.get_verb_display(), "who": self.who}

    @property
    def who(self) -> str:
        """Return the name of the person, or else the channel."""
        return self.actor_name or self.get_via_display()


class Subject(models.TextChoices):
    ARTICLE = "article", _("article")
    PROVIDER = "provider", _("provider")
    TOPIC = "topic", _("topic")
    POLICY = "policy", _("policy")
    PAGE = "page", _("page")
    LOOK = "look", _("look of the site")


class EventQuerySet(models.QuerySet["Event"]):
    def of(self, subject: str, subject_id: int) -> Self:
        """Return the events of one article, provider, topic, policy, page or look, newest first."""
        return self.filter(subject=subject, subject_id=subject_id).order_by("-pk")


class Event(models.Model):
    """One field of one row before and after an operation.

    The subject is stored by its id, without a foreign key, because history outlives it. `label` is its title at the
    time, `version` the version of the article after the event (0 for other subjects). A `derived` change followed from
    what the person asked for; to undo it takes other permissions (`rules/undo_permissions.py`).
    """

    operation = models.ForeignKey(Operation, models.CASCADE, related_name="events")
    subject = models.CharField(max_length=8, choices=Subject, default=Subject.ARTICLE)
    subject_id = models.BigIntegerField()
    label = models.CharField(max_length=300)
    field = models.CharField(max_length=40)
    before: Any = models.JSONField(null=True)
    after: Any = models.JSONField(null=True)
    version = models.PositiveIntegerField(default=0)
    derived = models.BooleanField(default=False, db_default=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["pk"]
        indexes = (
            models.Index(fields=["subject", "subject_id", "-id"], name="event_by_subject"),
            models.Index(fields=["operation"], name="event_of_note", condition=Q(field="note")),
        )
        constraints = (models.CheckConstraint(name="event_has_field", condition=~Q(field="")),)

    def __str__(self) -> str:
        return f"{self.label}: {self.field}"

    @property
    def is_forgotten(self) -> bool:
        """Return whether its values were removed, because its story was taken down."""
        return self.label == TAKEN_DOWN_LABEL and self.before is None and self.after is None
