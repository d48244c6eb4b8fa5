"""An editor follows a source, sees its first stories and decides ten of them: by keys, and without JavaScript."""

from __future__ import annotations

import re
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from articles.models import Article
from sources import fetch_run
from sources.models import Source
from tests.browser.axe import violations
from tests.browser.deskpage import DESK, expect_announcement, expect_message, headline, press, row
from tests.hostile import answer, serving

STORIES, PREVIEWED = 12, 10
SECONDS_MAX = 180  # from the empty desk to the tenth decision
TABS_MAX = 80


@pytest.fixture
def feed(settings, monkeypatch):
    """Serve a feed of the last hours, and return its URL."""
    monkeypatch.setattr(fetch_run, "PAUSE", 0)
    now = timezone.now()
    items = "".join(
        f"<item><title>Story {n}</title><link>https://courier.example/{n}</link><guid>{n}</guid>"
        f"<pubDate>{now - timedelta(minutes=10 * n):%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for n in range(1, STORIES + 1)
    )
    document = f"<rss version='2.0'><channel><title>The Courier</title>{items}</channel></rss>".encode()
    with serving({"/feed": answer(document, content_type="application/rss+xml")}) as server:
        settings.FETCH_SERVERS = [f"127.0.0.1:{server.port}"]
        yield f"http://127.0.0.1:{server.port}/feed"


def fetch_as_the_scheduler_does() -> list[Article]:
    """Fetch what is due; return the stories as the desk lists them, the newest first."""
    call_command("fetch_sources", verbosity=0)
    articles = list(Article.objects.order_by("-published_at"))
    assert [article.title for article in articles] == [f"Story {n}" for n in range(1, STORIES + 1)]
    return articles


def expect_no_violations(page: Page) -> None:
    assert violations(page) == [], page.url


def tab_to(page: Page, selector: str) -> None:
    """Move the focus with the Tab key until it is there."""
    for _ in range(TABS_MAX):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        press(page, "Tab")
    raise AssertionError(f"{selector} is not reached with Tab on {page.url}")


def follow_from_the_keyboard(page: Page, url: str) -> None:
    page.goto(DESK)
    tab_to(page, "a[href$='/desk/sources/']")
    press(page, "Enter")
    expect(page.get_by_text("Nothing is followed yet.")).to_be_visible()
    expect_no_violations(page)
    tab_to(page, "a[href$='/sources/add/']")
    press(page, "Enter")
    expect(page.get_by_role("heading", level=1, name="Follow a source")).to_be_visible()
    tab_to(page, "#source-url")
    page.keyboard.type(url)
    press(page, "Enter")
    expect(page.locator(".source-entries li")).to_have_count(PREVIEWED)
    expect(page.get_by_label("Name", exact=True)).to_have_value("The Courier")
    expect_no_violations(page)
    tab_to(page, "button[name=follow]")
    press(page, "Enter")
    expect_message(page, "The Courier is followed.")
    expect_no_violations(page)


def states() -> Counter[str]:
    return Counter(Article.objects.values_list("state", flat=True))


@pytest.mark.smoke
def test_ten_stories_of_a_new_source_are_decided_from_the_keyboard_within_three_minutes(page, feed):
    start = time.monotonic()
    follow_from_the_keyboard(page, feed)
    stories = fetch_as_the_scheduler_does()

    page.goto(DESK)
    expect(page.locator(".row")).to_have_count(STORIES)
    expect(row(page, stories[0])).to_contain_text("The Courier")
    assert not Article.objects.public().exists()
    press(page, "j")
    for story, key in zip(stories, ("p", "p", "p", "w", "p", "e", "p", "w", "p", "e"), strict=False):
        expect(headline(page, story)).to_be_focused()
        press(page, key, *(["Enter"] if key == "e" else []))
    expect_announcement(page, re.compile(r"2 left"))
    seconds = time.monotonic() - start

    assert states() == {"published": 6, "held": 2, "spiked": 2, "undecided": 2}
    assert seconds < SECONDS_MAX
    expect_no_violations(page)
    page.goto(f"{DESK}sources/{Source.objects.get().pk}/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("The Courier")
    expect_no_violations(page)


def test_ten_stories_of_a_new_source_are_decided_without_javascript(plain_page, feed):
    page = plain_page
    page.goto(DESK)
    page.get_by_role("link", name="Sources").first.click()
    page.get_by_role("link", name="Follow a source").click()
    page.get_by_label("URL of a feed").fill(feed)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".source-entries li")).to_have_count(PREVIEWED)
    page.get_by_role("button", name="Follow it").click()
    expect_message(page, "The Courier is followed.")
    stories = fetch_as_the_scheduler_does()

    page.goto(DESK)
    for story, verb in zip(stories, ("Publish", "Hold", "Spike", "Publish", "Publish") * 2, strict=False):
        row(page, story).get_by_role("button", name=re.compile(f"^{verb}\\b")).click()
        expect(row(page, story)).to_have_count(0)

    assert states() == {"published": 6, "held": 2, "spiked": 2, "undecided": 2}


@pytest.mark.parametrize("javascript", [True, False])
def test_a_rule_asks_for_what_its_kind_needs(newsroom, javascript):
    page = newsroom.open_page(javascript=javascript)
    page.goto(f"{DESK}sources/rules/add/")
    kind = page.get_by_label("What to do")
    fields = {name: page.get_by_label(name) for name in ("Topic to add", "Points for the quality", "Reason to spike")}

    needed = {"Add a topic": "Topic to add", "Change the quality": "Points for the quality", "Spike": "Reason to spike"}
    for choice in ("Add a topic", "Change the quality", "Hold", "Spike", "Never take"):
        kind.select_option(choice)
        for name, field in fields.items():
            expect(field).to_be_visible(visible=name == needed.get(choice))
