"""The order of the front page: picks in their places, the other stories by rank, and a limit for each provider.

A pick with a place stands in that place of the first PICK_PLACES; one without stands as high as others leave room.
Other stories flow around the picks, so a pick never moves another story by more than its own place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from .ranking import LIMITED_PLACES, MAX_PER_PROVIDER

PICK_PLACES = LIMITED_PLACES  # below them, the page is ordered by day
PICK_LENGTH = timedelta(hours=24)  # of a pick, unless its editor chooses another time


class Reason(StrEnum):
    """Why a story stands where it does."""

    PICK = "pick"
    RANK = "rank"
    LIMIT = "limit"  # it stands below stories of a lower rank, because its provider has enough of the first places


class RankedStory(NamedTuple):
    """A public story with its provider and what its place in the plain order follows from."""

    pk: int
    provider_id: int
    hot: float
    name: str


class PickedStory(NamedTuple):
    """A public story that is a pick; `pick_place` counts from 1, None means as high as other picks leave room."""

    pk: int
    provider_id: int
    hot: float
    name: str
    pick_place: int | None
    pick_until: datetime


class PlacedStory(NamedTuple):
    """A story on the front page, and why it stands there."""

    story: RankedStory | PickedStory
    reason: Reason


def rank_key(story: RankedStory | PickedStory) -> tuple[float, bytes]:
    """Return the sort key of the plain order, highest rank first."""
    return (-story.hot, f"{story.name}.md".encode())


@dataclass(frozen=True)
class Arrangement:
    """All stories in the order of the front page; `is_limited` if no provider has too many of the first places."""

    stories: list[PlacedStory]
    is_limited: bool

    @property
    def ids(self) -> list[int]:
        return [placed.story.pk for placed in self.stories]

    @property
    def limited_ids(self) -> set[int]:
        """Return the stories that stand lower because their provider has enough of the first places."""
        return {placed.story.pk for placed in self.stories if placed.reason is Reason.LIMIT}


def arrange(picks: Sequence[PickedStory], stories: Sequence[RankedStory]) -> Arrangement:
    """Return the stories, which come by rank, and the picks in the order of the front page.

    At most MAX_PER_PROVIDER of one provider have places among the first LIMITED_PLACES, picks included. Stories over
    the limit move behind those places, unless other providers don't have enough stories to fill them.
    """
    places = places_of_picks(picks)
    picked_ids = {pick.pk for pick in places.values()}
    others = [story for story in stories if story.pk not in picked_ids]
    counts = Counter(pick.provider_id for pick in places.values())
    free = LIMITED_PLACES - len(places)
    first: list[int] = []
    later: list[int] = []
    for index, story in enumerate(others):
        fits = len(first) < free and counts[story.provider_id] < MAX_PER_PROVIDER
        counts[story.provider_id] += fits
        (first if fits else later).append(index)
    flow = [
        PlacedStory(others[index], Reason.LIMIT if position > index else Reason.RANK)
        for position, index in enumerate(first + later)
    ]
    return Arrangement(_around_picks(places, flow), is_limited=len(first) == free or not later)


def _around_picks(places: Mapping[int, PickedStory], flow: list[PlacedStory]) -> list[PlacedStory]:
    """Return the flow with each pick in its place; picks behind the last story close up."""
    arranged: list[PlacedStory] = []
    rest = iter(flow)
    for place in range(1, len(places) + len(flow) + PICK_PLACES):
        if place in places:
            arranged.append(PlacedStory(places[place], Reason.PICK))
        elif (placed := next(rest, None)) is not None:
            arranged.append(placed)
    return arranged


def places_of_picks(picks: Sequence[PickedStory]) -> dict[int, PickedStory]:
    """Return the pick in each place. If two want the same, the lower rank takes the next free one.

    Picks without a place follow by rank, and get the first free places. There are PICK_PLACES at most.
    """
    taken: dict[int, PickedStory] = {}
    for pick in sorted(picks, key=lambda pick: (pick.pick_place or PICK_PLACES + 1, rank_key(pick))):
        every_place = range(1, PICK_PLACES + 1)
        preferred = range(min(pick.pick_place or 1, PICK_PLACES), PICK_PLACES + 1)
        place = next((place for place in (*preferred, *every_place) if place not in taken), None)
        if place is not None:
            taken[place] = pick
    return dict(sorted(taken.items()))


def make_room(fixed_places: Mapping[int, int], pk: int, place: int) -> dict[int, int]:
    """Return the new places of the picks that move when the story `pk` gets a place, its own included.

    `fixed_places` has the place of each pick that has one. The others move by one towards the nearest free place: to
    the one that the story leaves if it was a pick. Raises ValueError if all places are taken.
    """
    taken = {at: other for other, at in fixed_places.items() if other != pk}
    towards_top = pk in fixed_places and fixed_places[pk] < place
    for step in (-1, 1) if towards_top else (1, -1):
        moving = []
        at = place
        while at in taken:
            moving.append(at)
            at += step
        if 1 <= at <= PICK_PLACES:
            return {pk: place} | {taken[at]: at + step for at in moving}
    raise ValueError("All places of picks are taken.")


@dataclass(frozen=True)
class Move:
    """A story that readers find in another place of the first page; None: not on it."""

    pk: int
    before: int | None
    after: int | None


def moves(before: Sequence[int], after: Sequence[int]) -> list[Move]:
    """Return the stories whose places on the first page differ, in the order of their new places."""
    old = {pk: place for place, pk in enumerate(before, 1)}
    new = {pk: place for place, pk in enumerate(after, 1)}
    moved = [Move(pk, old.get(pk), new.get(pk)) for pk in (*after, *before) if old.get(pk) != new.get(pk)]
    return list(dict.fromkeys(moved))


class Change(StrEnum):
    """What editors can do to the front page. The values are those of `models.Verb`."""

    PICK = "pick"
    END_PICK = "end_pick"
    PLACE = "place"
    KEEP_OFF = "keep_off"
    ALLOW_ON = "allow_on"


@dataclass(frozen=True)
class Candidates:
    """What an arrangement is made of: the picks in force, and the first stories by rank."""

    picks: Sequence[PickedStory]
    stories: Sequence[RankedStory]

    @property
    def fixed_places(self) -> dict[int, int]:
        """Return the place of each pick that has one."""
        return {pick.pk: place for place, pick in places_of_picks(self.picks).items() if pick.pick_place is not None}

    def has_room_for(self, pk: int) -> bool:
        """Return whether the story can be a pick beside the others."""
        return len({pk, *(pick.pk for pick in self.picks)}) <= PICK_PLACES

    def arrange(self) -> Arrangement:
        return arrange(self.picks, self.stories)

    def after(self, change: Change, story: RankedStory, until: datetime, place: int | None = None) -> Candidates:
        """Return the candidates after a change, as the operations of the same names make it."""
        pick = next((pick for pick in self.picks if pick.pk == story.pk), None)
        others = [other for other in self.picks if other.pk != story.pk]
        stories = [other for other in self.stories if other.pk != story.pk]
        if change is Change.KEEP_OFF:
            return Candidates(others, stories)
        stories = sorted([*stories, story], key=rank_key)
        if change in (Change.END_PICK, Change.ALLOW_ON):
            return Candidates(others, stories)
        if change is Change.PICK:
            return Candidates([*others, PickedStory(*story, pick.pick_place if pick else None, until)], stories)
        places = make_room(self.fixed_places, story.pk, place) if place else {story.pk: None}
        moved = [other._replace(pick_place=places.get(other.pk, other.pick_place)) for other in others]
        return Candidates([*moved, PickedStory(*story, place, until)], stories)
