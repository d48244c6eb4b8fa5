"""Topics, as the tree that they are."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from articles.models import ArticleTopic, Topic

from .audit_log_admin import LoggedAdmin
from .forms import TopicForm
from .topic_order import in_tree_order

DEPTH_SHOWN = 8  # deeper topics are indented like these


class TopicChangeList(ChangeList):
    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Topic]:
        used = ArticleTopic.objects.filter(tag=OuterRef("pk")).order_by().values("tag")
        count = Subquery(used.annotate(number=Count("pk")).values("number"), output_field=IntegerField())
        topics = super().get_queryset(request, exclude_parameters)
        return topics.annotate(article_count=Coalesce(count, 0))

    def get_results(self, request: HttpRequest) -> None:
        """Put the page in the order of the tree, unless the editor asked for another."""
        super().get_results(request)
        if ORDER_VAR in self.params:
            return
        self.result_list = [_at_depth(topic, depth) for topic, depth in in_tree_order(self.result_list)]


def _at_depth(topic: Topic, depth: int) -> Topic:
    topic.depth = depth
    return topic


@admin.register(Topic)
class TopicAdmin(LoggedAdmin, admin.ModelAdmin):
    form = TopicForm
    list_display = ("indented_name", "shortname", "slug", "parent", "weight", "articles")
    list_display_links = ("indented_name",)
    list_select_related = ("parent",)
    list_per_page = 1000  # a tree is not cut into pages
    search_fields = ("name", "shortname", "slug")
    show_full_result_count = False
    autocomplete_fields = ("parent",)
    fieldsets = (
        (None, {"fields": ["name", "shortname", "slug", "parent", "weight"]}),
        ("Words", {"fields": ["keywords", "hashtags"]}),
        ("Registry", {"classes": ["collapse"], "fields": ["registry_name", "images", "services"]}),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return TopicChangeList

    def get_readonly_fields(self, request: HttpRequest, obj: Topic | None = None) -> list[str]:
        return ["slug"] if obj else []  # it is the topic's address

    def get_prepopulated_fields(self, request: HttpRequest, obj: Topic | None = None) -> dict[str, list[str]]:
        return {} if obj else {"slug": ["name"]}

    def view_on_site(self, obj: Topic) -> str:
        return obj.get_absolute_url()

    @admin.display(description="name", ordering="name")
    def indented_name(self, topic: Topic) -> str:
        depth = min(getattr(topic, "depth", 0), DEPTH_SHOWN)
        return format_html('<span class="depth-{}">{}</span>', depth, topic.name)

    @admin.display(description="articles", ordering="article_count")
    def articles(self, topic: Topic) -> str:
        address = reverse("admin:articles_article_changelist", query={"topic": topic.slug})
        return format_html('<a href="{}">{}</a>', address, topic.article_count)
