"""Articles: the list that editors score and publish in, and the page of one article."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db import models
from django.db.models import Count, IntegerField, OuterRef, Prefetch, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join

from articles import operations, standing
from articles.explaining import explained, suggestion
from articles.forms import ArticleForm, ArticleRowForm, TextField
from articles.models import Article, ArticleQuerySet, ArticleTopic, RelatedLink, SitePolicy
from articles.operations import Refusal

from .filters import OutletFilter, PinsFilter, StateFilter, TimeFilter, TopicFilter
from .inlines import ImageInline, RelatedInline, TopicInline

NOTHING = "–"
REFUSALS_TOLD = 10
TOLD_MAX = 5  # changes of a story that one save spells out
LISTING_SHOWN = 20
HEAVY = ("body", "extra", "layout", "featured_content", "wishes")  # no list needs them

# What the rows of an inline are called as a pin.
LISTS = {TopicInline.model: "topics", ImageInline.model: "images", RelatedInline.model: "related"}


class ArticleChangeList(ChangeList):
    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> ArticleQuerySet:
        listed = RelatedLink.objects.filter(article=OuterRef("pk")).order_by().values("article")
        count = Subquery(listed.annotate(number=Count("pk")).values("number"), output_field=IntegerField())
        return (
            super()
            .get_queryset(request, exclude_parameters)
            .defer(*HEAVY, *(f"lead__{field}" for field in ("secured", *HEAVY)))
            .prefetch_related(Prefetch("article_topics", ArticleTopic.objects.select_related("tag")))
            .annotate(related_count=Coalesce(count, 0))
        )


@admin.register(Article)
class ArticleAdmin(admin.ModelAdmin):
    form = ArticleForm
    formfield_overrides = {models.TextField: {"form_class": TextField}}
    inlines = [TopicInline, RelatedInline, ImageInline]
    autocomplete_fields = ["provider"]
    save_on_top = True

    list_display = [
        "shown_title",
        "quality",
        "heat",
        "published",
        "state",
        "related_number",
        "provider",
        "shown_time",
        "shown_topics",
    ]
    list_display_links = ["shown_title"]
    list_editable = ["quality", "heat", "published"]
    list_filter = [StateFilter, TimeFilter, TopicFilter, OutletFilter, PinsFilter]
    list_select_related = ["provider", "lead"]
    list_per_page = 50
    search_fields = ["title", "excerpt", "name", "provider__name"]
    search_help_text = "Title, excerpt, name or outlet"
    ordering = ["-published_at", "file_name"]
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    actions = ["publish_selected", "withdraw_selected", "rescore_selected", "unpin_selected"]

    readonly_fields = [
        "state",
        "why",
        "pinned",
        "wished",
        "story_lead",
        "listed_by",
        "dialect",
        "unknown_keys",
        "created_at",
        "changed_at",
    ]
    _story = ("Story", {"fields": ["title", "excerpt", "provider", "published_at", "type"]})
    _decision = ["quality", "heat", "published", "removed"]
    _addresses = ("Addresses", {"fields": ["web_url", "original_url", "amp_url", "cdn_amp_url"]})
    _document = ["category", "tags", "featured_content", "body"]
    add_fieldsets = [
        ("Story", {"fields": ["title", "excerpt", "provider", "published_at", "type", "name"]}),
        ("Decision", {"fields": _decision}),
        _addresses,
        ("Document", {"classes": ["collapse"], "fields": _document}),
    ]
    fieldsets = [
        _story,
        (
            "Decision",
            {"fields": ["state", *_decision, "why", "pinned", "wished", "story_lead", "listed_by"]},
        ),
        _addresses,
        (
            "Document",
            {
                "classes": ["collapse"],
                "fields": ["name", *_document, "dialect", "unknown_keys", "created_at", "changed_at"],
            },
        ),
    ]

    # Where to, and who may

    def get_queryset(self, request: HttpRequest) -> ArticleQuerySet:
        return super().get_queryset(request).defer("secured")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ArticleChangeList

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[ArticleRowForm]:
        return ArticleRowForm

    def get_fieldsets(self, request: HttpRequest, obj: Article | None = None) -> Any:
        return self.fieldsets if obj else self.add_fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Article | None = None) -> list[str]:
        return [*self.readonly_fields, "name"] if obj else self.readonly_fields

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Allow what our own pages link to; a lookup on `secured` would tell it letter by letter."""
        return lookup == "provider__id__exact" or lookup in {each.parameter_name for each in self.list_filter}

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    def view_on_site(self, obj: Article) -> str | None:
        return obj.get_absolute_url() if obj.public else None

    # What an editor saves is a decision

    def save_model(self, request: HttpRequest, obj: Article, form: Any, change: bool) -> None:
        changed = [name for name in form.changed_data if name in form.cleaned_data]
        if not change:
            operations.add(obj, [name for name in changed if name != "name"])
        elif changed:
            values = {name: form.cleaned_data[name] for name in changed}
            self._tell_what_followed(request, operations.edit(obj, **values))

    def _tell_what_followed(self, request: HttpRequest, changes: list[operations.Change]) -> None:
        """Say what the policy changed in the story, so that nothing leaves the site unseen."""
        for change in changes[:TOLD_MAX]:
            self.message_user(request, f"Followed by the policy: {change}.", messages.INFO)
        if len(changes) > TOLD_MAX:
            self.message_user(request, f"{len(changes) - TOLD_MAX} more articles followed.", messages.INFO)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        lists = [LISTS[formset.model] for formset in formsets if formset.has_changed()]
        if lists:
            self._tell_what_followed(request, operations.decide_lists(form.instance, *lists))

    def delete_model(self, request: HttpRequest, obj: Article) -> None:
        operations.delete(Article.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: ArticleQuerySet) -> None:
        operations.delete(queryset)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return the articles themselves and how much goes with them; not a line, and a query, for each part."""
        ids = [article.pk for article in objs]
        counts = {
            "topics": ArticleTopic.objects.filter(content_object__in=ids).count(),
            "images": ImageInline.model.objects.filter(article__in=ids).count(),
            "related links": RelatedLink.objects.filter(article__in=ids).count(),
        }
        denied = set() if self.has_delete_permission(request) else {str(self.opts.verbose_name)}
        return [str(article) for article in objs], {"articles": len(ids), **counts}, denied, []

    # Actions

    @admin.action(description="Publish selected articles", permissions=["publish"])
    def publish_selected(self, request: HttpRequest, queryset: ArticleQuerySet) -> None:
        done, refusals = operations.publish_all(queryset)
        self._tell(request, done, "published", refusals)

    @admin.action(description="Withdraw selected articles from readers", permissions=["publish"])
    def withdraw_selected(self, request: HttpRequest, queryset: ArticleQuerySet) -> None:
        self._tell(request, operations.withdraw_all(queryset), "withdrawn")

    @admin.action(description="Rescore selected articles by the policy", permissions=["change"])
    def rescore_selected(self, request: HttpRequest, queryset: ArticleQuerySet) -> None:
        self._tell(request, len(operations.rescore(queryset)), "changed by rescoring; pins stayed")

    @admin.action(description="Unpin selected: let documents and policy decide again", permissions=["change"])
    def unpin_selected(self, request: HttpRequest, queryset: ArticleQuerySet) -> None:
        self._tell(request, operations.unpin_all(queryset), "unpinned")

    def _tell(self, request: HttpRequest, done: int, what: str, refusals: list[Refusal] | None = None) -> None:
        noun = "article" if done == 1 else "articles"
        self.message_user(request, f"{done} {noun} {what}.", messages.SUCCESS if done else messages.INFO)
        if refusals:
            told = "; ".join(f"“{refusal.title}” {refusal.reason}" for refusal in refusals[:REFUSALS_TOLD])
            more = len(refusals) - REFUSALS_TOLD
            rest = f"; and {more} more" if more > 0 else ""
            self.message_user(request, f"{len(refusals)} not published: {told}{rest}.", messages.WARNING)

    # Columns and read-only fields

    @admin.display(description="title", ordering="title")
    def shown_title(self, article: Article) -> str:
        return article.title

    @admin.display(description="publication time", ordering="published_at")
    def shown_time(self, article: Article) -> str:
        return date_format(timezone.localtime(article.published_at), "j M Y H:i")

    @admin.display(description="state")
    def state(self, article: Article) -> str:
        number = getattr(article, "related_count", None)
        role = article.role(article.related_links.count() if number is None else number)
        marks = [
            ("public", article.public, "Readers see it by itself"),
            ("removed", article.removed, "Rejected by its source"),
            ("missing", article.missing, "Its document has disappeared"),
            ("stale", article.stale, "Its document has lost its scores"),
            ("ambiguous", article.ambiguous, "Several leads claim it"),
            ("coming in", article.staged is not None, "The import that brings it is still running"),
            ("pinned", bool(article.pins), "Decided by an editor: " + ", ".join(article.pins)),
        ]
        told = format_html_join(
            "",
            ' <span class="mark {}" title="{}">{}</span>',
            ((label.replace(" ", "-"), title, label) for label, shown, title in marks if shown),
        )
        return format_html('<span class="role {0}">{0}</span>{1}', str(role), told)

    @admin.display(description="related")
    def related_number(self, article: Article) -> int:
        return article.related_count or ""

    @admin.display(description="topics")
    def shown_topics(self, article: Article) -> str:
        return ", ".join(item.tag.label for item in article.article_topics.all())

    @admin.display(description="why")
    def why(self, article: Article) -> str:
        """What the policy makes of the numbers: see `explaining.py`."""
        policy = SitePolicy.current()
        lines = explained(standing.explain_article(article, policy), article)
        return _lines([*lines, suggestion(*standing.suggest_quality(article, policy))])

    @admin.display(description="pinned fields")
    def pinned(self, article: Article) -> str:
        return ", ".join(article.pins) or NOTHING

    @admin.display(description="wishes of its document")
    def wished(self, article: Article) -> str:
        wishes = [f"{field}: {_as_text(wish)}" for field, wish in article.wishes.items()]
        return _lines(wishes) if wishes else NOTHING

    @admin.display(description="folded under")
    def story_lead(self, article: Article) -> str:
        return _link(article.lead) if article.lead else NOTHING

    @admin.display(description="listed by")
    def listed_by(self, article: Article) -> str:
        listing = Article.objects.filter(related_links__target=article.pk).only("title").distinct()[:LISTING_SHOWN]
        return format_html_join(", ", "{}", ((_link(other),) for other in listing)) or NOTHING

    @admin.display(description="unknown keys")
    def unknown_keys(self, article: Article) -> str:
        if not article.extra:
            return NOTHING
        return format_html(
            '<pre class="unknown-keys">{}</pre>', json.dumps(article.extra, ensure_ascii=False, indent=2)
        )


def _lines(lines: list[str]) -> str:
    return format_html('<ul class="lines">{}</ul>', format_html_join("", "<li>{}</li>", ((line,) for line in lines)))


def _link(article: Article) -> str:
    return format_html(
        '<a href="{}">{}</a>', reverse("admin:articles_article_change", args=[article.pk]), article.title
    )


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
