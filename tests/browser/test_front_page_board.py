"""The board of the front page: by keys, by dragging, and by plain forms."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission, User
from playwright.sync_api import Page, expect

from articles.models import Article
from tests import builders
from tests.browser.deskpage import DESK, expect_announcement, expect_message, press
from tests.front_pages import first_page_ids
from tests.groups import GROUPS

BOARD = f"{DESK}front-page/"


@pytest.fixture
def stories(newsroom) -> list[Article]:
    """Return twelve stories of different outlets, the hottest first."""
    return [
        builders.article(
            f"Story {number:02}", heat=1000 - number, provider=builders.provider(f"O{number}", f"o{number}.example")
        )
        for number in range(1, 13)
    ]


def numbers() -> list[int]:
    """Return the stories of the first page as readers see them."""
    titles = Article.objects.in_bulk(first_page_ids())
    return [int(titles[pk].title.split()[1]) for pk in first_page_ids()]


def preview(page: Page):
    return page.get_by_role("region", name="Preview: not saved yet")


@pytest.mark.smoke
def test_a_story_is_put_second_ordered_and_undone_by_keys(page, stories):
    page.goto(BOARD)
    press(page, "j", "j", "j", "j", "j")
    press(page, "2")
    expect(preview(page)).to_contain_text("“Story 05” moves from 5 to 2.")
    expect_announcement(page, re.compile("“Story 05” becomes a pick for place 2.*3 stories move down by one"))
    assert numbers()[:3] == [1, 2, 3]
    press(page, "Enter")
    expect_message(page, "“Story 05” moved from 5 to 2.")
    assert numbers()[:3] == [1, 5, 2]
    press(page, "Shift+K")
    expect(preview(page)).to_contain_text("“Story 05” moves from 2 to 1.")
    press(page, "Enter")
    expect_message(page, "moved from 2 to 1.")
    assert numbers()[:3] == [5, 1, 2]
    press(page, "f")
    expect(preview(page)).to_contain_text("no longer a pick")
    press(page, "Escape")
    expect(preview(page)).to_have_count(0)
    for number in (2, 5):
        press(page, "u")
        expect_message(page, "Undone: the pick of “Story 05” is as it was before.")
        assert numbers().index(5) == number - 1
        expect(page.locator(f"#place-{stories[4].pk}")).to_be_focused()
    assert numbers() == [*range(1, 13)]


def test_keys_move_a_story_several_places_before_the_preview(page, stories):
    page.goto(f"{BOARD}?story={stories[1].pk}")
    press(page, "Shift+J", "Shift+J", "Shift+J")
    expect(preview(page)).to_contain_text("“Story 02” moves from 2 to 5.")
    press(page, "b")
    expect(preview(page)).to_contain_text("“Story 02” is kept off the front page.")
    press(page, "Enter")
    expect(page.get_by_role("region", name="Kept off the front page")).to_contain_text("Story 02")
    assert 2 not in numbers()


def test_a_story_is_dragged_to_another_place(page, stories):
    page.goto(BOARD)
    page.locator(f"#place-{stories[3].pk} .handle").drag_to(page.locator(f"#place-{stories[0].pk} h3"))
    expect(preview(page)).to_contain_text("“Story 04” moves from 4 to 1.")
    page.get_by_role("button", name="Save").click()
    expect_message(page, "moved from 4 to 1.")
    assert numbers()[:2] == [4, 1]


def test_those_who_may_not_publish_see_the_page_and_what_they_lack(newsroom, stories):
    user = User.objects.create_user("cleo", is_staff=True)
    codenames = [name.partition(".")[2] for name in GROUPS["editor"]]
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    page = newsroom.open_page("cleo")
    page.goto(f"{BOARD}?act=put&story={stories[4].pk}&at=2")
    expect(page.get_by_text("Changing it needs the permission to publish.")).to_be_visible()
    expect(page.locator(".place form, #preview")).to_have_count(0)
    press(page, "j", "j", "2")
    expect_announcement(page, "Changing the front page needs the permission to publish.")
    press(page, "o")
    expect(page.get_by_role("heading", level=1)).to_have_text("Story 07")
    assert numbers() == [*range(1, 13)]


@pytest.mark.smoke
def test_the_same_by_forms_without_javascript(plain_page, stories):
    page = plain_page
    page.goto(BOARD)
    page.locator(f"#place-{stories[4].pk}").get_by_label("Place").select_option("2")
    page.get_by_role("button", name="Move : Story 05").click()
    expect(preview(page)).to_contain_text("3 stories move down by one.")
    page.get_by_role("button", name="Save").click()
    expect_message(page, "“Story 05” moved from 5 to 2.")
    page.get_by_role("button", name="Up : Story 05").click()
    page.get_by_role("button", name="Save").click()
    assert numbers()[:3] == [5, 1, 2]
    page.get_by_role("button", name="Undo my last change").click()
    page.get_by_role("button", name="Undo my last change").click()
    expect_message(page, "Undone")
    assert numbers() == [*range(1, 13)]


@pytest.mark.parametrize("density", ["compact", ""])
def test_on_a_phone_nothing_is_cut_off_or_covered(newsroom, stories, density):
    page = newsroom.open_page(size=(360, 740))
    page.add_init_script(f"localStorage.setItem('desk-density', '{density}')")
    page.goto(f"{BOARD}?act=put&story={stories[7].pk}&at=6")
    expect(preview(page)).to_be_in_viewport()
    assert preview(page).evaluate("box => getComputedStyle(box).position") == "static"
    for box in page.locator("#preview ul, .place .byline").all():
        assert box.evaluate("box => box.scrollWidth <= box.clientWidth && box.scrollHeight <= box.clientHeight + 1")
