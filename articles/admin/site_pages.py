"""The publisher's own pages: their form with its preview, and their list."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import operations
from articles.rules.permissions import CHANGE_LOOK
from website.markdown import picture_markdown
from website.models import SLUG_MAX, SiteLook, SitePage
from website.pictures import process_picture

from .audit_log_admin import ReferenceAdminMixin
from .conflict_forms import PREVIEW, PreviewForm
from .form_fields import TextField

PICTURE_ALT_MAX = 300  # characters


class SitePageForm(PreviewForm):
    in_footer = forms.BooleanField(
        label=gettext_lazy("Link in the footer"),
        required=False,
        help_text=gettext_lazy("Shown while the page is published. “Look of the site” has the order of these links."),
    )

    picture_upload = forms.FileField(
        label=gettext_lazy("Add a picture"),
        required=False,
        help_text=gettext_lazy(
            "Preview and Save put it at the end of the text, from where you can move its line. PNG, JPEG, WebP, GIF or "
            "AVIF, up to 5 MB."
        ),
    )
    picture_alt = forms.CharField(
        label=gettext_lazy("What the picture shows"),
        required=False,
        max_length=PICTURE_ALT_MAX,
        widget=AdminTextInputWidget,
        help_text=gettext_lazy("For readers who can’t see it. Required with a picture."),
    )

    class Meta:
        model = SitePage
        fields = ("title", "slug", "body", "language", "published")
        field_classes: ClassVar = {"body": TextField}
        help_texts: ClassVar = {
            "slug": gettext_lazy(
                "The end of its URL: /pages/imprint/. Leave blank to make it from the title. A page with the slug "
                "“about” replaces the introduction on /about/."
            ),
            "body": gettext_lazy(
                "Markdown: ## Heading, **bold**, *italic*, [words](https://news.example/), - list. HTML shows as text."
            ),
            "language": gettext_lazy(
                "Language tag (BCP 47), such as en or de-AT. Leave blank for the site’s language."
            ),
            "published": gettext_lazy("Readers see the page, and the sitemap lists it."),
        }
        widgets: ClassVar = {"body": AdminTextareaWidget(attrs={"rows": 20})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "slug" in self.fields:
            self.fields["slug"].required = False
        if "in_footer" in self.fields and self.instance.pk is not None:
            target = f"page:{self.instance.pk}"
            self.initial["in_footer"] = any(link["target"] == target for link in SiteLook.current().footer_links)

    def full_clean(self) -> None:
        """Put an uploaded picture into the text first, so that the form shows it there and counts it as a change."""
        self.picture_problem: ValidationError | None = None
        upload = self.files.get("picture_upload") if self.is_bound else None
        if upload:
            self._add_picture(upload)
        super().full_clean()

    def _add_picture(self, upload: Any) -> None:
        alt = self.data.get("picture_alt", "").strip()[:PICTURE_ALT_MAX]
        try:
            if not alt:
                raise ValidationError(_("Say what the picture shows, and choose its file again."))
            line = picture_markdown(**process_picture(upload), alt=alt)
        except ValidationError as invalid:
            self.picture_problem = invalid
            return
        self.data = self.data.copy()
        self.data["body"] = f"{self.data.get('body', '').rstrip()}\n\n{line}\n".lstrip()
        self.data["picture_alt"] = ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.picture_problem:
            self.add_error("picture_upload", self.picture_problem)
        return cleaned

    def clean_slug(self) -> str:
        slug = self.cleaned_data["slug"] or slugify(self.cleaned_data.get("title", ""))[:SLUG_MAX].strip("-_")
        if not slug:
            raise ValidationError(_("Type a slug in small letters: none can be made from this title."))
        return slug.replace("_", "-") if not self.cleaned_data["slug"] else slug


@admin.register(SitePage)
class SitePageAdmin(ReferenceAdminMixin, admin.ModelAdmin):
    form = SitePageForm
    history_url = "desk_page_history"
    process_upload = staticmethod(process_picture)
    keeps_uploads = True  # the picture is in the text already
    fields = ("title", "slug", "body", "picture_upload", "picture_alt", "language", "published", "in_footer")
    list_display = ("title", "url", "language", "published")
    list_filter = ("published",)
    empty_list_text = gettext_lazy(
        "There are no pages yet. A page is a text of your own, such as “Contact” or “How we choose stories”; the menu "
        "and the footer can lead to it."
    )
    search_fields = ("title", "slug")
    show_full_result_count = False
    actions = None

    @admin.display(description=gettext_lazy("URL"))
    def url(self, page: SitePage) -> str:
        return page.get_absolute_url()

    def view_on_site(self, page: SitePage) -> str | None:
        return page.get_absolute_url() if page.published else None

    def get_fields(self, request: HttpRequest, obj: SitePage | None = None) -> list[str]:
        """Leave out the link for those who may not change the footer."""
        may_link = request.user.has_perm(CHANGE_LOOK) and self.has_change_permission(request, obj)
        return [name for name in self.fields if may_link or name != "in_footer"]

    def get_form(self, request: HttpRequest, obj: SitePage | None = None, change: bool = False, **kwargs: Any) -> Any:
        """Leave the link out of the form too: Django keeps the fields that a form declares itself."""
        form = super().get_form(request, obj, change, **kwargs)
        if "in_footer" not in (kwargs.get("fields") or ()):
            del form.base_fields["in_footer"]
        return form

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Show how a form that was sent for a preview would look."""
        form = context["adminform"].form
        if PREVIEW in request.POST and not context["errors"]:
            context["preview"] = SitePage(**{name: form.cleaned_data[name] for name in ("title", "body", "language")})
        return super().render_change_form(request, context, **kwargs)

    def save_model(self, request: HttpRequest, obj: SitePage, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "in_footer" in form.changed_data:
            operations.link_in_footer(obj, form.cleaned_data["in_footer"])
        if not change or {"published", "slug"}.intersection(form.changed_data):
            self._report_visibility(request, obj, is_new=not change)
        if change and obj.published and {"published", "slug"}.intersection(form.changed_data) == {"slug"}:
            former = SitePage(slug=form.initial["slug"]).get_absolute_url()
            text = format_html(_("Its former URL, {}, is not found any more: correct links to it."), former)
            self.message_user(request, text, messages.WARNING)
        if "in_footer" in form.changed_data:
            self._report_footer_link(request, obj, is_linked=form.cleaned_data["in_footer"])

    def _report_visibility(self, request: HttpRequest, page: SitePage, *, is_new: bool) -> None:
        url = page.get_absolute_url()
        if page.published:
            text = format_html(_('Readers see the page at <a href="{}">{}</a> now.'), url, url)
        elif is_new:
            text = _("Readers don't see the page yet: tick “Published” when it is ready.")
        else:
            text = format_html(_("Readers don't see the page any more: {} is not found."), url)
        self.message_user(request, text, messages.INFO)

    def _report_footer_link(self, request: HttpRequest, page: SitePage, *, is_linked: bool) -> None:
        if not is_linked:
            text = _("The footer doesn't link the page any more.")
        elif page.published:
            text = _("The footer links the page now.")
        else:
            text = _("The footer will link the page once it is published.")
        self.message_user(request, text, messages.INFO)
