"""Recognise the pages of YouTube that show one video, however their URLs are written. Pure."""

from __future__ import annotations

import re

VIDEO_ID = r"[A-Za-z0-9_-]{11}"
_PAGE = re.compile(
    r"https?://(?:"
    r"(?:(?:www|m)\.)?youtube\.com/(?:watch/?\?(?:[^#]*[&;])?v=|shorts/|live/|embed/|v/)"
    r"|(?:www\.)?youtube-nocookie\.com/embed/"
    r"|(?:www\.)?youtu\.be/"
    rf")(?-i:(?!videoseries|live_stream)({VIDEO_ID}))/?(?:[?&#].*)?",  # the two words show lists and channels
    re.IGNORECASE | re.DOTALL,
)


def page_video_id(url: str) -> str:
    """Return the id of the video that a page of YouTube shows; empty for other pages."""
    if "youtu" not in url.lower():  # nearly all URLs
        return ""
    match = _PAGE.fullmatch(url.strip())
    return match[1] if match else ""


def document_video_url(video_id: str) -> str:
    """Return the URL of a video as documents write it."""
    return f"https://youtube.com/watch?v={video_id}"
