"""Runs of the history: what one person did of one kind to one article after the other, shown under one heading."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _

from articles.audit_log.events import PIN_PREFIX
from articles.models import Verb

from .event_text import ChangeLine, count_text
from .history_queries import HistoryEntry

NEVER_GROUPED = {Verb.UNDO, Verb.IMPORT, Verb.INTAKE, Verb.POLICY, Verb.TAKE_DOWN, Verb.TAKE_DOWN_STORY}


@dataclass(frozen=True, slots=True)
class HistoryRun:
    """Entries that follow each other in the history, newest first: one, or several of a kind."""

    entries: list[HistoryEntry]

    @property
    def first(self) -> HistoryEntry:
        """The newest entry: the only one if the run is no group."""
        return self.entries[0]

    @property
    def oldest(self) -> HistoryEntry:
        return self.entries[-1]

    @property
    def began_earlier(self) -> bool:
        """Whether its first minute differs from its last."""
        return f"{self.oldest.operation.at:%H%M}" != f"{self.first.operation.at:%H%M}"

    @property
    def lines(self) -> list[tuple[HistoryEntry, str]]:
        """The entries, each with what changed in words, without its pins."""
        return [(entry, "; ".join(line.words for line in entry.changes if not _is_pin(line))) for entry in self.entries]

    @property
    def is_group(self) -> bool:
        return len(self.entries) > 1

    @property
    def day(self) -> date:
        return self.first.day

    @property
    def summary(self) -> str:
        """What was done, for example "held 7 stories, one by one"."""
        operation = self.first.operation
        return _("%(verb)s %(what)s, one by one") % {
            "verb": operation.get_verb_display(),
            "what": count_text(operation.verb, len(self.entries)),
        }


def group_runs(entries: Iterable[HistoryEntry]) -> list[HistoryRun]:
    """Return the entries in their order, those together that one person made of one kind for one reason on one day."""
    runs = []
    for key, group in groupby(entries, _kind):
        members = list(group)
        runs += [HistoryRun(members)] if key else [HistoryRun([entry]) for entry in members]
    return runs


def _is_pin(line: ChangeLine) -> bool:
    return line.field.startswith(PIN_PREFIX)


def _kind(entry: HistoryEntry) -> tuple[Any, ...] | None:
    """Return what the entries of a group share; None for an entry that stands by itself."""
    operation = entry.operation
    if operation.articles != 1 or len(entry.rows) != 1 or operation.verb in NEVER_GROUPED or entry.undone_by:
        return None
    return (operation.actor_id, operation.who, operation.via, operation.verb, operation.reason, entry.day)
