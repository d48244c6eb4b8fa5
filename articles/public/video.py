"""The video of an article, recognised by its id alone: readers get a player rebuilt from that. Pure.

`featuredContent` (docs/format.md#keys-of-a-document) is one iframe, the same in all 201 documents that have one.
"""

from __future__ import annotations

import re

_ID = r"([A-Za-z0-9_-]{11})"
_PLAYER_PATTERN = re.compile(
    r'<iframe width="800" height="500" frameborder="0" src="https://www\.youtube\.com/embed/' + _ID + '" '
    r'allow="accelerometer; autoplay; encrypted-media; gyroscope; picture-in-picture" allowfullscreen></iframe>'
)
_ADDRESS_PATTERN = re.compile(r"https://(?:www\.)?youtube\.com/watch\?v=" + _ID)


def is_player(featured_content: str) -> bool:
    """Return whether the text is the player that documents carry, and nothing else."""
    return _PLAYER_PATTERN.fullmatch(featured_content.strip()) is not None


def youtube_id(featured_content: str, original_url: str) -> str:
    """Return the id of the YouTube video that an article is, or carries; empty if it has none that we know."""
    found = _PLAYER_PATTERN.fullmatch(featured_content.strip()) or _ADDRESS_PATTERN.fullmatch(original_url)
    return found[1] if found else ""


def player_address(video_id: str) -> str:
    """Return where the player is that sets no cookie before it plays."""
    return f"https://www.youtube-nocookie.com/embed/{video_id}?autoplay=1"


def watch_address(video_id: str) -> str:
    return f"https://www.youtube.com/watch?v={video_id}"
