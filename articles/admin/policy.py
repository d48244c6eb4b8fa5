"""The policy: one form for the site and its top-level topics, its preview, and the page that applies it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_protect

from articles import operations
from articles.audit_log.unit_of_work import unit_of_work
from articles.models import MODES, NUMBERS, OVERRIDABLE, Article, Policies, SitePolicy, Topic, TopicPolicy, Verb
from articles.operations.results import number_of_articles
from articles.rules import permissions
from articles.rules.limits import NAMES_MAX
from articles.stories.policy_preview import PolicyPreview, changed_policies, preview_policy
from providers.inlines import LimitedInlineMixin

from .audit_log_admin import SingleRowMixin, admin_actor, with_valid_reason
from .conflict_forms import PREVIEW
from .policy_forms import WEIGHTS, SitePolicyForm, TopicPolicyForm

CHECKS_TEXT = _(
    "What a story fails is marked in its row. A check that asks stops people who publish the story, until they give a "
    "reason; imports, sources and rescoring aren’t stopped."
)
Overrides = dict[int, dict[str, int | None]]


class PolicyPermissions:
    """One permission to change the policy of the site and of topics, another to see it."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(permissions.CHANGE_POLICY)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("articles.view_sitepolicy") or self.has_change_permission(request, obj)


class TopicPolicyInline(PolicyPermissions, LimitedInlineMixin, admin.TabularInline):
    model = TopicPolicy
    max_num = NAMES_MAX
    form = TopicPolicyForm
    fields = ("topic", *OVERRIDABLE)
    extra = 0
    verbose_name = _("topic")
    verbose_name_plural = _("policies of top-level topics (blank: the site's value)")

    has_add_permission = has_delete_permission = PolicyPermissions.has_change_permission

    def get_queryset(self, request: HttpRequest) -> QuerySet[TopicPolicy]:
        return super().get_queryset(request).select_related("topic")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer top-level topics, and lower ones that still have a policy; one query for all rows."""
        topics = Topic.objects.filter(Q(parent=None) | Q(policy__isnull=False))
        field = super().formfield_for_foreignkey(db_field, request, **kwargs | {"queryset": topics})
        field.choices = list(field.choices)
        return field

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "topic":
            for icon in ("add", "change", "view", "delete"):  # topics are edited on their own pages
                setattr(field.widget, f"can_{icon}_related", False)
        return field


@admin.register(SitePolicy)
class SitePolicyAdmin(SingleRowMixin, PolicyPermissions, admin.ModelAdmin):
    form = SitePolicyForm
    inlines = (TopicPolicyInline,)
    change_form_template = "admin/articles/sitepolicy/change_form.html"
    fieldsets = (
        (_("Heat and publication"), {"fields": [name for name in NUMBERS if name not in WEIGHTS]}),
        (_("Suggested quality"), {"fields": WEIGHTS}),
        (_("Publish checks"), {"fields": [*MODES.values(), "excerpt_max", "old_days"], "description": CHECKS_TEXT}),
    )

    def get_urls(self) -> list[Any]:
        rescore = self.admin_site.admin_view(csrf_protect(self.rescore_view))
        return [path("rescore/", rescore, name="articles_sitepolicy_rescore"), *super().get_urls()]

    # Preview

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Show what a form that was sent for a preview would change, computed after all locks are released."""
        if PREVIEW in request.POST and not context["errors"]:
            form = context["adminform"].form
            overrides = _overrides([inline.formset for inline in context["inline_admin_formsets"]])
            numbers = {name: form.cleaned_data[name] for name in form.changed_data if name in NUMBERS}
            context["preview"] = SimpleLazyObject(lambda: _preview(numbers, overrides))
        return super().render_change_form(request, context, **kwargs)

    # Saving

    @with_valid_reason
    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """Save the page as one operation; of two sent at once, the second one finds the conflict."""
        if request.method != "POST" or PREVIEW in request.POST or not self.has_change_permission(request):
            return super().changeform_view(request, object_id, *args, **kwargs)
        with unit_of_work(Verb.POLICY, admin_actor(request)):
            return super().changeform_view(request, object_id, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: SitePolicy, form: Any, change: bool) -> None:
        """Do nothing: `save_related` saves all numbers of the page at once."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        for formset in formsets:
            formset.save(commit=False)  # the admin's own messages need it
        numbers = {name: form.cleaned_data[name] for name in form.changed_data}
        overrides = _overrides(formsets)
        turned = operations.change_policy(numbers, overrides)
        if turned:
            if form.cleaned_data["publish_unscored"]:
                text = ngettext(
                    "%(number)s unscored article is now shown to readers.",
                    "%(number)s unscored articles are now shown to readers.",
                    turned,
                )
            else:
                text = ngettext(
                    "%(number)s unscored article is now hidden from readers.",
                    "%(number)s unscored articles are now hidden from readers.",
                    turned,
                )
            self.message_user(request, text % {"number": f"{turned:,}"}, messages.INFO)
        if overrides or set(OVERRIDABLE).intersection(numbers):
            url = reverse("admin:articles_sitepolicy_rescore")
            text = gettext(
                'Nothing is applied to scored articles until you choose <a href="{}">Apply to all articles</a>.'
            )
            self.message_user(request, format_html(text, url), messages.INFO)

    @with_valid_reason
    def rescore_view(self, request: HttpRequest) -> HttpResponse:
        """Show what rescoring all articles would change, and do it after confirmation."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            changed = operations.rescore(Article.objects.all(), by=admin_actor(request))
            text = gettext("%(articles)s changed by rescoring; pins stayed.")
            self.message_user(request, text % {"articles": number_of_articles(len(changed))}, messages.SUCCESS)
            return redirect("admin:articles_sitepolicy_change", 1)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Apply the policy to all articles"),
            "preview": preview_policy(Policies.load()),
        }
        return TemplateResponse(request, "admin/articles/sitepolicy/rescore.html", context)


def _preview(numbers: dict[str, int], overrides: Overrides) -> PolicyPreview:
    stored = Policies.load()
    return preview_policy(changed_policies(numbers, overrides, stored), stored)


def _overrides(formsets: Any) -> Overrides:
    """Return the changed numbers by topic; None means that the site's number applies again."""
    none: dict[str, int | None] = dict.fromkeys(OVERRIDABLE)
    overrides: Overrides = {}
    for formset in formsets:
        changed = [row for row in formset.forms if row.has_changed()]
        for row in changed:
            if row.instance.pk and (row in formset.deleted_forms or "topic" in row.changed_data):
                overrides[row.initial["topic"]] = dict(none)
        for row in changed:
            if row not in formset.deleted_forms:
                names = OVERRIDABLE if row.moved else [name for name in OVERRIDABLE if name in row.changed_data]
                pk = row.cleaned_data["topic"].pk
                overrides[pk] = overrides.get(pk, {}) | {name: row.cleaned_data[name] for name in names}
    return overrides
