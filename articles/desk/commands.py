"""A command: what an editor sent with a form of the desk, parsed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.forms.utils import from_current_timezone
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.models import Article, ArticleQuerySet
from articles.operations.results import ActionResult, SentenceError
from articles.rules.limits import TOPIC_MAX, YEAR_MAX, YEAR_MIN
from articles.rules.scoring import SCORE_MAX
from articles.rules.values import InvalidValueError, check_line

from .filters import DeskFilters, filtered_queue
from .queues import Viewer, queue_of
from .view_helpers import DeskRequest, actor, parse_id, sent_reason

ARTICLES_MAX = 10_000  # stories in one command; larger views have to be narrowed first
YEARS = range(YEAR_MIN, YEAR_MAX + 1)
_STEP_PATTERN = re.compile(r"[+-]?[0-9]{1,4}")
SHOWN_TIME = "%Y-%m-%dT%H:%M"  # as browsers show and send the fields of templates/desk/_times.html


@dataclass(frozen=True)
class Command:
    """The stories that an action is for, each with the version that the editor saw, and the other fields of the form.

    Methods that read a field raise ActionError with a sentence for the editor if it is invalid.
    """

    versions: Mapping[int, int]
    data: QueryDict
    by: Actor

    @property
    def article(self) -> Article | None:
        """The story, if there is just one: its key only, because the operations load the row."""
        return Article(pk=next(iter(self.versions))) if len(self.versions) == 1 else None

    @property
    def announced(self) -> set[int]:
        """The stories that, by the confirmation, would appear on the site."""
        return {parse_id(text) for text in self.data.get("announced", "").split(",")}

    @property
    def in_place(self) -> set[int]:
        """The stories to publish in place of a withdrawn lead."""
        return {parse_id(text) for text in self.data.getlist("in_place")}

    @property
    def leads(self) -> dict[int, int]:
        """The story under which each one is folded, sent as `under=<key>:<key of the lead>`."""
        pairs = (text.partition(":") for text in self.data.getlist("under"))
        leads = {parse_id(story): parse_id(lead) for story, _colon, lead in pairs}
        return {pk: leads[pk] for pk in self.versions if leads.get(pk)}

    @property
    def withdraws_a_lead(self) -> bool:
        """Whether readers see one of the stories with members that would need another lead."""
        return Article.objects.filter(lead__in=list(self.versions), lead__public=True).exists()

    def with_all_announced(self) -> Command:
        """Return the command for a preview, in which every story that it names may appear."""
        data = self.data.copy()
        data["announced"] = ",".join([*map(str, [*self.versions, *self.leads.values()]), self.text("into")])
        return replace(self, data=data, by=operations.preview_actor(self.by))

    @property
    def articles(self) -> ArticleQuerySet:
        return Article.objects.filter(pk__in=list(self.versions))

    def apply(self, operation: Callable[..., ActionResult], *args: Any, **values: Any) -> ActionResult:
        return operation(self.article or self.articles, *args, **values, by=self.by, versions=self.versions)

    def edit(self, **values: Any) -> ActionResult:
        """Edit fields of the only story. A conflict shows both values of each field."""
        [(pk, version)] = self.versions.items()
        return operations.edit(Article(pk=pk), by=self.by, version=version, **values)

    def text(self, name: str) -> str:
        return self.data.get(name, "").strip()

    def time(self, name: str) -> datetime | None:
        """Return a time typed in the editor's time zone; None for an empty field, the stored one if unchanged.

        Raises ActionError for a time that a change of the clock skips or repeats, and for one that was typed in another
        zone than the editor's present one.
        """
        text = self.text(name)
        if not text:
            return None
        if self.text("zone") not in ("", timezone.get_current_timezone_name()):
            raise SentenceError(
                _("Your time zone changed since this page was loaded. Reload it and type the time again.")
            )
        if unchanged := self._unchanged_time(name, text):
            return unchanged
        try:
            moment = parse_datetime(text)
        except ValueError:
            moment = None
        if moment is None or moment.year not in YEARS:
            raise SentenceError(_("“%(text)s” is not a time. Enter it as 2026-11-23 08:30.") % {"text": text[:40]})
        try:
            return from_current_timezone(moment)
        except ValidationError:
            zone = timezone.get_current_timezone_name()
            raise SentenceError(
                _(
                    "“%(text)s” does not exist or exists twice in %(zone)s, because the clocks change. Enter "
                    "another time."
                )
                % {"text": text[:40], "zone": zone}
            ) from None

    def _unchanged_time(self, name: str, text: str) -> datetime | None:
        """Return the stored time if the form shows it as this text, which lacks seconds and may stand for two hours."""
        stored = self.articles.values_list(name, flat=True).first() if self.article else None
        return stored if stored and timezone.localtime(stored).strftime(SHOWN_TIME) == text else None

    def score(self, name: str) -> int | None:
        """Return a quality or heat; None for an empty field, which hands it back to document and policy."""
        text = self.text(name)
        if not text:
            return None
        if not text.isdecimal() or len(text) > 7 or int(text) > SCORE_MAX:
            raise SentenceError(
                _("Enter 0 to %(highest)s as %(name)s, or leave blank to use the policy.")
                % {"highest": f"{SCORE_MAX:,}", "name": name}
            )
        return int(text)

    def step(self, name: str) -> int:
        text = self.text(name) or "0"
        if not _STEP_PATTERN.fullmatch(text):
            raise SentenceError(_("“%(text)s” is not a number. Enter one such as 5 or -5.") % {"text": text[:20]})
        return int(text)

    def names(self, name: str) -> list[str]:
        """Return the names in comma-separated fields, each once. Raises ActionError for text that no name can be."""
        texts = [part.strip() for text in self.data.getlist(name) for part in text.split(",")]
        names = list(dict.fromkeys(filter(None, texts)))
        for text in names:
            try:
                check_line(text, TOPIC_MAX)
            except InvalidValueError as invalid:
                raise SentenceError(
                    _("The name “%(text)s” %(problem)s.") % {"text": text[:40], "problem": invalid}
                ) from None
        return names


def parse_command(request: DeskRequest) -> Command:
    """Return the command of a posted form. Raises ActionError if it names no valid stories."""
    parse = _parse_view if "whole_view" in request.POST else parse_versions
    versions = parse(request)
    if not versions:
        raise SentenceError(_("Select at least one story first."))
    return Command(versions, request.POST, actor(request, sent_reason(request)))


def parse_versions(request: DeskRequest) -> dict[int, int]:
    """Return the version of each story that is sent as `row=<key>:<version>`."""
    versions = {}
    for text in request.POST.getlist("row"):
        pk, _colon, version = text.partition(":")
        if not (parse_id(pk) and version.isdecimal() and len(version) < 10):
            raise SentenceError(_("No such story. Reload the page and try again."))
        versions[parse_id(pk)] = int(version)
    return versions


def _parse_view(request: DeskRequest) -> dict[int, int]:
    """Return the present version of each story of the view that is sent as `query`."""
    query = QueryDict(request.POST.get("query", ""))
    queue = queue_of(query)
    viewer = Viewer(request.user.pk, timezone.now())
    articles = filtered_queue(queue, viewer, DeskFilters(query), is_complete=True)
    versions = dict(articles.order_by(*queue.order).values_list("pk", "version")[: ARTICLES_MAX + 1])
    if len(versions) > ARTICLES_MAX:
        raise SentenceError(
            _("This view has more than %(maximum)s stories. Narrow it first.") % {"maximum": f"{ARTICLES_MAX:,}"}
        )
    return versions
