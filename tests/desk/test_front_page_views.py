"""The board of the front page: what it shows, previews that write nothing, and saving."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.desk import front_page_views
from articles.models import Article, Operation
from tests import builders
from tests.desk.helpers import member, messages_of, run_action
from tests.front_pages import first_page_ids

pytestmark = pytest.mark.django_db
BOARD = "/admin/desk/front-page/"
HOUR = timedelta(hours=1)


@pytest.fixture
def stories() -> list[Article]:
    """Return five stories, the hottest first; the first three are of one outlet."""
    outlets = [builders.provider("Loud", "loud.example")] * 3
    outlets += [builders.provider(name, f"{name.lower()}.example") for name in ("Quiet", "Calm")]
    return [
        builders.article(name, heat=1000 - 100 * number, provider=outlet)
        for number, (name, outlet) in enumerate(zip(("Ada", "Bea", "Cleo", "Dora", "Edda"), outlets, strict=True))
    ]


def rows_of(html: str) -> list[str]:
    """Return the text of each row of the board."""
    parts = re.findall(r'<li class="place(?: [^"]*)?"\s.*?</h3>.*?</div>', html, re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", part)).split()) for part in parts]


def preview_of(html: str) -> list[str]:
    section = re.search(r'id="preview".*?</ul>', html, re.DOTALL)
    return [unescape(line) for line in re.findall(r"<li>(.*?)</li>", section[0])] if section else []


def in_the_past(text: str) -> str:
    for present, past in (("moves", "moved"), ("move ", "moved "), ("joins", "joined"), ("leaves", "left")):
        text = text.replace(present, past)
    return text


def save_form(html: str) -> dict[str, str]:
    """Return the fields of the preview's form as a browser without JavaScript sends them."""
    form = re.search(r'<form method="post" action="[^"]*save/">.*?</form>', html, re.DOTALL)[0]
    fields = dict(re.findall(r'<input (?:type="[^"]*" )?name="([^"]+)" value="([^"]*)"', form))
    return {name: unescape(value) for name, value in fields.items() if name != "csrfmiddlewaretoken"}


def save(client: Client, html: str, **fields: str):
    return client.post(f"{BOARD}save/", save_form(html) | fields, follow=True)


def test_it_shows_the_front_page_and_why_each_story_stands_there(publisher, stories, django_assert_max_num_queries):
    operations.place(stories[4], 2)
    builders.article("Gone", pick_until=timezone.now() + HOUR, quality=10)
    operations.keep_off_front(builders.article("Off", heat=70))
    publisher.get(BOARD)
    with django_assert_max_num_queries(16):
        html = publisher.get(BOARD).content.decode()
    rows = rows_of(html)
    assert [row.split()[:2] for row in rows[:5]] == [
        ["1", "Ada"], ["2", "Edda"], ["3", "Bea"], ["4", "Dora"], ["5", "Cleo"],
    ]  # fmt: skip
    assert "Loud heat 1000" in rows[0]
    assert not any("behind" in rows[number] for number in (0, 1, 4))
    assert "1 h behind place 1" in rows[2]  # Ada: a tenth more heat; the pick between them doesn't count
    assert "behind the story above" in rows[3]
    assert "Pick for place 2 until" in rows[1]
    assert "Moved down: its outlet has 2 stories above" in rows[4]
    assert [row.split()[0] for row in rows[5:]] == ["Gone", "Off"]


def test_a_preview_says_what_readers_will_see_and_writes_nothing(publisher, stories):
    before = first_page_ids()
    html = publisher.get(BOARD, {"act": "put", "story": stories[3].pk, "at": "1"}).content.decode()
    assert preview_of(html) == [
        "“Dora” becomes a pick for place 1.",
        "“Dora” moves from 3 to 1.",
        "2 stories move down by one.",
    ]
    assert rows_of(html)[0].startswith("1 Dora Quiet")
    assert first_page_ids() == before
    assert not Operation.objects.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("act", "number", "first", "extra"),
    [
        ("up", 2, ["Ada", "Dora", "Bea"], {"from": "3"}),
        ("down", 0, ["Bea", "Ada", "Dora"], {"from": "1"}),
        ("put", 4, ["Edda", "Ada", "Bea"], {"at": "1"}),
        ("pick", 3, ["Dora", "Ada", "Bea"], {}),
        ("keep_off", 0, ["Bea", "Cleo", "Dora"], {}),
    ],
)
def test_what_was_previewed_is_what_readers_get(client, publisher, stories, act, number, first, extra):
    story = stories[number if act != "up" else 3]
    html = publisher.get(BOARD, {"act": act, "story": story.pk, **extra}).content.decode()
    announced = [line for line in preview_of(html) if "becomes" not in line and "is kept" not in line]
    response = save(publisher, html)
    shown = re.findall(r'class="headline"[^>]*>\s*<a [^>]*>([^<]*)<', client.get("/").content.decode())
    assert shown[:3] == first
    (message,) = messages_of(response)
    if act != "keep_off":
        picked, _dot, message = message.partition(". ")
        assert re.fullmatch(rf"“{story.title}” is a pick until .*", picked)
    assert message == in_the_past(" ".join(announced))
    assert "Undo my last change" in response.content.decode()
    publisher.post("/admin/desk/undo/", {"next": BOARD})
    assert first_page_ids() == [story.pk for story in (*stories[:2], *stories[3:], stories[2])]


@pytest.mark.slow
def test_an_editor_ends_a_pick_and_allows_a_story_again(publisher, stories):
    operations.place(stories[4], 1)
    operations.keep_off_front(stories[0])
    html = publisher.get(BOARD, {"act": "end_pick", "story": stories[4].pk}).content.decode()
    assert preview_of(html)[0] == "“Edda” is no longer a pick; it stands by its rank."
    save(publisher, html)
    html = publisher.get(BOARD, {"act": "allow_on", "story": stories[0].pk}).content.decode()
    save(publisher, html)
    assert first_page_ids()[0] == stories[0].pk


@pytest.mark.slow
def test_who_is_second_is_asked_with_a_new_preview(publisher, stories):
    mine = publisher.get(BOARD, {"act": "put", "story": stories[3].pk, "at": "1"}).content.decode()
    operations.place(stories[4], 1, by=Actor(member("publisher", "ben")))
    response = save(publisher, mine, reason_text="Breaking")
    assert messages_of(response) == ["The picks were changed by ben meanwhile. Check the new preview and save again."]
    html = response.content.decode()
    assert "“Dora” moves from 4 to 1." in preview_of(html)
    assert 'value="Breaking"' in html
    save(publisher, html)
    assert first_page_ids()[:2] == [stories[3].pk, stories[4].pk]


def test_a_form_that_is_sent_twice_acts_once(publisher, stories):
    html = publisher.get(BOARD, {"act": "put", "story": stories[3].pk, "at": "1"}).content.decode()
    save(publisher, html)
    response = save(publisher, html)
    assert messages_of(response) == []
    assert Operation.objects.count() == 1


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"act": "jump", "story": "{story}"}, "There is no such action"),
        ({"act": "place", "story": "{story}"}, "There is no such action"),
        ({"act": "put", "story": "{story}", "at": "11"}, "Choose a place from 1 to 10"),
        ({"act": "up", "story": "{story}", "from": "1"}, "Choose a place from 1 to 10"),
        ({"act": "down", "story": "{story}", "from": "x"}, "Choose a place from 1 to 10"),
        ({"act": "pick", "story": "0"}, "was deleted meanwhile"),
        ({"act": "pick", "story": "{hidden}"}, "Publish it first"),
    ],
)
def test_an_impossible_change_says_why(publisher, query, problem):
    ids = {"story": builders.article().pk, "hidden": builders.article(quality=10).pk}
    query = {name: value.format(**ids) for name, value in query.items()}
    html = publisher.get(BOARD, query).content.decode()
    assert problem in re.search(r'role="alert">([^<]*)<', html)[1]
    assert not preview_of(html)


def test_stories_kept_off_beyond_those_that_are_listed_are_mentioned(publisher, monkeypatch):
    monkeypatch.setattr(front_page_views, "LISTED_MAX", 1)
    builders.article("Storm", off_front=True)
    assert "Only the hottest are listed." not in publisher.get(BOARD).content.decode()

    builders.article("Flood", off_front=True)

    assert "Only the hottest are listed." in publisher.get(BOARD).content.decode()


def test_only_publishers_change_it(client, stories):
    client.force_login(member("editor"))
    html = client.get(BOARD, {"act": "pick", "story": stories[0].pk}).content.decode()
    assert "needs the permission to publish" in html
    assert '<form method="get"' not in html
    assert not preview_of(html)
    assert client.post(f"{BOARD}save/", {"action": "pick", "row": f"{stories[0].pk}:1"}).status_code == 403


def test_the_desk_picks_for_a_day_and_says_who_moves(publisher, stories):
    response = run_action(publisher, "pick", stories[3])
    assert messages_of(response) == ["1 story picked.", "“Dora” moved from 3 to 1.", "2 stories moved down by one."]
    stories[3].refresh_from_db()
    assert timedelta(hours=23) < stories[3].pick_until - timezone.now() <= timedelta(hours=24)
    run_action(publisher, "pick", stories[3], pick_until="")
    stories[3].refresh_from_db()
    assert stories[3].pick_until is None


def test_each_place_says_why_and_only_places_of_picks_are_chosen_beforehand(publisher):
    for hours in range(12):
        builders.article(published_at=timezone.now() - hours * HOUR, provider=builders.provider(f"{hours}.example"))
    page = publisher.get(BOARD).content.decode()
    rows = rows_of(page)
    assert len(rows) == 12
    assert "highest rank" in rows[0]
    assert all("behind" in row for row in rows[1:])
    assert page.count('<option value="" selected>') == 2


@pytest.mark.slow
def test_a_preview_says_why_a_story_moves_far_down(publisher, stories):
    html = publisher.get(BOARD, {"act": "put", "story": stories[2].pk, "at": "1"}).content.decode()
    sentence = "“Bea” moves from 2 to 5, because Loud has 2 other stories in the first 10 places."
    assert sentence in preview_of(html)
    assert sentence.replace("moves", "moved") in messages_of(save(publisher, html))[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("act", "message"),
    [
        ("put", "Undone: the pick of “Dora” is as it was before."),
        ("keep_off", "Undone: “Dora” is allowed on the front page again."),
    ],
)
def test_an_undo_names_its_story_and_comes_back_to_it(publisher, stories, act, message):
    html = publisher.get(BOARD, {"act": act, "story": stories[3].pk, "at": "1"}).content.decode()
    html = save(publisher, html).content.decode()
    target = re.search(r'name="next" value="([^"]*)"', html)[1]
    response = publisher.post("/admin/desk/undo/", {"next": target}, follow=True)
    assert messages_of(response) == [message]
    assert re.search(rf'id="place-{stories[3].pk}"[^>]*aria-current="true"', response.content.decode())
