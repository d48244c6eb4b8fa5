"""The rules of quality, heat and publication, as pure functions; no Django here.

docs/format.md describes the rules, each of which 11,954 real documents follow without exception.
Import, admin, commands and tests all call these functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .slugs import file_sort_key

FOLDED_HEAT = -1
STORY_ROLE_PIN = "lead"  # the pin of an article whose side of a story, folded or not, an editor decided
SCORE_MAX = 1_000_000  # far above the highest heat ever seen (942)
ENGAGEMENT_MAX = 6  # the largest audience term seen in 8,553 active versions of the format's history
TITLE_LENGTH_FREE = 70  # characters; each further two cost the suggested quality one point


class Role(StrEnum):
    UNSCORED = "unscored"
    SINGLE = "single"
    LEAD = "lead"
    FOLDED = "folded"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The numbers by which heat, publication and the suggested quality follow."""

    publish_threshold: int = 70
    related_bonus: int = 10
    bonus_floor: int = 50  # below this quality, coverage adds no heat
    window_days: int = 3
    publish_unscored: bool = True
    # weights of the suggested quality
    base_weight: int = 0
    topic_weight: int = 10  # each topic, the root included
    subtopic_weight: int = 0  # each topic that has a parent
    keyword_weight: int = 15  # each topic of which a keyword stands in the title
    image_weight: int = 20
    amp_weight: int = 20
    provider_weight: int = 30  # the outlet stands in the registry
    video_weight: int = 50


@dataclass(frozen=True, kw_only=True)
class ScoringInput:
    """What the rules need to know of one article. `rivals` are (quality, name) of what its related list holds."""

    name: str
    quality: int | None
    heat: int | None = None
    published: bool | None = None
    removed: bool = False
    engagement: int = 0
    members: Sequence[tuple[int, str]] = ()
    pins: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Term:
    """One addend of a number, in words an editor knows."""

    label: str
    points: int


@dataclass(frozen=True, kw_only=True)
class ScoringResult:
    """What the policy makes of an article. `heat` is None while it is unscored, -1 when it is folded."""

    role: Role
    heat: int | None
    published: bool | None


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A verdict with its reasons: the terms add up to the rule's heat; pins say which numbers are an editor's."""

    result: ScoringResult
    terms: tuple[Term, ...]
    threshold: int
    better_lead: str | None  # the name of the member that leads instead
    pins: tuple[str, ...]


def role_of(quality: int | None, heat: int | None, published: bool | None, related_count: int) -> Role:
    """Return the role that these values give an article (docs/format.md#stories)."""
    if quality is None and heat is None and published is None:
        return Role.UNSCORED
    if heat == FOLDED_HEAT:
        return Role.FOLDED
    return Role.LEAD if related_count else Role.SINGLE


def choose_leader(members: Iterable[tuple[int, str]]) -> tuple[int, str] | None:
    """Return the (quality, name) that leads a story: the highest quality; ties go to the smallest file name."""
    return min(members, key=lambda member: (-member[0], file_sort_key(member[1])), default=None)


def coverage_bonus(policy: Policy, quality: int, related_count: int) -> int:
    """Return the heat that a story's coverage adds to its lead: 0 below the floor."""
    return policy.related_bonus * related_count if quality >= policy.bonus_floor else 0


def infer_engagement(policy: Policy, quality: int | None, heat: int | None, related_count: int) -> int:
    """Return the audience term that a document's heat contains: 0 to 6, 0 where the rest is no such term."""
    if quality is None or heat is None or heat == FOLDED_HEAT:
        return 0
    rest = heat - quality - coverage_bonus(policy, quality, related_count)
    return rest if 0 <= rest <= ENGAGEMENT_MAX else 0


def explain(scoring_input: ScoringInput, policy: Policy) -> Explanation:
    """Return what `policy` makes of an article, with the terms, the threshold and the pins that decide."""
    better_lead: str | None = None
    terms: tuple[Term, ...] = ()
    if scoring_input.quality is None:
        heat = None
    else:
        better_lead = _better_lead(scoring_input, scoring_input.quality)
        terms = _heat_terms(scoring_input, scoring_input.quality, policy)
        is_folded = (
            scoring_input.heat == FOLDED_HEAT if STORY_ROLE_PIN in scoring_input.pins else better_lead is not None
        )
        heat = FOLDED_HEAT if is_folded else min(sum(term.points for term in terms), SCORE_MAX)
    if "heat" in scoring_input.pins:
        heat = scoring_input.heat
    result = ScoringResult(
        role=role_of(scoring_input.quality, heat, scoring_input.published, len(scoring_input.members)),
        heat=heat,
        published=_published(scoring_input, policy, heat),
    )
    return Explanation(
        result=result,
        terms=terms,
        threshold=policy.publish_threshold,
        better_lead=better_lead,
        pins=tuple(sorted(scoring_input.pins)),
    )


def _better_lead(scoring_input: ScoringInput, quality: int) -> str | None:
    """Return the name of the rival that leads instead; None if the article itself does, or if an editor decided."""
    if STORY_ROLE_PIN in scoring_input.pins:
        return None
    first = choose_leader([(quality, scoring_input.name), *scoring_input.members])
    return None if first is None or first[1] == scoring_input.name else first[1]


def is_public(
    policy: Policy,
    *,
    quality: int | None,
    heat: int | None,
    published: bool | None,
    removed: bool | None = None,
    missing: bool = False,
) -> bool:
    """Return whether readers may see an article by itself. It fails closed: whatever is unclear is hidden.

    Visible is what says `published: true` and is not folded, removed or missing, and what is unscored (quality,
    heat and published all missing) where the policy lets it be.
    """
    if removed or missing or heat == FOLDED_HEAT:
        return False
    if quality is None and heat is None and published is None:
        return policy.publish_unscored
    return published is True


def has_keyword(title: str, keywords: Iterable[str]) -> bool:
    """Return whether a keyword stands in `title` as whole words, case ignored."""
    return any(
        re.search(rf"(?<!\w){re.escape(keyword)}(?!\w)", title, re.IGNORECASE) for keyword in keywords if keyword
    )


@dataclass(frozen=True, kw_only=True)
class TopicTraits:
    """What the suggested quality needs to know of one topic."""

    name: str
    keywords: tuple[str, ...] = ()
    is_subtopic: bool = False
    weight: int = 0


def suggested_quality(
    policy: Policy,
    *,
    title: str,
    topics: Iterable[TopicTraits],
    has_image: bool,
    has_amp: bool,
    is_video: bool,
    provider_registered: bool,
    provider_weight: int = 0,
) -> tuple[int, tuple[Term, ...]]:
    """Return the quality that the additive formula suggests, 0 or more, and its terms.

    See docs/format.md#suggested-quality. With each instance's weights it meets the stored quality of
    5,891 of 6,228 and of 617 of 674 real documents; the rest are off by hand-given points and unlisted keywords.
    """
    terms = [Term("base", policy.base_weight)]
    for topic in topics:
        terms.append(Term(f"topic {topic.name}", policy.topic_weight + topic.weight))
        if topic.is_subtopic:
            terms.append(Term(f"subtopic {topic.name}", policy.subtopic_weight))
        if has_keyword(title, topic.keywords):
            terms.append(Term(f"keyword of {topic.name} in the title", policy.keyword_weight))
    if has_image:
        terms.append(Term("picture", policy.image_weight))
    if has_amp:
        terms.append(Term("AMP page", policy.amp_weight))
    if is_video:
        terms.append(Term("video", policy.video_weight))
    if provider_registered:
        terms.append(Term("registered outlet", policy.provider_weight))
    terms.append(Term("outlet's own weight", provider_weight))
    terms.append(Term("long title", -max(0, (len(title) - TITLE_LENGTH_FREE) // 2)))
    kept = tuple(term for term in terms if term.points)
    return max(0, sum(term.points for term in kept)), kept


def _heat_terms(scoring_input: ScoringInput, quality: int, policy: Policy) -> tuple[Term, ...]:
    count = len(scoring_input.members)
    terms = [Term("quality", quality)]
    if count:
        bonus = coverage_bonus(policy, quality, count)
        label = f"{count} related × {policy.related_bonus}"
        terms.append(Term(label if bonus else f"{label}, not below quality {policy.bonus_floor}", bonus))
    if scoring_input.engagement:
        terms.append(Term("engagement", scoring_input.engagement))
    return tuple(terms)


def _published(scoring_input: ScoringInput, policy: Policy, heat: int | None) -> bool | None:
    if "published" in scoring_input.pins or heat is None:
        return scoring_input.published
    if heat == FOLDED_HEAT or scoring_input.removed:
        return False
    return heat >= policy.publish_threshold
