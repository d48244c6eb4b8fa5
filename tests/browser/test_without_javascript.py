"""The desk without JavaScript: every action works with plain forms."""

import re

import pytest
from playwright.sync_api import expect

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.models import Operation, SavedView, Via
from tests import builders
from tests.browser.conftest import NARROW, PASSWORD, editor
from tests.browser.deskpage import DESK, done_by, expect_message, headline, reloaded, row, topics_of


def button(scope, name):
    """Return a button by the words on it; those of a row go on with the title of its story."""
    return scope.get_by_role("button", name=re.compile(f"^{re.escape(name)}( |:|$)"))


@pytest.mark.smoke
def test_the_desk_is_behind_the_login_form(newsroom):
    page = newsroom.open_page(javascript=False, signed_in=False)

    page.goto(DESK)
    page.get_by_label("Username").fill("ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", level=1, name="Undecided")).to_be_visible()


class TestOneStory:
    @pytest.mark.smoke
    @pytest.mark.parametrize("size", [(1440, 900), NARROW])
    @pytest.mark.parametrize(("verb", "state"), [("Publish", "published"), ("Hold", "held")])
    def test_is_decided_in_its_row(self, newsroom, verb, state, size):
        story, other = builders.article("Storm", quality=10), builders.article("Calm", quality=10)
        page = newsroom.open_page(javascript=False, size=size)
        page.goto(DESK)

        button(row(page, story), verb).click()

        expect_message(page, f"1 story {state}.")
        expect(row(page, story)).to_have_count(0)
        assert (reloaded(story).state, reloaded(other).state) == (state, "undecided")
        assert len(done_by("ana")) == 1

    def test_is_spiked_with_a_reason_and_reopened(self, plain_page):
        story = builders.article("Storm", quality=10)
        plain_page.goto(DESK)
        plain_page.get_by_label("Reason to spike Storm").select_option("paywall")
        button(row(plain_page, story), "Spike").click()
        expect_message(plain_page, "1 story spiked.")
        assert reloaded(story).spike_reason == "paywall"

        plain_page.get_by_role("link", name=re.compile(r"^Spiked \d")).click()
        button(row(plain_page, story), "Reopen").click()
        expect_message(plain_page, "1 story reopened.")
        assert reloaded(story).state == "undecided"

    def test_gets_quality_heat_and_topics(self, plain_page):
        builders.topic("Health")
        story = builders.article("Storm", quality=10, topics=["AI"])
        plain_page.goto(DESK)

        row(plain_page, story).get_by_label("quality").fill("45")
        button(row(plain_page, story), "Set quality").click()
        expect_message(plain_page, "1 story scored.")
        row(plain_page, story).get_by_label("heat").fill("50")
        button(row(plain_page, story), "Set heat").click()
        expect_message(plain_page, "1 story scored.")
        plain_page.get_by_label("Topics of Storm").fill("Health, AI")
        button(row(plain_page, story), "Set topics").click()
        expect_message(plain_page, "1 story edited: topics set.")

        assert (reloaded(story).quality, reloaded(story).heat, topics_of(story)) == (45, 50, ["Health", "AI"])

    def test_enter_in_a_field_submits_only_that_field(self, plain_page):
        """A browser answers Enter with the first button of a form, and the first one of a story may publish it."""
        story = builders.article("Storm", quality=10)
        for url, field, name in (
            (DESK, "heat", "Set heat"),
            (f"{DESK}articles/{story.pk}/", "title", "Save title and excerpt"),
        ):
            plain_page.goto(url)
            box = plain_page.locator(f":is(.row, .story-form) input[name={field}]")
            box.fill("60")
            box.press("Enter")
            button(plain_page.locator(".row, .story-form"), name).click()
            expect_message(plain_page, "1 story")

        assert (reloaded(story).heat, reloaded(story).title, reloaded(story).state) == (60, "60", "undecided")
        assert reloaded(story).pins == ["heat", "title"]
        assert Operation.objects.count() == 2

    def test_is_scheduled_and_edited_on_its_page(self, plain_page):
        story = builders.article("Storm", quality=10)
        plain_page.goto(DESK)
        headline(plain_page, story).click()

        plain_page.get_by_label("Publish at", exact=True).fill("2199-01-01T08:00")
        button(plain_page, "Schedule").click()
        expect_message(plain_page, "1 story scheduled.")
        plain_page.get_by_label("Title", exact=True).fill("Storm at sea")
        button(plain_page, "Save title and excerpt").click()
        expect_message(plain_page, "1 story edited.")

        assert f"{reloaded(story).publish_at:%Y-%m-%d %H:%M}" == "2199-01-01 08:00"
        assert (reloaded(story).state, reloaded(story).title) == ("published", "Storm at sea")

    def test_invalid_input_is_answered_with_a_message(self, plain_page):
        story = builders.article("Storm", quality=10)
        plain_page.goto(DESK)

        plain_page.get_by_label("Topics of Storm").fill("Nonsense")
        button(row(plain_page, story), "Set topics").click()

        expect_message(plain_page, "there is no such topic")
        assert not Operation.objects.exists()


class TestManyStories:
    def test_selected_stories_are_decided_together(self, plain_page):
        stories = [builders.article(f"Story {number}", quality=10) for number in range(4)]
        plain_page.goto(DESK)
        for story in stories[:3]:
            plain_page.get_by_label(f"Select {story.title}").check()

        bar = plain_page.locator("#bulk")
        bar.get_by_label("Reason to spike").select_option("off topic")
        button(bar, "Spike").click()

        expect_message(plain_page, "3 stories spiked.")
        assert [reloaded(story).state for story in stories] == ["spiked"] * 3 + ["undecided"]
        assert {reloaded(story).spike_reason for story in stories[:3]} == {"off topic"}
        assert done_by("ana") == ["spike"]

    @pytest.mark.smoke
    def test_a_whole_view_is_shown_before_it_is_decided(self, plain_page):
        stories = [builders.article(f"Story {number}", quality=10) for number in range(55)]
        other = builders.article("Published")
        plain_page.goto(DESK)
        plain_page.get_by_label("Select all").check()
        button(plain_page.locator("#bulk"), "Hold").click()

        expect(plain_page.get_by_role("heading", name="Hold 55 stories?")).to_be_visible()
        assert not Operation.objects.exists()
        button(plain_page, "Hold 55 stories").click()

        expect_message(plain_page, "55 stories held.")
        assert {reloaded(story).state for story in stories} == {"held"}
        assert reloaded(other).state == "published"
        assert Operation.objects.get().articles == 55

    def test_declining_a_confirmation_changes_nothing(self, plain_page):
        for number in range(51):
            builders.article(f"Story {number}", quality=10)
        plain_page.goto(DESK)
        plain_page.get_by_label("Select all").check()
        button(plain_page.locator("#bulk"), "Spike").click()

        plain_page.get_by_role("link", name="Cancel").click()

        expect(plain_page.get_by_role("heading", level=1, name="Undecided")).to_be_visible()
        assert not Operation.objects.exists()

    def test_long_views_have_pages(self, plain_page):
        for number in range(51):
            builders.article(f"Story {number}", quality=10)
        plain_page.goto(DESK)
        expect(plain_page.locator(".row")).to_have_count(50)

        plain_page.get_by_role("link", name="More stories").click()

        expect(plain_page.locator(".row")).to_have_count(1)


def test_a_decision_is_undone_with_a_button(plain_page):
    story = builders.article("Storm", quality=10)
    plain_page.goto(DESK)
    button(row(plain_page, story), "Hold").click()
    expect_message(plain_page, "1 story held.")

    plain_page.get_by_role("navigation", name="Newsroom").get_by_role("link", name="History").click()
    plain_page.get_by_role("link", name=re.compile("^Held")).first.click()
    plain_page.get_by_role("button", name=re.compile("^(Undo|Take back)")).click()

    expect_message(plain_page, "Undone")
    assert reloaded(story).state == "undecided"


class TestFolding:
    def test_stories_are_found_and_folded(self, plain_page):
        lead, other = builders.article("Bridge closed", quality=80), builders.article("Bridge shut", quality=60)
        plain_page.goto(f"{DESK}articles/{other.pk}/")
        plain_page.get_by_label("Fold into another story").fill("bridge")
        button(plain_page, "Find").click()

        button(plain_page, "Fold into this: Bridge closed").click()

        expect_message(plain_page, "is folded under")
        assert (reloaded(other).lead, reloaded(other).heat) == (lead, -1)

    def test_members_are_made_lead_and_taken_out_with_buttons(self, plain_page):
        lead = builders.article("Lead", quality=80)
        member = builders.folded(lead, "Member")
        plain_page.goto(f"{DESK}articles/{lead.pk}/")

        button(plain_page, "Make lead: Member").click()
        expect_message(plain_page, "leads its story now.")
        assert reloaded(lead).lead == member

        button(
            plain_page.get_by_role("region", name="Articles in this story (2)"), "Take out of its story: Lead"
        ).click()
        button(plain_page, "Take out this story").click()
        expect_message(plain_page, "stands by itself now.")
        assert reloaded(lead).lead is None

    def test_two_stories_are_merged_side_by_side(self, plain_page):
        one, other = builders.article("Bridge closed", quality=80), builders.article("Bridge shut", quality=60)
        member = builders.folded(other, "Bridge barred")
        plain_page.goto(f"{DESK}articles/{other.pk}/")
        plain_page.get_by_label("Fold into another story").fill("closed")
        button(plain_page, "Find").click()
        plain_page.get_by_role("link", name="Merge with Bridge closed").click()

        expect(plain_page.get_by_role("heading", level=2, name="Bridge shut")).to_be_visible()
        assert not Operation.objects.exists()
        promised = plain_page.locator(".result dd").nth(1).inner_text()
        button(plain_page, "Merge").click()

        expect_message(plain_page, "is folded under")
        assert (reloaded(other).lead, reloaded(member).lead) == (one, one)
        assert reloaded(one).heat == int(promised) > 80
        assert done_by("ana") == ["merge"]


class TestTwoEditors:
    @pytest.fixture
    def clash(self, plain_page):
        """The page that ana is shown when she sets the quality that bob has set since."""
        story = builders.article("Storm", quality=10)
        plain_page.goto(DESK)
        operations.edit(story, quality=40, by=Actor(editor("bob"), Via.DESK))
        row(plain_page, story).get_by_label("quality").fill("20")
        button(row(plain_page, story), "Set quality").click()
        expect(plain_page.locator("td").filter(has_text="bob")).to_be_visible()
        expect(plain_page.get_by_role("cell", name="20", exact=True)).to_be_visible()
        expect(plain_page.get_by_role("cell", name="40", exact=True)).to_be_visible()
        return story

    @pytest.mark.smoke
    def test_my_value_is_saved_if_chosen(self, plain_page, clash):
        button(plain_page, "Keep mine").click()

        expect_message(plain_page, "1 story scored.")
        assert reloaded(clash).quality == 20

    def test_their_value_stays_if_chosen(self, plain_page, clash):
        plain_page.get_by_role("link", name="Keep theirs").click()

        expect(row(plain_page, clash).get_by_label("quality")).to_have_value("40")
        assert reloaded(clash).quality == 40
        assert done_by("ana") == []

    def test_edits_of_different_fields_do_not_conflict(self, plain_page):
        story = builders.article("Storm", quality=10)
        plain_page.goto(DESK)
        operations.edit(story, title="Gale", by=Actor(editor("bob"), Via.DESK))

        row(plain_page, story).get_by_label("quality").fill("20")
        button(row(plain_page, story), "Set quality").click()

        expect_message(plain_page, "1 story scored.")
        assert (reloaded(story).title, reloaded(story).quality) == ("Gale", 20)


class TestViews:
    def test_are_saved_and_deleted(self, plain_page):
        builders.article("Storm at sea", quality=10, topics=["AI"])
        builders.article("Calm", quality=10)
        plain_page.goto(DESK)
        plain_page.get_by_label("Search in this view").fill("storm")
        button(plain_page, "Search").click()
        expect(plain_page.locator(".row")).to_have_count(1)

        plain_page.get_by_text("Save view").click()
        plain_page.get_by_label("Name", exact=True).fill("Weather")
        button(plain_page, "Save").click()
        expect_message(plain_page, "View “Weather” saved.")
        plain_page.goto(DESK)
        plain_page.get_by_role("link", name="Weather …").click()
        expect(plain_page.locator(".row")).to_have_count(1)
        expect(plain_page.get_by_role("link", name="Weather …")).to_have_attribute("aria-current", "page")

        button(plain_page, "Delete the view Weather").click()
        expect_message(plain_page, "View “Weather” deleted")
        assert not SavedView.objects.exists()

    def test_are_narrowed_by_filters(self, plain_page):
        builders.article("Storm", quality=10, topics=["AI"])
        builders.article("Calm", quality=60, heat=60)
        plain_page.goto(DESK)
        plain_page.get_by_text("Filters", exact=True).click()
        plain_page.get_by_label("Quality from").fill("50")
        button(plain_page, "Apply").click()
        expect(plain_page.locator(".row h2")).to_have_text(["Calm"])

        plain_page.get_by_label("Quality from").fill("99")
        button(plain_page, "Apply").click()
        expect(plain_page.get_by_text("No stories match these filters.")).to_be_visible()
        plain_page.get_by_role("link", name="Clear filters").click()
        expect(plain_page.locator(".row")).to_have_count(2)
