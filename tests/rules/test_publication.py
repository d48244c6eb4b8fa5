"""Who publishes: which acts may turn `published` from no to yes, and on which articles."""

import pytest

from articles.rules import permissions
from articles.rules.publication import needs_publish_permission, publishable, published_after, published_when_added

UNLIMITED = {"publish", "schedule", "score", "rescore", "unpin", "import"}
PREVIEWED = {"merge", "take_out", "make_lead", "keep_apart"}


@pytest.mark.parametrize("act", sorted({*permissions.PERMISSION_BY_ACTION, "undo"}))
def test_only_the_listed_acts_publish_and_only_what_they_name(act):
    expected = {1, 2} if act in UNLIMITED else set()

    assert publishable(act, [1, 2]) == expected
    assert publishable(act, [1, 2], announced=[2, 3]) == ({2} if act in PREVIEWED else expected)


def test_unpinning_publishes_nothing_without_the_permission():
    assert publishable("unpin", [1], may_publish=False) == set()
    assert publishable("score", [1], may_publish=False) == {1}


@pytest.mark.parametrize(
    ("unpinned", "needed"),
    [({"published", "title"}, True), ({"removed"}, True), ({"title", "quality", "heat", "lead"}, False)],
)
def test_unpinning_the_publication_needs_the_permission(unpinned, needed):
    assert needs_publish_permission(unpinned) == needed


@pytest.mark.parametrize("before", [None, False, True])
@pytest.mark.parametrize("by_policy", [None, False, True])
def test_an_act_that_may_not_publish_leaves_published_or_withdraws(before, by_policy):
    after = published_after(before, by_policy, may_publish=False, unfolds=False)

    assert after == (before if by_policy else by_policy)
    assert published_after(before, by_policy, may_publish=True, unfolds=False) == by_policy


def test_an_article_that_unfolds_by_itself_is_not_published_even_if_it_was_before_it_was_folded():
    assert published_after(True, True, may_publish=False, unfolds=True) is False
    assert published_after(True, True, may_publish=True, unfolds=True) is True


@pytest.mark.parametrize(
    ("is_unscored", "may_publish", "expected"), [(True, False, False), (True, True, None), (False, False, None)]
)
def test_a_new_unscored_article_is_hidden_unless_its_author_may_publish(is_unscored, may_publish, expected):
    assert published_when_added(None, is_unscored=is_unscored, may_publish=may_publish) is expected
