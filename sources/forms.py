"""What a person enters about a source: in the admin, and at the desk when adding one."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles.rules.urls import url_key

from .limits import SOURCES_MAX
from .models import Source

NEEDS_PUBLISH = gettext_lazy("Publishing by the policy needs the permission to publish.")


@cache
def time_zones() -> list[tuple[str, Any]]:
    return [("", gettext_lazy("UTC, unless the date states another"))] + [
        (name, name) for name in sorted(available_timezones())
    ]


class SourceForm(forms.ModelForm):
    """The settings of a source. `may_publish` says whether its user may publish."""

    may_publish: ClassVar[bool] = False
    time_zone = forms.ChoiceField(
        required=False,
        choices=time_zones,
        help_text=gettext_lazy("For dates without a time zone."),
        label=gettext_lazy("Time zone"),
    )

    class Meta:
        widgets: ClassVar = {"publication": forms.RadioSelect}

    def clean_url(self) -> str:
        """Refuse a URL that is followed already, however it is written, and one source too many."""
        url: str = self.cleaned_data["url"]
        if "url" in self.changed_data and (existing := source_of(url, except_pk=self.instance.pk)):
            raise ValidationError(_("“%(existing)s” follows this URL already.") % {"existing": existing})
        if self.instance.pk is None and Source.objects.count() >= SOURCES_MAX:
            raise ValidationError(
                _("More than %(maximum)s sources can't be followed.") % {"maximum": f"{SOURCES_MAX:,}"}
            )
        return url

    def clean_publication(self) -> str:
        """Refuse what would show readers stories, unless the user may publish."""
        publication: str = self.cleaned_data["publication"]
        may_keep = "publication" not in self.changed_data and self.instance.pk
        if publication == Source.Publication.POLICY and not (self.may_publish or may_keep):
            raise ValidationError(NEEDS_PUBLISH)
        return publication


class AddForm(SourceForm):
    """A new source. Topics are named, separated by commas."""

    time_zone = None  # it can be chosen later
    topic_names = forms.CharField(required=False, max_length=2000)

    class Meta:
        model = Source
        fields = ("url", "name", "provider", "publication")

    def __init__(self, *args: Any, may_publish: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.may_publish = may_publish

    def clean_topic_names(self) -> list[Any]:
        """Return the topics. Raises ValidationError for a name that no topic has."""
        names = [name.strip() for name in self.cleaned_data["topic_names"].split(",") if name.strip()]
        topics = {topic.name: topic for topic in Source.topics.field.related_model.objects.filter(name__in=names)}
        if unknown := [name for name in names if name not in topics]:
            raise ValidationError(_("There is no topic “%(name)s”.") % {"name": unknown[0]})
        return [topics[name] for name in dict.fromkeys(names)]

    def save(self, commit: bool = True) -> Source:
        source: Source = super().save(commit)
        source.topics.set(self.cleaned_data["topic_names"])
        return source


def source_of(url: str, except_pk: int | None = None) -> Source | None:
    """Return the source that follows this URL already, however it is written; another one than `except_pk`."""
    key = url_key(url) or url
    sources = Source.objects.only("url", "name").exclude(pk=except_pk)
    return next((source for source in sources if (url_key(source.url) or source.url) == key), None)
