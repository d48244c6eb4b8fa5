"""An editor's morning among thousands of real stories: how many keys, and how much time of the server, it takes.

The newsroom has the stories of the corpora beside the project, and made-up older ones up to STORIES.
"""

from __future__ import annotations

import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from statistics import median

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from playwright.sync_api import Locator, Page, expect

from articles.models import Article, Operation, SitePolicy
from tests.browser.conftest import TIMEOUT
from tests.browser.deskpage import DESK, expect_announcement, expect_live_keys, expect_message, press, reloaded

CORPUS = settings.BASE_DIR.parent / "shared" / "corpus"
STORIES = 7852
MILLISECONDS_MAX = 150  # of CPU time of the server, for each decision
KEYS_MAX = 45
PATIENCE = 90_000  # milliseconds
BOARD = f"{DESK}front-page/"
ACT, UNDO, SAVE = f"{DESK}act/", f"{DESK}undo/", f"{BOARD}save/"
# What the editor decides, story by story: hold, publish, or spike with the number of a reason.
DECISIONS = ["1", "2", "p", "w", "1", "3", "p", "1", "w", "2", "p", "w", "1", "w", "p"] * 2
REASONS = {"1": "duplicate", "2": "off topic", "3": "low quality"}

pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason="the corpora are not beside the project")


class ServerTimes:
    """The CPU time of the server's threads for each request, in milliseconds, by method and path."""

    def __init__(self) -> None:
        self.of: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        self._local = threading.local()

    def started(self, environ: dict[str, str], **_: object) -> None:
        self._local.key = (environ["REQUEST_METHOD"], environ["PATH_INFO"])
        self._local.start = time.thread_time()

    def finished(self, **_: object) -> None:
        self.of[self._local.key].append((time.thread_time() - self._local.start) * 1000)

    def report(self) -> str:
        lines = (
            f"{method:4} {path:28} {len(times):4} times, median {median(times):4.0f} ms, at most {max(times):4.0f} ms"
            for (method, path), times in sorted(self.of.items())
            if not path.startswith(("/static/", "/media/"))
        )
        return "\n".join(["", "CPU time of the server:", *lines])


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Wait longer than other tests do: the machine may be busy, and the server's time is measured apart."""
    expect.set_options(timeout=PATIENCE)
    yield
    expect.set_options(timeout=TIMEOUT)


@pytest.fixture
def server_times(newsroom) -> Iterator[ServerTimes]:
    times = ServerTimes()
    request_started.connect(times.started)
    request_finished.connect(times.finished)
    yield times
    request_started.disconnect(times.started)
    request_finished.disconnect(times.finished)
    print(times.report())  # noqa: T201  shown with -rP


@pytest.fixture
def corpora(newsroom) -> dict[int, tuple]:
    """Import the corpora, fill up with older made-up stories, and return what each is before the morning."""
    for name in ("coronavirus", "powerapps"):
        call_command("import_articles", str(CORPUS / name), stdout=StringIO(), stderr=StringIO(), verbosity=0)
    missing = STORIES - Article.objects.count()
    if missing > 0:
        until = datetime(2019, 1, 1, tzinfo=UTC)
        call_command("generate_articles", missing, add=True, until=until, stdout=StringIO(), verbosity=0)
    assert Article.objects.count() == STORIES
    return editorial_state()


def editorial_state() -> dict[int, tuple]:
    columns = ("title", "state", "spike_reason", "quality", "heat", "published", "public", "lead", "pins")
    picks = ("pick_until", "pick_place", "off_front", "publish_at", "unpublish_at", "listed_at")
    return {pk: values for pk, *values in Article.objects.values_list("pk", *columns, *picks)}


class CountedKeys:
    """The keyboard; counts what is pressed."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.count += 1


def current(page: Page) -> Locator:
    """Return the row in hand, by its key, so that it stays the same when the next one is taken in hand."""
    pk = page.locator("#list .row[aria-current]").get_attribute("data-pk")
    return page.locator(f"#row-{pk}")


def without_picture(page: Page) -> Locator:
    return page.locator("#list .row", has=page.locator(".mark", has_text="no picture")).first


def expected_states() -> list[str]:
    names = {"p": "published", "w": "held"}
    return [names.get(decision) or f"spiked: {REASONS[decision]}" for decision in DECISIONS]


def assert_quick(times: ServerTimes, *paths: str) -> None:
    slow = {path: max(times.of["POST", path]) for path in paths if max(times.of["POST", path]) > MILLISECONDS_MAX}
    assert not slow, times.report()


def test_thirty_decisions_a_headline_a_pick_and_an_override_are_made_and_undone(newsroom, corpora, server_times):
    page = newsroom.open_page()
    page.set_default_timeout(PATIENCE)
    page.goto(DESK)
    keys = CountedKeys(page)

    keys.press("j")
    decided = []
    for decision, state in zip(DECISIONS, expected_states(), strict=True):
        row = current(page)
        decided.append(int(row.get_attribute("data-pk")))
        keys.press(*(["e", decision] if decision in REASONS else [decision]))
        expect(row.locator(".chip")).to_have_text(state)
    assert keys.count <= KEYS_MAX
    assert [reloaded(Article(pk=pk)).decision for pk in decided] == expected_states()
    assert len(server_times.of["POST", ACT]) == Operation.objects.filter(via="desk").count() == len(DECISIONS)

    row = current(page)
    edited = Article(pk=int(row.get_attribute("data-pk")))
    press(page, "i")
    expect(page.locator("#open [name=title]")).to_be_focused()
    page.keyboard.type("Storm at sea")  # `i` selects nothing: the words go in front of the old ones or behind them
    with page.expect_response(re.compile(f"{DESK}articles/{edited.pk}/")):
        press(page, "Enter")
    expect_announcement(page, "1 story edited.")
    expect(page.locator("#open.htmx-request")).to_have_count(0)  # closing the pane would end it, which htmx reports
    assert "Storm at sea" in reloaded(edited).title
    press(page, "Escape")

    unfit = override_a_check(page)
    place_a_pick(page)

    page.goto(DESK)
    expect_live_keys(page)
    mine = Operation.objects.filter(actor__username="ana", via="desk").exclude(verb="undo")
    for _ in range(mine.count()):
        with page.expect_response(f"**{UNDO}"):
            press(page, "u")
        expect(page.locator("#toast .said p").first).to_contain_text("Undone")
    assert mine.count() == len(DECISIONS) + 4
    assert not mine.filter(undone_by=None).exists()
    assert reloaded(unfit).state == "undecided"
    assert editorial_state() == corpora
    assert_quick(server_times, ACT, UNDO, SAVE)


def override_a_check(page: Page) -> Article:
    """Publish a story without a picture, with a reason, and return it."""
    SitePolicy.objects.update(check_picture="ask")
    page.goto(DESK)
    expect_live_keys(page)
    without_picture(page).locator("h2 a").focus()
    story = Article(pk=int(current(page).get_attribute("data-pk")))
    press(page, "p")
    expect(page.get_by_role("heading", name="1 story fails publish checks")).to_be_visible()
    page.get_by_label("Reason").fill("agreed at nine")
    press(page, "Enter")
    expect_message(page, "1 story published.")
    assert Operation.objects.first().overridden == {str(story.pk): ["picture"]}
    return story


def place_a_pick(page: Page) -> None:
    """Make the fifth story of the front page the second, and then the third."""
    page.goto(BOARD)
    press(page, "j", "j", "j", "j", "j", "2")
    for place in (2, 3):
        expect(page.get_by_role("region", name="Preview: not saved yet")).to_be_visible()
        press(page, "Enter")
        expect_message(page, re.compile(f"moved from . to {place}"))
        expect(page.locator(".place[aria-current] .number")).to_have_text(str(place))
        if place == 2:
            press(page, "Shift+J")
