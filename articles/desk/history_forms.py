"""The forms of the history. Invalid filters are reported and left out; the others still count."""

from __future__ import annotations

from django import forms
from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles.models import Operation, Verb

from .day_field import DayField
from .words_field import WordsField

PEOPLE_MAX = 200
KINDS = dict(Verb.choices) | {  # where the verb alone doesn't say of what
    Verb.TAKE_DOWN.value: gettext_lazy("picture taken down"),
    Verb.TAKE_DOWN_STORY.value: gettext_lazy("story taken down"),
    Verb.INTAKE.value: gettext_lazy("taken in from a source"),
}


class HistoryFilter(forms.Form):
    """Filter operations by person, kind, day and words of reasons and notes, all optional."""

    person = forms.CharField(label=gettext_lazy("Person"), required=False, max_length=150)
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), required=False, choices=[("", gettext_lazy("Everything")), *KINDS.items()]
    )
    day = DayField()
    words = WordsField(label=gettext_lazy("Reason or note"), max_length=200)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data, auto_id="history-%s", label_suffix="")
        acted = Exists(Operation.objects.filter(actor=OuterRef("pk")))
        people = get_user_model()._default_manager.filter(acted).order_by("username")
        names = list(people.values_list("username", flat=True)[:PEOPLE_MAX])
        person = str(self.data.get("person") or "")
        if person and person not in names and "\0" not in person:
            names.append(person[:150])
        self.fields["person"].widget = forms.Select(choices=[("", _("Everyone")), *((name, name) for name in names)])
