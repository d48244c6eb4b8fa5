"""Topics: their form, and their list as a tree."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.core.exceptions import ValidationError
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles.models import ArticleTopic, Topic
from config.autocomplete import KeyAutocompleteMixin
from sources.models import Source

from .audit_log_admin import ReferenceAdminMixin
from .conflict_forms import ConflictAwareForm
from .form_fields import LinesField
from .topic_order import in_tree_order

DEPTH_SHOWN = 8  # deeper topics are indented like these


class TopicForm(ConflictAwareForm):
    class Meta:
        field_classes: ClassVar = {"keywords": LinesField, "hashtags": LinesField, "images": LinesField}
        help_texts: ClassVar = {
            "keywords": gettext_lazy(
                "One per line. Words in a title that indicate this topic; they raise the suggested quality."
            ),
            "hashtags": gettext_lazy("One per line."),
            "images": gettext_lazy("URLs of pictures, one per line."),
            "services": gettext_lazy('Pairs of a name and a URL: [["news", "https://news.example/api/"]]'),
        }

    def clean_registry_name(self) -> str:
        """Refuse another topic's file name: export would have to rename one of the files."""
        name = self.cleaned_data["registry_name"]
        others = Topic.objects.filter(registry_name=name).exclude(pk=self.instance.pk)
        if name and "registry_name" in self.changed_data and others.exists():
            raise ValidationError(_("Another topic has this file name. Pick another one."))
        return name


class TopicChangeList(ChangeList):
    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Topic]:
        places = ArticleTopic.objects.filter(tag=OuterRef("pk")).order_by().values("tag")
        count = Subquery(places.annotate(number=Count("pk")).values("number"), output_field=IntegerField())
        # before the list is put in order, for it may be by this
        self.root_queryset = self.root_queryset.annotate(article_count=Coalesce(count, 0))
        return super().get_queryset(request, exclude_parameters)

    def get_results(self, request: HttpRequest) -> None:
        """Sort the page as a tree, unless the editor chose another order."""
        super().get_results(request)
        if ORDER_VAR in self.params:
            return
        ordered = in_tree_order(self.result_list)
        for topic, depth in ordered:
            topic.depth = depth
        self.result_list = [topic for topic, _depth in ordered]


@admin.register(Topic)
class TopicAdmin(KeyAutocompleteMixin, ReferenceAdminMixin, admin.ModelAdmin):
    form = TopicForm
    list_display = ("indented_name", "shortname", "slug", "parent", "weight", "articles")
    list_display_links = ("indented_name",)
    list_select_related = ("parent",)
    empty_list_text = gettext_lazy("There are no topics yet. They come with articles, or add one here.")
    list_per_page = 1000  # no pagination for a tree
    search_fields = ("name", "shortname", "slug")
    show_full_result_count = False
    autocomplete_fields = ("parent",)
    fieldsets = (
        (None, {"fields": ["name", "shortname", "slug", "parent", "weight"]}),
        (gettext_lazy("Words"), {"fields": ["keywords", "hashtags"]}),
        (gettext_lazy("Registry"), {"classes": ["collapse"], "fields": ["registry_name", "images", "services"]}),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return TopicChangeList

    def get_readonly_fields(self, request: HttpRequest, obj: Topic | None = None) -> list[str]:
        return ["slug"] if obj else []  # it is part of the topic's URL

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Say that the sources that give a topic to their stories are in the way, as other rows are."""
        *others, protected = super().get_deleted_objects(objs, request)
        sources = Source.objects.filter(topics__in=objs).distinct()
        return *others, [*protected, *(f"{capfirst(Source._meta.verbose_name)}: {source}" for source in sources)]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Topic | None = None) -> dict[str, list[str]]:
        return {} if obj else {"slug": ["name"]}

    def view_on_site(self, obj: Topic) -> str:
        return obj.get_absolute_url()

    @admin.display(description=gettext_lazy("name"), ordering="name")
    def indented_name(self, topic: Topic) -> str:
        depth = min(getattr(topic, "depth", 0), DEPTH_SHOWN)
        return format_html('<span class="depth-{}">{}</span>', depth, topic.name)

    @admin.display(description=gettext_lazy("articles"), ordering="article_count")
    def articles(self, topic: Topic) -> str:
        url = reverse("admin:articles_article_changelist", query={"topic": topic.slug})
        return format_html('<a href="{}">{}</a>', url, topic.article_count)
