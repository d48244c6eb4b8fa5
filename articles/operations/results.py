"""Results of actions: what was done, what was not done and why, and edit conflicts."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from articles.audit_log.errors import ActionError as ActionError
from articles.audit_log.errors import ChecksFailedError as ChecksFailedError
from articles.audit_log.errors import SentenceError as SentenceError
from articles.audit_log.events import CREATED, PIN_PREFIX
from articles.models import Article, Event, Operation, Subject, Via
from articles.models.field_labels import field_label

if TYPE_CHECKING:
    from articles.audit_log.unit_of_work import UnitOfWork
    from articles.stories.rescoring import RescoreChange

# Fields whose change may decide another one.
DECIDED_BY = {"state": (f"{PIN_PREFIX}published", "previous_lead"), "pick_until": ("pick_place",)}
DELETED_MEANWHILE = gettext_lazy("was deleted meanwhile; nothing was saved")


class NotPublishableError(ActionError):
    """Readers could not see the article by itself even if it were published."""


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field that somebody else changed after the editor had loaded it. `who` is empty if that is unknown."""

    field: str
    yours: Any
    theirs: Any
    who: str = ""
    at: datetime | None = None


class EditConflictError(ActionError):
    """Somebody else changed the same fields; nothing was saved. `conflicts` has both values of each."""

    def __init__(self, article: Article, conflicts: Sequence[FieldConflict]) -> None:
        who = ", ".join(dict.fromkeys(conflict.who for conflict in conflicts if conflict.who)) or _("someone")
        fields = ", ".join(sorted({field_label(conflict.field.removesuffix("_id")) for conflict in conflicts}))
        super().__init__(
            _("was changed by %(who)s meanwhile (%(fields)s); check it and try again") % {"who": who, "fields": fields}
        )
        self.article = article
        self.conflicts = list(conflicts)


@dataclass(frozen=True, slots=True)
class Rejection:
    """An article that an action on many left as it was, and why."""

    pk: int
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class NotRestored:
    """A field that undo left as it is, because somebody changed it later or its old value is no longer possible."""

    event: Event
    reason: str

    @classmethod
    def changed_later(cls, event: Event) -> NotRestored:
        """Return the event with who changed the field after it."""
        later = Event.objects.of(event.subject, event.subject_id).filter(pk__gt=event.pk)
        later = later.exclude(operation=event.operation)
        if event.field != CREATED:
            later = later.filter(field__in=[event.field, *DECIDED_BY.get(event.field, ())])
        newest = later.select_related("operation").first()
        if newest is None:
            return cls(event, _("it changed since then"))
        operation = newest.operation
        values = {"change": operation.get_verb_display(), "who": operation.who}
        if operation.via == Via.COMMAND and not operation.actor_name:
            return cls(event, _("%(change)s from the command line since then") % values)
        return cls(event, _("%(change)s by %(who)s since then") % values)


@dataclass(slots=True)
class ActionResult:
    """What an action did. `operation` is None if nothing changed.

    `done` are the articles that are now as the action wants them, also those that were so before. `consequences` are
    changes that the policy made to these and other articles. `articles` are those that had to be loaded, as they are
    now. `appeared` and `disappeared` have the titles of articles that readers see by themselves since then, or no
    longer. `front_page` says in sentences which stories moved there, if the action was about the front page.
    """

    operation: Operation | None = None
    done: list[int] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    consequences: list[RescoreChange] = field(default_factory=list)
    articles: dict[int, Article] = field(default_factory=dict)
    not_restored: list[NotRestored] = field(default_factory=list)
    appeared: Mapping[int, str] = field(default_factory=dict)
    disappeared: Mapping[int, str] = field(default_factory=dict)
    front_page: list[str] = field(default_factory=list)

    def completed(self, uow: UnitOfWork) -> ActionResult:
        """Return it with the operation of the unit of work and what readers see since then."""
        self.operation, self.appeared, self.disappeared = uow.operation, uow.appeared, uow.disappeared
        return self

    @property
    def changed(self) -> int:
        return self.operation.articles if self.operation else 0


def number_of_articles(number: int) -> str:
    """Return the number in words, as in "1,234 articles"."""
    return ngettext("%(number)s article", "%(number)s articles", number) % {"number": f"{number:,}"}


def number_of_stories(number: int) -> str:
    """Return the number in words, as in "1,234 stories"."""
    return ngettext("%(number)s story", "%(number)s stories", number) % {"number": f"{number:,}"}


def reader_changes(
    appeared: Mapping[int, str], disappeared: Mapping[int, str], except_ids: Container[int] = (), at_most: int = 0
) -> list[str]:
    """Return a sentence for each article that appeared or disappeared, apart from `except_ids`.

    One sentence says that a story got another lead. Where there are more than `at_most`, if it isn't 0, the last
    sentence says how many more.
    """
    gone = {pk: title for pk, title in disappeared.items() if pk not in except_ids}
    leads = public_leads_of(gone)
    previous = {lead: gone[pk] for pk, (lead, _title) in reversed(leads.items()) if lead in appeared}
    sentences = []
    for pk, title in appeared.items():
        if pk in previous:
            text = _("Readers see “%(title)s” in place of “%(previous)s” now.")
            sentences.append(text % {"title": title, "previous": previous[pk]})
        elif pk not in except_ids:
            sentences.append(_("Readers see “%(title)s” now.") % {"title": title})
    for pk, title in gone.items():
        lead, lead_title = leads.get(pk, (0, ""))
        if previous.get(lead) == title:
            continue
        text = _("Readers no longer see “%(title)s” by itself.")
        if lead:
            text = _("Readers see “%(title)s” as coverage of “%(lead)s” now.")
        sentences.append(text % {"title": title, "lead": lead_title})
    if at_most and len(sentences) > at_most:
        return [
            *sentences[:at_most],
            _("And %(number)s more appeared or disappeared.") % {"number": f"{len(sentences) - at_most:,}"},
        ]
    return sentences


def public_leads_of(articles: Mapping[int, str]) -> dict[int, tuple[int, str]]:
    """Return key and title of the lead of each article that readers see as its coverage, by the article's key."""
    if not articles:
        return {}
    leads = Article.objects.public().filter(folded_articles__in=list(articles)).order_by("folded_articles")
    return {member: (lead, title) for member, lead, title in leads.values_list("folded_articles", "pk", "title")}


def reader_numbers(appeared: Mapping[int, str], disappeared: Mapping[int, str]) -> list[str]:
    """Return a sentence for those that appeared and one for those that disappeared, each with their number."""
    sentences = []
    if number := len(appeared):
        text = ngettext("Readers see %(number)s more story.", "Readers see %(number)s more stories.", number)
        sentences.append(text % {"number": f"{number:,}"})
    if number := len(disappeared):
        text = ngettext(
            "Readers no longer see %(number)s story by itself.",
            "Readers no longer see %(number)s stories by themselves.",
            number,
        )
        sentences.append(text % {"number": f"{number:,}"})
    return sentences


def successors(operation: Operation | None) -> dict[int, str]:
    """Return the titles, by key, of the articles that lead a story since an operation withdrew its lead, and wait."""
    if operation is None:
        return {}
    events = operation.events.filter(subject=Subject.ARTICLE, field="previous_lead").order_by("pk")
    return {event.subject_id: event.label for event in events if event.after is not None}


def succession_sentences(operation: Operation | None) -> list[str]:
    """Return what editors read about those that lead a story since an operation, and those that no longer do.

    The latter followed a withdrawn lead, and are folded under it again now that readers see it.
    """
    if operation is None:
        return []
    events = operation.events.filter(subject=Subject.ARTICLE, field__in=("previous_lead", "lead_id")).order_by("pk")
    refolded = {event.subject_id for event in events if event.field == "lead_id" and event.after is not None}
    leading = [event for event in events if event.field == "previous_lead"]
    return [
        *(
            _("“%(title)s” leads its story now and waits for an editor.") % {"title": event.label}
            for event in leading
            if event.after is not None
        ),
        *(
            _("“%(title)s” is folded under its previous lead again.") % {"title": event.label}
            for event in leading
            if event.after is None and event.subject_id in refolded
        ),
    ]
