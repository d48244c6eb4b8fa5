"""Why an undo is refused, in words."""

import pytest

from articles.desk.undo_text import MODEL_TEXTS, PERMISSION_TEXTS, refusal_text
from articles.rules.permissions import FOLD, PERMISSION_BY_ACTION, PUBLISH, SCORE
from articles.rules.undo_permissions import MODEL_BY_LIST, MODEL_BY_SUBJECT, UndoRefusal


@pytest.mark.parametrize(
    ("missing", "reveals", "text"),
    [
        ((), False, "This can't be undone."),
        ((SCORE,), False, "Undoing this needs the permission to score. Ask someone who has it."),
        (
            (PUBLISH, "articles.add_article"),
            True,
            "Undoing this needs the permission to add articles and publish. Readers would see stories that they don't "
            "see now. Ask someone who has it.",
        ),
        (
            ("articles.delete_articleimage", FOLD, SCORE),
            False,
            "Undoing this needs the permission to delete pictures, fold stories and score. Ask someone who has it.",
        ),
    ],
)
def test_a_refusal_names_all_permissions_that_are_missing(missing, reveals, text):
    assert refusal_text(UndoRefusal(frozenset(missing), reveals)) == text


def test_every_permission_has_words():
    models = {model.split(".")[1] for model in (*MODEL_BY_SUBJECT.values(), *MODEL_BY_LIST.values())}
    by_row = {PERMISSION_BY_ACTION[action] for action in ("add", "edit", "delete")}

    assert models == MODEL_TEXTS.keys()
    assert set(PERMISSION_BY_ACTION.values()) - by_row == PERMISSION_TEXTS.keys()
