"""Articles: the list that editors score and publish in, and the page of one article."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.paginator import Paginator
from django.db import models
from django.db.models import Count, IntegerField, OuterRef, Prefetch, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from articles import operations
from articles.audit_log.unit_of_work import Actor, unit_of_work
from articles.models import Article, ArticleQuerySet, ArticleTopic, RelatedLink, Verb, Via
from articles.operations.results import ActionResult
from articles.rules import permissions, slugs
from articles.rules.states import SpikeReason, State
from articles.search import is_common, matching
from articles.stories import explanation
from articles.stories.explanation_text import format_incoming_value
from articles.stories.rescoring import RescoreChange
from pictures.sizes import PictureRefused

from .filters import EditorFilter, OutletFilter, StateFilter, TimeFilter, TopicFilter
from .forms import ArticleForm, ArticleRowForm, TextField
from .inlines import ImageInline, RelatedInline, TopicInline, take_up_upload
from .uploads import take_up_first

NOTHING = "–"
SEEN, VERSION = re.compile(r"version-([0-9]{1,18})"), re.compile(r"[0-9]{1,9}")
DECIDED = ("decision", "publish_at", "unpublish_at")  # what the verbs for states take, not `edit`
REFUSALS_TOLD = 10
TOLD_MAX = 5  # changes of a story that one save spells out
LISTING_SHOWN = 20
COUNT_MAX = 1000  # articles that a list counts; more are "1000+"
HEAVY = ("body", "extra", "layout", "featured_content", "wishes")  # no list needs them

# What the rows of an inline are called as a pin.
LISTS = {TopicInline.model: "topics", ImageInline.model: "images", RelatedInline.model: "related"}


class AtLeast(int):
    """A number that says it is not all."""

    def __str__(self) -> str:
        return f"{int(self)}+"


class CountingPaginator(Paginator):
    """Counts no further than COUNT_MAX: counting a million articles takes longer than showing fifty of them."""

    is_many = False  # known already

    @cached_property
    def count(self) -> int:
        if self.is_many:
            return AtLeast(COUNT_MAX)
        counted = self.object_list.order_by().values("pk")[: COUNT_MAX + 1].count()
        return AtLeast(COUNT_MAX) if counted > COUNT_MAX else counted


class ArticleChangeList(ChangeList):
    def _get_deterministic_ordering(self, ordering: list[str]) -> list[str]:
        """End the order with the file name, which is unique: with the key instead, no index would serve it."""
        known = {"file_name", "-file_name", "pk", "-pk"}
        return ordering if known.intersection(ordering) else [*ordering, "file_name"]

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
    formfield_overrides: ClassVar = {models.TextField: {"form_class": TextField}}
    inlines = (TopicInline, RelatedInline, ImageInline)
    autocomplete_fields = ("provider",)
    save_on_top = True

    list_display = (
        "shown_title",
        "quality",
        "heat",
        "state_shown",
        "related_number",
        "provider",
        "shown_time",
        "shown_topics",
    )
    list_display_links = ("shown_title",)
    list_editable = ("quality", "heat")
    list_filter = (StateFilter, TimeFilter, TopicFilter, OutletFilter, EditorFilter)
    list_select_related = ("provider", "lead")
    list_per_page = 50
    paginator = CountingPaginator
    search_fields = ("title",)  # there is a search; see get_search_results
    search_help_text = 'Words of title, excerpt, outlet or topics; "a phrase"; -not this'
    ordering = ("-published_at", "file_name")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    actions = (
        "publish_selected",
        "hold_selected",
        "spike_selected",
        "reopen_selected",
        "rescore_selected",
        "unpin_selected",
    )

    readonly_fields = (
        "state_shown",
        "why",
        "pinned",
        "wished",
        "story_lead",
        "listed_by",
        "dialect",
        "unknown_keys",
        "created_at",
        "changed_at",
    )
    _story = ("Story", {"fields": ["title", "excerpt", "provider", "published_at", "type"]})
    _decision = ("decision", "publish_at", "unpublish_at", "quality", "heat", "removed")
    _addresses = ("Addresses", {"fields": ["web_url", "original_url", "amp_url", "cdn_amp_url"]})
    _document = ("category", "tags", "featured_content", "body")
    add_fieldsets = (
        ("Story", {"fields": ["title", "excerpt", "provider", "published_at", "type", "name"]}),
        ("Decision", {"fields": ["quality", "heat"]}),
        _addresses,
        ("Document", {"classes": ["collapse"], "fields": _document}),
    )
    fieldsets = (
        _story,
        (
            "Decision",
            {"fields": ["state_shown", *_decision, "why", "pinned", "wished", "story_lead", "listed_by"]},
        ),
        _addresses,
        (
            "Document",
            {
                "classes": ["collapse"],
                "fields": ["name", *_document, "dialect", "unknown_keys", "created_at", "changed_at"],
            },
        ),
    )

    # Where to, and who may

    def get_queryset(self, request: HttpRequest) -> ArticleQuerySet:
        return super().get_queryset(request).defer("secured")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ArticleChangeList

    def get_list_display(self, request: HttpRequest) -> list[str]:
        self.list_editable = ["quality", "heat"] if self.has_score_permission(request) else []
        return self.list_display

    def get_form(self, request: HttpRequest, obj: Article | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.may_publish = self.has_publish_permission(request)
        return form

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[ArticleRowForm]:
        return ArticleRowForm

    def get_fieldsets(self, request: HttpRequest, obj: Article | None = None) -> Any:
        return self.fieldsets if obj else self.add_fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Article | None = None) -> list[str]:
        fixed = [*self.readonly_fields, *(["name"] if obj else [])]
        if not self.has_score_permission(request):
            fixed += ["quality", "heat", "decision"]
        if not self.has_publish_permission(request):
            fixed += ["publish_at", "unpublish_at", "removed"]
        return fixed

    def get_search_results(
        self, request: HttpRequest, queryset: ArticleQuerySet, search_term: str
    ) -> tuple[ArticleQuerySet, bool]:
        """Search by the index of `articles.search`; a name finds its article too."""
        if slugs.is_document_name(search_term.strip()):
            return queryset.filter(name=search_term.strip()), False
        if not self._searches_all(request):
            return matching(queryset, search_term), False
        return matching(queryset, search_term, newest=True), False

    def _searches_all(self, request: HttpRequest) -> bool:
        """Return whether the first page of all that matches is asked for, in the order of the list."""
        return set(request.GET) == {SEARCH_VAR}

    def get_paginator(self, request: HttpRequest, *args: Any, **kwargs: Any) -> CountingPaginator:
        found = super().get_paginator(request, *args, **kwargs)
        found.is_many = self._searches_all(request) and is_common(request.GET[SEARCH_VAR])
        return found

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Allow what our own pages link to; a lookup on `secured` would tell it letter by letter."""
        return lookup == "provider__id__exact" or lookup in {each.parameter_name for each in self.list_filter}

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(permissions.PUBLISH)

    def has_score_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(permissions.SCORE)

    def view_on_site(self, obj: Article) -> str | None:
        return obj.get_absolute_url() if obj.is_shown() else None

    # What an editor saves is a decision

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """Save a page as one operation. Two that are sent at once follow each other, so the second sees the first."""
        if request.method != "POST":
            return super().changeform_view(request, object_id, *args, **kwargs)
        take_up_first(self, request, object_id, take_up_upload)
        try:
            with unit_of_work(Verb.EDIT if object_id else Verb.ADD, _by(request)):
                return super().changeform_view(request, object_id, *args, **kwargs)
        except PictureRefused as refused:  # taken down since its form has seen it
            self.message_user(request, f"Nothing was saved: the picture {refused}. Choose another.", messages.ERROR)
            return redirect(request.get_full_path())

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        if request.method != "POST" or "_save" not in request.POST:
            return super().changelist_view(request, extra_context)
        with unit_of_work(Verb.SCORE, _by(request)):
            return super().changelist_view(request, extra_context)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        if not object_id.isdecimal():
            return super().history_view(request, object_id, extra_context)
        return redirect("desk_article_history", int(object_id))

    def save_model(self, request: HttpRequest, obj: Article, form: Any, change: bool) -> None:
        changed = [name for name in form.changed_data if name in form.cleaned_data]
        if not change:
            operations.add(obj, [name for name in changed if name not in ("name", "decision")])
            return
        values = {name: form.cleaned_data[name] for name in changed if name not in DECIDED}
        if values:
            self._tell_what_followed(request, operations.edit(obj, **values).consequences)
        is_withdrawn = "decision" in changed and form.cleaned_data["decision"] != State.PUBLISHED
        if {"publish_at", "unpublish_at"}.intersection(changed) and not is_withdrawn:
            times = {name: form.cleaned_data[name] for name in ("publish_at", "unpublish_at")}
            self._tell_what_followed(request, operations.schedule(obj, **times).consequences)
        elif "decision" in changed:
            self._tell_what_followed(
                request, operations.apply_decision(obj, form.cleaned_data["decision"]).consequences
            )

    def _tell_what_followed(self, request: HttpRequest, changes: list[RescoreChange]) -> None:
        """Say what the policy changed in the story, so that nothing leaves the site unseen."""
        for change in changes[:TOLD_MAX]:
            self.message_user(request, f"Followed by the policy: “{change.title}”: {change.summary}.", messages.INFO)
        if len(changes) > TOLD_MAX:
            self.message_user(request, f"{len(changes) - TOLD_MAX} more articles followed.", messages.INFO)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        def write() -> None:
            super(ArticleAdmin, self).save_related(request, form, formsets, change)

        lists = [LISTS[formset.model] for formset in formsets if formset.has_changed()]
        if not lists:
            write()  # nothing, but the formsets remember that
        else:
            self._tell_what_followed(
                request, operations.edit_related_rows(form.instance, *lists, write=write).consequences
            )

    def delete_model(self, request: HttpRequest, obj: Article) -> None:
        operations.delete(Article.objects.filter(pk=obj.pk), by=_by(request))

    def delete_queryset(self, request: HttpRequest, queryset: ArticleQuerySet) -> None:
        operations.delete(queryset, by=_by(request))

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
        outcome = operations.publish(queryset, by=_by(request), versions=_versions(request))
        self._tell(request, outcome, "published")

    @admin.action(description="Hold selected articles", permissions=["score"])
    def hold_selected(self, request: HttpRequest, queryset: ArticleQuerySet) -> None:
        self._tell(request, operations.hold(queryset, by=_by(request), versions=_versions(request)), "held")

    @admin.action(description="Spike selected articles", permissions=["score"])
    def spike_selected(self, request: HttpRequest, queryset: ArticleQuerySet) -> None:
        outcome = operations.spike(queryset, SpikeReason.OTHER, by=_by(request), versions=_versions(request))
        self._tell(request, outcome, "spiked")

    @admin.action(description="Reopen selected articles", permissions=["score"])
    def reopen_selected(self, request: HttpRequest, queryset: ArticleQuerySet) -> None:
        self._tell(request, operations.reopen(queryset, by=_by(request), versions=_versions(request)), "reopened")

    @admin.action(description="Rescore selected articles by the policy", permissions=["score"])
    def rescore_selected(self, request: HttpRequest, queryset: ArticleQuerySet) -> None:
        changed = operations.rescore(queryset, by=_by(request))
        self._say(request, len(changed), "changed by rescoring; pins stayed")

    @admin.action(description="Unpin selected: let documents and policy decide again", permissions=["score"])
    def unpin_selected(self, request: HttpRequest, queryset: ArticleQuerySet) -> None:
        outcome = operations.unpin(queryset.exclude(pins=[]), by=_by(request), versions=_versions(request))
        self._tell(request, outcome, "unpinned")

    def _tell(self, request: HttpRequest, outcome: ActionResult, what: str) -> None:
        self._say(request, len(outcome.done), what)
        refusals = outcome.rejections
        if refusals:
            told = "; ".join(f"“{refusal.title}” {refusal.reason}" for refusal in refusals[:REFUSALS_TOLD])
            more = len(refusals) - REFUSALS_TOLD
            rest = f"; and {more} more" if more > 0 else ""
            self.message_user(request, f"{len(refusals)} not {what}: {told}{rest}.", messages.WARNING)

    def _say(self, request: HttpRequest, done: int, what: str) -> None:
        noun = "article" if done == 1 else "articles"
        self.message_user(request, f"{done} {noun} {what}.", messages.SUCCESS if done else messages.INFO)

    @admin.display(description=mark_safe('<input type="checkbox" id="action-toggle">'))
    def action_checkbox(self, article: Article) -> str:
        """Send along which version the editor saw, so that an action doesn't overrule what others did since."""
        return format_html(
            '{}<input type="hidden" name="version-{}" value="{}">',
            super().action_checkbox(article),
            article.pk,
            article.version,
        )

    # Columns and read-only fields

    @admin.display(description="title", ordering="title")
    def shown_title(self, article: Article) -> str:
        return article.title

    @admin.display(description="publication time", ordering="published_at")
    def shown_time(self, article: Article) -> str:
        return date_format(timezone.localtime(article.published_at), "j M Y H:i")

    @admin.display(description="state", ordering="state")
    def state_shown(self, article: Article) -> str:
        number = getattr(article, "related_count", None)
        role = article.role(article.related_links.count() if number is None else number)
        marks = [
            ("public", article.is_shown(), "Readers see it by itself"),
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
        return format_html(
            '<span class="state {}">{}</span> <span class="role {}">{}</span>{}',
            article.state,
            article.decision,
            str(role),
            str(role),
            told,
        )

    @admin.display(description="related")
    def related_number(self, article: Article) -> int:
        return article.related_count or ""

    @admin.display(description="topics")
    def shown_topics(self, article: Article) -> str:
        return ", ".join(item.tag.label for item in article.article_topics.all())

    @admin.display(description="why")
    def why(self, article: Article) -> str:
        return _lines(explanation.explanation_lines(article))

    @admin.display(description="pinned fields")
    def pinned(self, article: Article) -> str:
        return ", ".join(article.pins) or NOTHING

    @admin.display(description="wishes of its document")
    def wished(self, article: Article) -> str:
        wishes = [f"{field}: {format_incoming_value(field, wish)}" for field, wish in article.wishes.items()]
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


def _by(request: HttpRequest) -> Actor:
    return Actor(request.user, Via.ADMIN)


def _versions(request: HttpRequest) -> dict[int, int]:
    """Return which version of each article the page showed."""
    sent = [(SEEN.fullmatch(key), VERSION.fullmatch(value)) for key, value in request.POST.items()]
    return {int(key[1]): int(version[0]) for key, version in sent if key and version}


def _lines(lines: list[str]) -> str:
    return format_html('<ul class="lines">{}</ul>', format_html_join("", "<li>{}</li>", ((line,) for line in lines)))


def _link(article: Article) -> str:
    return format_html(
        '<a href="{}">{}</a>', reverse("admin:articles_article_change", args=[article.pk]), article.title
    )
