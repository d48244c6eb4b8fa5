"""The front page: picks, their places, and the stories that are kept off it.

Each function is one operation. Its result says in words which stories readers find in other places.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from articles.audit_log.unit_of_work import SYSTEM_ACTOR, Actor, unit_of_work
from articles.models import Article, Operation, Verb, let_operations_wait
from articles.rules.front_page import PICK_LENGTH, PICK_PLACES, Candidates, PickedStory, make_room
from articles.stories.front_page import load_front_page

from .batch import Articles, SeenVersions, apply_to_each
from .front_page_text import describe_moves
from .results import DELETED_MEANWHILE, ActionError, ActionResult, SentenceError

FRONT_PAGE_VERBS = (Verb.PICK, Verb.END_PICK, Verb.PLACE, Verb.KEEP_OFF, Verb.ALLOW_ON)


class PicksChangedError(SentenceError):
    """The picks have changed since the editor saw them; nothing was saved."""


def pick(
    articles: Articles,
    until: datetime | None,
    *,
    seen: str = "",
    by: Actor = SYSTEM_ACTOR,
    versions: SeenVersions = None,
) -> ActionResult:
    """Make the articles picks, which stand first on the front page until a time; None ends that.

    Those that are picks keep their places. Raises ActionError for a time in the past. `seen` is as with `place`.
    """
    if until is None:
        return end_pick(articles, seen=seen, by=by, versions=versions)
    _require_future(until)

    def run(candidates: Candidates) -> ActionResult:
        picked = {story.pk for story in candidates.picks}

        def apply(article: Article) -> None:
            _require_pickable(article)
            _require_room({*picked, article.pk})
            picked.add(article.pk)
            # A place may be left of a pick that is over.
            if article.pick_until is None or article.pick_until <= timezone.now():
                article.pick_place = None
            article.pick_until = until

        return _apply(Verb.PICK, articles, apply, lambda article: article.pick_until == until, by, versions)

    return _with_moves(articles, run, seen)


def end_pick(
    articles: Articles, *, seen: str = "", by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None
) -> ActionResult:
    """Let the articles stand on the front page by their rank again."""
    return _set(Verb.END_PICK, articles, seen, by, versions, pick_until=None, pick_place=None)


def place(
    article: Article, at: int | None, *, until: datetime | None = None, seen: str = "", by: Actor = SYSTEM_ACTOR
) -> ActionResult:
    """Put an article in a place of the front page, counted from 1, until a time.

    It becomes a pick if it is none. By default, a pick keeps its time, and another article gets PICK_LENGTH. Picks that
    hold the place move by one, towards the nearest free place. Without a place, it stands as high as others leave room.
    `seen` is the `picks_token` that the editor saw. Raises PicksChangedError if the picks have changed since, and
    ActionError if the article can't have the place.
    """
    if at is not None and not 1 <= at <= PICK_PLACES:
        raise ActionError(_("can have a place from 1 to %(last)s; choose one of them") % {"last": PICK_PLACES})
    if until is not None:
        _require_future(until)

    def run(candidates: Candidates) -> ActionResult:
        with unit_of_work(Verb.PLACE, by) as uow:
            _require_permission(by)
            _require_room({article.pk, *(story.pk for story in candidates.picks)})
            places = make_room(candidates.fixed_places, article.pk, at) if at else {article.pk: None}
            stories = uow.load(places)
            if article.pk not in uow.articles:
                raise ActionError(DELETED_MEANWHILE)
            target = uow.articles[article.pk]
            _require_pickable(target)
            if until or target.pick_until is None or target.pick_until <= uow.now:
                target.pick_until = until or uow.now + PICK_LENGTH
            for story in stories:
                story.pick_place = places[story.pk]
            changed = dict(uow.articles)
        return ActionResult(uow.operation, [article.pk], articles=changed)

    return _with_moves(article, run, seen)


def keep_off_front(
    articles: Articles, *, seen: str = "", by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None
) -> ActionResult:
    """Keep the articles off the front page, whatever their rank. Picks among them end."""
    return _set(Verb.KEEP_OFF, articles, seen, by, versions, off_front=True, pick_until=None, pick_place=None)


def allow_on_front(
    articles: Articles, *, seen: str = "", by: Actor = SYSTEM_ACTOR, versions: SeenVersions = None
) -> ActionResult:
    """Let the articles stand on the front page by their rank again after `keep_off_front`."""
    return _set(Verb.ALLOW_ON, articles, seen, by, versions, off_front=None)


def picks_token(picks: Sequence[PickedStory]) -> str:
    """Return what a form sends as `seen`: the last operation on the front page, and a digest of the picks."""
    last = _operations_on_front_page().values_list("pk", flat=True).first() or 0
    return f"{last}.{_digest(picks)}"


def _require_unchanged(picks: Sequence[PickedStory], seen: str) -> None:
    last, _dot, digest = seen.partition(".")
    if not seen or digest == _digest(picks):
        return
    newer = _operations_on_front_page().filter(pk__gt=int(last)) if last.isdecimal() and len(last) < 19 else None
    operation = newer.first() if newer is not None else None
    if operation is None:
        raise PicksChangedError(_("A pick has ended meanwhile. Check the new preview and save again."))
    raise PicksChangedError(
        _("The picks were changed by %(who)s meanwhile. Check the new preview and save again.") % {"who": operation.who}
    )


def _operations_on_front_page() -> QuerySet[Operation]:
    return Operation.objects.filter(verb__in=[*FRONT_PAGE_VERBS, Verb.UNDO])


def _digest(picks: Sequence[PickedStory]) -> str:
    values = sorted((pick.pk, pick.pick_place or 0, pick.pick_until.isoformat()) for pick in picks)
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]


def _set(
    verb: Verb, articles: Articles, seen: str, by: Actor, versions: SeenVersions, **values: bool | None
) -> ActionResult:
    def apply(article: Article) -> None:
        for name, value in values.items():
            setattr(article, name, value)

    def is_done(article: Article) -> bool:
        return all(getattr(article, name) == value for name, value in values.items())

    return _with_moves(articles, lambda _: _apply(verb, articles, apply, is_done, by, versions), seen)


def _apply(
    verb: Verb,
    articles: Articles,
    apply: Callable[[Article], None],
    is_done: Callable[[Article], bool],
    by: Actor,
    versions: SeenVersions,
) -> ActionResult:
    def apply_if_permitted(article: Article) -> None:
        _require_permission(by)
        apply(article)

    return apply_to_each(verb, articles, apply_if_permitted, by, versions, is_done, updates_stories=False)


def _with_moves(articles: Articles, run: Callable[[Candidates], ActionResult], seen: str) -> ActionResult:
    """Run an operation, which gets what the front page is made of; its result says which stories it moved."""
    with transaction.atomic():
        let_operations_wait()  # so that what others change meanwhile is not taken for a result
        before, candidates = load_front_page()
        _require_unchanged(candidates.picks, seen)
        result = run(candidates)
        if result.operation is not None:
            named = [articles.pk] if isinstance(articles, Article) else result.done
            result.front_page = describe_moves(before, load_front_page()[0], named, is_done=True)
    return result


def _require_future(until: datetime) -> None:
    if until <= timezone.now():
        raise ActionError(_("can't be a pick until a time in the past; choose a later one"))


def _require_permission(by: Actor) -> None:
    if not by.may_publish:
        raise ActionError(_("can't be changed on the front page without the permission to publish"))


def _require_pickable(article: Article) -> None:
    if not article.public:
        raise ActionError(_("can't be a pick, because readers don't see it by itself; publish it first"))
    if article.off_front:
        raise ActionError(_("is kept off the front page; allow it there first"))


def _require_room(picked: Collection[int]) -> None:
    if len(picked) > PICK_PLACES:
        refusal = _("can't be a pick, because all %(number)s places of picks are taken; end one first")
        raise ActionError(refusal % {"number": PICK_PLACES})
