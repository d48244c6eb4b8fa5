"""The board of the front page: its stories as readers see them, why each stands there, and changes with a preview."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from articles import operations
from articles.models import Article, Operation, Verb
from articles.operations.front_page import FRONT_PAGE_VERBS, picks_token
from articles.operations.results import ActionError, ActionResult
from articles.public.front_page import SECONDARY_STORIES
from articles.rules.dates import ranked_at
from articles.rules.front_page import PICK_PLACES, Change, PickedStory, PlacedStory, RankedStory, Reason
from articles.rules.permissions import PUBLISH
from articles.rules.ranking import MAX_PER_PROVIDER
from articles.stories.front_page import STORIES, load_front_page
from config.times import format_time

from .actions import ACTIONS, Action
from .commands import Command, parse_command
from .front_page_draft import CHANGES, DRAFT_FIELDS, Draft, read_draft
from .repeated import repeated_operation
from .rows import LARGE_COLUMNS, age_text
from .undo_text import changed_front_page_story, with_undo_link
from .view_helpers import DeskRequest, desk_view, parse_id, render_admin

LISTED_MAX = 50  # stories in each of the lists below the page


@dataclass(frozen=True, slots=True)
class Place:
    """A story on the board. `was` is its place now, if a draft moves it; 0 if it is not on the first page."""

    number: int
    article: Article
    story: RankedStory | PickedStory
    reason: Reason
    is_subject: bool
    is_drafted: bool  # a pick by the draft only
    was: int | None
    now: datetime
    above: Place | None = None  # the next story above that stands by its rank

    @property
    def is_pick(self) -> bool:
        return self.reason is Reason.PICK

    @property
    def age(self) -> str:
        """The age by which it is ranked."""
        article = self.article
        return age_text(ranked_at(article.published_at, article.listed_at or article.published_at), self.now)

    @property
    def behind(self) -> str:
        """How far its rank is below that of the next ranked one, in the time by which an equal story would be newer."""
        if self.reason is not Reason.RANK:
            return ""
        if self.above is None:
            return _("highest rank")
        is_next = self.above.number == self.number - 1
        which = _("the story above") if is_next else _("place %(number)s") % {"number": self.above.number}
        return _behind_text(self.above.article.hot - self.article.hot, which)

    @property
    def why(self) -> str:
        """Why it stands here, apart from heat and age."""
        if isinstance(self.story, PickedStory):
            values = {"place": self.story.pick_place, "until": format_time(self.story.pick_until, "short")}
            if self.story.pick_place:
                return _("Pick for place %(place)s until %(until)s") % values
            return _("Pick until %(until)s") % values
        if self.reason is Reason.LIMIT:
            text = ngettext(
                "Moved down: its outlet has %(number)s story above",
                "Moved down: its outlet has %(number)s stories above",
                MAX_PER_PROVIDER,
            )
            return text % {"number": MAX_PER_PROVIDER}
        return ""

    @property
    def may_move_up(self) -> bool:
        return 1 < self.number <= PICK_PLACES + 1

    @property
    def may_move_down(self) -> bool:
        return self.number < PICK_PLACES


@require_safe
@desk_view()
def board(request: DeskRequest) -> HttpResponseBase:
    """Show the front page, or what a change of it would make of it."""
    arrangement, candidates = load_front_page()
    may_change = request.user.has_perm(PUBLISH)
    draft, problem = None, ""
    try:
        draft = read_draft(request.GET, arrangement, candidates) if may_change else None
    except ActionError as error:
        problem = error.sentence
    shown = (draft.arrangement if draft else arrangement).stories[:STORIES]
    subject = parse_id(request.GET.get("story", ""))
    places = _places(shown, arrangement.ids[:STORIES], subject, draft)
    picked = [pick.pk for pick in candidates.picks]
    last_change = _last_change(request) if may_change else None
    kept_off = list(_articles().filter(off_front=True).hottest_first()[: LISTED_MAX + 1])
    context = {
        "title": _("Front page"),
        "sections": _sections(places),
        "draft": draft,
        "problem": problem,
        "reason": request.GET.get("reason_text", "")[:300],
        "until": request.GET.get("pick_until", "")[:30] or (draft.shown_until if draft else ""),
        "may_change": may_change,
        "seen": picks_token(candidates.picks),
        "numbers": range(1, PICK_PLACES + 1),
        "kept_off": kept_off[:LISTED_MAX],
        "has_more_kept_off": len(kept_off) > LISTED_MAX,
        "unseen_picks": _unseen_picks(picked),
        "last_change": last_change,
        "undo_story": _undo_story(last_change) or subject,
        "subject": subject,
        "here": reverse("desk_front_page"),
        "actions": ACTIONS,
    }
    return render_admin(request, "desk/front_page.html", context)


@require_POST
@desk_view(PUBLISH)
def save(request: DeskRequest) -> HttpResponseBase:
    """Save a change of the front page; if it changed meanwhile, show the editor the new preview."""
    action = ACTIONS.get(request.POST.get("action", ""))
    if action is None or action.name not in CHANGES:
        messages.error(request, _("There is no such action. Choose one of those below."))
        return HttpResponseRedirect(reverse("desk_front_page"))
    if not request.user.has_perm(action.permission):
        raise PermissionDenied
    try:
        command = parse_command(request)
    except ActionError as error:
        return _refused(request, error, {})
    try:
        result = action.run(command)
    except ActionError as error:
        if _is_repeated(request, action, command):
            return HttpResponseRedirect(reverse("desk_front_page"))
        return _refused(request, error, _draft_of(action, command))
    return _saved(request, result)


def _saved(request: DeskRequest, result: ActionResult) -> HttpResponseBase:
    operation = result.operation
    if operation is None:
        messages.info(request, _("Nothing changed."))
    else:
        moved = result.front_page or [_("Saved. Readers see every story where it was.")]
        text = " ".join([*_pick_sentences(result), *moved])
        messages.success(request, with_undo_link(text, operation))
    for refusal in result.rejections:
        messages.warning(request, f"“{refusal.title}” {refusal.reason}.")
    return HttpResponseRedirect(reverse("desk_front_page", query={"story": result.done[:1]}))


def _pick_sentences(result: ActionResult) -> list[str]:
    """Return until when the story is a pick, if the change has made it one."""
    article = result.articles.get(result.done[0]) if result.done else None
    if article is None or article.pick_until is None:
        return []
    values = {"title": article.title, "until": format_time(article.pick_until, "short")}
    return [_("“%(title)s” is a pick until %(until)s.") % values]


def _refused(request: DeskRequest, error: ActionError, draft: dict[str, str]) -> HttpResponseBase:
    """Say why nothing was saved, and go back to the draft, which is worked out again."""
    messages.warning(request, error.sentence)
    return HttpResponseRedirect(reverse("desk_front_page", query=draft))


def _draft_of(action: Action, command: Command) -> dict[str, str]:
    """Return the fields of the board's URL that show this change as a draft."""
    story = str(next(iter(command.versions)))
    act = "put" if action.name == Change.PLACE else action.name
    values = {"act": act, "story": story, "at": command.text("place")}
    values |= {name: command.text(name) for name in ("pick_until", "reason_text")}
    return {name: value[:300] for name, value in values.items() if value and name in DRAFT_FIELDS}


def _is_repeated(request: DeskRequest, action: Action, command: Command) -> bool:
    """Return whether the editor has just done this, since the board that they saw."""
    last = repeated_operation(request, action.verb, command.versions)
    return last is not None and parse_id(command.text("seen").partition(".")[0]) < last.pk


def _places(shown: Sequence[PlacedStory], now_ids: Sequence[int], subject: int, draft: Draft | None) -> list[Place]:
    articles = _articles().in_bulk([placed.story.pk for placed in shown])
    before = {pk: number for number, pk in enumerate(now_ids, 1)}
    now = timezone.now()
    places: list[Place] = []
    above = None
    for number, (story, reason) in enumerate(shown, 1):
        article = articles.get(story.pk)
        if article is None:  # deleted since
            continue
        was = before.get(story.pk, 0) if draft else number
        moved_from = None if was == number else was
        is_drafted = draft is not None and story.pk == draft.article.pk and not draft.was_pick
        is_subject = story.pk == subject
        places.append(Place(number, article, story, reason, is_subject, is_drafted, moved_from, now, above))
        above = places[-1] if reason is Reason.RANK else above
    return places


def _behind_text(days: float, which: str) -> str:
    """Return how far a story is behind another: a difference of ranks in days as minutes, hours or days."""
    minutes = round(days * 24 * 60)
    if minutes < 1:
        return _("level with %(which)s") % {"which": which}
    if minutes < 60:
        return _("%(number)s min behind %(which)s") % {"number": minutes, "which": which}
    if minutes < 48 * 60:
        return _("%(number)s h behind %(which)s") % {"number": round(minutes / 60), "which": which}
    return _("%(number)s d behind %(which)s") % {"number": round(minutes / 60 / 24), "which": which}


def _sections(places: Sequence[Place]) -> list[tuple[str, Sequence[Place]]]:
    """Return the parts of the page as readers see them, with their stories."""
    beside = 1 + SECONDARY_STORIES
    parts = [
        (_("Top story"), places[:1]),
        (_("Beside the top story"), places[1:beside]),
        (_("In the row below"), places[beside:PICK_PLACES]),
        (_("Headlines by day"), places[PICK_PLACES:]),
    ]
    return [(label, part) for label, part in parts if part]


def _articles() -> Any:
    return Article.objects.select_related("provider").defer(*LARGE_COLUMNS)


def _unseen_picks(shown: Collection[int]) -> list[Article]:
    """Return the picks in force that readers don't see on the front page, as those of held stories."""
    now = timezone.now()
    picks = _articles().filter(pick_until__gt=now).exclude(pk__in=shown).order_by("pick_until", "pk")
    return list(picks[:LISTED_MAX])


def _undo_story(last_change: Operation | None) -> int:
    """Return the story that is the current one after an undo; 0 if the change was about several."""
    event = changed_front_page_story(last_change) if last_change else None
    return event.subject_id if event else 0


def _last_change(request: DeskRequest) -> Operation | None:
    """Return the editor's last operation if it changed the front page and can be undone."""
    last = Operation.objects.filter(actor=request.user, undone_by=None).exclude(verb=Verb.UNDO).first()
    if last is None or last.verb not in FRONT_PAGE_VERBS or not operations.can_undo(request.user, last):
        return None
    return last
