"""Topics: a tree, and an ordered list of them on each article."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from taggit.models import ItemBase, TagBase

from articles.db.limited_fields import FileNameField, LineField, NamesField, PointsField, ServicesField, UrlsField
from articles.rules.limits import TOPIC_MAX


class Topic(TagBase):
    """A topic with its place in the tree. Names are case-sensitive."""

    name = LineField(gettext_lazy("name"), unique=True, max_length=TOPIC_MAX)
    shortname = LineField(
        gettext_lazy("short name"),
        max_length=TOPIC_MAX,
        blank=True,
        help_text=gettext_lazy("For narrow places; empty means the name."),
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=gettext_lazy("parent")
    )
    keywords = NamesField(
        gettext_lazy("keywords"),
        default=list,
        blank=True,
        help_text=gettext_lazy("Words that, in a title, mean this topic. They add to the suggested quality."),
    )
    hashtags = NamesField(gettext_lazy("hashtags"), default=list, blank=True)
    images = UrlsField(
        gettext_lazy("pictures"),
        default=list,
        blank=True,
        help_text=gettext_lazy("URLs of pictures, as the registry lists them."),
    )
    services = ServicesField(
        gettext_lazy("services"),
        default=list,
        blank=True,
        help_text=gettext_lazy("The registry's services: [name, URL] pairs."),
    )
    registry_name = FileNameField(
        gettext_lazy("file name"),
        max_length=255,
        blank=True,
        help_text=gettext_lazy("The file name of its registry entry, which orders the topics."),
    )
    weight = PointsField(
        gettext_lazy("weight"),
        default=0,
        help_text=gettext_lazy("Added to the suggested quality of articles with this topic; 0 for most topics."),
    )
    extra = models.JSONField(
        default=list, blank=True, editable=False, help_text=gettext_lazy("Unknown keys of its registry entry.")
    )
    layout = models.JSONField(
        default=dict, blank=True, editable=False, help_text="How its entry differs from the format's rules."
    )

    class Meta:
        verbose_name = gettext_lazy("topic")
        verbose_name_plural = gettext_lazy("topics")
        ordering: ClassVar = ["registry_name", "name"]
        constraints = (
            models.CheckConstraint(
                name="topic_not_its_own_parent",
                condition=~Q(parent=F("id")),
                violation_error_message=gettext_lazy("A topic can't stand under itself."),
            ),
            models.CheckConstraint(name="topic_has_name", condition=~Q(name="")),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Reject a parent that is below this topic."""
        ancestor, seen = self.parent, set()
        while ancestor is not None and ancestor.pk not in seen:
            seen.add(ancestor.pk)
            if ancestor.pk == self.pk and self.pk is not None:
                raise ValidationError(
                    {
                        "parent": _("“%(parent)s” already stands below “%(topic)s”. Pick another parent.")
                        % {"parent": self.parent, "topic": self}
                    }
                )
            ancestor = ancestor.parent

    def get_absolute_url(self) -> str:
        return reverse("topic", args=[self.slug])

    @property
    def label(self) -> str:
        return self.shortname or self.name


class ArticlesTimeField(models.DateTimeField):
    """The time of the same name of the row's article, unless it is set."""

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        if getattr(model_instance, self.attname) is None:
            setattr(model_instance, self.attname, getattr(model_instance.content_object, self.attname))
        return super().pre_save(model_instance, add)


class ArticleTopic(ItemBase):
    """A topic in an article's ordered list. Positions count from 0."""

    # No separate index: other indexes begin with these columns.
    content_object = models.ForeignKey(
        "articles.Article", models.CASCADE, related_name="article_topics", db_index=False
    )
    tag = models.ForeignKey(
        Topic, models.CASCADE, related_name="article_topics", verbose_name=gettext_lazy("topic"), db_index=False
    )
    position = models.PositiveSmallIntegerField(gettext_lazy("position"), default=0)
    published_at = ArticlesTimeField(
        null=True, editable=False, help_text="The article's, kept here too: a topic's newest are found at once."
    )
    listed_at = ArticlesTimeField(null=True, editable=False, help_text="The article's, kept here too.")

    class Meta:
        verbose_name = gettext_lazy("topic")
        verbose_name_plural = gettext_lazy("topics")
        ordering: ClassVar = ["position", "pk"]
        indexes = (models.Index(fields=["tag", "-listed_at", "-published_at"], name="articletopic_listed"),)
        constraints = (
            models.UniqueConstraint(
                "content_object",
                "tag",
                name="articletopic_once",
                violation_error_message=gettext_lazy("The article has this topic already."),
            ),
        )

    def __str__(self) -> str:
        return str(self.tag)
