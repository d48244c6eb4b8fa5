"""Helpers for pages of the desk: find rows, press keys, wait for messages."""

import re

from playwright.sync_api import Locator, Page, expect

from articles.models import Article, Operation

DESK = "/admin/desk/"


def row(page: Page, article: Article) -> Locator:
    return page.locator(f"#row-{article.pk}")


def headline(page: Page, article: Article) -> Locator:
    return row(page, article).locator("h2 a")


def press(page: Page, *keys: str) -> None:
    """Press keys once the page has run its scripts: a page that another key has led to may still be loading."""
    page.wait_for_load_state()
    for key in keys:
        page.keyboard.press(key)


def expect_live_keys(page: Page) -> None:
    """Wait until the page that a key has led to listens to keys: then its buttons for keys and rows can be pressed."""
    expect(page.get_by_role("button", name="Keys")).to_be_enabled()


def expect_announcement(page: Page, text: str | re.Pattern) -> None:
    """Wait until a live region announces the text."""
    regions = page.locator("[role=status], [role=alert], [aria-live]")
    expect(regions.filter(has_text=text).first).to_be_attached()


def expect_message(page: Page, text: str | re.Pattern) -> None:
    """Wait until the page shows the message at its top."""
    expect(page.locator(".messagelist li").filter(has_text=text).first).to_be_visible()


def reloaded(article: Article) -> Article:
    return Article.objects.get(pk=article.pk)


def topics_of(article: Article) -> list[str]:
    return [place.tag.name for place in reloaded(article).article_topics.select_related("tag")]


def done_by(name: str) -> list[str]:
    """Return the verbs of an editor's operations at the desk, oldest first."""
    return list(
        Operation.objects.filter(actor__username=name, via="desk").order_by("pk").values_list("verb", flat=True)
    )
