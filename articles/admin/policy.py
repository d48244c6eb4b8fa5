"""The policy of the site: one row, one form, and the page that applies it to all articles."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.csrf import csrf_protect

from articles import operations
from articles.acts import By
from articles.models import Article, SitePolicy, Via

CHANGES_SHOWN = 20


@admin.register(SitePolicy)
class SitePolicyAdmin(admin.ModelAdmin):
    change_form_template = "admin/articles/sitepolicy/change_form.html"
    fieldsets = [
        (
            "Heat and publication",
            {"fields": ["publish_threshold", "related_bonus", "bonus_floor", "window_days", "publish_unscored"]},
        ),
        (
            "Suggested quality: points for …",
            {
                "fields": [
                    "base_weight",
                    "topic_weight",
                    "subtopic_weight",
                    "keyword_weight",
                    "image_weight",
                    "amp_weight",
                    "provider_weight",
                    "video_weight",
                ]
            },
        ),
    ]

    def get_urls(self) -> list[Any]:
        rescore = self.admin_site.admin_view(csrf_protect(self.rescore_view))
        return [path("rescore/", rescore, name="articles_sitepolicy_rescore"), *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SitePolicy | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return redirect("admin:articles_sitepolicy_change", 1)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> SitePolicy | None:
        """Return the one policy; as long as nobody has saved it, an unsaved one with the defaults."""
        return super().get_object(request, object_id, from_field) or (SitePolicy(pk=1) if object_id == "1" else None)

    def save_model(self, request: HttpRequest, obj: SitePolicy, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "publish_unscored" in form.changed_data:
            count = operations.apply_publish_unscored(by=By(request.user, Via.ADMIN))
            shown = "shown to" if obj.publish_unscored else "hidden from"
            self.message_user(request, f"{count} unscored articles are now {shown} readers.", messages.INFO)
        if {"publish_threshold", "related_bonus", "bonus_floor"}.intersection(form.changed_data):
            address = reverse("admin:articles_sitepolicy_rescore")
            told = 'Articles keep their numbers until they are rescored. <a href="{}">See what that would change</a>.'
            self.message_user(request, format_html(told, address), messages.INFO)

    def rescore_view(self, request: HttpRequest) -> HttpResponse:
        """Show what rescoring all articles would change; do it on confirmation."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            count = len(operations.rescore(Article.objects.all(), by=By(request.user, Via.ADMIN)))
            self.message_user(request, f"{count} articles changed by rescoring; pins stayed.", messages.SUCCESS)
            return redirect("admin:articles_sitepolicy_change", 1)
        changes = operations.rescore(Article.objects.all(), dry_run=True)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Rescore all articles",
            "total": Article.objects.count(),
            "count": len(changes),
            "changes": changes[:CHANGES_SHOWN],
            "more": max(0, len(changes) - CHANGES_SHOWN),
        }
        return TemplateResponse(request, "admin/articles/sitepolicy/rescore.html", context)
