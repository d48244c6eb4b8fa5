"""An editor's morning at the desk in a real browser: with the keyboard alone, with a pointer, and with a colleague."""

import re
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from articles import operations
from articles.models import Article, Operation, SitePolicy
from articles.rules.states import SpikeReason
from tests import builders
from tests.browser.conftest import NARROW
from tests.browser.deskpage import (
    DESK,
    done_by,
    expect_announcement,
    expect_live_keys,
    headline,
    press,
    reloaded,
    row,
    topics_of,
)


def waiting(number: int) -> list[Article]:
    """Return undecided stories in the order in which the desk shows them: the newest first."""
    return [builders.article(f"Story {n}", quality=10) for n in range(number, 0, -1)][::-1]


def retitle(page: Page, title: str) -> None:
    """Give the story in focus another headline by keys."""
    press(page, "i")
    field = page.locator("#open [name=title]")
    expect(field).to_be_focused()
    field.fill(title)
    press(page, "Enter")
    expect_announcement(page, "1 story edited.")


def at_desk(page: Page, first: Article) -> Page:
    """Open the desk and take its first row in hand."""
    page.goto(DESK)
    press(page, "j")
    expect(headline(page, first)).to_be_focused()
    return page


def chip(page: Page, article: Article):
    return row(page, article).locator(".chip")


def field(page: Page, article: Article, name: str):
    return row(page, article).locator(f"[data-action={name}]")


def states(stories: list[Article]) -> list[str]:
    return [reloaded(story).state for story in stories]


@pytest.mark.smoke
def test_thirty_stories_with_the_keyboard_alone(page):
    builders.topic("AI")
    builders.topic("Health")
    stories = waiting(30)
    at_desk(page, stories[0])

    for story, following in zip(stories[:8], stories[1:9], strict=True):
        press(page, "p")
        expect(headline(page, following)).to_be_focused()
        expect(chip(page, story)).to_have_text("published")
    expect_announcement(page, re.compile(r"1 story published\. +22 left\. +Undo: u"))

    reasons = list(SpikeReason)
    for digit, (story, following) in enumerate(zip(stories[8:14], stories[9:15], strict=True), start=1):
        press(page, "e", str(digit))
        expect(headline(page, following)).to_be_focused()
        expect(chip(page, story)).to_have_text(f"spiked: {reasons[digit - 1]}")
    press(page, "e", "Enter")
    expect(chip(page, stories[14])).to_have_text("spiked: other")

    press(page, "w", "w", "w")  # quicker than the server answers
    expect(chip(page, stories[17])).to_have_text("held")
    expect(headline(page, stories[18])).to_be_focused()
    expect_announcement(page, "12 left")

    press(page, "q")
    page.keyboard.type("45")
    press(page, "Enter")
    expect(headline(page, stories[18])).to_be_focused()
    expect(field(page, stories[18], "heat")).to_have_value("45")
    press(page, "h")
    page.keyboard.type("300")
    press(page, "Enter")
    expect(chip(page, stories[18])).to_have_text("published")
    expect_announcement(page, "1 story scored.")

    press(page, "j", "+", "+", "-")
    expect(field(page, stories[19], "quality")).to_have_value("15")
    press(page, "]", "]", "[")
    expect(field(page, stories[19], "heat")).to_have_value("20")
    press(page, "t")
    page.keyboard.type("Health, AI")
    press(page, "Enter")
    expect_announcement(page, "1 story edited: topics set.")
    expect(headline(page, stories[19])).to_be_focused()
    expect(page.locator(".row")).to_have_count(11)  # fetched anew, without those decided

    press(page, "j", "x", "Shift+J", "Shift+J")
    expect_announcement(page, "3 selected.")
    press(page, "w")
    expect_announcement(page, "3 stories held.")
    for story in stories[20:23]:
        expect(chip(page, story)).to_have_text("held")
    press(page, "u")
    expect_announcement(page, "Undone: 3 stories no longer held.")
    for story in stories[20:23]:
        expect(chip(page, story)).to_have_text("undecided")

    press(page, "g", "p")
    expect(page.get_by_role("heading", level=1)).to_have_text("Published or scheduled")
    expect_live_keys(page)
    press(page, "g", "i")
    expect(page.get_by_role("heading", level=1)).to_have_text("Undecided")
    expect_live_keys(page)
    press(page, "j")
    for story in stories[19:29]:
        expect(headline(page, story)).to_be_focused()
        press(page, "p")
    expect(headline(page, stories[29])).to_be_focused()
    press(page, "w")
    expect(page.get_by_text("All decided. Well done.")).to_be_visible()

    expected = ["published"] * 8 + ["spiked"] * 7 + ["held"] * 3 + ["published"] * 11 + ["held"]
    assert states(stories) == expected
    assert [reloaded(story).spike_reason for story in stories[8:15]] == [*reasons, "other"]
    assert (reloaded(stories[18]).quality, reloaded(stories[18]).heat) == (45, 300)
    assert (reloaded(stories[19]).quality, reloaded(stories[19]).heat) == (15, 20)
    assert topics_of(stories[19]) == ["Health", "AI"]
    verbs = {"publish": 18, "spike": 7, "hold": 5, "score": 8, "edit": 1, "undo": 1}
    assert Counter(done_by("ana")) == verbs
    assert Operation.objects.count() == sum(verbs.values())


class TestKeys:
    def test_an_invalid_number_is_reported_in_its_cell(self, page):
        story = waiting(1)[0]
        at_desk(page, story)

        press(page, "q")
        page.keyboard.type("-3")
        press(page, "Enter")

        expect_announcement(page, "Enter 0 to 1,000,000 as quality")
        expect(field(page, story, "quality")).to_be_focused()
        expect(field(page, story, "quality")).to_have_attribute("aria-invalid", "true")
        assert not Operation.objects.exists()

    def test_a_field_can_be_emptied_after_it_had_no_number(self, page):
        story = waiting(1)[0]
        operations.score(story, quality=12)
        at_desk(page, story)

        press(page, "q")
        page.keyboard.type("e")
        press(page, "Enter")
        expect_announcement(page, "Enter a number.")
        press(page, "q", "Backspace", "Enter")

        expect_announcement(page, "1 story scored.")
        assert reloaded(story).quality == 10

    def test_a_reason_is_typed_before_a_decision_and_forgotten_after_it(self, page):
        stories = waiting(3)
        at_desk(page, stories[0])

        press(page, "y")
        page.keyboard.type("1 email from the ministry")
        press(page, "Enter", "w")
        expect_announcement(page, "1 story held.")
        press(page, "e")
        page.locator("#reasons").get_by_label("In words (optional)").fill("2 of the same")
        press(page, "Shift+Tab", "1")
        expect_announcement(page, "1 story spiked.")
        press(page, "w")
        expect_announcement(page, "1 story held.")

        reasons = list(Operation.objects.order_by("pk").values_list("verb", "reason"))
        assert reasons == [("hold", "1 email from the ministry"), ("spike", "2 of the same"), ("hold", "")]

    def test_enter_in_the_words_of_a_reason_spikes(self, page):
        stories = waiting(2)
        at_desk(page, stories[0])

        press(page, "e")
        reasons = page.locator("#reasons")
        expect(reasons.get_by_text("Reason")).to_have_count(1)
        reasons.get_by_label("In words (optional)").fill("Sold by its outlet")
        press(page, "Enter")
        expect_announcement(page, "1 story spiked.")
        expect(headline(page, stories[1])).to_be_focused()
        assert states(stories) == ["spiked", "undecided"]
        assert reloaded(stories[0]).spike_reason == SpikeReason.OTHER
        assert Operation.objects.get().reason == "Sold by its outlet"

    def test_escape_leaves_a_field_as_it_was(self, page):
        story = waiting(1)[0]
        at_desk(page, story)

        press(page, "q")
        page.keyboard.type("99")
        press(page, "Escape")

        expect(headline(page, story)).to_be_focused()
        expect(field(page, story, "quality")).to_have_value("10")
        assert not Operation.objects.exists()

    @pytest.mark.smoke
    def test_a_story_is_scheduled(self, newsroom):
        story = waiting(1)[0]
        page = at_desk(newsroom.open_page(), story)

        press(page, "s")
        expect(page.get_by_label("Publish at", exact=True).and_(page.locator("#detail input"))).to_be_focused()
        expect(page.locator("#open")).to_have_js_property("scrollTop", 0)  # the form is on the pane's first screen
        expect(page.locator("#detail")).to_have_js_property("scrollTop", 0)
        page.keyboard.type("01012199")  # day and month: both of the same digits, whatever the locale
        press(page, "Tab")
        page.keyboard.type("0800AM")
        press(page, "Enter")

        expect_announcement(page, "1 story scheduled.")
        expect(page.locator("#views [data-view=scheduled] .count")).to_have_text("1")
        assert f"{reloaded(story).publish_at:%Y-%m-%d %H:%M}" == "2199-01-01 08:00"

    def test_counts_follow_once_the_focus_has_left_the_views(self, page):
        stories = waiting(3)
        at_desk(page, stories[0])
        press(page, "w")
        page.locator("#views [data-view=held]").focus()
        expect_announcement(page, "1 story held.")
        expect(page.locator("#views [data-view=held] .count")).to_have_text("0")
        headline(page, stories[1]).focus()
        expect(page.locator("#views [data-view=held] .count")).to_have_text("1")

    def test_all_numbers_of_a_view_are_the_same(self, page):
        stories = waiting(3)
        at_desk(page, stories[0])
        builders.article("Another", quality=10, published_at=builders.MORNING)

        press(page, "w")
        count = page.locator("#views [data-view=undecided] .count")
        expect(count).to_have_text("3")
        expect(page.locator("#toast")).to_contain_text("3 left.")
        press(page, "x")
        expect(page.locator("#bulk")).to_contain_text("Select all 3 in this view")

    def test_a_story_is_folded_into_another_and_taken_out_again(self, page):
        builders.article("Ferry sunk")
        lead, story = builders.article("Bridge closed", quality=80), waiting(1)[0]
        at_desk(page, story)

        press(page, "m")
        expect(page.locator("#detail .find input[type=search]")).to_be_focused()
        other = page.get_by_role("button", name="Fold into this: Ferry sunk")
        expect(other).to_be_visible()
        page.keyboard.type("bridge")
        expect(other).to_have_count(0)  # the list for the words has come
        fold = page.get_by_role("button", name="Fold into this: Bridge closed")
        expect(fold).to_be_in_viewport(ratio=1)  # not below the pane's edge
        fold.press("Enter")
        expect_announcement(page, "is folded under")
        assert reloaded(story).lead == lead

        page.goto(f"{DESK}?view=published")
        press(page, "j", "Enter")
        expect(page.locator("#detail .members")).to_contain_text(story.title)
        page.locator("#detail .members a").filter(has_text=story.title).focus()
        press(page, "d")
        expect_announcement(page, "stands by itself now.")
        assert reloaded(story).lead is None

    def test_a_member_becomes_the_lead(self, page):
        lead = builders.article("Lead", quality=80)
        member = builders.folded(lead, "Member")
        page.goto(f"{DESK}?view=published")
        press(page, "j", "Enter")
        expect(page.locator("#detail .members")).to_contain_text("Member")

        page.locator("#detail .members a").filter(has_text="Member").focus()
        press(page, "l")

        expect_announcement(page, "leads its story now.")
        assert reloaded(lead).lead == member

    def test_a_preview_opens_beside_the_desk(self, page):
        story = waiting(1)[0]
        at_desk(page, story)

        with page.context.expect_page() as opened:
            press(page, "v")

        expect(opened.value).to_have_url(re.compile(rf"/{story.pk}/"))
        expect(opened.value.get_by_role("heading", name=story.title).first).to_be_visible()

    def test_slash_focuses_the_search_where_letters_are_text(self, page):
        story = waiting(1)[0]
        at_desk(page, story)

        press(page, "/")
        page.keyboard.type("pwxeruj?")

        expect(page.locator("#q")).to_be_focused()
        expect(page.locator("#q")).to_have_value("pwxeruj?")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.locator(".row [type=checkbox]:checked")).to_have_count(0)
        press(page, "Escape")
        expect(headline(page, story)).to_be_focused()
        assert not Operation.objects.exists()

    def test_key_combinations_are_left_to_the_browser(self, page):
        story = waiting(1)[0]
        at_desk(page, story)

        press(page, "Control+e", "Alt+w", "Meta+x")

        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(headline(page, story)).to_be_focused()
        expect(page.locator(".row [type=checkbox]:checked, .row.sent")).to_have_count(0)
        assert not Operation.objects.exists()

    def test_help_lists_the_keys_and_they_can_be_switched_off_permanently(self, page):
        story = waiting(1)[0]
        at_desk(page, story)
        press(page, "?")
        expect(page.get_by_role("dialog", name="Keys of the desk")).to_be_visible()
        page.get_by_label("Keys are on").press("Space")
        press(page, "Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)

        page.reload()
        headline(page, story).focus()
        for key in ("j", "x", "p", "w", "e", "?", "u", "q"):
            press(page, key)
        expect(headline(page, story)).to_be_focused()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.locator(".row [type=checkbox]:checked, .row.sent")).to_have_count(0)

        page.get_by_role("button", name="Keys", exact=True).press("Enter")
        page.get_by_label("Keys are on").press("Space")
        press(page, "Escape")
        headline(page, story).focus()
        press(page, "w")
        expect_announcement(page, "1 story held.")
        assert done_by("ana") == ["hold"]

    def test_screen_readers_announce_moved_keys(self, page):
        (story,) = waiting(1)
        at_desk(page, story)
        quality, undo = page.locator(".row [data-action=quality]"), page.get_by_role("button", name="Undo")
        press(page, "?")
        for usual, key in (("q", "n"), ("u", "z")):
            page.get_by_label("Assign a key to").select_option(usual)
            page.get_by_label("Key", exact=True).fill(key)
            page.get_by_role("button", name="Change").press("Enter")
        expect(quality).to_have_attribute("aria-keyshortcuts", "n")
        press(page, "Escape")
        page.reload()
        expect(quality).to_have_attribute("aria-keyshortcuts", "n")
        headline(page, story).focus()
        press(page, "w")
        expect(undo).to_have_attribute("aria-keyshortcuts", "z")
        press(page, "?")
        page.get_by_role("button", name="Reset all keys").press("Enter")
        expect(undo).to_have_attribute("aria-keyshortcuts", "u")

    @pytest.mark.smoke
    def test_a_key_can_be_reassigned_and_swaps_with_the_action_that_had_it(self, page):
        stories = waiting(3)
        at_desk(page, stories[0])
        press(page, "?")
        page.get_by_label("Assign a key to").select_option("w")
        page.get_by_label("Key", exact=True).fill("P")
        page.get_by_role("button", name="Change").press("Enter")
        expect(page.locator("#keymap output")).to_have_text("Changed: w is on p, p is on w.")
        expect(page.locator("#help kbd[data-key=w]").first).to_have_text("p")
        page.get_by_label("Assign a key to").select_option("j")
        page.get_by_label("Key", exact=True).fill("b")
        press(page, "Enter", "Escape")

        page.reload()
        headline(page, stories[0]).focus()
        press(page, "p")
        expect_announcement(page, "1 story held.")
        press(page, "w")
        expect_announcement(page, "1 story published.")
        expect(headline(page, stories[2])).to_be_focused()
        press(page, "k", "k", "j", "B")
        expect_announcement(page, "2 selected, 1 published.")
        press(page, "Escape", "?")
        page.get_by_role("button", name="Reset all keys").press("Enter")
        press(page, "Escape", "w")
        expect(chip(page, stories[1])).to_have_text("held")
        assert done_by("ana") == ["hold", "publish", "hold"]


@pytest.mark.smoke
def test_the_last_row_of_a_page_leads_to_the_next_page_and_two_keys_edit_a_headline(page):
    stories = waiting(52)
    at_desk(page, stories[0])
    headline(page, stories[49]).focus()
    press(page, "j")
    expect(headline(page, stories[50])).to_be_focused()
    expect(page.locator("#list .row")).to_have_count(52)
    press(page, "j", "j")
    expect_announcement(page, "This is the last story of the view.")

    retitle(page, "Storm at sea")
    expect(page.locator("#open h1")).to_have_text("Storm at sea")
    expect(page.locator("#list .row")).to_have_count(52)  # the reloaded list has both pages
    assert reloaded(stories[51]).title == "Storm at sea"


def test_keys_are_commands_again_once_enter_has_saved_a_headline(page):
    stories = waiting(2)
    at_desk(page, stories[0])

    retitle(page, "Storm at sea")
    expect(headline(page, stories[0])).to_be_focused()
    press(page, "u")
    expect_announcement(page, "Undone")
    expect(page.locator("#open h1")).to_have_text(stories[0].title)

    press(page, "i")
    title = page.locator("#open [name=title]")
    expect(title).to_be_focused()
    title.fill("")
    press(page, "Enter")
    expect(page.locator("#toast.refused")).to_be_visible()
    expect(title).to_be_focused()


class TestManyStories:
    @pytest.mark.smoke
    def test_a_selection_is_spiked_with_the_pointer_and_undone_from_the_toast(self, page):
        stories = waiting(4)
        page.goto(DESK)
        for story in stories[:3]:
            row(page, story).locator("[type=checkbox]").check()
        expect(page.locator("#selected")).to_have_text("3 selected")

        bar = page.locator("#bulk")
        bar.get_by_label("Reason to spike").select_option("off topic")
        bar.get_by_role("button", name="Spike").click()
        toast = page.locator("#toast")
        expect(toast).to_contain_text("3 stories spiked.")
        assert states(stories) == ["spiked"] * 3 + ["undecided"]
        assert {reloaded(story).spike_reason for story in stories[:3]} == {"off topic"}

        toast.get_by_role("button", name="Undo").click()
        expect_announcement(page, "Undone")
        expect(page.locator(".row .chip-undecided")).to_have_count(4)
        assert states(stories) == ["undecided"] * 4
        assert done_by("ana") == ["spike", "undo"]

    def test_undoing_a_bulk_action_does_not_move_the_focus(self, page):
        stories = waiting(6)
        at_desk(page, stories[0])
        press(page, "w")
        expect_announcement(page, "1 story held.")
        press(page, "j", "x", "J", "w")
        expect_announcement(page, "2 stories held.")

        press(page, "u")
        expect_announcement(page, "Undone: 2 stories no longer held.")
        expect(headline(page, stories[3])).to_be_focused()

    def test_the_next_page_begins_at_its_top_once_a_whole_page_is_decided_or_undone(self, page):
        stories = waiting(102)
        at_desk(page, stories[0])
        press(page, "j", "j")
        page.get_by_label("Select page").check()
        headline(page, stories[40]).focus()
        press(page, "w")
        expect_announcement(page, "50 stories held.")
        expect(row(page, stories[50])).to_be_visible()
        expect(headline(page, stories[50])).to_be_focused()
        assert page.evaluate("scrollY") == 0

        press(page, "u")
        expect_announcement(page, "Undone: 50 stories no longer held.")
        expect(headline(page, stories[0])).to_be_focused()
        assert page.evaluate("scrollY") == 0

    def test_a_whole_view_is_shown_before_it_is_spiked(self, page):
        stories = waiting(55)
        page.goto(DESK)
        page.get_by_label("Select page").check()
        expect(page.locator("#selected")).to_have_text("50 selected")
        page.get_by_label("Select all").check()
        page.locator("#bulk").get_by_role("button", name="Spike").click()

        expect(page.get_by_role("heading", name="Spike 55 stories?")).to_be_visible()
        assert not Operation.objects.exists()
        page.get_by_role("button", name="Spike 55 stories").click()

        expect(page.get_by_text("55 stories spiked.").first).to_be_visible()
        assert set(states(stories)) == {"spiked"}
        assert Operation.objects.get().articles == 55

    def test_the_toast_stays_under_the_pointer_and_disappears_afterwards(self, page):
        story = waiting(2)[0]
        page.clock.install()
        at_desk(page, story)
        press(page, "w")
        toast = page.locator("#toast")
        expect(toast).to_contain_text("1 story held.")

        toast.hover()
        page.clock.run_for(12_000)
        expect(toast).to_be_visible()
        page.mouse.move(1, 1)
        page.clock.run_for(12_000)
        expect(toast).to_be_hidden()

    def test_two_selected_stories_are_merged_side_by_side(self, page):
        one = builders.article("Bridge closed", quality=60, heat=60)
        other = builders.article("Bridge shut", quality=50, heat=50)
        member = builders.folded(other, "Bridge barred")
        at_desk(page, other)

        press(page, "x", "Shift+J")
        expect_announcement(page, "2 selected.")
        press(page, "m")
        expect(page.get_by_role("heading", level=2, name="Bridge closed")).to_be_visible()
        expect(page.get_by_role("heading", level=2, name="Bridge shut")).to_be_visible()
        assert not Operation.objects.exists()
        promised = int(page.locator(".result dd").nth(1).inner_text())
        page.get_by_role("button", name="Merge").press("Enter")

        expect(page.get_by_text("is folded under").first).to_be_visible()
        expect(page.locator(".members")).to_contain_text("Bridge barred")
        assert (reloaded(other).lead, reloaded(member).lead) == (one, one)
        assert reloaded(one).heat == promised > 60


class TestTwoEditors:
    @pytest.fixture
    def story(self):
        return builders.article("Storm", quality=10)

    @pytest.fixture
    def clash(self, newsroom, transactional_db, story):
        """The page of bob, who sets the quality that ana has set since he loaded it."""
        ana, bob = at_desk(newsroom.open_page("ana"), story), at_desk(newsroom.open_page("bob"), story)
        for page, quality in ((ana, "40"), (bob, "20")):
            press(page, "q")
            page.keyboard.type(quality)
            press(page, "Enter")
            if page is ana:
                expect_announcement(page, "1 story scored.")
        dialog = bob.get_by_role("alertdialog")
        expect(dialog).to_be_visible()
        expect(dialog.get_by_role("cell", name="20", exact=True)).to_be_visible()
        expect(dialog.get_by_role("cell", name="40", exact=True)).to_be_visible()
        expect(dialog.get_by_role("cell", name=re.compile("^ana"))).to_be_visible()
        assert reloaded(story).quality == 40
        return bob

    @pytest.mark.smoke
    def test_the_second_editor_keeps_their_value(self, clash, story):
        clash.get_by_role("button", name="Keep mine").click()

        expect_announcement(clash, "1 story scored.")
        expect(field(clash, story, "quality")).to_have_value("20")
        assert reloaded(story).quality == 20
        assert (done_by("ana"), done_by("bob")) == (["score"], ["score"])

    def test_the_second_editor_takes_the_first_editors_value(self, clash, story):
        clash.get_by_role("link", name="Keep theirs").click()

        expect(field(clash, story, "quality")).to_have_value("40")
        expect(clash.get_by_role("alertdialog")).to_be_hidden()
        assert reloaded(story).quality == 40
        assert done_by("bob") == []

    def test_the_second_editor_can_edit_again_after_taking_the_other_value(self, clash, story):
        clash.get_by_role("link", name="Keep theirs").click()
        expect(field(clash, story, "quality")).to_have_value("40")

        headline(clash, story).focus()
        press(clash, "q")
        clash.keyboard.type("20")
        press(clash, "Enter")

        expect_announcement(clash, "1 story scored.")
        assert reloaded(story).quality == 20

    def test_edits_of_different_fields_are_both_saved(self, newsroom, story):
        builders.topic("Health")
        ana, bob = at_desk(newsroom.open_page("ana"), story), at_desk(newsroom.open_page("bob"), story)
        press(ana, "t")
        ana.keyboard.type("Health")
        press(ana, "Enter")
        expect_announcement(ana, "1 story edited: topics set.")

        press(bob, "q")
        bob.keyboard.type("20")
        press(bob, "Enter")

        expect_announcement(bob, "1 story scored.")
        assert (reloaded(story).quality, topics_of(story)) == (20, ["Health"])

    def test_a_decision_made_meanwhile_is_not_overwritten_silently(self, newsroom, story):
        builders.article("Calm", quality=10, published_at=builders.MORNING)
        ana, bob = at_desk(newsroom.open_page("ana"), story), at_desk(newsroom.open_page("bob"), story)
        press(ana, "p")
        expect_announcement(ana, "1 story published.")

        press(bob, "w")

        expect(bob.get_by_role("alertdialog")).to_contain_text("ana")
        assert reloaded(story).state == "published"

    def test_editors_see_which_story_another_editor_has_open(self, newsroom, story):
        ana, bob = newsroom.open_page("ana"), newsroom.open_page("bob")
        for page in (ana, bob):
            page.clock.install()
        at_desk(ana, story)
        bob.goto(f"{DESK}articles/{story.pk}/")

        ana.clock.run_for(16_000)
        expect(row(ana, story).locator(".presence")).to_have_text("bob is here")
        bob.get_by_label("Title", exact=True).fill("Storm at sea")
        with bob.expect_response(re.compile("/presence/")):
            bob.clock.run_for(16_000)
        ana.clock.run_for(16_000)
        expect(row(ana, story).locator(".presence")).to_have_text("bob is typing")
        press(ana, "Enter")
        expect(ana.locator("#detail .presence")).to_have_text("bob is typing")


class TestTheStoryBesideTheList:
    @pytest.mark.smoke
    def test_it_opens_on_a_wide_screen_and_follows_the_row(self, page):
        stories = waiting(3)
        at_desk(page, stories[0])
        pane = page.locator("#detail")

        press(page, "Enter")
        expect(pane.get_by_role("heading", level=1)).to_have_text(stories[0].title)
        expect(pane).to_be_focused()
        left, right = page.locator("#list").bounding_box(), pane.bounding_box()
        assert left["x"] + left["width"] <= right["x"] + 1
        assert page.url.endswith(DESK)
        press(page, "j")
        expect(pane.get_by_role("heading", level=1)).to_have_text(stories[1].title)
        expect(headline(page, stories[1])).to_be_focused()

        press(page, "Escape")
        expect(pane).to_be_hidden()
        expect(headline(page, stories[1])).to_be_focused()

    def test_a_story_can_be_edited_in_it(self, page):
        story = waiting(1)[0]
        at_desk(page, story)
        press(page, "Enter")
        pane = page.locator("#detail")

        pane.get_by_label("Title", exact=True).fill("Storm at sea")
        pane.get_by_role("button", name="Save title and excerpt").click()

        expect_announcement(page, "1 story edited.")
        expect(headline(page, story)).to_have_text("Storm at sea")
        expect(pane.get_by_role("heading", level=1)).to_have_text("Storm at sea")

    def test_its_buttons_decide_and_show_the_next_story(self, page):
        stories = waiting(4)
        at_desk(page, stories[0])
        press(page, "Enter")
        pane = page.locator("#detail")
        title = pane.get_by_role("heading", level=1)
        expect(title).to_have_text(stories[0].title)

        pane.get_by_label(re.compile("Reason to spike")).select_option("paywall")
        pane.get_by_label("Reason (optional)").fill("Their editor asked")
        pane.get_by_role("button", name="Spike").click()
        expect(title).to_have_text(stories[1].title)
        expect(headline(page, stories[1])).to_be_focused()
        expect(chip(page, stories[0])).to_have_text("spiked: paywall")
        assert Operation.objects.get().reason == "Their editor asked"

        pane.get_by_role("button", name="Hold").click()
        expect(title).to_have_text(stories[2].title)
        pane.focus()
        press(page, "e", "1")
        expect(title).to_have_text(stories[3].title)
        assert states(stories) == ["spiked", "held", "spiked", "undecided"]

        press(page, "u")
        expect(headline(page, stories[2])).to_be_focused()

    def test_nothing_scrolls_beside_the_button_that_closes_it(self, page):
        at_desk(page, waiting(1)[0])
        press(page, "c")
        note = page.locator("#open [name=note]")
        expect(note).to_be_focused()
        page.locator("#detail").evaluate(
            "(pane, top) => { pane.scrollTop += top - pane.offsetTop - 8 }", note.bounding_box()["y"]
        )

        close = page.locator("#close-detail").bounding_box()
        x, y = close["x"] - 20, close["y"] + close["height"] / 2
        beside = page.evaluate("([x, y]) => document.elementFromPoint(x, y).id", [x, y])
        assert beside == "detail"
        note.scroll_into_view_if_needed()
        page.locator("#open [name=title]").focus()
        title = page.locator("#open [name=title]").bounding_box()
        assert title["y"] >= close["y"] + close["height"]

    def test_it_is_a_page_on_a_narrow_screen_and_back_leads_to_the_row(self, newsroom):
        stories = waiting(20)
        page = newsroom.open_page(size=NARROW)
        at_desk(page, stories[0])
        press(page, *"j" * 12)
        before = headline(page, stories[12]).bounding_box()["y"]
        press(page, "Enter")
        expect(page).to_have_url(re.compile(rf"/articles/{stories[12].pk}/$"))
        expect(page.get_by_role("heading", level=1)).to_have_text(stories[12].title)

        page.go_back()

        expect(headline(page, stories[12])).to_be_focused()
        assert abs(headline(page, stories[12]).bounding_box()["y"] - before) < 2


def test_a_key_held_down_acts_once_and_moves_on(page):
    stories = waiting(5)
    at_desk(page, stories[0])

    for _ in range(4):
        page.keyboard.down("w")  # without letting it go, the browser sends repeats
    page.keyboard.up("w")
    expect(chip(page, stories[0])).to_have_text("held")
    expect(headline(page, stories[1])).to_be_focused()
    for _ in range(3):
        page.keyboard.down("j")
    page.keyboard.up("j")
    expect(headline(page, stories[4])).to_be_focused()

    assert states(stories) == ["held", *["undecided"] * 4]
    assert done_by("ana") == ["hold"]


def test_a_page_with_an_old_token_asks_to_be_reloaded(newsroom):
    page = newsroom.open_page()
    [story] = waiting(1)
    at_desk(page, story)
    page.context.clear_cookies(name="csrf")  # as another sign-in replaces it

    press(page, "p")

    expect(page.locator("#toast")).to_have_text("Your session was renewed in another tab. Reload this page.")
    assert states([story]) == ["undecided"]
    newsroom.problems.clear()  # the browser reports the refusal


class TestWithoutConnection:
    """What failed for want of a connection can be done again as it was once there is one."""

    @pytest.fixture
    def page(self, newsroom):
        yield newsroom.open_page()
        newsroom.problems.clear()  # the browser reports requests without an answer

    def lose_connection(self, page):
        page.context.set_offline(True)

    def restore_connection(self, page):
        page.context.set_offline(False)

    def test_enter_sends_a_field_again(self, page):
        story = waiting(1)[0]
        at_desk(page, story)

        press(page, "q")
        page.keyboard.type("80")
        self.lose_connection(page)
        press(page, "Enter")
        expect(page.locator("#toast.refused")).to_be_visible()
        expect(field(page, story, "quality")).to_be_focused()
        expect(field(page, story, "quality")).to_have_value("80")

        self.restore_connection(page)
        press(page, "Enter")
        expect_announcement(page, "1 story scored.")
        assert reloaded(story).quality == 80
        assert done_by("ana") == ["score"]

    def test_a_decision_keeps_its_row_and_its_reason(self, page):
        stories = waiting(3)
        at_desk(page, stories[0])

        self.lose_connection(page)
        press(page, "e")
        page.locator("#reasons").get_by_label("In words (optional)").fill("Sold by its outlet")
        press(page, "Enter")
        expect(page.locator("#toast.refused")).to_be_visible()
        expect(headline(page, stories[0])).to_be_focused()
        expect(page.locator(".row.sent")).to_have_count(0)
        expect(row(page, stories[0]).locator("[name=reason_text]")).to_have_value("Sold by its outlet")

        self.restore_connection(page)
        press(page, "w")
        expect_announcement(page, "1 story held.")
        assert states(stories) == ["held", "undecided", "undecided"]
        assert Operation.objects.get().reason == "Sold by its outlet"

    def test_enter_sends_a_field_of_the_open_story_again(self, page):
        story = waiting(1)[0]
        at_desk(page, story)

        press(page, "i")
        title = page.locator("#open [name=title]")
        expect(title).to_be_focused()
        title.fill("Storm at sea")
        self.lose_connection(page)
        press(page, "Enter")
        expect(page.locator("#toast.refused")).to_be_visible()
        expect(title).to_be_focused()

        self.restore_connection(page)
        press(page, "Enter")
        expect_announcement(page, "1 story edited.")
        assert reloaded(story).title == "Storm at sea"

    def test_a_selection_stays(self, page):
        stories = waiting(2)
        at_desk(page, stories[0])

        press(page, "x")
        page.route("**/admin/desk/act/", lambda route: route.fulfill(status=502))
        press(page, "w")
        expect(page.locator("#toast.refused")).to_be_visible()
        expect(page.locator("#selected")).to_have_text("1 selected")

        page.unroute_all()
        press(page, "w")
        expect_announcement(page, "1 story held.")
        assert states(stories) == ["held", "undecided"]

    def test_a_key_asks_for_the_next_page_again(self, page):
        stories = waiting(52)
        at_desk(page, stories[0])
        headline(page, stories[49]).focus()

        self.lose_connection(page)
        press(page, "j")
        expect(page.locator("#toast.refused")).to_be_visible()

        self.restore_connection(page)
        press(page, "j")
        expect(headline(page, stories[50])).to_be_focused()

    def test_a_decision_after_the_session_has_ended_says_that_it_was_not_saved(self, page):
        stories = waiting(2)
        at_desk(page, stories[0])

        page.context.clear_cookies(name="session")
        press(page, "w")
        expect(page.locator("#toast.refused")).to_contain_text("You were signed out. Your change was not saved.")
        expect(headline(page, stories[0])).to_be_focused()
        press(page, "Enter")
        expect(page.get_by_label("Username")).to_be_visible()
        assert states(stories) == ["undecided", "undecided"]

    def test_the_pane_stays_closed_if_its_story_does_not_come(self, page):
        at_desk(page, waiting(1)[0])

        self.lose_connection(page)
        press(page, "Enter")
        expect(page.locator("#toast.refused")).to_have_text("Part of this page could not be loaded.")
        expect(page.locator("#detail")).to_be_hidden()

    def test_the_open_story_stays_what_its_buttons_decide_if_another_does_not_come(self, page):
        stories = waiting(3)
        at_desk(page, stories[0])
        press(page, "Enter")
        title = page.locator("#open h1")
        expect(title).to_have_text(stories[0].title)

        self.lose_connection(page)
        headline(page, stories[2]).click()
        expect(page.locator("#toast.refused")).to_be_visible()
        self.restore_connection(page)
        page.locator("#open").get_by_role("button", name="Hold").click()

        expect_announcement(page, "1 story held.")
        expect(row(page, stories[0])).to_have_class("row done")
        expect(title).to_have_text(stories[1].title)
        assert states(stories) == ["held", "undecided", "undecided"]

    @pytest.mark.parametrize("url", ["**/admin/desk/views/*", "**/admin/desk/articles/*/"])
    def test_what_was_done_is_still_said_if_the_page_cannot_follow(self, page, url):
        stories = waiting(2)
        at_desk(page, stories[0])
        press(page, "Enter")
        expect(page.locator("#open h1")).to_have_text(stories[0].title)

        page.route(url, lambda route: route.abort())
        with page.expect_event("requestfailed"):
            press(page, "w")
        expect(page.locator("#toast")).to_contain_text("1 story held.")
        expect(page.locator("#toast")).not_to_contain_text("not saved")
        expect(page.locator("#toast").get_by_role("button", name="Undo")).to_be_visible()

    def test_an_edit_conflict_stays_until_it_is_decided(self, page):
        story = waiting(1)[0]
        at_desk(page, story)
        press(page, "q")
        page.keyboard.type("80")
        operations.score(story, quality=30)
        press(page, "Enter")
        conflict = page.locator("#toast.conflict")
        expect(conflict).to_be_visible()

        self.lose_connection(page)
        headline(page, story).click()
        expect(conflict).to_contain_text("could not be loaded")
        conflict.get_by_role("button", name="Keep mine").click()
        expect(conflict).to_contain_text("not saved")

        self.restore_connection(page)
        conflict.get_by_role("button", name="Keep mine").click()
        expect_announcement(page, "1 story scored.")
        assert reloaded(story).quality == 80


def test_a_failed_check_is_overridden_with_a_reason_and_then_undone(page):
    SitePolicy(check_topic="ask").save()
    story = waiting(1)[0]
    at_desk(page, story)

    press(page, "p")
    expect(page.get_by_text("1 story fails publish checks")).to_be_visible()
    assert states([story]) == ["undecided"]
    page.get_by_label("Reason").fill("agreed at nine")
    page.get_by_label("Reason").press("Enter")
    expect(page.get_by_text("1 story published.")).to_be_visible()
    operation = Operation.objects.get()
    assert (operation.reason, operation.overridden) == ("agreed at nine", {str(story.pk): ["topic"]})

    expect_live_keys(page)
    press(page, "u")
    expect(row(page, story)).to_be_visible()
    expect(chip(page, story)).to_have_text("undecided")
    assert done_by("ana") == ["publish", "undo"]


def test_an_undo_that_publishes_asks_for_a_reason(page):
    story = builders.article("Storm")
    page.goto(f"{DESK}?view=published")
    press(page, "j", "w")
    expect(page.locator("#toast")).to_contain_text("1 story held.")  # its row may leave the list at any moment
    SitePolicy(check_topic="ask").save()

    press(page, "u")
    expect(page.get_by_text("1 story fails publish checks")).to_be_visible()
    assert states([story]) == ["held"]
    page.get_by_label("Reason").fill("agreed at nine")
    page.get_by_label("Reason").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Published or scheduled")
    assert states([story]) == ["published"]
    assert Operation.objects.first().overridden == {str(story.pk): ["topic"]}


def test_a_double_click_acts_once_and_keeps_undo(page):
    story = waiting(1)[0]
    page.goto(DESK)

    row(page, story).get_by_role("button", name="Hold").dblclick()

    expect(page.locator("#toast")).to_contain_text("1 story held.")
    expect(page.get_by_text("All decided. Well done.")).to_be_visible()  # the list has lost its only row
    expect(page.locator("#toast").get_by_role("button", name="Undo")).to_be_visible()
    assert states([story]) == ["held"]
    assert done_by("ana") == ["hold"]


def test_enter_held_down_in_the_open_story_acts_once(page):
    story = waiting(1)[0]
    at_desk(page, story)
    press(page, "Enter")
    page.locator("#open .story-form [name=quality]").fill("33")

    for _ in range(4):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")

    expect(page.locator("#toast")).to_contain_text("1 story scored.")
    page.wait_for_load_state("networkidle")
    expect(page.locator("#toast").get_by_role("button", name="Undo")).to_be_visible()
    assert done_by("ana") == ["score"]


def test_the_pane_and_the_keys_follow_a_new_lead(page):
    lead = builders.article("Bridge closed", quality=80)
    member = builders.folded(lead, "Bridge barred")
    builders.article("Storm at sea")
    page.goto(f"{DESK}?view=all")
    headline(page, lead).click()
    requests = []
    page.route(f"**/admin/desk/articles/{member.pk}/", lambda route: requests.append(route))
    page.get_by_role("button", name="Make lead: Bridge barred").click()
    expect(row(page, member)).to_have_attribute("aria-current", "true")  # also if the story comes after the list
    requests[0].continue_()
    expect(page.locator("#open h1")).to_have_text("Bridge barred")
    press(page, "w")
    expect(page.get_by_role("heading", name=re.compile("^Hold"))).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Bridge closed")  # it would lead again
    page.get_by_role("button", name=re.compile("^Hold")).click()
    expect(page.locator(".messagelist")).to_contain_text("1 story held")
    assert reloaded(member).state == "held"


@pytest.mark.parametrize("answer", ["Cancel", "Hold this story"])
def test_a_confirmation_has_the_focus_and_leads_back_to_its_place_in_the_list(page, answer):
    others = waiting(30)
    lead = builders.article("Bridge closed", quality=80, published_at=others[20].published_at)
    builders.folded(lead, "Bridge barred")
    page.goto(f"{DESK}?view=all")
    headline(page, lead).focus()
    top = page.evaluate("scrollY")
    assert top > 0

    press(page, "w")
    expect(page.get_by_role("main")).to_be_focused()
    page.get_by_role("main").get_by_text(answer, exact=True).click()

    expect(headline(page, lead)).to_be_focused()
    if answer == "Cancel":
        assert page.evaluate("scrollY") == top
    else:
        expect(page.locator(".messagelist")).to_be_in_viewport()


def test_a_form_of_the_pane_leads_back_to_the_list_after_its_confirmation(page):
    lead = builders.article("Bridge closed", quality=80)
    builders.folded(lead, "Bridge barred", quality=70)
    page.goto(f"{DESK}?view=all")
    headline(page, lead).click()
    page.get_by_role("button", name="Take out of its story: Bridge barred").click()
    page.get_by_role("button", name="Take out this story").click()
    expect(page.locator(".messagelist")).to_contain_text("stands by itself now")
    expect(headline(page, lead)).to_be_focused()


def test_the_help_begins_at_its_top(page):
    page.goto(DESK)
    press(page, "?")
    expect(page.get_by_role("heading", name="Keys of the desk")).to_be_in_viewport()


def test_escape_closes_more_actions_first_and_then_drops_the_selection(page):
    stories = waiting(2)
    at_desk(page, stories[0])
    press(page, "x")
    more = page.locator("#bulk .more-actions")
    more.locator("summary").click()
    expect(more).to_have_attribute("open", "")

    press(page, "Escape")
    expect(more).not_to_have_attribute("open", "")
    expect(page.locator(".row [type=checkbox]:checked")).to_have_count(1)
    expect(more.locator("summary")).to_be_focused()

    press(page, "Escape")
    expect(page.locator(".row [type=checkbox]:checked")).to_have_count(0)


def test_a_narrow_window_shows_the_view_that_is_open(newsroom):
    page = newsroom.open_page(size=NARROW)
    page.goto(f"{DESK}?view=spiked")
    expect(page.locator("#views [aria-current]")).to_be_in_viewport(ratio=0.95)
    assert page.evaluate("scrollY") == 0


def test_a_phone_shows_the_first_story_at_once_and_search_and_tools_behind_one_button(newsroom):
    [story] = waiting(1)
    page = newsroom.open_page(size=NARROW)
    at_desk(page, story)
    search, tools = page.get_by_role("searchbox"), page.get_by_role("button", name="Search and tools")
    assert row(page, story).bounding_box()["y"] <= 250
    expect(search).to_be_hidden()

    tools.click()
    expect(search).to_be_visible()
    expect(page.get_by_role("link", name="Add a story")).to_be_visible()
    expect(tools).to_have_attribute("aria-expanded", "true")
    tools.click()
    expect(search).to_be_hidden()

    press(page, "/")
    expect(search).to_be_focused()
    search.fill("zebra")
    search.press("Enter")
    expect(page.get_by_text("No stories match.")).to_be_visible()
    expect(search).to_be_visible()  # it says what is searched for


@pytest.mark.parametrize(
    ("width", "with_story"), [(680, False), *((width, True) for width in (900, 1000, 1130, 1199, 1280))]
)
def test_what_was_done_is_said_over_no_button_of_the_rows_or_the_story(newsroom, width, with_story):
    stories = waiting(30)
    page = newsroom.open_page(size=(width, 800))
    at_desk(page, stories[0])
    if with_story:
        press(page, "Enter")
        expect(page.locator("#open h1")).to_have_text(stories[0].title)
    press(page, "w")
    expect(page.locator("#toast")).to_contain_text("1 story held.")

    covered = page.evaluate(
        """() => {
            const toast = document.querySelector("#toast").getBoundingClientRect();
            const buttons = "#list .row .decide :is(button, select), #list .row summary, #detail :is(button, a)";
            return [...document.querySelectorAll(buttons)].filter((element) => {
                const box = element.getBoundingClientRect();
                return box.width && box.left < toast.right && box.right > toast.left;
            }).map((element) => element.outerHTML.slice(0, 100));
        }"""
    )
    assert covered == []


CUT_OFF = """rows => rows.flatMap(row => [...row.querySelectorAll("h2 a, .outlet, time, .mark")])
    .filter(element => getComputedStyle(element).display != "inline"
            && (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 4)
        || element.getBoundingClientRect().right > element.closest(".byline, h2").getBoundingClientRect().right + 1)
    .map(element => element.textContent.trim())"""


@pytest.mark.parametrize("width", [1440, 768])
def test_compact_rows_keep_outlet_date_and_warning(newsroom, width):
    long_title = "Harbour bridge reopens after nine months of repairs and two of tests"
    builders.article(long_title, quality=10)
    builders.article("Storm", quality=10, excerpt="")
    page = newsroom.open_page(size=(width, 900))
    page.goto(DESK)
    expect(page.locator(".row .mark").first).to_be_visible()
    normal = page.locator(".row").last.bounding_box()["height"]

    page.get_by_role("button", name="Compact rows").click()

    assert page.locator("#list .row").evaluate_all(CUT_OFF) == []
    heights = [box.bounding_box()["height"] for box in page.locator("#list .row").all()]
    assert max(heights) < 40 if width == 1440 else heights[-1] < normal - 10


def test_beside_the_open_story_rows_have_their_buttons_on_one_line_and_topics_that_can_be_read(newsroom):
    builders.topic("Coronavirus")
    later = timezone.now() + timedelta(days=1)
    lead = builders.article("Lead", quality=80, topics=["Coronavirus"], publish_at=later)
    builders.folded(lead, "Member", topics=["Coronavirus"])
    page = newsroom.open_page(size=(1440, 900))

    for view in ("scheduled", "folded"):
        page.goto(f"{DESK}?view={view}")
        headline_link = page.locator("#list h2 a")
        headline_link.click()
        expect(page.locator("#open h1")).to_have_text(headline_link.inner_text())
        buttons = page.locator("#list .decide button").all()
        assert len({button.bounding_box()["y"] for button in buttons}) == 1
        topics = page.locator("#list [data-action=topics]")
        assert topics.evaluate("input => input.scrollWidth <= input.clientWidth")
