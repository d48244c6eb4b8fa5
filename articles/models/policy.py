"""The policy of the site, as editors set it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import connection, models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from articles.rules.limits import POINTS_MAX
from articles.rules.publish_checks import DEFAULT_MODES, Check, CheckPolicy, Mode
from articles.rules.scoring import Policy

from .topic import Topic

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_DEFAULT = Policy()
OVERRIDABLE = ("publish_threshold", "related_bonus", "bonus_floor")
NUMBERS = tuple(number.name for number in fields(Policy))
_CHECKS = CheckPolicy()
MODES = {check: f"check_{check}" for check in Check}  # the columns of the publish checks
CHECK_COLUMNS = ("excerpt_max", "old_days", *MODES.values())
_POINTS = [MinValueValidator(-POINTS_MAX), MaxValueValidator(POINTS_MAX)]


def _points(name: str, text: StrOrPromise = "") -> models.SmallIntegerField:
    return models.SmallIntegerField(default=getattr(_DEFAULT, name), validators=_POINTS, help_text=text)


class CheckMode(models.TextChoices):
    """What a publish check does, see `rules.publish_checks.Mode`."""

    OFF = Mode.OFF.value, _("off")
    WARN = Mode.WARN.value, _("warns")
    ASK = Mode.ASK.value, _("asks for a reason")


def _mode(check: Check) -> models.CharField:
    default = DEFAULT_MODES[check].value
    return models.CharField(max_length=4, choices=CheckMode, default=default, db_default=default)


class SitePolicy(models.Model):
    """The stored policy of the site. Without a row, the defaults of `rules.scoring.Policy` apply."""

    publish_threshold = models.PositiveIntegerField(
        default=_DEFAULT.publish_threshold, help_text=_("Articles with at least this heat are published.")
    )
    related_bonus = models.PositiveIntegerField(
        default=_DEFAULT.related_bonus, help_text=_("Heat that each related link gives to its lead.")
    )
    bonus_floor = models.PositiveIntegerField(
        default=_DEFAULT.bonus_floor, help_text=_("Leads below this quality get no bonus.")
    )
    window_days = models.PositiveSmallIntegerField(
        default=_DEFAULT.window_days, help_text=_("How many days apart stories of one event may be.")
    )
    publish_unscored = models.BooleanField(
        default=_DEFAULT.publish_unscored,
        help_text=_("Show articles that have no quality, no heat and no publish state, as this format's feeds do."),
    )
    excerpt_max = models.PositiveIntegerField(default=_CHECKS.excerpt_max, db_default=_CHECKS.excerpt_max)
    old_days = models.PositiveSmallIntegerField(default=_CHECKS.old_days, db_default=_CHECKS.old_days)
    check_picture = _mode(Check.PICTURE)
    check_alt_text = _mode(Check.ALT_TEXT)
    check_no_excerpt = _mode(Check.NO_EXCERPT)
    check_long_excerpt = _mode(Check.LONG_EXCERPT)
    check_old = _mode(Check.OLD)
    check_ahead = _mode(Check.AHEAD)
    check_duplicate = _mode(Check.DUPLICATE)
    check_topic = _mode(Check.TOPIC)
    check_dead_link = _mode(Check.DEAD_LINK)
    late_days = models.PositiveSmallIntegerField(
        default=_DEFAULT.late_days,
        db_default=_DEFAULT.late_days,
        help_text=_("Stories that come to the site later after their publication are listed by its date."),
    )
    base_weight = _points("base_weight", _("Every article."))
    topic_weight = _points("topic_weight", _("Each topic."))
    subtopic_weight = _points("subtopic_weight", _("Each topic that has a parent."))
    keyword_weight = _points("keyword_weight", _("Each topic with a keyword in the title."))
    image_weight = _points("image_weight", _("The article has a picture."))
    amp_weight = _points("amp_weight", _("The article has an AMP page."))
    provider_weight = _points("provider_weight", _("The outlet is in the registry."))
    video_weight = _points("video_weight", _("The article is a video."))

    class Meta:
        verbose_name = verbose_name_plural = _("policy")
        permissions: ClassVar = [("change_policy", "Can change the policy and apply it")]
        constraints = (
            models.CheckConstraint(
                name="policy_is_the_only_one",
                condition=Q(id=1),
                violation_error_message=_("There is one policy for the site; change that one."),
            ),
        )

    def __str__(self) -> str:
        return gettext("Policy of the site")

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = 1
        super().save(*args, **kwargs)

    @classmethod
    def current(cls) -> Policy:
        """Return the policy in force. One query."""
        row = cls.objects.values(*NUMBERS).first()
        return Policy(**row) if row else _DEFAULT

    @classmethod
    def current_checks(cls) -> CheckPolicy:
        """Return the publish checks in force. One query."""
        row = cls.objects.values(*CHECK_COLUMNS).first()
        return _check_policy(row) if row else _CHECKS


def _check_policy(row: Mapping[str, Any]) -> CheckPolicy:
    modes = {check: Mode(row[column]) for check, column in MODES.items()}
    return CheckPolicy(modes=modes, excerpt_max=row["excerpt_max"], old_days=row["old_days"])


class TopicPolicy(models.Model):
    """The numbers that differ from the site's policy for articles of one top-level topic; NULL means no difference."""

    site = models.ForeignKey(SitePolicy, models.CASCADE, default=1, editable=False, related_name="overrides")
    topic = models.OneToOneField("articles.Topic", models.CASCADE, related_name="policy", verbose_name=_("topic"))
    publish_threshold = models.PositiveIntegerField(null=True, blank=True)
    related_bonus = models.PositiveIntegerField(null=True, blank=True)
    bonus_floor = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("policy of a topic")
        verbose_name_plural = _("policies of topics")
        ordering: ClassVar = ["topic__registry_name", "topic__name"]

    def __str__(self) -> str:
        return gettext("Policy of %(topic)s") % {"topic": self.topic}

    def clean(self) -> None:
        """Reject a topic that has a parent: its articles follow the policy of the top-level topic."""
        if self.topic_id and self.topic.parent_id:
            raise ValidationError(
                {
                    "topic": gettext("“%(topic)s” stands below “%(parent)s”. Pick a topic at the top of the tree.")
                    % {"topic": self.topic, "parent": self.topic.parent}
                }
            )

    @property
    def is_empty(self) -> bool:
        """Return whether nothing differs from the site's policy. Such a row is deleted."""
        return all(getattr(self, name) is None for name in OVERRIDABLE)


def policy_field(name: str, topic: int | None = None) -> str:
    """Return the field name that events use for a policy value: `name` for the site, `name@id` for a topic."""
    return name if topic is None else f"{name}@{topic}"


def parse_policy_field(event_field: str) -> tuple[str, int | None]:
    """Return the name of the policy value and the id of the topic, None for the site's policy."""
    name, _at, topic = event_field.partition("@")
    return name, int(topic) if topic else None


@dataclass(frozen=True)
class Policies:
    """The site's policy and those of top-level topics. `root_of` maps each topic to its top-level topic."""

    site: Policy = _DEFAULT
    by_topic: Mapping[int, Policy] = field(default_factory=dict)
    root_of: Mapping[int, int] = field(default_factory=dict)
    overrides: Mapping[int, Mapping[str, int | None]] = field(default_factory=dict)  # as stored
    checks: CheckPolicy = _CHECKS

    @classmethod
    def load(cls, *, exclusive: bool = False) -> Policies:
        """Return the current policies. One query, and another if topics have their own policies.

        `exclusive` makes other editorial operations wait until this transaction ends, by a lock on the policy's row
        in PostgreSQL; SQLite has only one writer anyway.
        """
        overrides = [f"overrides__{name}" for name in ("topic", *OVERRIDABLE)]
        rows = SitePolicy.objects.order_by()
        if exclusive:
            rows = rows.select_for_update(of=("self",), no_key=True)
        values = list(rows.values_list(*NUMBERS, *CHECK_COLUMNS, *overrides))
        if not values and exclusive:
            SitePolicy.objects.get_or_create(pk=1)  # there must be a row to lock
            return cls.load(exclusive=True)
        if not values:
            return cls()
        site = Policy(**dict(zip(NUMBERS, values[0], strict=False)))
        by_topic = {}
        for topic, *numbers in (row[len(NUMBERS) + len(CHECK_COLUMNS) :] for row in values):
            if topic is not None:
                by_topic[topic] = dict(zip(OVERRIDABLE, numbers, strict=True))
        checks = _check_policy(dict(zip(CHECK_COLUMNS, values[0][len(NUMBERS) :], strict=False)))
        return replace(cls.from_values(site, by_topic), checks=checks)

    @classmethod
    def from_values(cls, site: Policy, overrides: Mapping[int, Mapping[str, int | None]]) -> Policies:
        """Return policies with these values; None in `overrides` means the site's. A query if there are overrides."""
        by_topic = {}
        for topic, numbers in overrides.items():
            changes: dict[str, Any] = {name: number for name, number in numbers.items() if number is not None}
            by_topic[topic] = replace(site, **changes)
        return cls(site, by_topic, _roots() if by_topic else {}, overrides)

    def for_topics(self, topics: Iterable[int]) -> Policy:
        """Return the policy for an article with these topics: that of the first whose top-level topic has one."""
        topic = self.topic_for(topics)
        return self.site if topic is None else self.by_topic[topic]

    def topic_for(self, topics: Iterable[int]) -> int | None:
        """Return the top-level topic whose policy applies to an article with these topics; None for the site's."""
        roots = (self.root_of.get(topic, topic) for topic in topics)
        return next((root for root in roots if root in self.by_topic), None)


def let_operations_wait() -> None:
    """Let other editorial operations wait until this transaction ends, as they do for each other.

    What locks articles calls it first: two transactions that lock them in different orders would wait for each other.
    A lock on the policy's row; nothing in SQLite, which has only one writer anyway.
    """
    if connection.features.has_select_for_update:
        Policies.load(exclusive=True)


def _roots() -> dict[int, int]:
    """Return each topic's top-level topic. One query. Cycles are tolerated."""
    parents: dict[int, int | None] = dict(Topic.objects.values_list("pk", "parent"))
    return {topic: _root(topic, parents) for topic in parents}


def _root(topic: int, parents: Mapping[int, int | None]) -> int:
    seen = {topic}
    while (parent := parents.get(topic)) is not None and parent not in seen:
        seen.add(parent)
        topic = parent
    return topic
