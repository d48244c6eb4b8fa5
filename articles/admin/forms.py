"""The forms of an article: its page, and its row in the list."""

from __future__ import annotations

import copy
from typing import Any, ClassVar, cast

from django import forms
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.widgets import AdminIntegerFieldWidget
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from articles import operations
from articles.models import Article, TakenDownStory
from articles.operations.results import NotPublishableError
from articles.rules import slugs
from articles.rules.limits import REASON_MAX
from articles.rules.scoring import FOLDED_HEAT
from articles.rules.states import State, can_transition, decision_label

from .conflict_forms import ConflictAwareForm, RowForm
from .form_fields import LinesField, TextField, YesNoSelect


class ReasonActionForm(ActionForm):
    """The form above the list, which also saves the scores of its rows. `audit_log_admin` checks the reason."""

    reason_text = forms.CharField(
        label=_("Reason (optional):"), required=False, widget=forms.TextInput({"maxlength": REASON_MAX, "size": 30})
    )


class HeatInput(AdminIntegerFieldWidget):
    """A number, or the word "folded" instead of the heat of a folded article, which can't be edited."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        if str(value) != str(FOLDED_HEAT):
            return super().render(name, value, attrs, renderer)
        return format_html("{}{}", forms.HiddenInput().render(name, value, None, renderer), gettext("folded"))


class ArticleRowForm(RowForm):
    """The fields of an article that are edited in the list."""

    class Meta:
        model = Article
        fields = ("quality", "heat")
        widgets: ClassVar = {"heat": HeatInput}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.fields.keys() & {"quality", "heat"}:  # the column's title is no label
            self.fields[name].widget.attrs["aria-label"] = gettext("%(name)s of %(article)s") % {
                "name": name,
                "article": self.instance,
            }


class ArticleForm(ConflictAwareForm):
    may_publish = True  # set by the admin for each request
    refusal = ""  # why saving these values was refused just now; set by the admin

    decision = forms.ChoiceField(
        choices=lambda: [(decision, decision_label(decision)) for decision in operations.DECISIONS],
        label=_("Decision"),
        required=False,
        help_text=_("An editor's decision overrides documents and policy until it is unpinned."),
    )
    in_place = forms.ChoiceField(
        label=_("If you hold or spike this article, which leads a story"), required=False, widget=forms.RadioSelect
    )

    class Meta:
        widgets: ClassVar = {"heat": HeatInput, "removed": YesNoSelect}
        field_classes: ClassVar = {"tags": LinesField, "note": TextField}
        help_texts: ClassVar = {
            "published_at": _("When the outlet published it."),
            "heat": _("How big the event is. Clear to let the policy decide."),
            "quality": _("How good this one story is by itself. Clear to restore the imported value."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "decision" in self.fields:
            self.initial["decision"] = self.instance.decision
            if not self.may_publish:
                self.fields["decision"].widget.choices = [
                    (decision, decision_label(decision))
                    for decision in operations.DECISIONS
                    if not self._needs_publish(decision)
                ]
        if "heat" in self.fields and self.instance.is_folded:
            self.fields["heat"].help_text = _(
                "A folded article has no heat of its own: its story has that of its lead."
            )
        self._offer_next_lead()
        if "name" in self.fields:
            self.fields["name"].required = False
            self.fields["name"].help_text = _("Permanent URL. Leave blank to generate.")

    def _offer_next_lead(self) -> None:
        """Say which article follows a lead that is withdrawn, and let the editor publish it in the same act."""
        is_asked = self.instance.pk and self.instance.public and self.may_publish
        lead = operations.next_lead(self.instance) if is_asked else None
        if lead is None:
            del self.fields["in_place"]
            return
        waits = gettext("“%(lead)s” leads it and waits for an editor; until then readers don't see the story") % {
            "lead": lead
        }
        cast(forms.ChoiceField, self.fields["in_place"]).choices = [
            ("", waits),
            (str(lead.pk), gettext("Publish “%(lead)s” in its place") % {"lead": lead}),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.refusal:
            self.add_error(None, self.refusal)
        if {"decision", "publish_at", "unpublish_at"}.intersection(self.changed_data) and self.instance.pk:
            self._clean_decision(cleaned)
        if "name" in self.fields and "name" not in self.errors:
            self._clean_new_name(cleaned)
        return cleaned

    def _needs_publish(self, decision: str) -> bool:
        """Return whether the decision would put the article on the site or take it off."""
        return decision != self.instance.decision and State.PUBLISHED in (decision, self.instance.state)

    def _clean_decision(self, cleaned: dict[str, Any]) -> None:
        """Reject publishing an article that would stay invisible, and a schedule for an article that is not
        published."""
        decision = cleaned.get("decision") or self.instance.decision
        wants_schedule = bool(cleaned.get("publish_at") or cleaned.get("unpublish_at"))
        if "decision" in self.changed_data and self._needs_publish(decision) and not self.may_publish:
            refusal = operations.NEEDS_PUBLISH["published" if decision == State.PUBLISHED else "withdrawn"]
            self._refuse(gettext("This article %(reason)s.") % {"reason": refusal})
        if wants_schedule and decision != State.PUBLISHED:
            self._refuse(gettext("Only a published article has a schedule. Publish it, or empty both times."))
        if not can_transition(self.instance.state, decision.partition(": ")[0]):
            self._refuse(gettext("This article was spiked; choose “undecided” first."))
        if decision != State.PUBLISHED:
            return
        article = copy.copy(self.instance)
        for name in ("heat", "removed"):
            if name in self.changed_data and cleaned.get(name) is not None:
                setattr(article, name, cleaned[name])
        try:
            operations.require_publishable(article)
        except NotPublishableError as error:
            self._refuse(gettext("This article %(reason)s.") % {"reason": error})
        if operations.ends_too_early(cleaned.get("publish_at"), cleaned.get("unpublish_at")):
            self.add_error("unpublish_at", gettext("The end must be after the start."))
        elif operations.is_over(cleaned.get("unpublish_at")):
            self.add_error("unpublish_at", gettext("This time is over. Choose a later end, or hold the article."))

    def _refuse(self, text: str) -> None:
        """Add an error to the decision, or to the whole form if the decision is read-only."""
        self.add_error("decision" if "decision" in self.fields else None, text)

    def _clean_new_name(self, cleaned: dict[str, Any]) -> None:
        is_generated = not cleaned.get("name")
        if is_generated:
            if "title" not in cleaned or "published_at" not in cleaned:
                return
            cleaned["name"] = slugs.document_name(cleaned["published_at"], cleaned["title"])
        name = cleaned["name"]
        if not slugs.is_document_name(name):
            self.add_error(
                "name", gettext("A name is a date, a hyphen and words of a-z, 0-9 and hyphens: 2020-06-09-storm.")
            )
        elif story := TakenDownStory.objects.filter(name=name).select_related("operation").first():
            self.add_error(
                "name",
                gettext("%(name)s %(refusal)s. Pick another name for another story.")
                % {"name": name, "refusal": story.refusal},
            )
        elif Article.objects.filter(name=name).exists():
            advice = gettext("Type another name.") if is_generated else gettext("Pick another one, or leave it empty.")
            text = gettext("An article is already named %(name)s.") % {"name": name}
            self.add_error("name", f"{text} {advice}")
