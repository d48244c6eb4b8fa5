"""The front page, for tests."""

from __future__ import annotations

from articles.stories.front_page import STORIES, load_front_page


def first_page_ids() -> list[int]:
    """Return the stories of the first page in their order."""
    return load_front_page()[0].ids[:STORIES]
