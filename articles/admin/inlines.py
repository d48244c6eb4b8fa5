"""The lists on an article's page: topics, related links, pictures. A fixed number of queries whatever their length."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from articles.forms import RowForm
from articles.models import ArticleImage, ArticleTopic, RelatedLink

LAST = 32_767  # sorts a row without position behind all others; operations.decide_lists numbers them anew


class LoadedAutocompleteSelect(AutocompleteSelect):
    """An autocomplete that doesn't ask the database for the label of what its row has loaded."""

    loaded: models.Model | None = None

    def optgroups(self, name: str, value: list[str], attr: Any = None) -> list[Any]:
        if self.loaded is None or value != [str(self.loaded.pk)]:
            return super().optgroups(name, value, attr)
        options = [] if self.is_required else [self.create_option(name, "", "", False, 0)]
        chosen = self.create_option(name, self.loaded.pk, str(self.loaded), True, len(options))
        return [(None, [*options, chosen], 0)]


class ListRowForm(RowForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "position" in self.fields:
            self.fields["position"].required = False
            if self.instance.pk is None:
                self.initial["position"] = None
        if self.instance.pk is None:
            return
        for name, field in self.fields.items():
            widget = getattr(field.widget, "widget", field.widget)  # the admin wraps it
            if isinstance(widget, LoadedAutocompleteSelect):
                widget.loaded = getattr(self.instance, name)

    def clean_position(self) -> int:
        position = self.cleaned_data["position"]
        return LAST if position is None else position


class ListInline(admin.TabularInline):
    form = ListRowForm
    extra = 0

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.autocomplete_fields:
            kwargs["widget"] = LoadedAutocompleteSelect(db_field, self.admin_site, using=kwargs.get("using"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in self.autocomplete_fields and field is not None:
            for icon in ("change", "view", "delete"):  # one icon a row is enough
                setattr(field.widget, f"can_{icon}_related", False)
        return field


class TopicInline(ListInline):
    model = ArticleTopic
    fields = ["tag", "position"]
    autocomplete_fields = ["tag"]
    verbose_name = "topic"
    verbose_name_plural = "topics"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ArticleTopic]:
        return super().get_queryset(request).select_related("tag")


class RelatedInline(ListInline):
    model = RelatedLink
    fk_name = "article"
    fields = ["title", "provider", "published_at", "web_url", "quality", "our_article"]
    readonly_fields = ["our_article"]
    autocomplete_fields = ["provider"]
    verbose_name_plural = "related links, by quality"
    formfield_overrides = {models.DateTimeField: {"form_class": forms.DateTimeField, "widget": forms.DateTimeInput}}

    def get_queryset(self, request: HttpRequest) -> QuerySet[RelatedLink]:
        links = super().get_queryset(request).select_related("provider", "target")
        return links.defer("target__secured", "target__body", "target__extra", "target__layout")

    @admin.display(description="our article")
    def our_article(self, link: RelatedLink) -> str:
        if link.target is None:
            return "–"
        address = reverse("admin:articles_article_change", args=[link.target_id])
        return format_html('<a href="{}">{}</a>', address, link.target.title)


class ImageInline(ListInline):
    model = ArticleImage
    fields = ["url", "width", "height", "title", "position"]
    verbose_name = "picture"
    verbose_name_plural = "pictures"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ArticleImage]:
        return super().get_queryset(request).filter(kind=ArticleImage.Kind.PICTURE)
