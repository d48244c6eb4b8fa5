"""What an act would change for readers, before it is done."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from articles.audit_log.unit_of_work import Actor
from articles.models import Article, Operation, SitePolicy, Subject
from articles.models.publish_checks import checks_text, failed_checks_of
from articles.rules.publish_checks import Check
from config.times import format_time

from .results import ActionResult, ChecksFailedError, Rejection, public_leads_of, successors
from .succession import next_lead

TITLES_MAX = 20  # of each kind


@dataclass(frozen=True, slots=True)
class ActionPreview:
    """The stories that would appear on the site or disappear, and the articles that would be folded under a lead.

    `successors` would lead stories next and wait for an editor. Each maps the key of an article to its title.
    `covered` are those that disappear but would be seen as coverage of their lead.
    `rejections` are the stories that would be left as they are.
    """

    appeared: Mapping[int, str]
    disappeared: Mapping[int, str]
    moved: Mapping[int, str]
    successors: Mapping[int, str]
    failed: Sequence[tuple[str, Sequence[Check]]] = ()  # titles that would be published, with checks that ask before
    rejections: Sequence[Rejection] = ()
    covered: Container[int] = ()
    back_at: datetime | None = None  # when all who disappear come back by their schedule, if at one time

    @property
    def first_failed(self) -> list[tuple[str, str]]:
        """Return the first titles with their failed checks in words."""
        return [(title, checks_text(checks)) for title, checks in self.failed[:TITLES_MAX]]

    @property
    def more_failed(self) -> int:
        return max(0, len(self.failed) - TITLES_MAX)

    @property
    def sections(self) -> list[tuple[list[str], str, int]]:
        """Return the first titles of each kind with a heading, and how many more there are."""
        left = {pk: title for pk, title in self.disappeared.items() if pk not in self.covered}
        folded = {pk: title for pk, title in self.disappeared.items() if pk in self.covered}
        moved = {pk: title for pk, title in self.moved.items() if pk not in self.disappeared}
        kinds = (
            (self.appeared, _appear_heading),
            (left, partial(_leave_heading, self.back_at)),
            (folded, _fold_heading),
            (moved, _move_heading),
        )
        return [
            (list(titles.values())[:TITLES_MAX], heading(len(titles)), max(0, len(titles) - TITLES_MAX))
            for titles, heading in kinds
        ]

    def sentence_about(self, pk: int) -> str:
        """Return what would become of one article for readers; empty if nothing would."""
        if pk in self.appeared:
            return gettext("It would appear on the site.")
        if pk in self.disappeared and pk in self.covered:
            return gettext("It would stay on the site only as coverage of the other story.")
        if pk in self.disappeared and self.back_at:
            return gettext("It would leave the site until %(time)s.") % {"time": format_time(self.back_at)}
        if pk in self.disappeared:
            return gettext("It would leave the site.")
        return gettext("It would get another lead.") if pk in self.moved else ""

    def without(self, pk: int) -> ActionPreview:
        """Return what would become of other articles."""

        def others(titles: Mapping[int, str]) -> dict[int, str]:
            return {other: title for other, title in titles.items() if other != pk}

        return replace(
            self, appeared=others(self.appeared), disappeared=others(self.disappeared), moved=others(self.moved)
        )

    @property
    def changes_nothing(self) -> bool:
        """Whether readers would see the same stories, with the same leads."""
        return not (self.appeared or self.disappeared or self.moved)

    @property
    def first_successors(self) -> list[tuple[int, str, str, str]]:
        """Return the first of those who would lead next: key, title, outlet and the publish checks that they fail."""
        first = list(self.successors.items())[:TITLES_MAX]
        articles = Article.objects.select_related("provider").in_bulk([pk for pk, _title in first])
        failed = failed_checks_of(list(articles.values()), SitePolicy.current_checks(), timezone.now())
        return [
            (pk, title, articles[pk].provider.name, checks_text(failed.get(pk, ())))
            for pk, title in first
            if pk in articles
        ]

    @property
    def only_swaps_leads(self) -> bool:
        """Whether a published story stays on the site under another lead."""
        return len(self.appeared) == len(self.disappeared) == 1


def _appear_heading(number: int) -> str:
    text = ngettext("%(number)s story would appear on the site", "%(number)s stories would appear on the site", number)
    return text % {"number": f"{number:,}"}


def _leave_heading(back_at: datetime | None, number: int) -> str:
    if back_at is None:
        text = ngettext("%(number)s story would leave the site", "%(number)s stories would leave the site", number)
        return text % {"number": f"{number:,}"}
    text = ngettext(
        "%(number)s story would leave the site until %(time)s",
        "%(number)s stories would leave the site until %(time)s",
        number,
    )
    return text % {"number": f"{number:,}", "time": format_time(back_at)}


def _fold_heading(number: int) -> str:
    text = ngettext(
        "%(number)s story would stay on the site only as coverage of another",
        "%(number)s stories would stay on the site only as coverage of others",
        number,
    )
    return text % {"number": f"{number:,}"}


def _move_heading(number: int) -> str:
    text = ngettext("%(number)s article would get another lead", "%(number)s articles would get another lead", number)
    return text % {"number": f"{number:,}"}


def preview_actor(by: Actor) -> Actor:
    """Return the same person for an act that is only tried: no publish check stops it."""
    return replace(by, reason=by.reason or "preview", overrides_checks=True)


def failed_preview(error: ChecksFailedError) -> ActionPreview:
    """Return the stories with failed checks at which an act stopped; what else it would change isn't known."""
    return ActionPreview({}, {}, {}, {}, [(story.title, story.checks) for story in error.stories])


def preview_deletion(article: Article) -> ActionPreview:
    """Return what deleting one article would change, without doing it: pages that only ask must not write or lock."""
    lead = next_lead(article)
    return ActionPreview(
        appeared={},
        disappeared={article.pk: article.title} if article.is_shown() else {},
        moved={},
        successors={lead.pk: lead.title} if lead else {},
    )


def preview_action(run: Callable[[], ActionResult]) -> ActionPreview:
    """Return what an action would change. Writes nothing: it is done and rolled back. Raises its ActionError."""
    with transaction.atomic():
        preview = preview_of(run())
        transaction.set_rollback(True)
    return preview


def preview_of(result: ActionResult) -> ActionPreview:
    """Return what an action has changed; call it in a transaction that is rolled back."""
    moved = {}
    if result.operation is not None:
        events = result.operation.events.filter(subject=Subject.ARTICLE, field="lead_id")
        moved = {event.subject_id: event.label for event in events if event.after is not None}
    return ActionPreview(
        dict(result.appeared),
        dict(result.disappeared),
        moved,
        successors(result.operation),
        _overridden(result.operation),
        result.rejections,
        public_leads_of(result.disappeared).keys(),
        _back_at(result),
    )


def _back_at(result: ActionResult) -> datetime | None:
    """Return when those who disappeared come back by their schedule; None if not all do at one time."""
    times = set(Article.objects.filter(pk__in=result.disappeared, public=True).values_list("publish_at", flat=True))
    at = times.pop() if len(times) == 1 else None
    return at if at and at > timezone.now() else None


def _overridden(operation: Operation | None) -> list[tuple[str, Sequence[Check]]]:
    """Return the titles of the articles whose failed checks an operation overrode, with the checks."""
    checks = (operation and operation.overridden) or {}
    titles = dict(Article.objects.filter(pk__in=map(int, checks)).order_by("pk").values_list("pk", "title"))
    return [(title, checks[str(pk)]) for pk, title in titles.items()]
