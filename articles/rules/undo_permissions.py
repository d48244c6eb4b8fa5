"""The permissions that it takes to undo an operation. Redoing is the same: it undoes the undo.

Undo needs the permission for each *direct* change, as if somebody made it by hand: to undo a creation is to delete.
What was *derived*, as heat is from a score, needs the permission for the act. Where undo would show readers an article
that they don't see now, it also needs the permission to publish, unless the act itself could do that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .permissions import CHANGE_POLICY, FOLD, PERMISSION_BY_ACTION, PUBLISH, RUN_IMPORT, SCORE
from .scoring import STORY_ROLE_PIN
from .states import State

# These save a whole form or whole rows: the permission depends on what was changed. Other acts need one permission.
FORM_ACTS = frozenset({"add", "edit", "delete"})
CLAIM_ACTS = frozenset({"claim", "hand_over", "release"})  # they end by themselves
FINAL_ACTS = frozenset({"take_down", "story_down"}) | CLAIM_ACTS  # nobody can undo them
# These may show readers articles by the policy or as stories of their own: folding hides nothing, so unfolding may
# show again what the story contained.
REVEALING_ACTS = frozenset(
    {"score", "rescore", "unpin", "fold", "take_out", "make_lead", "merge", "keep_apart", "import", "policy"}
)

MODEL_BY_SUBJECT = {
    "article": "articles.article",
    "provider": "providers.provider",
    "topic": "articles.topic",
    "page": "website.sitepage",
    "look": "website.sitelook",
}
MODEL_BY_LIST = {"images": "articles.articleimage", "related": "articles.relatedlink"}
LIST_KEYS = {"images": ("url",), "related": ("web_url", "title")}  # what tells the rows of a list apart
SCORE_FIELDS = frozenset({"quality", "heat"})
STATE_FIELDS = frozenset({"state", "published", "spike_reason"})
PERMISSION_BY_FIELD: dict[str, str] = {
    **dict.fromkeys((*SCORE_FIELDS, *STATE_FIELDS), SCORE),
    **dict.fromkeys(("publish_at", "unpublish_at", "removed"), PUBLISH),
    **dict.fromkeys(("pick_until", "pick_place", "off_front"), PUBLISH),
    **dict.fromkeys(("lead_id", "pairings", "refusals", STORY_ROLE_PIN), FOLD),
    "missing": RUN_IMPORT,
}
# Direct changes of these decide whether readers see an article; others do by what the policy makes of them.
DECISIVE_FIELDS = frozenset({*STATE_FIELDS, "removed", "missing"})


class Effect(StrEnum):
    """What undo does to a row, or to the rows of a list. The values are those of Django's permissions."""

    ADD = "add"
    CHANGE = "change"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Change:
    """What undo would do to one field, or its pin, of one kind of row. `publishes`: it decides about a publication."""

    subject: str
    field: str
    derived: bool = False
    effect: Effect = Effect.CHANGE
    publishes: bool = False


@dataclass(frozen=True, slots=True)
class UndoRefusal:
    """Why somebody can't undo an operation: the permissions that they don't have; none if nobody can undo it.

    `reveals`: they may not publish, and readers would see articles that they don't see now.
    """

    missing: frozenset[str] = frozenset()
    reveals: bool = False


def effects_on_list(name: str, before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> set[Effect]:
    """Return what undoing a change of a list from `before` to `after` does to its rows."""
    restored, present = ([tuple(row[key] for key in LIST_KEYS[name]) for row in rows] for rows in (before, after))
    effects = set()
    if set(restored) - set(present) or len(restored) > len(present):
        effects.add(Effect.ADD)
    if set(present) - set(restored) or len(present) > len(restored):
        effects.add(Effect.DELETE)
    return effects or {Effect.CHANGE}


def list_permissions(name: str, before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the permissions to change a list from `after` back to `before`."""
    return {_for_model(MODEL_BY_LIST[name], effect) for effect in effects_on_list(name, before, after)}


def decides_publication(field: str, before: Any, after: Any) -> bool:
    """Return whether an act published or withdrew an article, or let the policy decide about that again."""
    if field == "pin published":
        return before is not None and after is None
    return field == "state" and State.PUBLISHED in (before, after)


def required_permissions(verb: str, changes: Collection[Change]) -> set[str]:
    """Return the permissions to undo these changes of an act, apart from what undo would show readers."""
    if not changes:
        return _for_act(verb, changes)
    required = set[str]()
    for change in changes:
        if verb not in FORM_ACTS or change.derived:
            required |= _for_act(verb, changes)
        else:
            required.add(_for_direct_change(change))
        if change.publishes and not change.derived and verb != "import":
            required.add(PUBLISH)
    return required


def may_reveal(verb: str, changes: Collection[Change], decisive: bool) -> bool:
    """Return whether undo may show readers an article without the permission to publish, because the act could.

    `decisive`: the act decided directly that readers don't see it.
    """
    if verb == "import":
        return True
    if decisive:
        return False
    typed_score = any(change.field in SCORE_FIELDS and not change.derived for change in changes)
    return verb in REVEALING_ACTS or (verb in FORM_ACTS and typed_score)


def _for_act(verb: str, changes: Collection[Change]) -> set[str]:
    """Return the permissions for the act itself; those of a form depend on whose form it was."""
    if verb not in FORM_ACTS:
        return {PERMISSION_BY_ACTION[verb]}
    subjects = {change.subject for change in changes if not change.derived} & MODEL_BY_SUBJECT.keys()
    effect = {"add": Effect.ADD, "delete": Effect.DELETE}.get(verb, Effect.CHANGE)
    return {_for_model(MODEL_BY_SUBJECT[subject], effect) for subject in subjects or {"article"}}


def _for_direct_change(change: Change) -> str:
    if change.subject == "policy":
        return CHANGE_POLICY
    if change.subject == "article" and change.field in MODEL_BY_LIST:
        return _for_model(MODEL_BY_LIST[change.field], change.effect)
    if change.subject == "article" and change.field in PERMISSION_BY_FIELD:
        return PERMISSION_BY_FIELD[change.field]
    return _for_model(MODEL_BY_SUBJECT[change.subject], change.effect)


def _for_model(model: str, effect: Effect) -> str:
    app, name = model.split(".")
    return f"{app}.{effect}_{name}"
