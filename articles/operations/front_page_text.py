"""Say in sentences which stories readers find in other places of the front page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from articles.models import Article
from articles.rules.front_page import Arrangement, Move, moves
from articles.rules.ranking import LIMITED_PLACES, MAX_PER_PROVIDER
from articles.stories.front_page import STORIES

NAMED_MAX = 3  # stories of one kind that are named; of more, their number is said
PREVIEW_TEXTS: dict[str, Promise] = {
    "join": gettext_lazy("“%(title)s” joins the first page at %(after)s"),
    "leave": gettext_lazy("“%(title)s” leaves the first page"),
    "stay": gettext_lazy("“%(title)s” stays in place %(after)s"),
    "move": gettext_lazy("“%(title)s” moves from %(before)s to %(after)s"),
    "several_join": gettext_lazy("%(number)s stories join the first page."),
    "several_leave": gettext_lazy("%(number)s stories leave the first page."),
    "several_down": ngettext_lazy(
        "%(number)s stories move down by one.", "%(number)s stories move down by %(steps)s.", "steps"
    ),
    "several_up": ngettext_lazy(
        "%(number)s stories move up by one.", "%(number)s stories move up by %(steps)s.", "steps"
    ),
}
DONE_TEXTS: dict[str, Promise] = {
    "join": gettext_lazy("“%(title)s” joined the first page at %(after)s"),
    "leave": gettext_lazy("“%(title)s” left the first page"),
    "stay": gettext_lazy("“%(title)s” stayed in place %(after)s"),
    "move": gettext_lazy("“%(title)s” moved from %(before)s to %(after)s"),
    "several_join": gettext_lazy("%(number)s stories joined the first page."),
    "several_leave": gettext_lazy("%(number)s stories left the first page."),
    "several_down": ngettext_lazy(
        "%(number)s stories moved down by one.", "%(number)s stories moved down by %(steps)s.", "steps"
    ),
    "several_up": ngettext_lazy(
        "%(number)s stories moved up by one.", "%(number)s stories moved up by %(steps)s.", "steps"
    ),
}


@dataclass(frozen=True)
class _Words:
    """The texts, and what they say of the stories that they name."""

    texts: Mapping[str, Promise]
    titles: Mapping[int, str] = field(default_factory=dict)
    outlets: Mapping[int, str] = field(default_factory=dict)  # of stories that the limit for an outlet moves now


def describe_moves(
    before: Arrangement, after: Arrangement, named: Collection[int], *, is_done: bool = False
) -> list[str]:
    """Return what changes between two orders of the first page: the `named` stories first. One query at most.

    `is_done`: the change was made; else it is a preview.
    """
    old, new = before.ids[:STORIES], after.ids[:STORIES]
    moved = moves(old, new)
    groups = _groups([move for move in moved if move.pk not in named])
    first = [move for move in moved if move.pk in named][:NAMED_MAX]
    stayed = [Move(pk, at, at) for at, pk in enumerate(new, 1) if pk in named and old[at - 1 : at] == [pk]]
    shown = [*first, *stayed[:NAMED_MAX], *(move for group in groups for move in group if len(group) <= NAMED_MAX)]
    articles = Article.objects.filter(pk__in=[move.pk for move in shown])
    rows = list(articles.values_list("pk", "title", "provider__name"))
    limited = after.limited_ids - before.limited_ids
    words = _Words(
        DONE_TEXTS if is_done else PREVIEW_TEXTS,
        titles={pk: title for pk, title, _outlet in rows},
        outlets={pk: outlet for pk, _title, outlet in rows if pk in limited},
    )
    sentences = [_sentence(move, words) for move in [*first, *stayed[:NAMED_MAX]]]
    return [*sentences, *(sentence for group in groups for sentence in _of_group(group, words))]


def _groups(moved: Sequence[Move]) -> list[list[Move]]:
    """Return the moves by kind: arrivals, departures, then by number of places, the longest way first."""
    groups: dict[tuple[bool, bool, int], list[Move]] = defaultdict(list)
    for move in moved:
        groups[move.before is None, move.after is None, (move.after or 0) - (move.before or 0)].append(move)
    arrived = [move for key, group in groups.items() if key[0] for move in group]
    left = [move for key, group in groups.items() if key[1] for move in group]
    shifted = sorted((key[2], group) for key, group in groups.items() if not (key[0] or key[1]))
    shifted.sort(key=lambda item: -abs(item[0]))
    return [group for group in (arrived, left, *(group for _steps, group in shifted)) if group]


def _of_group(group: Sequence[Move], words: _Words) -> list[str]:
    move = group[0]
    is_shift = move.before is not None and move.after is not None
    if len(group) == 1 or (len(group) <= NAMED_MAX and not is_shift):
        return [_sentence(move, words) for move in group]
    steps = (move.after or 0) - (move.before or 0)
    kind = _kind(move) if not is_shift else "down" if steps > 0 else "up"
    return [words.texts[f"several_{kind}"] % {"number": len(group), "steps": abs(steps)}]


def _kind(move: Move) -> str:
    if move.before is None:
        return "join"
    if move.after is None:
        return "leave"
    return "stay" if move.before == move.after else "move"


def _sentence(move: Move, words: _Words) -> str:
    values = {"title": words.titles.get(move.pk, ""), "before": move.before, "after": move.after}
    text = words.texts[_kind(move)] % values
    if move.pk not in words.outlets:
        return f"{text}."
    limit = {"outlet": words.outlets[move.pk], "number": MAX_PER_PROVIDER, "places": LIMITED_PLACES}
    return _("%(move)s, because %(outlet)s has %(number)s other stories in the first %(places)s places.") % (
        {"move": text} | limit
    )
