"""Items: the static files of this format, byte for byte."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from articles.api import items
from tests.public.player import PLAYER


class TestItems:
    row = items.ArticleRow(
        1,
        "2020-06-09-bridge",
        "The bridge",
        "",
        datetime(2021, 1, 9, 12, 37, 5, tzinfo=UTC),
        "https://courier.example/bridge",
        "",
        "",
        "",
        "",
        "article",
        None,
        [],
        "news",
        {},
        "Courier",
        "courier.example",
        ["Transport"],
    )

    def test_every_key_is_present_in_the_order_of_the_format(self):
        assert " ".join(items.item(self.row, items.ApiEdition())) == (
            "path title excerpt sourceUrl webUrl originalUrl featuredContent highlight heat tags images content type "
            "ampWebUrl cdnAmpWebUrl publishedDateTime updatedDateTime provider locale categories topics"
        )

    def test_missing_values_are_null_but_an_empty_excerpt_is_not(self):
        item = items.item(self.row, items.ApiEdition())

        assert {key for key, value in item.items() if value is None} == {
            *("sourceUrl", "webUrl", "featuredContent", "highlight", "heat", "tags", "images"),
            *("ampWebUrl", "cdnAmpWebUrl", "updatedDateTime"),
        }
        assert item["excerpt"] == ""
        assert item["provider"] == {
            "name": "Courier",
            "domain": "courier.example",
            "images": None,
            "publishers": None,
            "authors": None,
        }

    def test_the_edition_of_2024_writes_utc_and_no_content(self):
        item = items.item(self.row, items.ApiEdition())

        assert (item["publishedDateTime"], item["content"]) == ("2021-01-09T12:37:05Z", "")

    @pytest.mark.parametrize(("month", "offset"), [(1, "04:37:05-08:00"), (7, "05:37:05-07:00")])
    def test_the_edition_of_2021_writes_local_time_and_a_line_end(self, month, offset):
        edition = items.ApiEdition("\r\n", ZoneInfo("America/Los_Angeles"))
        row = self.row._replace(published_at=self.row.published_at.replace(month=month))

        item = items.item(row, edition)

        assert (item["publishedDateTime"], item["content"]) == (f"2021-0{month}-09T{offset}", "\r\n")

    def test_urls_are_made_from_templates(self):
        edition = items.ApiEdition(
            source_url="https://n.example/api/{name}/", video_url="https://n.example/news/{name}/"
        )
        video = self.row._replace(type="video")

        assert items.item(self.row, edition)["sourceUrl"] == "https://n.example/api/2020-06-09-bridge/"
        assert items.item(self.row, edition)["webUrl"] is None
        assert items.item(video, edition)["webUrl"] == "https://n.example/news/2020-06-09-bridge/"
        assert items.item(video._replace(web_url="https://courier.example/v"), edition)["webUrl"] == (
            "https://courier.example/v"
        )

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            (PLAYER, PLAYER),
            ("<script>alert(1)</script>", None),
            (PLAYER + "<script>alert(1)</script>", None),
            (PLAYER.replace("www.youtube.com", "youtube.example"), None),
        ],
    )
    def test_the_player_of_the_format_is_the_only_html(self, text, shown):
        assert items.item(self.row._replace(featured_content=text), items.ApiEdition())["featuredContent"] == shown

    def test_pictures_say_whether_they_are_cached_and_logos_never_are(self):
        image = items.ImageRow("https://courier.example/1.jpg", 640, 480, None, "", "")
        item = items.item(
            self.row._replace(pictures=[image], logos=[image._replace(is_cached=True)]), items.ApiEdition()
        )
        plain = {"url": image.url, "width": 640, "height": 480, "title": None, "attribution": None, "isCached": False}

        assert item["images"] == [plain]
        assert item["provider"]["images"] == [plain]
        assert items.item(self.row._replace(pictures=[image._replace(is_cached=True)]), items.ApiEdition())[
            "images"
        ] == [plain | {"isCached": True}]

    def test_an_empty_topic_is_null_unless_the_list_was_edited(self):
        layout = {"items": {"topics": [{"plain": ""}, {"plain": "Transport"}]}}

        assert items.item(self.row._replace(layout=layout), items.ApiEdition())["topics"] == [None, "Transport"]
        assert items.item(self.row._replace(layout=layout, topics=["AI"]), items.ApiEdition())["topics"] == ["AI"]

    def test_lists_are_indented_and_single_documents_are_not(self):
        assert items.dump_list({"a": ["é/"], "b": None}) == '{\n  "a": [\n    "é/"\n  ],\n  "b": null\n}'.encode()
        assert items.dump_document({"a": ["é/"], "b": None}) == '{"a":["é/"],"b":null}'.encode()
