"""The reason in words that an editor may give with a decision: one field in every form, one check.

It is stored with the operation (`Operation.reason`) and only the newsroom sees it. Why a story was spiked, a choice of
`states.SpikeReason`, belongs to the story itself.
"""

from __future__ import annotations

from .limits import REASON_MAX
from .values import check_text

REASON_FIELD = "reason_text"  # the name of the field, see templates/desk/_reason.html
OVERRIDE_FIELD = "override_checks"  # sent by those who publish in spite of failed checks


def parse_reason(text: str) -> str:
    """Return the reason on one line; empty if there is none. Raises InvalidValueError, to follow "Your reason"."""
    line = " ".join(text.split())
    check_text(line, REASON_MAX)
    return line
