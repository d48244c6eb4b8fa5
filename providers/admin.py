"""The admin of providers and logos."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles.rules.limits import PICTURES_MAX

from .forms import LogoForm, ProviderRowForm
from .inlines import LimitedInlineMixin, LimitedListMixin
from .models import Provider, ProviderLogo

# By the relation, because this app imports nothing of articles.
_article_model = Provider._meta.get_field("articles").related_model


class ProviderChangeList(ChangeList):
    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Provider]:
        articles = _article_model._default_manager.filter(provider=OuterRef("pk")).order_by().values("provider")
        count = Subquery(articles.annotate(number=Count("pk")).values("number"), output_field=IntegerField())
        # before the list is put in order, for it may be by this
        self.root_queryset = self.root_queryset.annotate(article_count=Coalesce(count, 0))
        return super().get_queryset(request, exclude_parameters).prefetch_related("logos")


class LogoInline(LimitedInlineMixin, admin.TabularInline):
    model = ProviderLogo
    max_num = PICTURES_MAX
    form = LogoForm
    fields = ("preview", "file", "url", "width", "height")
    readonly_fields = ("preview",)
    extra = 0

    @admin.display(description=gettext_lazy("picture"))
    def preview(self, logo: ProviderLogo) -> str:
        return _picture(logo) or _("no copy")


@admin.register(Provider)
class ProviderAdmin(LimitedListMixin, admin.ModelAdmin):
    list_display = ("logo", "name", "domain", "registered", "weight", "articles")
    list_display_links = ("name",)
    list_editable = ("registered",)
    list_filter = ("registered",)
    list_per_page = 50
    empty_list_text = gettext_lazy("There are no outlets yet. They come with articles and sources, or add one here.")
    search_fields = ("name", "domain")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    fields = ("name", "domain", "language", "country", "registered", "weight")
    inlines = (LogoInline,)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ProviderChangeList

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[ProviderRowForm]:
        return ProviderRowForm

    def view_on_site(self, obj: Provider) -> str:
        return obj.get_absolute_url()

    @admin.display(description=gettext_lazy("logo"), empty_value="–")
    def logo(self, provider: Provider) -> str | None:
        copies = [logo for logo in provider.logos.all() if logo.file]
        return _picture(copies[0]) if copies else None

    @admin.display(description=gettext_lazy("articles"), ordering="article_count")
    def articles(self, provider: Provider) -> str:
        name = f"admin:{_article_model._meta.app_label}_{_article_model._meta.model_name}_changelist"
        url = reverse(name, query={"provider__id__exact": provider.pk})
        return format_html('<a href="{}">{}</a>', url, provider.article_count)


def _picture(logo: ProviderLogo) -> str | None:
    """Return our own copy of the logo; URLs of other sites are never loaded."""
    if not logo.file:
        return None
    return format_html('<img class="logo" src="{}" alt="">', reverse("media", args=[logo.file.name]))
