"""The settings of a source. What the newsroom does with sources every day is on the desk's page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles.rules.permissions import PUBLISH
from config.autocomplete import KeyAutocompleteMixin
from config.times import format_time

from .forms import SourceForm
from .models import Source


@admin.register(Source)
class SourceAdmin(KeyAutocompleteMixin, admin.ModelAdmin):
    form = SourceForm
    fields = (
        "url",
        "name",
        "provider",
        "topics",
        "publication",
        "take",
        "time_zone",
        "trusts_guids",
        "paused",
        "state",
        "last_fetch",
    )
    readonly_fields = ("state", "last_fetch")
    autocomplete_fields = ("provider", "topics")
    list_display = ("name", "url", "provider", "state", "last_ok_at", "publication", "paused")
    list_filter = ("paused", "publication")
    list_select_related = ("provider",)
    empty_list_text = gettext_lazy(
        "Nothing is followed yet. A source is a feed or news sitemap whose new stories come in by themselves and wait "
        "at the desk."
    )
    search_fields = ("name", "url")
    show_full_result_count = False
    actions = None  # deleting one by one, so that those that have brought stories stay

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type("SourceForm", (form,), {"may_publish": request.user.has_perm(PUBLISH)})

    def has_delete_permission(self, request: HttpRequest, obj: Source | None = None) -> bool:
        """Keep sources that have brought stories, which say at the desk where they came from: pause those."""
        if obj is not None and obj.entries.taken().exists():
            return False
        return super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Source, form: Any, change: bool) -> None:
        """Fetch a source soon that has a new URL, or that is resumed."""
        if change and "url" in form.changed_data:
            obj.set_url(obj.url)
        if "paused" in form.changed_data and not obj.paused:
            obj.next_at = timezone.now()
        super().save_model(request, obj, form, change)

    @admin.display(description=gettext_lazy("state"))
    def state(self, source: Source) -> str:
        health = source.health(timezone.now())
        state = str(health.state.label)
        return _("%(state)s: %(text)s") % {"state": state, "text": health.text} if health.text else state

    @admin.display(description=gettext_lazy("last fetch"))
    def last_fetch(self, source: Source) -> str:
        return format_time(source.fetched_at) if source.fetched_at else _("never")
