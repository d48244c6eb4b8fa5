"""The lists on an article's page, topics, related links and pictures, in a fixed number of queries."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles.images.store import attach, store_upload
from articles.models import Article, ArticleImage, ArticleTopic, Picture, RelatedLink
from articles.public.media import StoredPicture, media_url
from articles.public.site_url import site_url
from articles.rules import permissions
from articles.rules.limits import NAMES_MAX, PICTURES_MAX, RELATED_MAX
from config.autocomplete import KeyAutocompleteSelect
from pictures.decoder import Decoder
from pictures.sizes import PictureError
from pictures.sniffing import MAX_BYTES
from pictures.uploads import memoize_per_upload
from providers.inlines import LimitedInlineMixin

from .conflict_forms import RowForm

APPEND_POSITION = 32_767  # sorts a row without a position last; operations.edit_related_rows renumbers them


def link_to(article: Article) -> str:
    url = reverse("admin:articles_article_change", args=[article.pk])
    return format_html('<a href="{}">{}</a>', url, article.title)


class LoadedAutocompleteSelect(KeyAutocompleteSelect):
    """An autocomplete that needs no query for the label of a value that its row has loaded."""

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
        return APPEND_POSITION if position is None else position


class OrderedInline(LimitedInlineMixin, admin.TabularInline):
    form = ListRowForm
    extra = 0

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.autocomplete_fields:
            kwargs["widget"] = LoadedAutocompleteSelect(db_field, self.admin_site, using=kwargs.get("using"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in self.autocomplete_fields and field is not None:
            for icon in ("change", "view", "delete"):  # one icon per row is enough
                setattr(field.widget, f"can_{icon}_related", False)
        return field


class TopicInline(OrderedInline):
    model = ArticleTopic
    fields = ("tag", "position")
    max_num = NAMES_MAX
    autocomplete_fields = ("tag",)
    verbose_name = gettext_lazy("topic")
    verbose_name_plural = gettext_lazy("topics")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ArticleTopic]:
        return super().get_queryset(request).select_related("tag")


class RelatedInline(OrderedInline):
    model = RelatedLink
    fk_name = "article"
    max_num = RELATED_MAX
    fields = ("title", "provider", "published_at", "web_url", "quality", "our_article")
    readonly_fields = ("our_article",)
    autocomplete_fields = ("provider",)
    verbose_name_plural = gettext_lazy("related links, by quality")
    formfield_overrides: ClassVar = {
        models.DateTimeField: {"form_class": forms.DateTimeField, "widget": forms.DateTimeInput}
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[RelatedLink]:
        links = super().get_queryset(request).select_related("provider", "target")
        return links.defer("target__secured", "target__body", "target__extra", "target__layout")

    @admin.display(description=gettext_lazy("our article"))
    def our_article(self, link: RelatedLink) -> str:
        return link_to(link.target) if link.target else "–"


@memoize_per_upload
def process_upload(upload: Any) -> tuple[Picture, bool]:
    """Store an uploaded picture and return it, with whether it is new. Raises ValidationError."""
    try:
        with Decoder() as decoder:
            return store_upload(upload.read(MAX_BYTES + 1), decoder)
    except PictureError as refused:
        raise ValidationError(_("This picture %(refused)s. Choose another.") % {"refused": refused}) from refused
    except OSError as error:
        raise ValidationError(
            _("The picture can't be stored: %(error)s.") % {"error": error.strerror or error}
        ) from error


class ImageRowForm(ListRowForm):
    """A picture by its URL, or by an uploaded file, which gets a URL on this site."""

    site = ""  # its URL; the inline sets it for each request
    upload = forms.FileField(
        label=gettext_lazy("upload"),
        required=False,
        help_text=gettext_lazy(
            "JPEG, PNG, WebP, AVIF or GIF, up to 15 MB. It replaces this one, in this article only."
        ),
    )
    stored: tuple[Picture, bool] | None = None

    def clean_upload(self) -> Any:
        upload = self.cleaned_data["upload"]
        if upload:
            self.stored = process_upload(upload)
        return upload

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.stored:
            copy = StoredPicture.of(self.stored[0])
            cleaned |= {"url": self.site + media_url(copy.file), "width": copy.width, "height": copy.height}
            self.instance.is_cached = True
        elif not cleaned.get("url") and "upload" not in self.errors:
            raise ValidationError(_("A picture needs a URL or a file."))
        return cleaned

    def save(self, commit: bool = True) -> ArticleImage:
        image = super().save(commit)
        if self.stored:
            picture, is_new = self.stored
            attach(image.url, picture, is_new=is_new)
        return image


class ImageInline(OrderedInline):
    model = ArticleImage
    form = ImageRowForm
    max_num = PICTURES_MAX
    fields = ("display_copy", "url", "upload", "alt", "attribution", "title", "width", "height", "position")
    readonly_fields = ("display_copy",)
    verbose_name = gettext_lazy("picture")
    verbose_name_plural = gettext_lazy("pictures")
    may_take_down = False  # set for each request, which has an inline of its own

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        self.may_take_down = permissions.can(request.user, "take_down")
        formset = super().get_formset(request, obj, **kwargs)
        formset.form.site = site_url(request)
        formset.form.base_fields["url"].required = False
        return formset

    def get_queryset(self, request: HttpRequest) -> QuerySet[ArticleImage]:
        return super().get_queryset(request).pictures().with_copies()

    @admin.display(description=gettext_lazy("our copy"))
    def display_copy(self, image: ArticleImage) -> str:
        if image.pk is None:
            return "–"
        if not image.thumbnail:
            return image.fetch_status
        picture = format_html('<img class="copy" src="{}" alt="" width="120">', media_url(image.thumbnail))
        if not self.may_take_down:
            return picture
        url = reverse("desk_take_down", args=[image.article_id, image.pk])
        return format_html('{}<br><a href="{}">{}</a>', picture, url, _("Take down for good"))
