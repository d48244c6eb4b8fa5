"""The list of articles: its columns, search, order and actions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.paginator import Paginator
from django.db.models import Count, IntegerField, OuterRef, Prefetch, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise, cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import operations
from articles.models import Article, ArticleQuerySet, ArticleTopic, Operation, RelatedLink, Verb
from articles.models.field_labels import field_label
from articles.operations.preview import ActionPreview
from articles.operations.results import ActionResult, ChecksFailedError, number_of_articles
from articles.rules import permissions, slugs
from articles.rules.counts import short_count
from articles.rules.scoring import ROLE_LABELS, Role
from articles.search import has_many_matches, matching
from providers.inlines import LimitedListMixin

from .audit_log_admin import AuditLogAdminMixin, admin_actor
from .filters import EditorFilter, ProviderFilter, StateFilter, TimeFilter, TopicFilter
from .forms import ArticleRowForm, ReasonActionForm

KEY = re.compile(r"[0-9]{1,18}")
VERSION_FIELD, VERSION = re.compile(r"version-([0-9]{1,18})"), re.compile(r"[0-9]{1,9}")
REJECTIONS_MAX = 10  # in one message
COUNT_MAX = 1000  # articles that a list counts; more are "1k+"
LARGE_COLUMNS = ("body", "extra", "layout", "featured_content", "wishes")


class LowerBound(int):
    """A capped count, shown as at the desk: "1k+"."""

    def __str__(self) -> str:
        return short_count(int(self), at_most=int(self) - 1)


class CappedCountPaginator(Paginator):
    """A queryset whose count() stops at COUNT_MAX: counting a million articles takes longer than showing fifty of
    them."""

    is_capped = False  # set if the result is known to be large

    @cached_property
    def count(self) -> int:
        if self.is_capped:
            return LowerBound(COUNT_MAX)
        counted = self.object_list.order_by().values("pk")[: COUNT_MAX + 1].count()
        return LowerBound(COUNT_MAX) if counted > COUNT_MAX else counted


class ArticleChangeList(ChangeList):
    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        if not self.model_admin.has_score_permission(request):
            self.list_editable = ()
            self.list_display = ["display_heat" if column == "heat" else column for column in self.list_display]

    def get_ordering(self, request: HttpRequest, queryset: ArticleQuerySet) -> list[str]:
        """Break ties by the file name instead of the key: no index would serve the order with the key."""
        ordering = super().get_ordering(request, queryset)
        return [*ordering[:-1], "file_name"] if ordering[-1] == "-pk" else ordering

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> ArticleQuerySet:
        links = RelatedLink.objects.filter(article=OuterRef("pk")).order_by().values("article")
        count = Subquery(links.annotate(number=Count("pk")).values("number"), output_field=IntegerField())
        return (
            super()
            .get_queryset(request, exclude_parameters)
            .defer(*LARGE_COLUMNS, *(f"lead__{field}" for field in ("secured", *LARGE_COLUMNS)))
            .prefetch_related(Prefetch("article_topics", ArticleTopic.objects.select_related("tag")))
            .annotate(related_count=Coalesce(count, 0))
        )


def _action(verb: Verb, operation: Callable[..., ActionResult], imperative: Promise, description: Promise) -> Any:
    """Return an action of the list that runs an operation and reports what it changed and what it rejected.

    It asks with its `imperative` before it withdraws a lead, or publishes stories that fail checks.
    """
    permission = permissions.PERMISSION_BY_ACTION[verb].removeprefix("articles.")

    @admin.action(description=description, permissions=[permission])
    def run(self: ArticleListAdmin, request: HttpRequest, queryset: ArticleQuerySet) -> HttpResponse | None:
        options = {"by": admin_actor(request), "versions": _sent_versions(request)}
        if operation in (operations.hold, operations.unpublish, operations.spike):
            withdraws_a_lead = queryset.filter(public=True, folded_articles__isnull=False).exists()
            if withdraws_a_lead and "post" not in request.POST:
                preview = operations.preview_action(lambda: operation(queryset, **options))
                return self.confirmation_page(request, queryset, preview, imperative)
            options["in_place"] = chosen_successors(request)
        try:
            result = operation(queryset, **options)
        except ChecksFailedError as failed:
            options["by"] = operations.preview_actor(options["by"])
            preview = operations.preview_action(lambda: operation(queryset, **options))
            return self.confirmation_page(request, queryset, preview, imperative, failed)
        self.message_count(request, len(result.done), verb.label, result.operation)
        if result.rejections:
            shown = [
                _("“%(title)s” %(reason)s") % {"title": rejection.title, "reason": rejection.reason}
                for rejection in result.rejections[:REJECTIONS_MAX]
            ]
            if len(result.rejections) > REJECTIONS_MAX:
                shown.append(_("and %(number)s more") % {"number": len(result.rejections) - REJECTIONS_MAX})
            values = {"number": len(result.rejections), "done": verb.label, "reasons": "; ".join(shown)}
            text = _("%(number)s not %(done)s: %(reasons)s.") % values
            self.message_user(request, text, messages.WARNING)
        self.report_reader_changes(request, result, known=result.done)
        return None

    return run


def chosen_successors(request: HttpRequest) -> set[int]:
    """Return the articles that a confirmation asked to publish in place of their leads."""
    return {int(text) for text in request.POST.getlist("in_place") if KEY.fullmatch(text)}


def _unpin(articles: ArticleQuerySet, **context: Any) -> ActionResult:
    return operations.unpin(articles.exclude(pins=[]), **context)


class ArticleListAdmin(AuditLogAdminMixin, LimitedListMixin, admin.ModelAdmin):
    list_verb = Verb.SCORE
    action_form = ReasonActionForm
    list_display = (
        "display_title",
        "quality",
        "heat",
        "display_state",
        "display_related_count",
        "provider",
        "display_time",
        "display_topics",
    )
    list_display_links = ("display_title",)
    list_editable = ("quality", "heat")
    list_filter = (StateFilter, TimeFilter, TopicFilter, ProviderFilter, EditorFilter)
    list_select_related = ("provider", "lead")
    list_per_page = 50
    paginator = CappedCountPaginator
    search_fields = ("title",)  # shows the search box; get_search_results searches
    search_help_text = gettext_lazy('Words of title, excerpt, outlet or topics; "a phrase"; -not this')
    ordering = ("-published_at", "file_name")
    empty_list_text = gettext_lazy("There are no articles yet. They come from documents, sources and the desk.")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    actions = (
        "delete_selected",
        "publish_selected",
        "unpublish_selected",
        "hold_selected",
        "spike_selected",
        "reopen_selected",
        "rescore_selected",
        "unpin_selected",
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ArticleChangeList

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[ArticleRowForm]:
        return ArticleRowForm

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(permissions.PUBLISH)

    def has_score_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(permissions.SCORE)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Allow only lookups that our pages use; a lookup on `secured` would reveal it letter by letter."""
        return lookup == "provider__id__exact" or lookup in {choice.parameter_name for choice in self.list_filter}

    # Search

    def get_search_results(
        self, request: HttpRequest, queryset: ArticleQuerySet, search_term: str
    ) -> tuple[ArticleQuerySet, bool]:
        """Search with the index of `articles.search`; a document name finds its article too."""
        if slugs.is_document_name(search_term.strip()):
            return queryset.filter(name=search_term.strip()), False
        return matching(queryset, search_term, newest=self._is_plain_search(request)), False

    def get_paginator(self, request: HttpRequest, *args: Any, **kwargs: Any) -> CappedCountPaginator:
        paginator = super().get_paginator(request, *args, **kwargs)
        paginator.is_capped = self._is_plain_search(request) and has_many_matches(request.GET[SEARCH_VAR])
        return paginator

    def _is_plain_search(self, request: HttpRequest) -> bool:
        """Return whether this is the first page of a search without filters, in the order of the list."""
        return set(request.GET) == {SEARCH_VAR}

    # Actions

    publish_selected = _action(
        Verb.PUBLISH, operations.publish, gettext_lazy("Publish"), gettext_lazy("Publish selected articles")
    )
    unpublish_selected = _action(
        Verb.UNPUBLISH, operations.unpublish, gettext_lazy("Unpublish"), gettext_lazy("Unpublish selected articles")
    )
    hold_selected = _action(Verb.HOLD, operations.hold, gettext_lazy("Hold"), gettext_lazy("Hold selected articles"))
    spike_selected = _action(
        Verb.SPIKE, operations.spike, gettext_lazy("Spike"), gettext_lazy("Spike selected articles")
    )
    reopen_selected = _action(
        Verb.REOPEN, operations.reopen, gettext_lazy("Reopen"), gettext_lazy("Reopen selected articles")
    )
    unpin_selected = _action(
        Verb.UNPIN, _unpin, gettext_lazy("Unpin"), gettext_lazy("Unpin selected: let documents and policy decide again")
    )

    @admin.action(description=gettext_lazy("Rescore selected articles by the policy"), permissions=["score"])
    def rescore_selected(self, request: HttpRequest, queryset: ArticleQuerySet) -> None:
        changed = operations.rescore(queryset, by=admin_actor(request))
        self.message_count(request, len(changed), _("changed by rescoring; pins stayed"))

    @admin.action(permissions=["delete"], description=delete_selected.short_description)
    def delete_selected(self, request: HttpRequest, queryset: ArticleQuerySet) -> HttpResponse | None:
        """Let the confirmation say what readers would see appear and disappear."""
        try:
            page = delete_selected(self, request, queryset)
        except ChecksFailedError as failed:
            return self.ask_to_delete(request, queryset, failed)
        if page is not None and not page.context_data["perms_lacking"]:
            page.context_data["preview"] = operations.preview_action(
                lambda: operations.delete(queryset, by=admin_actor(request))
            )
        return page

    def ask_to_delete(self, request: HttpRequest, queryset: ArticleQuerySet, failed: ChecksFailedError) -> HttpResponse:
        """Ask again before a deletion publishes, in the place of leads, articles that fail checks."""
        by, in_place = operations.preview_actor(admin_actor(request)), chosen_successors(request)
        preview = operations.preview_action(lambda: operations.delete(queryset, in_place=in_place, by=by))
        return self.confirmation_page(request, queryset, preview, _("Delete"), failed, action="delete_selected")

    def confirmation_page(
        self,
        request: HttpRequest,
        queryset: ArticleQuerySet,
        preview: ActionPreview,
        verb: str | Promise,
        failed: ChecksFailedError | None = None,
        action: str = "",
    ) -> HttpResponse:
        """Ask before an action. `failed`: it was tried, and stopped at these publish checks."""
        articles = number_of_articles(len(queryset))
        context = {
            "title": _("%(verb)s %(articles)s?") % {"verb": verb, "articles": articles},
            "imperative": _("%(verb)s %(articles)s") % {"verb": verb, "articles": articles},
            "opts": self.opts,
            "media": self.media,
            "preview": preview,
            "action": action or request.POST["action"],
            "lacks_reason": failed is not None and failed.lacks_reason,
            "in_place": chosen_successors(request),
            "queryset": queryset,
            "versions": _sent_versions(request),
        }
        template = "admin/articles/article/confirm_action.html"
        return TemplateResponse(request, template, self.admin_site.each_context(request) | context)

    def message_count(
        self, request: HttpRequest, number: int, past_tense: str | Promise, operation: Operation | None = None
    ) -> None:
        text = _("%(articles)s %(done)s.") % {"articles": number_of_articles(number), "done": past_tense}
        if operation is not None and operations.can_undo(request.user, operation):
            text = format_html(
                '{} <a href="{}">{}</a>', text, reverse("desk_operation", args=[operation.pk]), _("Undo")
            )
        self.message_user(request, text, messages.SUCCESS if number else messages.INFO)

    @admin.display(description=mark_safe('<input type="checkbox" id="action-toggle">'))
    def action_checkbox(self, article: Article) -> str:
        """Send the version that the editor saw, so that an action doesn't overwrite newer changes."""
        return format_html(
            '{}<input type="hidden" name="version-{}" value="{}">',
            super().action_checkbox(article),
            article.pk,
            article.version,
        )

    # Columns

    @admin.display(description=gettext_lazy("title"), ordering="title")
    def display_title(self, article: Article) -> str:
        return article.title

    @admin.display(description=gettext_lazy("heat"), ordering="heat")
    def display_heat(self, article: Article) -> str | int | None:
        return _("folded") if article.is_folded else article.heat

    @admin.display(description=gettext_lazy("publication time"), ordering="published_at")
    def display_time(self, article: Article) -> str:
        return date_format(timezone.localtime(article.published_at), "DATETIME_FORMAT")

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def display_state(self, article: Article) -> str:
        number = getattr(article, "related_count", None)
        role = article.role(article.related_links.count() if number is None else number)
        decided = [name for name in article.pins if not (name == "published" and article.waits_for_editor)]
        marks = [
            ("on-the-site", _("on the site"), article.is_shown(), _("Readers see it by itself")),
            ("removed", _("removed"), article.removed, _("Removed by its source")),
            ("missing", _("missing"), article.missing, _("Its document is missing")),
            ("stale", _("stale"), article.stale, _("Its document has lost its scores")),
            ("ambiguous", _("ambiguous"), article.ambiguous, _("Several leads claim it")),
            ("coming-in", _("coming in"), article.staged is not None, _("The import that brings it is still running")),
            ("note", _("note"), bool(article.note), _("The newsroom has a note on it")),
            (
                "pinned",
                _("pinned"),
                bool(decided),
                _("Decided by an editor: %(fields)s") % {"fields": ", ".join(map(field_label, decided))},
            ),
        ]
        of_story = format_html(' <span class="role {}">{}</span>', str(role), ROLE_LABELS[role])
        return format_html(
            '<span class="state {}">{}</span>{}{}',
            article.state,
            article.decision_label,
            of_story if role != Role.SINGLE else "",
            format_html_join(
                "",
                ' <span class="mark {}" title="{}">{}</span>',
                ((name, title, label) for name, label, applies, title in marks if applies),
            ),
        )

    @admin.display(description=gettext_lazy("related"))
    def display_related_count(self, article: Article) -> int | str:
        return article.related_count or ""

    @admin.display(description=gettext_lazy("topics"))
    def display_topics(self, article: Article) -> str:
        return ", ".join(place.tag.label for place in article.article_topics.all())


def _sent_versions(request: HttpRequest) -> dict[int, int]:
    """Return which version of each article the page showed."""
    sent = [(VERSION_FIELD.fullmatch(name), VERSION.fullmatch(value)) for name, value in request.POST.items()]
    return {int(name[1]): int(version[0]) for name, version in sent if name and version}
