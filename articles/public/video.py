"""Recognise the YouTube video of an article by its id, from which pages build their own player.

`featuredContent` (docs/format.md#keys-of-a-document) is one iframe, the same in all 201 documents that have one.
"""

from __future__ import annotations

import re

from articles.rules.youtube import VIDEO_ID

_ID = f"({VIDEO_ID})"
_PLAYER = (
    '<iframe width="800" height="500" frameborder="0" src="https://www.youtube.com/embed/ID" '
    'allow="accelerometer; autoplay; encrypted-media; gyroscope; picture-in-picture" allowfullscreen></iframe>'
)
_PLAYER_PATTERN = re.compile(re.escape(_PLAYER).replace("ID", _ID))
_URL_PATTERN = re.compile(r"https://(?:www\.)?youtube\.com/watch\?v=" + _ID)


def document_player(video_id: str) -> str:
    """Return the player as documents carry it."""
    return _PLAYER.replace("ID", video_id)


def is_player(featured_content: str) -> bool:
    """Return whether the text is exactly the player that documents carry."""
    return _PLAYER_PATTERN.fullmatch(featured_content.strip()) is not None


def youtube_id(featured_content: str, original_url: str) -> str:
    """Return the id of the YouTube video that an article is or contains; empty if there is none."""
    match = _PLAYER_PATTERN.fullmatch(featured_content.strip()) or _URL_PATTERN.fullmatch(original_url)
    return match[1] if match else ""


def player_url(video_id: str) -> str:
    """Return the URL of the player that sets no cookie before it plays."""
    return f"https://www.youtube-nocookie.com/embed/{video_id}?autoplay=1"


def watch_url(video_id: str) -> str:
    return f"https://www.youtube.com/watch?v={video_id}"
