"""Lists of feeds in and out."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from sources.models import Source
from sources.opml import NotOpmlError, Outline, read_opml, write_opml
from tests import builders

LIST = """<?xml version="1.0"?>
<opml version="1.0"><head><title>Mine</title></head><body>
  <outline text="ai"><outline type="rss" text="The Courier" xmlUrl="https://courier.example/feed" htmlUrl="https://x"/>
    <outline text="deeper"><outline title="Herald" xmlUrl="http://herald.example/rss?a=1&amp;b=2"/></outline></outline>
  <outline xmlUrl="https://www.courier.example/feed/" text="The same"/>
  <outline text="" xmlUrl="https://post.example/feed" category="/News/World, x"/>
  <outline text="No feed"/>
</body></opml>"""


def test_feeds_are_read_from_all_folders():
    assert read_opml(LIST.encode()) == [
        Outline("https://courier.example/feed", "The Courier", ("ai",)),
        Outline("http://herald.example/rss?a=1&b=2", "Herald", ("ai", "deeper")),
        Outline("https://www.courier.example/feed/", "The same"),
        Outline("https://post.example/feed", "", ("World", "x")),
    ]


def test_what_is_written_is_read_again():
    outlines = [Outline("https://a.example/?x=1&y=<2>", 'Quotes " and <tags>', ("AI", "World")), Outline("b", "新聞")]

    assert read_opml(write_opml("Sources & more", outlines).encode()) == outlines


@pytest.mark.parametrize(
    ("category", "names"),
    [
        ("/Arts, Culture,/AI/ML,/World", ("Arts, Culture", "AI/ML", "World")),
        ("/World,/Arts,/Culture", ("World", "Arts", "Culture")),
        ("/Home/AI/ML,/Home/Arts, culture, Home/World/", ("AI/ML", "Arts, culture", "World")),
        ("/Other, things,/ML", ("Other", "things", "ML")),
        ("/Foo,/Home/World", ("Foo", "World")),
        ("Arts, Culture", ("Arts, Culture",)),
        ("Arts,", ("Arts",)),
        (", ,/", ()),
    ],
)
def test_topics_are_found_by_their_whole_names_first(category, names):
    topics = {"arts, culture", "arts", "culture", "ai/ml", "world"}
    data = f"<opml><body><outline xmlUrl='https://a.example/' category='{category}'/></body></opml>"
    assert read_opml(data.encode(), topics) == [Outline("https://a.example/", "", names)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not well-formed XML"),
        (b"<opml>", "not well-formed XML"),
        (b"\xff\xfe<", "not well-formed XML"),
        (b"<rss/>", "is not OPML"),
        (b'<!DOCTYPE opml [<!ENTITY a "b">]><opml/>', "defines entities"),
        (b'<!DOCTYPE opml [<!ENTITY a SYSTEM "file:///etc/passwd">]><opml>&a;</opml>', "defines entities"),
        (b"<opml>" + b"<outline>" * 30 + b"</outline>" * 30 + b"</opml>", "nested more than 20"),
        (
            b"<opml>" + b"".join(b"<outline xmlUrl='%d'/>" % n for n in range(2001)) + b"</opml>",
            "more than 2,000 feeds",
        ),
        (b"<opml>" + b" " * 2_000_000 + b"</opml>", "more than 2 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_no_list_or_an_attack_is_refused(data, reason):
    with pytest.raises(NotOpmlError, match=reason):
        read_opml(data)


@pytest.mark.django_db
class TestCommands:
    def test_a_list_is_followed_once_with_topics_of_its_folders(self, tmp_path, capsys):
        builders.topic("AI")
        builders.topic("World", slug="world")
        (tmp_path / "list.opml").write_text(LIST.replace('text=""', 'text="&#8203;"'))

        for _ in range(2):
            call_command("import_sources", str(tmp_path / "list.opml"), topic="World")

        assert capsys.readouterr().out.splitlines() == [
            "4 feeds: 3 added, 1 known, 0 refused",
            "4 feeds: 0 added, 4 known, 0 refused",
        ]
        topics = {source.name: [topic.name for topic in source.topics.all()] for source in Source.objects.all()}
        assert topics == {"The Courier": ["AI"], "Herald": ["AI"], "post.example": ["World"]}
        assert set(Source.objects.values_list("publication", "paused")) == {("editors", False)}

    def test_a_dry_run_follows_nothing_and_what_can_not_be_followed_is_named(self, tmp_path, capsys):
        (tmp_path / "list.opml").write_text("<opml><body><outline xmlUrl='file:///etc/passwd' text='x'/></body></opml>")
        with pytest.raises(SystemExit):
            call_command("import_sources", str(tmp_path / "list.opml"))
        assert "file:///etc/passwd: This must start with http" in capsys.readouterr().err

        (tmp_path / "list.opml").write_text(LIST)
        call_command("import_sources", str(tmp_path / "list.opml"), "--dry-run")
        assert "3 added" in capsys.readouterr().out
        assert not Source.objects.exists()
        with pytest.raises(CommandError, match="no topic “Sport”"):
            call_command("import_sources", str(tmp_path / "list.opml"), topic="Sport")

    def test_sources_are_exported_as_a_list(self, capsys):
        source = Source.objects.create(name="Courier", url="https://courier.example/feed")
        source.topics.add(builders.topic("AI"))

        call_command("export_sources")

        assert read_opml(capsys.readouterr().out.encode()) == [Outline(source.url, "Courier", ("AI",))]

    def test_topics_with_commas_and_slashes_come_back(self, tmp_path, capsys):
        source = Source.objects.create(name="Courier", url="https://courier.example/feed")
        topics = [builders.topic(name, slug=slug) for name, slug in (("Arts, Culture", "arts"), ("AI/ML", "ai"))]
        source.topics.set(topics)
        call_command("export_sources")
        (tmp_path / "list.opml").write_text(capsys.readouterr().out)
        source.delete()

        call_command("import_sources", str(tmp_path / "list.opml"))

        assert set(Source.objects.get().topics.all()) == set(topics)
