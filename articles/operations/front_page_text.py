"""Say in sentences which stories readers find in other places of the front page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from articles.models import Article
from articles.rules.front_page import Move, moves

NAMED_MAX = 3  # stories of one kind that are named; of more, their number is said


def describe_moves(before: Sequence[int], after: Sequence[int], named: Collection[int]) -> list[str]:
    """Return what changes between two orders of the first page: the `named` stories first. One query at most."""
    moved = moves(before, after)
    groups = _groups([move for move in moved if move.pk not in named])
    first = [move for move in moved if move.pk in named][:NAMED_MAX]
    stayed = [Move(pk, at, at) for at, pk in enumerate(after, 1) if pk in named and before[at - 1 : at] == [pk]]
    shown = [*first, *stayed[:NAMED_MAX], *(move for group in groups for move in group if len(group) <= NAMED_MAX)]
    titles = dict(Article.objects.filter(pk__in=[move.pk for move in shown]).values_list("pk", "title"))
    sentences = [_sentence(move, titles) for move in [*first, *stayed[:NAMED_MAX]]]
    return [*sentences, *(sentence for group in groups for sentence in _of_group(group, titles))]


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


def _of_group(group: Sequence[Move], titles: Mapping[int, str]) -> list[str]:
    move = group[0]
    is_shift = move.before is not None and move.after is not None
    if len(group) == 1 or (len(group) <= NAMED_MAX and not is_shift):
        return [_sentence(move, titles) for move in group]
    number = len(group)
    if move.before is None:
        text = _("%(number)s stories join the first page.")
        return [text % {"number": number}]
    if move.after is None:
        text = _("%(number)s stories leave the first page.")
        return [text % {"number": number}]
    steps = move.after - move.before
    values = {"number": number, "steps": abs(steps)}
    if steps > 0:
        text = ngettext(
            "%(number)s stories move down by one.", "%(number)s stories move down by %(steps)s.", abs(steps)
        )
    else:
        text = ngettext("%(number)s stories move up by one.", "%(number)s stories move up by %(steps)s.", abs(steps))
    return [text % values]


def _sentence(move: Move, titles: Mapping[int, str]) -> str:
    values = {"title": titles.get(move.pk, ""), "before": move.before, "after": move.after}
    if move.before is None:
        text = _("“%(title)s” joins the first page at %(after)s.")
    elif move.after is None:
        text = _("“%(title)s” leaves the first page.")
    elif move.before == move.after:
        text = _("“%(title)s” stays in place %(after)s.")
    else:
        text = _("“%(title)s” moves from %(before)s to %(after)s.")
    return text % values
