"""The page of one article: its form, its read-only panels, and saving it as one operation."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import operations
from articles.models import Article, ArticleQuerySet, ArticleTopic, PreviewLink, RelatedLink, SitePolicy
from articles.models.publish_checks import checks_text, failed_checks_of
from articles.operations.results import ActionError, ActionResult, ChecksFailedError
from articles.rules import permissions
from articles.rules.states import State
from articles.stories import explanation
from articles.stories.explanation_text import format_incoming_value
from config.autocomplete import KeyAutocompleteMixin
from pictures.sizes import PictureError

from .article_list import ArticleListAdmin, chosen_successors
from .audit_log_admin import AuditLogAdminMixin, admin_actor, drop_messages
from .form_fields import TextField
from .forms import ArticleForm
from .inlines import ImageInline, RelatedInline, TopicInline, link_to, process_upload

NOTHING = "–"
STATE_FIELDS = ("decision", "publish_at", "unpublish_at")  # `operations.edit` doesn't take them
CONSEQUENCES_MAX = 5  # changes of a story in the messages of one save
LISTING_MAX = 20

LIST_NAMES = {TopicInline.model: "topics", ImageInline.model: "images", RelatedInline.model: "related"}


@admin.register(Article)
class ArticleAdmin(KeyAutocompleteMixin, ArticleListAdmin):
    form = ArticleForm
    formfield_overrides: ClassVar = {models.TextField: {"form_class": TextField}}
    inlines = (TopicInline, RelatedInline, ImageInline)
    autocomplete_fields = ("provider",)
    save_on_top = True
    history_url = "desk_article_history"
    process_upload = staticmethod(process_upload)

    readonly_fields = (
        "display_state",
        "failed_checks",
        "explanation",
        "pinned",
        "incoming_values",
        "story_lead",
        "listed_by",
        "dialect",
        "unknown_keys",
        "created_at",
        "changed_at",
    )
    _story = ("title", "excerpt", "provider", "published_at", "type")
    _decision = ("decision", "publish_at", "unpublish_at", "quality", "heat", "removed")
    _urls = (gettext_lazy("URLs"), {"fields": ("web_url", "original_url", "amp_url", "cdn_amp_url")})
    _document = ("category", "language", "tags", "featured_content", "body")
    _shown = ("explanation", "pinned", "incoming_values", "story_lead", "listed_by")
    _origin = ("dialect", "unknown_keys", "created_at", "changed_at")
    add_fieldsets = (
        (gettext_lazy("Story"), {"fields": (*_story, "note", "name")}),
        (gettext_lazy("Decision"), {"fields": ("quality", "heat")}),
        _urls,
        (gettext_lazy("Document"), {"classes": ("collapse",), "fields": _document}),
    )
    fieldsets = (
        (gettext_lazy("Story"), {"fields": (*_story, "note")}),
        (gettext_lazy("Decision"), {"fields": ("display_state", "failed_checks", *_decision, *_shown)}),
        _urls,
        (gettext_lazy("Document"), {"classes": ("collapse",), "fields": ("name", *_document, *_origin)}),
    )

    def get_queryset(self, request: HttpRequest) -> ArticleQuerySet:
        return super().get_queryset(request).defer("secured")

    def get_form(self, request: HttpRequest, obj: Article | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.may_publish = self.has_publish_permission(request)
        form.refusal = getattr(request, "refusal", "")
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Article | None = None) -> Any:
        if not obj:
            return self.add_fieldsets
        if self.has_score_permission(request):
            return self.fieldsets
        return [
            (title, options | {"fields": _with_readable_heat(options["fields"])}) for title, options in self.fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Article | None = None) -> list[str]:
        names = [*self.readonly_fields, *(["name"] if obj else [])]
        if not self.has_score_permission(request):
            names += ["quality", "display_heat", "decision"]
        if not self.has_publish_permission(request):
            names += ["publish_at", "unpublish_at", "removed"]
        return names

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Article | None = None, **kwargs: Any
    ) -> Any:
        if obj and self.has_change_permission(request, obj):
            context["may_take_down_story"] = permissions.may_take_down_stories(request.user)
            context |= {"preview_links": PreviewLink.objects.active_for(obj), "here": request.path}
        failed = getattr(request, "failed_checks", None)
        if failed:
            context |= {"preview": operations.failed_preview(failed), "lacks_reason": failed.lacks_reason}
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def view_on_site(self, obj: Article) -> str | None:
        return obj.get_absolute_url() if obj.is_shown() else None

    # Saving and deleting

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changeform_view(request, object_id, *args, **kwargs)
        except PictureError as refused:  # taken down after the form had checked it
            self.message_user(
                request,
                _("Nothing was saved: the picture %(refused)s. Choose another.") % {"refused": refused},
                messages.ERROR,
            )
            return redirect(request.get_full_path())
        except ActionError as refused:  # at the end of the operation; the form is shown again with all values
            drop_messages(request)
            request.failed_checks = refused if isinstance(refused, ChecksFailedError) else None  # the page names them
            request.refusal = _("Nothing was saved.") if request.failed_checks else refused.sentence
            return super(AuditLogAdminMixin, self).changeform_view(request, object_id, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Article, form: Any, change: bool) -> None:
        changed = [name for name in form.changed_data if name in form.cleaned_data]
        if not change:
            operations.add(obj, [name for name in changed if name not in ("name", "decision")])
            return
        values = {name: form.cleaned_data[name] for name in changed if name not in (*STATE_FIELDS, "in_place")}
        if values:
            self._report_consequences(request, operations.edit(obj, **values))
        is_withdrawn = "decision" in changed and form.cleaned_data["decision"] != State.PUBLISHED
        if {"publish_at", "unpublish_at"}.intersection(changed) and not is_withdrawn:
            times = {name: form.cleaned_data[name] for name in ("publish_at", "unpublish_at")}
            self._report_consequences(request, operations.schedule(obj, **times))
        elif "decision" in changed:
            in_place = [int(pk) for pk in [form.cleaned_data.get("in_place")] if pk]
            result = operations.apply_decision(obj, form.cleaned_data["decision"], in_place=in_place)
            self._report_consequences(request, result)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        def write() -> None:
            super(ArticleAdmin, self).save_related(request, form, formsets, change)

        names = [LIST_NAMES[formset.model] for formset in formsets if formset.has_changed()]
        if not names:
            write()  # it writes nothing, but the formsets need it for the admin's own messages
        else:
            self._report_consequences(request, operations.edit_related_rows(form.instance, *names, write=write))

    def _report_consequences(self, request: HttpRequest, result: ActionResult) -> None:
        """Report what the policy changed in the story, so that editors notice withdrawn stories."""
        changes = result.consequences
        for change in changes[:CONSEQUENCES_MAX]:
            self.message_user(request, change.sentence, messages.INFO)
        if len(changes) > CONSEQUENCES_MAX:
            text = _("And %(number)s more articles changed as a result.") % {"number": len(changes) - CONSEQUENCES_MAX}
            self.message_user(request, text, messages.INFO)

    def delete_model(self, request: HttpRequest, obj: Article) -> None:
        self.delete_queryset(request, Article.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: ArticleQuerySet) -> None:
        result = operations.delete(queryset, in_place=chosen_successors(request), by=admin_actor(request))
        self.report_reader_changes(request, result, known=result.done)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except ChecksFailedError as failed:  # of the article that would be published in its place
            return self.ask_to_delete(request, Article.objects.filter(pk=object_id), failed)

    def render_delete_form(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        preview = operations.preview_deletion(context["object"])
        return super().render_delete_form(request, context | {"preview": preview})

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return the articles and the number of rows deleted with them; Django would query and list each row."""
        ids = [article.pk for article in objs]
        counts = {
            _("topics"): ArticleTopic.objects.filter(content_object__in=ids).count(),
            _("images"): ImageInline.model.objects.filter(article__in=ids).count(),
            _("related links"): RelatedLink.objects.filter(article__in=ids).count(),
        }
        denied = set() if self.has_delete_permission(request) else {str(self.opts.verbose_name)}
        return [str(article) for article in objs], {_("articles"): len(ids), **counts}, denied, []

    # Read-only fields

    @admin.display(description=gettext_lazy("failed publish checks"))
    def failed_checks(self, article: Article) -> str:
        failed = failed_checks_of([article], SitePolicy.current_checks(), timezone.now())
        return checks_text(failed.get(article.pk, ())) or NOTHING

    @admin.display(description=gettext_lazy("why"))
    def explanation(self, article: Article) -> str:
        return _ul(explanation.explanation_lines(article))

    @admin.display(description=gettext_lazy("pinned fields"))
    def pinned(self, article: Article) -> str:
        return ", ".join(article.pins) or NOTHING

    @admin.display(description=gettext_lazy("what its document says instead"))
    def incoming_values(self, article: Article) -> str:
        lines = [f"{field}: {format_incoming_value(field, value)}" for field, value in article.wishes.items()]
        return _ul(lines) if lines else NOTHING

    @admin.display(description=gettext_lazy("folded under"))
    def story_lead(self, article: Article) -> str:
        return link_to(article.lead) if article.lead else NOTHING

    @admin.display(description=gettext_lazy("listed by"))
    def listed_by(self, article: Article) -> str:
        listing = Article.objects.filter(related_links__target=article.pk).only("title").distinct()[:LISTING_MAX]
        return format_html_join(", ", "{}", ((link_to(other),) for other in listing)) or NOTHING

    @admin.display(description=gettext_lazy("unknown keys"))
    def unknown_keys(self, article: Article) -> str:
        if not article.extra:
            return NOTHING
        text = json.dumps(article.extra, ensure_ascii=False, indent=2)
        return format_html('<pre class="unknown-keys">{}</pre>', text)


def _with_readable_heat(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("display_heat" if name == "heat" else name for name in names)


def _ul(lines: list[str]) -> str:
    return format_html('<ul class="lines">{}</ul>', format_html_join("", "<li>{}</li>", ((line,) for line in lines)))
