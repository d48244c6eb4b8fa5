"""Only known players and URLs are recognised as videos."""

import pytest

from articles.public.video import document_player, player_url, watch_url, youtube_id
from articles.rules.youtube import document_video_url
from tests.public.player import PLAYER


@pytest.mark.parametrize(
    ("featured", "original", "expected"),
    [
        (PLAYER, "", "q7RvN2xLd0A"),
        (f" {PLAYER}\n", "", "q7RvN2xLd0A"),
        ("", "https://youtube.com/watch?v=Zk4mT8_wY1s", "Zk4mT8_wY1s"),
        ("", "https://www.youtube.com/watch?v=Zk4mT8_wY1s", "Zk4mT8_wY1s"),
        (PLAYER, "https://youtube.com/watch?v=Zk4mT8_wY1s", "q7RvN2xLd0A"),
        (PLAYER, "https://www.courier.example/about-it", "q7RvN2xLd0A"),
        ("", "", ""),
        ("", "https://www.courier.example/watch?v=Zk4mT8_wY1s", ""),
        ("", "http://youtube.com/watch?v=Zk4mT8_wY1s", ""),
        ("", "https://youtube.com.evil.example/watch?v=Zk4mT8_wY1s", ""),
        ("", "https://evil.example/https://youtube.com/watch?v=Zk4mT8_wY1s", ""),
        ("", "https://youtube.com/watch?v=Zk4mT8_wY1s&list=x", ""),
        ("", "https://youtube.com/watch?v=tooshort", ""),
        ("", "https://youtube.com/watch?v=Zk4mT8_wY1s\n", ""),
        (PLAYER + "<script>alert(1)</script>", "", ""),
        (PLAYER.replace("www.youtube.com", "www.youtube.com.evil.example"), "", ""),
        (PLAYER.replace("www.youtube.com", "wwwxyoutube.com"), "", ""),
        (PLAYER.replace(" allowfullscreen", ' onload="alert(1)" allowfullscreen'), "", ""),
        (PLAYER.replace("q7RvN2xLd0A", 'q7Rv"><scri'), "", ""),
        ("<b>not a player</b>", "", ""),
    ],
)
def test_only_the_known_player_and_url_name_a_video(featured, original, expected):
    assert youtube_id(featured, original) == expected


def test_urls_are_made_from_the_id_alone():
    assert player_url("q7RvN2xLd0A") == "https://www.youtube-nocookie.com/embed/q7RvN2xLd0A?autoplay=1"
    assert watch_url("q7RvN2xLd0A") == "https://www.youtube.com/watch?v=q7RvN2xLd0A"


def test_a_document_carries_the_player_that_pages_are_made_from():
    assert document_player("q7RvN2xLd0A") == PLAYER
    assert youtube_id("", document_video_url("q7RvN2xLd0A")) == "q7RvN2xLd0A"
