"""Who publishes: the acts that may show readers an article, and what other acts leave of a publication.

Any act may set `published` to no; only these may set it to yes. A person who withdraws a lead and has the permission to
publish may name its successor, which is then published in its place.
"""

from __future__ import annotations

from collections.abc import Collection

from .scoring import STORY_ROLE_PIN

# Only these acts may turn `published` from no to yes, and only on the articles that they name.
PUBLISHING_ACTS = frozenset(
    {"publish", "schedule", "score", "rescore", "unpin", "import", "merge", "take_out", "make_lead", "keep_apart"}
)
# These publish only what their preview named; `keep_apart` only an article that waits for this answer.
PREVIEWED_ACTS = frozenset({"merge", "take_out", "make_lead", "keep_apart"})
# Unpinning these lets document or policy decide again whether the article is published.
DECIDING_PINS = frozenset({"quality", "heat", "published", STORY_ROLE_PIN})


def publishable(
    act: str, named: Collection[int], *, announced: Collection[int] = (), may_publish: bool = True
) -> set[int]:
    """Return those of the articles that an act names which policy or document may publish through it.

    `announced` are those that a preview named. `may_publish`: whether the one who acts has the
    permission to publish; a typed score publishes without it, because the policy decides.
    """
    if act not in PUBLISHING_ACTS or (act == "unpin" and not may_publish):
        return set()
    return set(named).intersection(announced) if act in PREVIEWED_ACTS else set(named)


def needs_publish_permission(unpinned: Collection[str]) -> bool:
    return not {"published", "removed"}.isdisjoint(unpinned)


def published_when_added(published: bool | None, *, is_unscored: bool, may_publish: bool) -> bool | None:
    """Return `published` of a new article: what nobody with the permission has seen isn't shown as unscored."""
    return False if is_unscored and not may_publish else published


def published_after(before: bool | None, by_policy: bool | None, *, may_publish: bool, unfolds: bool) -> bool | None:
    """Return `published` of a rescored article. Where the act may not publish it, it may only become no.

    `unfolds`: it was folded and now stands by itself, so that readers would see it even if it was published before.
    """
    if may_publish or not by_policy:
        return by_policy
    return False if unfolds else before
