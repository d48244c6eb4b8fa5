"""Whose headline is it?"""

import pytest

from articles.rules.headlines import outlets_headline


@pytest.mark.parametrize(
    ("title", "incoming", "shown"),
    [
        ("Ours", "Theirs", "Theirs"),
        ("Ours", "ours", "ours"),
        ("Theirs", None, ""),  # nobody edited it
        ("Theirs", "Theirs", ""),  # pinned as it is
        ("It didn’t  last", "It didn&#8217;t last ", ""),
    ],
)
def test_the_outlets_headline_is_shown_where_readers_see_another(title, incoming, shown):
    assert outlets_headline(title, incoming) == shown
