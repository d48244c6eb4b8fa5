"""Fixtures of browser tests: Chromium, a live server, and signed-in editors whose pages must have no errors."""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connections
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.groups import GROUPS

CHROMIUM = Path("/usr/bin/chromium")  # Debian's package; Playwright's build is never downloaded
HERE = Path(__file__).parent
WIDE, NARROW = (1440, 900), (360, 740)
PASSWORD = "a password for tests"
# Chromium reports responses with 4xx on the console; edit conflicts (409) and lockouts (429) are expected.
EXPECTED = ("status of 409", "status of 429")

TIMEOUT = 10_000  # milliseconds for everything that a test waits for

expect.set_options(timeout=TIMEOUT)


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, tmp_path_factory):
    """Keep SQLite's test database in a file: the threads of the server can't share one in memory."""
    for alias in connections:
        settings = connections[alias].settings_dict
        if settings["ENGINE"].endswith("sqlite3"):
            settings["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / f"{alias}.sqlite3")


@pytest.fixture(scope="session")
def chromium():
    if not CHROMIUM.exists():
        pytest.exit(f"{CHROMIUM} is missing. On Debian install it with: apt-get install chromium (as root).", 1)
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps an event loop in this thread; we don't use it
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")
    if before is not None:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


def editor(name: str) -> User:
    """Return a user with all permissions of publishers."""
    user = User.objects.filter(username=name).first()
    if user is None:
        user = User.objects.create_user(name, password=PASSWORD, is_staff=True)
        codenames = [permission.partition(".")[2] for permission in GROUPS["publisher"]]
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


class Newsroom:
    """Browsers of editors; `problems` collects the errors in all of them."""

    def __init__(self, browser: Browser, url: str, stack: ExitStack) -> None:
        self.browser, self.url, self.stack = browser, url, stack
        self.problems: list[str] = []

    def open_page(
        self,
        name: str = "ana",
        *,
        javascript: bool = True,
        scheme: str = "light",
        size: tuple[int, int] = WIDE,
        signed_in: bool = True,
    ) -> Page:
        """Return an empty page in a new browser context, with this editor signed in."""
        user = editor(name)
        context = self.browser.new_context(
            base_url=self.url,
            java_script_enabled=javascript,
            color_scheme=scheme,
            viewport={"width": size[0], "height": size[1]},
            reduced_motion="reduce",
            timezone_id="UTC",
        )
        self.stack.callback(context.close)
        if signed_in:
            client = Client()
            client.force_login(user)
            cookie = client.cookies["session"]
            context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": self.url}])
        context.set_default_timeout(TIMEOUT)
        self._watch(context)
        return context.new_page()

    def _watch(self, context: BrowserContext) -> None:
        """Collect errors, violations of the content security policy, and requests to other hosts."""

        def note_console(message):
            if message.type == "error" and not any(text in message.text for text in EXPECTED):
                self.problems.append(f"console: {message.text} ({message.location.get('url', '')})")

        def note_request(request):
            if not request.url.startswith((f"{self.url}/", "data:", "blob:", "about:")):
                self.problems.append(f"request to another host: {request.url}")

        def note_response(response):
            if response.status >= 400 and response.status not in (409, 429):
                self.problems.append(f"{response.status}: {response.request.method} {response.url}")

        context.on("console", note_console)
        context.on("weberror", lambda error: self.problems.append(f"script: {error.error}"))
        context.on("request", note_request)
        context.on("response", note_response)


@pytest.fixture
def newsroom(transactional_db, live_server, chromium):
    with ExitStack() as stack:
        newsroom = Newsroom(chromium, live_server.url, stack)
        yield newsroom
    assert not newsroom.problems, "\n".join(newsroom.problems)


@pytest.fixture
def page(newsroom) -> Page:
    """A page of the editor ana, on a wide screen."""
    return newsroom.open_page()


@pytest.fixture
def plain_page(newsroom) -> Page:
    """A page of the editor ana without JavaScript."""
    return newsroom.open_page(javascript=False)
