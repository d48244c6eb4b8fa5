"""The editorial operations: the only code that changes editorial state.

Admin, desk, commands and import call these functions. Each runs in one unit of work: one transaction and one entry in
the audit log, with an event for each changed field. It updates the stories around the changed articles and returns a
result that says what was done and what was not.
"""

# ruff: noqa: F401  what is imported here is what the package offers
# mypy: implicit-reexport

from .claiming import claim, hand_over, release
from .deletion import delete
from .editing import add, edit, edit_related_rows, score, set_topics
from .folding import fold_into, keep_apart, make_lead, merge, merge_all, take_out
from .front_page import allow_on_front, end_pick, keep_off_front, pick, place
from .pictures import take_down
from .pinning import unpin
from .preview import failed_preview, preview_action, preview_actor, preview_deletion
from .publishing import (
    DECISIONS,
    NEEDS_PUBLISH,
    apply_decision,
    ends_too_early,
    hold,
    is_over,
    mark_missing,
    publish,
    reopen,
    require_publishable,
    schedule,
    spike,
    unpublish,
)
from .references import create_reference, delete_references, edit_logos, edit_look, edit_reference, link_in_footer
from .refolding import move_members, update_stories
from .refusals import restore_refusals
from .rescoring import change_policy, rescore
from .succession import next_lead
from .suggesting import take_suggestions, use_suggestion
from .taking_down import take_down_story
from .undo_rights import can_undo, undo_refusal
from .undoing import preview_undo, undo
