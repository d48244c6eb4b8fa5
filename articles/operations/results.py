"""What verbs answer: what they did, what they left alone and why, and who was faster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from articles.models import Article, Operation

if TYPE_CHECKING:
    from articles.stories.rescoring import RescoreChange

    from .undoing import NotRestored

DELETED_MEANWHILE = "was deleted meanwhile; nothing was saved"


class ActionError(Exception):
    """An article can't be changed as asked; the text says why and what to do."""


class NotPublishableError(ActionError):
    """An article can't be published by itself."""


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field that somebody else changed after the editor had loaded it. `who` is empty if nobody knows."""

    field: str
    yours: Any
    theirs: Any
    who: str = ""
    at: datetime | None = None


class EditConflictError(ActionError):
    """Others changed the same fields meanwhile; nothing was saved. `clashes` holds both values of each."""

    def __init__(self, article: Article, conflicts: Sequence[FieldConflict]) -> None:
        who = ", ".join(dict.fromkeys(conflict.who for conflict in conflicts if conflict.who)) or "Somebody"
        fields = ", ".join(sorted({conflict.field.removesuffix("_id").replace("_", " ") for conflict in conflicts}))
        super().__init__(f"was changed by {who} meanwhile ({fields}); look again")
        self.article = article
        self.conflicts = list(conflicts)


@dataclass(frozen=True, slots=True)
class Rejection:
    """An article that a verb left alone, and why."""

    pk: int
    title: str
    reason: str


@dataclass(slots=True)
class ActionResult:
    """What a verb did. `operation` is None if nothing changed; `done` are the articles that are now as asked.

    `followed` is what the policy changed besides, `rows` the articles as they are now, as far as they were needed.
    """

    operation: Operation | None = None
    done: list[int] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    consequences: list[RescoreChange] = field(default_factory=list)
    articles: dict[int, Article] = field(default_factory=dict)
    not_restored: list[NotRestored] = field(default_factory=list)

    @property
    def changed(self) -> int:
        return self.operation.articles if self.operation else 0


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """What a verb would do. `deleted` is how many rows would be gone, because the operation had brought them."""

    outcome: ActionResult
    deleted: int = 0
