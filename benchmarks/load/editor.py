"""An editor who signs in with name and password, and works at the desk by the requests that its pages make.

Publishes a story, looks at once whether readers see it, holds it, and looks whether it is gone; then the next one.
"""

from __future__ import annotations

import html
import http.client
import json
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from benchmarks.load.site import PASSWORD
from tests.servers import UNTRUSTED_TLS

PACE_SECONDS = 4.0  # between two decisions
PATIENCE_SECONDS = 20
COOKIE = re.compile(r"(?m)^(\w+)=([^;]+)")


@dataclass(frozen=True)
class Response:
    """The response to one request: when, how long it took, and its status; 0 if there was none."""

    at: float
    request: str
    ms: float
    status: int
    text: str = ""


class Editor(threading.Thread):
    """Decide `stories`, (key, name, title) of undecided ones; `wrong` lists what readers should not have seen."""

    def __init__(self, port: int, stories: Sequence[tuple[int, str, str]]) -> None:
        super().__init__(daemon=True)
        self.port = port
        self.stories = stories
        self.stopped = threading.Event()
        self.cookies: dict[str, str] = {}
        self.connection = http.client.HTTPSConnection(
            "127.0.0.1", port, timeout=PATIENCE_SECONDS, context=UNTRUSTED_TLS
        )
        self.saves: list[Response] = []
        self.failed: list[Response] = []
        self.wrong: list[str] = []
        self.looks = 0
        self.decided: dict[int, bool] = {}  # what the desk has confirmed: whether each story is published
        self.error = ""

    def run(self) -> None:
        try:
            self._sign_in()
            while not self.stopped.is_set():
                for story in self.stories:
                    if self.stopped.is_set():
                        return
                    self._decide(story, "publish", published=True)
                    self._decide(story, "hold", published=False)
        except Exception as error:  # noqa: BLE001  the report shows it
            self.error = f"{type(error).__name__}: {error}"

    def stop(self) -> None:
        self.stopped.set()
        self.join(timeout=3 * PATIENCE_SECONDS)

    def _sign_in(self) -> None:
        login = "/admin/login/?next=/admin/desk/"
        self.request("GET", login)
        response = self.request("POST", login, {"username": "editor", "password": PASSWORD})
        if response.status != 302:
            raise RuntimeError(f"signing in responds {response.status}")

    def _decide(self, story: tuple[int, str, str], action: str, *, published: bool) -> None:
        """Repeat a decision until the desk confirms it, then look at what readers get."""
        key, _, title = story
        while not self.stopped.is_set():
            page = self.request("GET", f"/admin/desk/articles/{key}/")
            version = re.search(rf'name="row" value="{key}:(\d+)"', page.text)
            if page.status != 200 or not version:
                self.failed.append(page)
                time.sleep(0.5)
                continue
            form = {"action": action, "row": f"{key}:{version[1]}"}
            save = self.request("POST", "/admin/desk/act/", form, {"HX-Request": "true"})
            self.saves.append(save)
            if save.status == 200 and "1 story" in save.text:
                self.decided[key] = published
                break
            if save.status == 200 and "Nothing changed" in save.text:  # an earlier save whose response was lost
                self.decided[key] = published
                break
            self.failed.append(save)
            time.sleep(0.5)
        else:
            return
        self._look(story, published)
        self.stopped.wait(PACE_SECONDS)

    def _look(self, story: tuple[int, str, str], published: bool) -> None:
        _, name, title = story
        places = {
            f"/news/{name}/": None,
            f"/api/news/{name}/index.json": None,
            "/latest/": html.escape(title),
            "/feeds/latest.json": json.dumps(title, ensure_ascii=False)[1:-1],
        }
        for path, text in places.items():
            response = self.request("GET", path)
            if response.status not in (200, 404):
                self.failed.append(response)
                continue
            self.looks += 1
            shown = response.status == 200 if text is None else text in response.text
            if shown is not published:
                self.wrong.append(f"{path} {'shows' if shown else 'lacks'} “{title}”")

    def request(
        self, method: str, path: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> Response:
        """Send a request, signed in or not, and return its response."""
        all_headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} | (headers or {})
        body = None
        if form is not None:
            token = self.cookies.get("csrf", "")
            body = urlencode(form | {"csrfmiddlewaretoken": token})
            all_headers |= {"Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": token}
            all_headers["Origin"] = f"https://127.0.0.1:{self.port}"
        at, start = time.time(), time.perf_counter()
        try:
            self.connection.request(method, path, body, all_headers)
            response = self.connection.getresponse()
            text = response.read().decode(errors="replace")
            status = response.status
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            return Response(at, f"{method} {path}", (time.perf_counter() - start) * 1000, 0, str(error))
        ms = (time.perf_counter() - start) * 1000
        for cookie in response.headers.get_all("Set-Cookie", []):
            if match := COOKIE.match(cookie):
                self.cookies[match[1]] = match[2]
        if status == 503 and "Retry-After" not in response.headers:
            status = 500  # counts as a failure
        return Response(at, f"{method} {path}", ms, status, text)
