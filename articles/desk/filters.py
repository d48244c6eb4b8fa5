"""How editors narrow a queue: the query string of the desk, checked. The address is the truth."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from articles.models import ArticleQuerySet, Topic
from articles.rules.scoring import FOLDED_HEAT
from providers.models import Provider

TEXT_MAX = 200


class FilterForm(forms.Form):
    """What may stand in the address of the desk beside the view. Nonsense is told and left out."""

    q = forms.CharField(label="Search", max_length=TEXT_MAX, required=False, strip=True)
    topic = forms.CharField(label="Topic", max_length=255, required=False)
    outlet = forms.CharField(label="Outlet", max_length=200, required=False)
    quality_from = forms.IntegerField(label="Quality from", min_value=0, required=False)
    quality_to = forms.IntegerField(label="Quality to", min_value=0, required=False)
    heat_from = forms.IntegerField(label="Heat from", min_value=FOLDED_HEAT, required=False)
    heat_to = forms.IntegerField(label="Heat to", min_value=FOLDED_HEAT, required=False)
    since = forms.DateField(label="From day", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To day", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def chosen(self) -> dict[str, Any]:
        """Return the valid choices."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}


def narrow(rows: ArticleQuerySet, chosen: dict[str, Any]) -> ArticleQuerySet:
    """Return those rows that agree with all choices of a FilterForm."""
    if "topic" in chosen:
        rows = rows.about(Topic.objects.filter(slug=chosen["topic"]))
    if "outlet" in chosen:
        outlets = Provider.objects.filter(domain=chosen["outlet"]) | Provider.objects.filter(name=chosen["outlet"])
        rows = rows.of_outlets(outlets)
    for name in ("quality", "heat"):
        if f"{name}_from" in chosen:
            rows = rows.filter(**{f"{name}__gte": chosen[f"{name}_from"]})
        if f"{name}_to" in chosen:
            rows = rows.filter(**{f"{name}__lte": chosen[f"{name}_to"]})
    if "since" in chosen:
        rows = rows.filter(published_at__gte=_midnight(chosen["since"]))
    if "until" in chosen:
        rows = rows.filter(published_at__lt=_midnight(chosen["until"]) + timedelta(days=1))
    return rows


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
