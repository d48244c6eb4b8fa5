"""The form of the site's look."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles.models import Topic
from articles.public.site_look import usual_menu
from website.links import SECTIONS, URL_TARGET, LinkEntry, keys_of
from website.models import NAME_MAX, TAGLINE_MAX, SiteLook, SitePage
from website.pictures import process_icon, process_logo

from .conflict_forms import PreviewForm
from .form_fields import TextField
from .links_field import Choices, LinksFormField

TOPICS_MAX = 300  # that a row of the menu offers
UPLOADS = {"logo": process_logo, "icon": process_icon}


class SiteLookForm(PreviewForm):
    """The look of the site. What isn't set yet is shown as it is now: from the settings, and the usual menu."""

    name = forms.CharField(
        label=gettext_lazy("Name of the site"),
        max_length=NAME_MAX,
        widget=AdminTextInputWidget,
        help_text=gettext_lazy("Shown in the masthead, page titles, feeds, and where others share your pages."),
    )
    tagline = forms.CharField(
        label=gettext_lazy("Tagline"),
        max_length=TAGLINE_MAX,
        required=False,
        widget=AdminTextInputWidget,
        help_text=gettext_lazy("Shown beside the name, and as the description of the front page. Optional."),
    )
    logo_upload = forms.FileField(
        label=gettext_lazy("Logo"),
        required=False,
        help_text=gettext_lazy(
            "Replaces the name in the masthead. PNG, JPEG, WebP, GIF or AVIF, at least 60 pixels in height; "
            "transparent parts show the light or the dark background."
        ),
    )
    remove_logo = forms.BooleanField(label=gettext_lazy("Remove the logo"), required=False)
    icon_upload = forms.FileField(
        label=gettext_lazy("Icon"),
        required=False,
        help_text=gettext_lazy(
            "A square for browser tabs and home screens. PNG, JPEG, WebP, GIF or AVIF, at least 180 pixels wide."
        ),
    )
    remove_icon = forms.BooleanField(label=gettext_lazy("Remove the icon"), required=False)

    class Meta:
        model = SiteLook
        fields = ("name", "tagline", "accent", "accent_dark", "menu", "footer_links", "footer_text")
        field_classes: ClassVar = {
            "menu": LinksFormField,
            "footer_links": LinksFormField,
            "footer_text": TextField,
        }
        labels: ClassVar = {
            "accent": gettext_lazy("Accent colour"),
            "accent_dark": gettext_lazy("Accent colour on the dark background"),
            "menu": gettext_lazy("Menu"),
            "footer_links": gettext_lazy("Links in the footer"),
            "footer_text": gettext_lazy("Text in the footer"),
        }
        help_texts: ClassVar = {
            "accent": gettext_lazy("Colour of links and buttons, such as #0b5394. Leave blank for the default red."),
            "accent_dark": gettext_lazy("Leave blank for a lighter shade of the accent colour, made for you."),
            "menu": gettext_lazy(
                "Lower numbers come first. A topic shows while it has stories, a page while it is published. An "
                "emptied row is removed; without any rows, the usual menu comes back."
            ),
            "footer_links": gettext_lazy(
                "Lower numbers come first. A page shows while it is published. They stand before the links that every "
                "site has: about, follow, archive, accessibility and search."
            ),
            "footer_text": gettext_lazy("Markdown, such as the name and address of the publisher."),
        }
        widgets: ClassVar = {"footer_text": AdminTextareaWidget(attrs={"rows": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        look: SiteLook = self.instance
        shown: dict[str, Any] = {
            "name": look.site_name,
            "tagline": look.site_tagline,
            "menu": look.menu or usual_menu(),
        }
        self.initial.update(shown)
        choices = link_choices([*shown["menu"], *look.footer_links])
        for name in ("menu", "footer_links"):
            if name in self.fields:  # those who may only view have none
                self.fields[name].widget.choices = choices

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name, process in UPLOADS.items():
            upload = cleaned.get(f"{name}_upload")
            if upload and cleaned.get(f"remove_{name}"):
                self.add_error(f"{name}_upload", _("Either upload a new one or remove the old one."))
            elif upload:
                try:
                    cleaned[name] = process(upload)
                except ValidationError as invalid:
                    self.add_error(f"{name}_upload", invalid)
            elif cleaned.get(f"remove_{name}"):
                cleaned[name] = {}
        if cleaned.get("accent_dark") and not cleaned.get("accent"):
            self.add_error("accent", _("Choose this colour too, or empty the one for the dark background."))
        return cleaned

    def values(self) -> dict[str, Any]:
        """Return what was changed, by the fields of the look."""
        columns = {field.name for field in SiteLook._meta.concrete_fields}
        changed = [name for name in self.changed_data if name in columns]
        return {name: self.cleaned_data[name] for name in (*changed, *UPLOADS) if name in self.cleaned_data}


def link_choices(entries: Iterable[LinkEntry]) -> Choices:
    """Return what the rows of a menu may lead to, in groups: also the topics to which these entries lead already."""
    topics = list(Topic.objects.order_by("name").values_list("pk", "name")[:TOPICS_MAX])
    if missing := keys_of(entries, "topic").difference(pk for pk, _name in topics):
        topics += Topic.objects.filter(pk__in=missing).order_by("name").values_list("pk", "name")
    pages = SitePage.objects.values_list("pk", "title", "published")
    unpublished = _("not published")
    return (
        (_("Lists"), [(name, str(label)) for name, label in SECTIONS.items()]),
        (_("Topics"), [(f"topic:{pk}", name) for pk, name in topics]),
        (
            _("Pages"),
            [(f"page:{pk}", title if published else f"{title} ({unpublished})") for pk, title, published in pages],
        ),
        (_("Elsewhere"), [(URL_TARGET, _("The URL beside it"))]),
    )
