"""What editors type: forms that tell an editor's change from what others changed meanwhile."""

from __future__ import annotations

import copy
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, ProhibitNullCharactersValidator
from django.db.models import Model
from django.forms.models import InlineForeignKeyField
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import Truncator, capfirst

from articles import operations
from articles.models import (
    NUMBERS,
    OVERRIDABLE,
    Article,
    ArticleImage,
    ArticleTopic,
    Event,
    RelatedLink,
    SitePolicy,
    Subject,
    Topic,
)
from articles.operations.results import NotPublishableError
from articles.rules import slugs
from articles.rules.scoring import SCORE_MAX
from articles.rules.states import State, can_transition
from providers.models import Provider

TYPED_SHOWN = 200  # characters
SUBJECTS: dict[type[Model], str] = {
    Article: Subject.ARTICLE,
    Topic: Subject.TOPIC,
    Provider: Subject.PROVIDER,
    SitePolicy: Subject.POLICY,
}
# Rows of lists have no events of their own: (what leads to their article, how its events call the list).
LISTS: dict[type[Model], tuple[str, str]] = {
    ArticleTopic: ("content_object_id", "topics"),
    ArticleImage: ("article_id", "images"),
    RelatedLink: ("article_id", "related"),
}
EVENT_FIELDS = {"decision": ("state", "spike_reason"), "provider": ("provider_id",)}  # where events call it otherwise

WEIGHTS = tuple(name for name in NUMBERS if name.endswith("_weight"))
RELATED_BONUS_MAX = 1000  # a hundred times what newsrooms of this format give
PREVIEW = "_preview"  # the button that asks what a form would do, and saves nothing


class LinesField(forms.CharField):
    """A list of texts, one per line."""

    widget = forms.Textarea

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        for of_json in ("encoder", "decoder"):  # what models.JSONField hands to its form field
            kwargs.pop(of_json, None)
        super().__init__(*args, **kwargs)

    def validate(self, value: list[str]) -> None:
        super().validate(value)
        for line in value:
            ProhibitNullCharactersValidator()(line)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(str(line) for line in value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        lines = value if isinstance(value, list) else (super().to_python(value) or "").splitlines()
        return [text for line in lines if (text := str(line).strip())]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return not self.disabled and self.to_python(initial) != self.to_python(data)


class TextField(forms.CharField):
    """Text of several lines, with the line ends that documents use."""

    widget = forms.Textarea

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"strip": False, **kwargs})

    def to_python(self, value: Any) -> str:
        return super().to_python(value).replace("\r\n", "\n")


class YesNoSelect(forms.NullBooleanSelect):
    """Yes, no or nothing: in newsroom words."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        forms.Select.__init__(self, attrs, [("unknown", "–"), ("true", "Yes"), ("false", "No")])


class RememberingForm(forms.ModelForm):
    """A form that remembers what its page showed, so that only what the editor changed counts as changed.

    What others changed meanwhile stays as they left it. Where both changed the same field, the editor is asked.
    A request without the remembered values (a script's) is compared with what is stored.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            return
        for name, field in self.fields.items():
            omitted = field.hidden_widget().value_omitted_from_data
            missing = self.is_bound and omitted(self.data, self.files, self.add_initial_prefix(name))
            field.show_hidden_initial = not missing and not isinstance(field, forms.FileField)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in self.changed_data:
            if name in cleaned and self._changed_meanwhile(name):
                self._ask_again(name, cleaned[name])
        if self.instance.pk is not None:
            own = {*(self._meta.fields or ())} & {field.name for field in self._meta.model._meta.get_fields()}
            for name in set(cleaned).intersection(own).difference(self.changed_data):
                if not isinstance(self.fields[name], InlineForeignKeyField):
                    cleaned[name] = getattr(self.instance, name)
        return cleaned

    def _changed_meanwhile(self, name: str) -> bool:
        field, stored = self.fields[name], self[name].initial
        if not field.show_hidden_initial or not field.has_changed(stored, self[name].data):
            return False
        if isinstance(stored, str):
            stored = field.to_python(stored)
        return field.has_changed(stored, self._remembered(name))

    def _remembered(self, name: str) -> Any:
        widget = self.fields[name].hidden_widget()
        return widget.value_from_datadict(self.data, self.files, self.add_initial_prefix(name))

    def _ask_again(self, name: str, typed: Any) -> None:
        """Refuse the value once: the page that comes back remembers what is stored now."""
        self.add_error(
            name,
            ValidationError(
                "%(who)s changed this while you were editing: it is now “%(stored)s”, you typed “%(typed)s”. "
                "Save again to replace it.",
                code="stale",
                params={
                    "who": self._who_changed(name) or "Somebody",
                    "stored": _shown(getattr(self.instance, name)),
                    "typed": Truncator(_shown(typed)).chars(TYPED_SHOWN),  # the field below has it in full
                },
            ),
        )
        key, widget = self.add_initial_prefix(name), self.fields[name].hidden_widget()
        value = self.fields[name].prepare_value(self[name].initial)
        self.data = self.data.copy()
        if isinstance(widget, forms.MultiWidget):
            for index, part in enumerate(widget.decompress(value)):
                self.data[f"{key}_{index}"] = str(part)
        else:
            self.data[key] = "" if value is None else str(value)

    def _who_changed(self, name: str) -> str:
        """Return who changed the field last; empty if no operation did."""
        row: Any = self.instance
        subject, pk = SUBJECTS.get(type(row), ""), row.pk
        fields = EVENT_FIELDS.get(name, (name,))
        if type(row) in LISTS:
            key, listing = LISTS[type(row)]
            subject, pk, fields = Subject.ARTICLE, getattr(row, key), (listing,)
        event = Event.objects.of(subject, pk).filter(field__in=fields).select_related("operation").first()
        if event is None:
            return ""
        return event.operation.actor_name or capfirst(event.operation.who)


def _shown(value: Any) -> str:
    """Return a value in the words of a page."""
    if value is None or value == "" or value == []:
        return "–"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "j M Y H:i")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


class RowForm(RememberingForm):
    """One of many forms on a page: a row that nobody changed is not checked, and costs no query."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.empty_permitted = True


class ArticleRowForm(RowForm):
    """The fields of an article that are edited in the list."""

    class Meta:
        model = Article
        fields = ("quality", "heat")


class ArticleForm(RememberingForm):
    may_publish = True  # the admin tells it of each editor

    decision = forms.ChoiceField(
        choices=[(decision, decision) for decision in operations.DECISIONS],
        label="state",
        required=False,
        help_text="An editor's decision stays, whatever documents and policy say, until it is unpinned.",
    )

    class Meta:
        widgets: ClassVar = {"removed": YesNoSelect}
        field_classes: ClassVar = {"tags": LinesField}
        help_texts: ClassVar = {
            "heat": "How big the event is. Emptied, the policy decides it.",
            "quality": "How good this one story is by itself. Emptied, it is again what the document says.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "decision" in self.fields:
            self.initial["decision"] = self.instance.decision
            if not self.may_publish:
                self.fields["decision"].widget.choices = [
                    (decision, decision) for decision in operations.DECISIONS if not self._needs_publish(decision)
                ]
        if "name" in self.fields:
            self.fields["name"].required = False
            self.fields[
                "name"
            ].help_text = "YYYY-MM-DD-words: its address for good. Left empty, date and title make it."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if {"decision", "publish_at", "unpublish_at"}.intersection(self.changed_data) and self.instance.pk:
            self._clean_decision(cleaned)
        if "name" in self.fields and "name" not in self.errors:
            self._clean_new_name(cleaned)
        return cleaned

    def _needs_publish(self, decision: str) -> bool:
        """Return whether the decision would put the article on the site or take it off."""
        return decision != self.instance.decision and State.PUBLISHED in (decision, self.instance.state)

    def _clean_decision(self, cleaned: dict[str, Any]) -> None:
        """Refuse, on the field, what readers could not see, and a schedule of what is not published."""
        decision = cleaned.get("decision") or self.instance.decision
        wants_schedule = bool(cleaned.get("publish_at") or cleaned.get("unpublish_at"))
        if "decision" in self.changed_data and self._needs_publish(decision) and not self.may_publish:
            refusal = operations.NEEDS_PUBLISH["published" if decision == State.PUBLISHED else "withdrawn"]
            self._refuse(f"This article {refusal}.")
        if wants_schedule and decision != State.PUBLISHED:
            self._refuse("Only a published article has a schedule. Publish it, or empty both times.")
        if not can_transition(self.instance.state, decision.partition(": ")[0]):
            self._refuse("This article was spiked; choose “undecided” first.")
        if decision != State.PUBLISHED:
            return
        article = copy.copy(self.instance)
        for name in ("heat", "removed"):
            if name in self.changed_data and cleaned.get(name) is not None:
                setattr(article, name, cleaned[name])
        try:
            operations.require_publishable(article)
        except NotPublishableError as refused:
            self._refuse(f"This article {refused}.")
        begin, end = cleaned.get("publish_at"), cleaned.get("unpublish_at")
        if begin and end and end <= begin:
            self.add_error("unpublish_at", "It can't leave the site before it is on it; choose a later end.")

    def _refuse(self, text: str) -> None:
        """Say on the field of the decision what can't be; at the top of the page where it is only shown."""
        self.add_error("decision" if "decision" in self.fields else None, text)

    def _clean_new_name(self, cleaned: dict[str, Any]) -> None:
        made = not cleaned.get("name")
        if made:
            if "title" not in cleaned or "published_at" not in cleaned:
                return
            cleaned["name"] = slugs.document_name(cleaned["published_at"], cleaned["title"])
        name = cleaned["name"]
        if not slugs.is_document_name(name):
            self.add_error("name", "A name is a date, a hyphen and words of a-z, 0-9 and hyphens: 2020-06-09-storm.")
        elif Article.objects.filter(name=name).exists():
            advice = "Type another name." if made else "Pick another one, or leave it empty."
            self.add_error("name", f"An article is already named {name}. {advice}")


class TopicForm(RememberingForm):
    class Meta:
        field_classes: ClassVar = {"keywords": LinesField, "hashtags": LinesField, "images": LinesField}
        help_texts: ClassVar = {
            "keywords": "One per line. In a title they mean this topic; the suggested quality rewards them.",
            "hashtags": "One per line.",
            "images": "Addresses of pictures, one per line.",
        }

    def clean_images(self) -> list[str]:
        return _web_addresses(self.cleaned_data["images"])


def _web_addresses(addresses: list[str]) -> list[str]:
    for address in addresses:
        if not address.lower().startswith(("https://", "http://")):
            raise ValidationError("Addresses start with http:// or https://: %(address)s", params={"address": address})
    return addresses


class SitePolicyForm(RememberingForm):
    """The numbers of the site's policy. Sent for a preview it is checked, but never valid, so nothing saves it."""

    class Meta:
        labels: ClassVar = {
            "publish_threshold": "Threshold of heat for publishing",
            "related_bonus": "Heat for each related link",
            "bonus_floor": "Least quality for that bonus",
            "window_days": "Days between stories of one event",
            "publish_unscored": "Show unscored articles to readers",
            "base_weight": "Points for every article",
            "topic_weight": "Points for each topic",
            "subtopic_weight": "Points for each topic with a parent",
            "keyword_weight": "Points for each topic with a keyword in the title",
            "image_weight": "Points for a picture",
            "amp_weight": "Points for an AMP page",
            "provider_weight": "Points for a registered outlet",
            "video_weight": "Points for a video",
        }
        help_texts: ClassVar = {
            "publish_threshold": "Articles with at least this heat are published.",
            "related_bonus": "Points that each link of its related list adds to a lead's heat.",
            "bonus_floor": "Leads below this quality get no points for related links.",
            "window_days": "How many days apart stories of one event may be, at most.",
            "publish_unscored": "Those without quality, heat and publish state. Saving shows or hides them at once.",
            **dict.fromkeys(WEIGHTS, ""),  # their labels say it
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _limit_heat(self)

    def is_valid(self) -> bool:
        return super().is_valid() and PREVIEW not in self.data


class TopicPolicyForm(RowForm):
    """What the articles of one top-level topic follow instead of the site's numbers."""

    class Meta:
        labels: ClassVar = {
            "publish_threshold": "Threshold of heat",
            "related_bonus": "Heat for each related link",
            "bonus_floor": "Least quality for that bonus",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _limit_heat(self)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.instance.pk is None and all(cleaned.get(name) is None for name in OVERRIDABLE) and not self.errors:
            raise ValidationError("Type at least one number that differs from the site's, or leave this row out.")
        return cleaned

    @property
    def moved(self) -> bool:
        """Whether all its numbers go to a topic that didn't have them: a new row, or one given another topic."""
        return self.instance.pk is None or "topic" in self.changed_data


def _limit_heat(form: forms.ModelForm) -> None:
    """Refuse numbers that would lead heat past what the database takes."""
    limits = {"publish_threshold": SCORE_MAX, "bonus_floor": SCORE_MAX, "related_bonus": RELATED_BONUS_MAX}
    for name, limit in limits.items():
        if name in form.fields:
            form.fields[name].validators.append(MaxValueValidator(limit))
