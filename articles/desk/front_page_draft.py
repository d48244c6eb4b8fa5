"""A change of the front page that an editor looks at before saving it: read from a URL, never written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from articles.models import Article
from articles.operations.front_page_text import describe_moves
from articles.operations.results import SentenceError
from articles.rules.front_page import PICK_LENGTH, PICK_PLACES, Arrangement, Candidates, Change, RankedStory

from .actions import ACTIONS, Action
from .commands import SHOWN_TIME
from .view_helpers import parse_id

CHANGES = frozenset(change.value for change in Change)
MOVES = {"up": -1, "down": 1}
DRAFT_FIELDS = ("act", "story", "from", "at", "pick_until", "reason_text")


@dataclass(frozen=True)
class Draft:
    """A change that can be saved: what readers would see, and the fields of the form that saves it."""

    change: Change
    article: Article
    place: int | None
    until: datetime
    arrangement: Arrangement
    sentences: list[str]

    @property
    def action(self) -> Action:
        return ACTIONS[self.change.value]

    @property
    def was_pick(self) -> bool:
        return _is_pick(self.article)

    @property
    def makes_pick(self) -> bool:
        return self.change in (Change.PICK, Change.PLACE)

    @property
    def shown_until(self) -> str:
        """The end of the pick, as the field for it shows it."""
        return timezone.localtime(self.until).strftime(SHOWN_TIME)


def read_draft(query: QueryDict, now: Arrangement, candidates: Candidates) -> Draft | None:
    """Return the change that the URL of the board names, None if it names none. Raises ActionError with a sentence."""
    act = query.get("act", "")
    if not act:
        return None
    change, place = _change_and_place(act, query)
    article = Article.objects.select_related("provider").filter(pk=parse_id(query.get("story", ""))).first()
    if article is None:
        raise SentenceError(_("This story was deleted meanwhile. Choose another one."))
    _require_possible(change, article, candidates)
    until = _until(article)
    story = RankedStory(article.pk, article.provider_id, article.hot, article.name)
    after = candidates.after(change, story, until, place).arrange()
    moved = describe_moves(now, after, [article.pk])
    sentences = [*_decisions(change, article, place), *moved]
    return Draft(change, article, place, until, after, sentences)


def _change_and_place(act: str, query: QueryDict) -> tuple[Change, int | None]:
    if act in MOVES or act == "put":
        start = parse_id(query.get("from" if act in MOVES else "at", ""))
        place = start + MOVES.get(act, 0)
        if not start or not 1 <= place <= PICK_PLACES:
            raise SentenceError(_("Choose a place from 1 to %(last)s.") % {"last": PICK_PLACES})
        return Change.PLACE, place
    if act == Change.PLACE or act not in CHANGES:
        raise SentenceError(_("There is no such action. Choose one of those below."))
    return Change(act), None


def _require_possible(change: Change, article: Article, candidates: Candidates) -> None:
    title = {"title": article.title}
    if change not in (Change.PICK, Change.PLACE):
        return
    if not article.is_shown():
        raise SentenceError(_("Readers don’t see “%(title)s” by itself. Publish it first.") % title)
    if article.off_front:
        raise SentenceError(_("“%(title)s” is kept off the front page. Allow it there first.") % title)
    if not candidates.has_room_for(article.pk):
        raise SentenceError(_("All %(number)s places of picks are taken. End a pick first.") % {"number": PICK_PLACES})


def _until(article: Article) -> datetime:
    """Return the end of its pick; if it is none, what a new pick gets."""
    return article.pick_until if article.pick_until and _is_pick(article) else timezone.now() + PICK_LENGTH


def _is_pick(article: Article) -> bool:
    return article.pick_until is not None and article.pick_until > timezone.now()


def _decisions(change: Change, article: Article, place: int | None) -> list[str]:
    """Return what the newsroom decides by the change, beside the places that follow."""
    is_pick = _is_pick(article)
    values = {"title": article.title, "place": place}
    match change:
        case Change.PLACE if is_pick:
            return [_("The pick “%(title)s” gets place %(place)s.") % values]
        case Change.PLACE:
            return [_("“%(title)s” becomes a pick for place %(place)s.") % values]
        case Change.PICK if not is_pick:
            return [_("“%(title)s” becomes a pick, in the first place that is free.") % values]
        case Change.END_PICK:
            return [_("“%(title)s” is no longer a pick; it stands by its rank.") % values]
        case Change.KEEP_OFF:
            ended = [_("Its pick ends.")] if is_pick else []
            return [_("“%(title)s” is kept off the front page. Readers find it everywhere else.") % values, *ended]
        case Change.ALLOW_ON:
            return [_("“%(title)s” is allowed on the front page; it stands by its rank.") % values]
    return []
