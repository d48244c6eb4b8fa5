"""The rules of quality, heat and publication.

docs/format.md describes them; 11,954 real documents follow each without exception.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from texts import Text, pgettext_lazy
from texts import gettext_lazy as _

from .slugs import file_sort_key
from .words import whole_words

FOLDED_HEAT = -1
STORY_ROLE_PIN = "lead"  # the pin of an article if an editor decided whether it is folded
SCORE_MAX = 1_000_000  # far above the highest heat ever seen (942)
ENGAGEMENT_MAX = 6  # the largest engagement in 8,553 versions of real documents
TITLE_LENGTH_FREE = 70  # characters; every two more take one point off the suggested quality


class Role(StrEnum):
    UNSCORED = "unscored"
    SINGLE = "single"
    LEAD = "lead"
    FOLDED = "folded"


ROLE_LABELS: Mapping[str, Text] = {
    Role.UNSCORED: pgettext_lazy("role in a story", "unscored"),
    Role.SINGLE: pgettext_lazy("role in a story", "single"),
    Role.LEAD: pgettext_lazy("role in a story", "lead"),
    Role.FOLDED: pgettext_lazy("role in a story", "folded"),
}


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The numbers that decide heat, publication, dates in lists, and the suggested quality."""

    publish_threshold: int = 70
    related_bonus: int = 10
    bonus_floor: int = 50  # below this quality, coverage adds no heat
    window_days: int = 14  # how far apart reports of one event are published, at most
    publish_unscored: bool = True
    late_days: int = 7  # a story shown later after its publication is no news, see rules.dates
    # weights of the suggested quality
    base_weight: int = 0
    topic_weight: int = 10  # each topic, the root included
    subtopic_weight: int = 0  # each topic that has a parent
    keyword_weight: int = 15  # each topic with a keyword in the title
    image_weight: int = 20
    amp_weight: int = 20
    provider_weight: int = 30  # the provider is in the registry
    video_weight: int = 50


@dataclass(frozen=True, kw_only=True)
class ScoringInput:
    """What the rules need to know about one article. `members` are (quality, name) of the items of its related list.

    `document_scores` is what `document_scores()` returned for its document.
    """

    name: str
    quality: int | None
    heat: int | None = None
    published: bool | None = None
    removed: bool = False
    document_scores: Mapping[str, int] | None = None
    members: Sequence[tuple[int, str]] = ()
    pins: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Term:
    """One term of a sum, with a label for editors."""

    label: Text
    points: int


@dataclass(frozen=True, kw_only=True)
class ScoringResult:
    """The numbers that a policy gives an article. `heat` is None while it is unscored, -1 if it is folded."""

    role: Role
    heat: int | None
    published: bool | None


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A result with its reasons. The terms add up to the heat by the rules; pins name what editors decided."""

    result: ScoringResult
    terms: tuple[Term, ...]
    threshold: int
    better_lead: str | None  # the name of the member that leads the story instead
    pins: tuple[str, ...]


def role_of(quality: int | None, heat: int | None, published: bool | None, related_count: int) -> Role:
    """Return the role of an article with these values (docs/format.md#stories)."""
    if quality is None and heat is None and published is None:
        return Role.UNSCORED
    if heat == FOLDED_HEAT:
        return Role.FOLDED
    return Role.LEAD if related_count else Role.SINGLE


def choose_leader(members: Iterable[tuple[int, str]]) -> tuple[int, str] | None:
    """Return the (quality, name) of the leader of a story: the highest quality, then the smallest file name."""
    return min(members, key=lambda member: (-member[0], file_sort_key(member[1])), default=None)


def coverage_bonus(policy: Policy, quality: int, related_count: int) -> int:
    """Return the heat that a lead gets for its coverage: 0 below the floor."""
    return policy.related_bonus * related_count if quality >= policy.bonus_floor else 0


def document_scores(quality: int | None, heat: int | None, related_count: int) -> dict[str, int] | None:
    """Return the numbers of a document from which engagement is inferred; None if there is none by any policy."""
    if quality is None or heat is None or heat <= quality:
        return None
    return {"quality": quality, "heat": heat, "related": related_count}


def infer_engagement(policy: Policy, document: Mapping[str, int] | None) -> int:
    """Return the part of a document's heat that this policy leaves to engagement: 0 to 6; 0 if it is out of range.

    It depends on the policy because documents don't say how much their related links added to the heat.
    """
    if not document:
        return 0
    quality = document["quality"]
    rest = document["heat"] - quality - coverage_bonus(policy, quality, document["related"])
    return rest if 0 <= rest <= ENGAGEMENT_MAX else 0


def explain(article: ScoringInput, policy: Policy) -> Explanation:
    """Return the numbers that `policy` gives an article, with the terms, the threshold and the pins that decide."""
    better_lead: str | None = None
    terms: tuple[Term, ...] = ()
    heat: int | None = None
    if article.quality is not None:
        better_lead = _better_lead(article, article.quality)
        terms = _heat_terms(article, article.quality, policy)
        is_folded = article.heat == FOLDED_HEAT if STORY_ROLE_PIN in article.pins else better_lead is not None
        heat = FOLDED_HEAT if is_folded else min(sum(term.points for term in terms), SCORE_MAX)
    if "heat" in article.pins:
        heat = article.heat
    result = ScoringResult(
        role=role_of(article.quality, heat, article.published, len(article.members)),
        heat=heat,
        published=_published(article, policy, heat),
    )
    return Explanation(
        result=result,
        terms=terms,
        threshold=policy.publish_threshold,
        better_lead=better_lead,
        pins=tuple(sorted(article.pins)),
    )


def _better_lead(article: ScoringInput, quality: int) -> str | None:
    """Return the name of the member that leads instead; None if the article itself does, or if an editor decided."""
    if STORY_ROLE_PIN in article.pins:
        return None
    leader = choose_leader([(quality, article.name), *article.members])
    return None if leader is None or leader[1] == article.name else leader[1]


@dataclass(frozen=True, kw_only=True)
class TopicTraits:
    """What the suggested quality needs to know about one topic."""

    name: str
    keywords: tuple[str, ...] = ()
    parent: int | None = None  # the key of the topic above it
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
    """Return the suggested quality, 0 or more, and its terms (docs/format.md#suggested-quality).

    With the weights of two real sites it equals the stored quality of 5,891 of 6,228 and of 617 of 674 documents. The
    others differ by points that editors gave and by keywords that no topic lists.
    """
    terms = [Term(_("base"), policy.base_weight)]
    for topic in topics:
        terms.append(Term(_("topic %(topic)s", topic=topic.name), policy.topic_weight + topic.weight))
        if topic.parent is not None:
            terms.append(Term(_("subtopic %(topic)s", topic=topic.name), policy.subtopic_weight))
        if whole_words(topic.keywords).search(title):
            terms.append(Term(_("keyword of %(topic)s in the title", topic=topic.name), policy.keyword_weight))
    if has_image:
        terms.append(Term(_("picture"), policy.image_weight))
    if has_amp:
        terms.append(Term(_("AMP page"), policy.amp_weight))
    if is_video:
        terms.append(Term(_("video"), policy.video_weight))
    if provider_registered:
        terms.append(Term(_("registered outlet"), policy.provider_weight))
    terms.append(Term(_("outlet's own weight"), provider_weight))
    terms.append(Term(_("long title"), -max(0, (len(title) - TITLE_LENGTH_FREE) // 2)))
    terms = [term for term in terms if term.points]
    return max(0, sum(term.points for term in terms)), tuple(terms)


def _heat_terms(article: ScoringInput, quality: int, policy: Policy) -> tuple[Term, ...]:
    count = len(article.members)
    terms = [Term(_("quality"), quality)]
    if count:
        bonus = coverage_bonus(policy, quality, count)
        values = {"count": count, "bonus": policy.related_bonus, "floor": policy.bonus_floor}
        label = _("%(count)s related × %(bonus)s", **values)
        no_bonus = _("%(count)s related × %(bonus)s, not below quality %(floor)s", **values)
        terms.append(Term(label if bonus else no_bonus, bonus))
    engagement = infer_engagement(policy, article.document_scores)
    if engagement:
        terms.append(Term(_("engagement"), engagement))
    return tuple(terms)


def _published(article: ScoringInput, policy: Policy, heat: int | None) -> bool | None:
    if "published" in article.pins or heat is None:
        return article.published
    if heat == FOLDED_HEAT or article.removed:
        return False
    return heat >= policy.publish_threshold
