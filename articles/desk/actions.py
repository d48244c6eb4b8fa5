"""The actions of the desk, each declared once: buttons, keys, confirmations and messages are made from `ACTIONS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from articles import operations
from articles.db.choices import choices_of
from articles.models import Article, Verb
from articles.operations.results import ActionResult, SentenceError
from articles.rules import schedule_shortcuts
from articles.rules.front_page import PICK_LENGTH, PICK_PLACES
from articles.rules.permissions import FOLD, PERMISSION_BY_ACTION, PUBLISH
from articles.rules.states import SPIKE_REASON_LABELS, SpikeReason, State
from articles.rules.values import is_blank, normalize_line_ends

from .commands import Command
from .presence import colleagues
from .view_helpers import parse_id

EDIT = PERMISSION_BY_ACTION["edit"]
SCHEDULE_SHORTCUTS = (
    ("schedule_in_an_hour", _("In an hour"), schedule_shortcuts.in_an_hour),
    ("schedule_tomorrow", _("Tomorrow 8:00"), schedule_shortcuts.tomorrow_morning),
    ("schedule_monday", _("Monday 8:00"), schedule_shortcuts.monday_morning),
)
FOLDED_UNDER = _("“%(title)s” is folded under “%(lead)s” now.")
REASONS = tuple(choices_of(SPIKE_REASON_LABELS))  # pairs of value and label


@dataclass(frozen=True)
class Action:
    """What editors can do with one or many stories.

    `run` raises ActionError with a sentence for the editor, and EditConflictError if others changed the same fields.
    """

    name: str  # value of the form field `action`
    label: str | Promise  # of its button
    run: Callable[[Command], ActionResult]
    key: str = ""
    key_note: str | Promise = ""  # what the help adds to the label
    key_help: str | Promise = ""  # what the help says instead of the label
    logged_as: str = ""  # the verb of its operations, if it isn't the name
    past: str | Promise = ""  # what messages say was done, if it isn't what histories say
    done: str | Promise = ""  # what the message says instead of the number of stories
    done_to_one: str | Promise = ""  # the same of one story, with %(title)s and the %(lead)s that it is folded under
    asks: str | Promise = ""  # what the button of its confirmation says, with %(stories)s; else label and stories
    tone: str = ""  # class of that button: go, wait or stop
    reasons: tuple[tuple[str, Any], ...] = ()  # to choose from, each with its label; the last one is the default

    @property
    def help(self) -> str:
        return str(self.key_help) or f"{self.label}".lower() + str(self.key_note)

    def imperative(self, number: int) -> str:
        """Return what it does to so many stories, as in "Spike 143 stories" and "Spike this story"."""
        stories = ngettext("this story", "%(number)s stories", number) % {"number": f"{number:,}"}
        return (str(self.asks) or f"{self.label} %(stories)s") % {"stories": stories}

    @property
    def verb(self) -> str:
        return self.logged_as or self.name

    @property
    def past_tense(self) -> str:
        """What messages say was done, as in "3 stories spiked."."""
        return str(self.past or Verb(self.verb).label)

    @property
    def permission(self) -> str:
        return PERMISSION_BY_ACTION[self.verb]

    @property
    def changes_stories(self) -> bool:
        """Whether it moves articles from one story to another, so that it asks before others appear or disappear."""
        return self.permission == FOLD

    @property
    def always_asks(self) -> bool:
        """Whether its confirmation is the only place that names all that it does."""
        return self.name == "merge_all"

    @property
    def withdraws(self) -> bool:
        """Whether the story of a published lead gets another lead, so that it asks before."""
        return self.name in ("hold", "unpublish", "spike")

    @property
    def schedules(self) -> bool:
        """Whether readers may lose a story until a time, so that it asks before."""
        return self.verb == Verb.SCHEDULE

    @property
    def changes_succession(self) -> bool:
        """Whether a story may get its next lead by it, or its previous one back."""
        return self.withdraws or self.name in ("publish", "schedule", "unpin")

    @property
    def tells_visibility(self) -> bool:
        """Whether its past tense says what readers see of its stories, so that results name only others."""
        return (self.permission == PUBLISH and not self.schedules) or self.withdraws

    @property
    def reloads_list(self) -> bool:
        """Whether it changes more of the list than the cells that the response replaces."""
        return self.permission in (EDIT, FOLD)

    def translated(self) -> Action:
        """Return it with the words of its button translated once, for pages that show it in every row."""
        reasons = tuple((value, str(label)) for value, label in self.reasons)
        return replace(self, label=str(self.label), reasons=reasons)


def permitted_actions(user: User) -> dict[str, Action]:
    """Return the actions that the user may take, by name, in the present language."""
    return {name: action.translated() for name, action in ACTIONS.items() if user.has_perm(action.permission)}


def offered_decisions(article: Article, permitted: dict[str, Action]) -> list[Action]:
    """Return the decisions on its state to offer for an article, in the order of their buttons."""
    match article.state:
        case State.SPIKED:
            names = ["reopen"]
        case State.PUBLISHED:
            names = ["unpublish", "spike"] if "publish" in permitted else []  # readers would lose it
        case state:
            is_publishable = not (article.is_folded or article.removed or article.missing)
            names = ["publish"] * is_publishable + ["reopen" if state == State.HELD else "hold", "spike"]
    if article.is_folded and article.state != State.SPIKED:
        names = ["take_out", *names]
    return [permitted[name] for name in names if name in permitted]


def _apply(operation: Callable[..., ActionResult]) -> Callable[[Command], ActionResult]:
    """Return a handler for an operation that needs nothing but the stories."""
    return lambda command: command.apply(operation)


def _withdraw(operation: Callable[..., ActionResult]) -> Callable[[Command], ActionResult]:
    return lambda command: command.apply(operation, in_place=command.in_place)


def _spike(command: Command) -> ActionResult:
    reason = command.text("reason") or SpikeReason.OTHER.value
    if reason not in SPIKE_REASON_LABELS:
        raise SentenceError(
            gettext("“%(reason)s” is not a reason to spike. Choose one of %(reasons)s.")
            % {"reason": reason, "reasons": ", ".join(map(str, SPIKE_REASON_LABELS.values()))}
        )
    return command.apply(operations.spike, reason, in_place=command.in_place)


def _schedule(command: Command) -> ActionResult:
    times = {name: command.time(name) for name in ("publish_at", "unpublish_at")}
    if not any(times.values()) and not command.articles.exclude(publish_at=None, unpublish_at=None).exists():
        raise SentenceError(_("Enter from when or until when readers see it. To show it now, publish it."))
    return command.apply(operations.schedule, **times)


def _schedule_at(shortcut: Callable[[datetime], datetime]) -> Callable[[Command], ActionResult]:
    """Return a handler that publishes at the time of a shortcut, and keeps the end that the form says."""

    def run(command: Command) -> ActionResult:
        moment, end = shortcut(timezone.localtime()), command.time("unpublish_at")
        return command.apply(operations.schedule, publish_at=moment, unpublish_at=end)

    return run


def _pick(command: Command) -> ActionResult:
    """Pick until the time of the form, by default for PICK_LENGTH; emptying the time of a pick ends it."""
    now = timezone.now()
    until = command.time("pick_until")
    if until is None and not ("pick_until" in command.data and command.articles.filter(pick_until__gt=now).exists()):
        until = now + PICK_LENGTH
    return command.apply(operations.pick, until, seen=command.text("seen"))


def _place(command: Command) -> ActionResult:
    if command.article is None:
        raise SentenceError(_("Put one story at a time in its place."))
    text = command.text("place")
    if not (text.isdecimal() and len(text) < 4):
        refusal = _("“%(text)s” is not a place. Enter a number from 1 to %(last)s.")
        raise SentenceError(refusal % {"text": text[:20], "last": PICK_PLACES})
    until = command.time("pick_until")
    return operations.place(command.article, int(text), until=until, seen=command.text("seen"), by=command.by)


def _change_front_page(operation: Callable[..., ActionResult]) -> Callable[[Command], ActionResult]:
    return lambda command: command.apply(operation, seen=command.text("seen"))


def _set_score(name: str) -> Callable[[Command], ActionResult]:
    def run(command: Command) -> ActionResult:
        value = command.score(name)
        if command.article is not None:
            return command.edit(verb=Verb.SCORE, **{name: value})
        if value is None:
            return command.apply(operations.unpin, name)
        return command.apply(operations.score, **{name: value})

    return run


def _step_scores(command: Command) -> ActionResult:
    return command.apply(operations.score, **{name: command.step(name) for name in ("quality_step", "heat_step")})


def _set_topics(argument: str, field: str) -> Callable[[Command], ActionResult]:
    return lambda command: command.apply(operations.set_topics, **{argument: command.names(field)})


def _edit_text(command: Command) -> ActionResult:
    _require_one(command, gettext("Titles and excerpts are edited one story at a time."))
    sent = [name for name in ("title", "excerpt") if name in command.data]
    values = {name: normalize_line_ends(str(command.data[name])) for name in sent}
    if "title" in values and is_blank(values["title"]):
        raise SentenceError(gettext("A story needs a title."))
    return command.edit(**values)


def _edit_note(command: Command) -> ActionResult:
    _require_one(command, gettext("Notes are edited one story at a time."))
    return command.edit(note=normalize_line_ends(command.text("note")))


def _fold(command: Command) -> ActionResult:
    lead = _chosen_lead(command)
    target = command.article or command.articles.exclude(pk=lead.pk)
    return operations.fold_into(target, lead, by=command.by, versions=command.versions)


def _merge(command: Command) -> ActionResult:
    lead = _chosen_lead(command)
    _require_one(command, gettext("Two stories are merged at a time."))
    return command.apply(operations.merge, lead, announced=command.announced)


def _merge_all(command: Command) -> ActionResult:
    if not command.leads:
        raise SentenceError(gettext("No pairs were sent. Go back to the suggestions and try again."))
    return operations.merge_all(command.leads, by=command.by, versions=command.versions, announced=command.announced)


def _keep_apart(command: Command) -> ActionResult:
    _require_one(command, gettext("One pair is kept apart at a time."))
    other = Article.objects.filter(pk=parse_id(command.text("into"))).first()
    if other is None:
        raise SentenceError(gettext("The other story was deleted meanwhile."))
    return command.apply(operations.keep_apart, other, announced=command.announced)


def _make_lead(command: Command) -> ActionResult:
    _require_one(command, gettext("One story leads; choose one."))
    return command.apply(operations.make_lead, announced=command.announced)


def _take_out(command: Command) -> ActionResult:
    return command.apply(operations.take_out, announced=command.announced)


def _change_claim(operation: Callable[..., ActionResult]) -> Callable[[Command], ActionResult]:
    return lambda command: operation(command.article or command.articles, by=command.by)


def _hand_over(command: Command) -> ActionResult:
    colleague = colleagues().filter(pk=parse_id(command.text("to"))).first()
    if colleague is None:
        raise SentenceError(_("Choose a colleague to hand it over to."))
    return operations.hand_over(command.article or command.articles, colleague, by=command.by)


def _require_one(command: Command, refusal: str) -> None:
    if command.article is None:
        raise SentenceError(refusal)


def _chosen_lead(command: Command) -> Article:
    lead = Article.objects.filter(pk=parse_id(command.text("into"))).first()
    if lead is None:
        raise SentenceError(gettext("Choose the story to fold into."))
    return lead


ACTIONS = {
    action.name: action
    for action in (
        Action(
            "publish",
            _("Publish"),
            _apply(operations.publish),
            "p",
            _(", or unpublish"),
            tone="go",
        ),
        Action("hold", _("Hold"), _withdraw(operations.hold), "w", tone="wait"),
        Action(
            "unpublish", _("Unpublish"), _withdraw(operations.unpublish), past=_("unpublished and held"), tone="wait"
        ),
        Action(
            "spike",
            _("Spike"),
            _spike,
            "e",
            _("; then 1 to 6 for the reason, or Enter for “other”"),
            tone="stop",
            reasons=REASONS,
        ),
        Action("reopen", _("Reopen"), _apply(operations.reopen), "r"),
        Action(
            "quality",
            _("Set quality"),
            _set_score("quality"),
            "q",
            _("; Enter sends it"),
            logged_as=Verb.SCORE,
            asks=_("Set the quality of %(stories)s"),
        ),
        Action(
            "heat",
            _("Set heat"),
            _set_score("heat"),
            "h",
            _("; Enter sends it"),
            logged_as=Verb.SCORE,
            asks=_("Set the heat of %(stories)s"),
        ),
        Action(
            "step",
            _("Raise or lower"),
            _step_scores,
            logged_as=Verb.SCORE,
            asks=_("Change the scores of %(stories)s"),
        ),
        Action(
            "suggest",
            _("Use suggestion"),
            _apply(operations.use_suggestion),
            "a",
            key_help=_("use the suggested quality"),
            logged_as=Verb.SCORE,
            asks=_("Use the suggested quality of %(stories)s"),
        ),
        Action(
            "unpin",
            _("Unpin all fields"),
            _apply(operations.unpin),
            asks=_("Unpin all fields of %(stories)s"),
        ),
        Action(
            "topics",
            _("Set topics"),
            _set_topics("names", "topics"),
            "t",
            past=_("edited: topics set"),
            logged_as=Verb.EDIT,
            asks=_("Set the topics of %(stories)s"),
        ),
        Action(
            "add_topic",
            _("Add topic"),
            _set_topics("add", "topic"),
            past=_("edited: topic added"),
            logged_as=Verb.EDIT,
            asks=_("Add a topic to %(stories)s"),
        ),
        Action(
            "remove_topic",
            _("Remove topic"),
            _set_topics("remove", "topic"),
            past=_("edited: topic removed"),
            logged_as=Verb.EDIT,
            asks=_("Remove a topic from %(stories)s"),
        ),
        Action("words", _("Save title and excerpt"), _edit_text, logged_as=Verb.EDIT),
        Action(
            "note",
            _("Save note"),
            _edit_note,
            "c",
            past=_("edited: note saved"),
            key_help=_("write the newsroom’s note"),
            logged_as=Verb.EDIT,
        ),
        Action("claim", _("Claim"), _change_claim(operations.claim)),
        Action("hand_over", _("Hand over"), _hand_over),
        Action("release", _("Release"), _change_claim(operations.release)),
        Action("schedule", _("Schedule"), _schedule, "s", tone="wait"),
        *(
            Action(
                name,
                label,
                _schedule_at(shortcut),
                logged_as=Verb.SCHEDULE,
                asks=_("Schedule %(stories)s"),
                tone="wait",
            )
            for name, label, shortcut in SCHEDULE_SHORTCUTS
        ),
        Action("pick", _("Pick"), _pick, "f", key_help=_("pick for the front page, for 24 hours")),
        Action("end_pick", _("End the pick"), _change_front_page(operations.end_pick)),
        Action("place", _("Place on the front page"), _place),
        Action(
            "keep_off",
            _("Keep off the front page"),
            _change_front_page(operations.keep_off_front),
        ),
        Action(
            "allow_on",
            _("Allow on the front page"),
            _change_front_page(operations.allow_on_front),
        ),
        Action(
            "fold",
            _("Fold into"),
            _fold,
            asks=_("Fold %(stories)s into another"),
            done_to_one=FOLDED_UNDER,
        ),
        Action(
            "merge",
            _("Merge"),
            _merge,
            "m",
            _(" the two selected stories, or fold into another"),
            done_to_one=FOLDED_UNDER,
        ),
        Action(
            "merge_all",
            _("Take all"),
            _merge_all,
            past=_("folded"),
            logged_as=Verb.MERGE,
            asks=_("Fold %(stories)s"),
            done_to_one=FOLDED_UNDER,
        ),
        Action(
            "keep_apart",
            _("Not the same"),
            _keep_apart,
            asks=_("Keep these two apart"),
            done=_("These two will not be suggested again."),
        ),
        Action(
            "make_lead",
            _("Make lead"),
            _make_lead,
            "l",
            past=_("made the lead"),
            asks=_("Make %(stories)s the lead"),
            done_to_one=_("“%(title)s” leads its story now."),
        ),
        Action(
            "take_out",
            _("Take out of its story"),
            _take_out,
            "d",
            asks=_("Take out %(stories)s"),
            done_to_one=_("“%(title)s” stands by itself now."),
        ),
    )
}
