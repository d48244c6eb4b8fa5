"""Pages of YouTube that show one video. More of their URLs stand in test_urls.py."""

from __future__ import annotations

from articles.rules.youtube import page_video_id


def test_pages_of_videos_are_recognised_however_their_url_is_written():
    video = "Zk4mT8_wY1s"
    pages = [
        *(f"https://{host}youtube.com/watch?v={video}" for host in ("", "www.", "m.")),
        f"http://www.youtube.com/watch?feature=share&v={video}&t=5",
        f"https://www.youtube.com/shorts/{video}",
        f"https://www.youtube.com/live/{video}?si=x",
        f"https://youtu.be/{video}?t=5",
    ]
    others = [
        f"https://www.youtube.com/watch?v={video}x",
        "https://www.youtube.com/@channel",
        "https://www.youtube.com/playlist?list=PL1",
        f"https://youtube.com.evil.example/watch?v={video}",
        f"https://evil.example/?u=https://youtu.be/{video}",
    ]

    assert [page_video_id(page) for page in pages] == [video] * len(pages)
    assert [page_video_id(page) for page in others] == [""] * len(others)
