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
class Asked:
    """One request: when, how long it took, and what came; 0 if nothing did."""

    at: float
    what: str
    ms: float
    status: int
    text: str = ""


class Editor(threading.Thread):
    """`stories` are (key, name, title) of undecided ones. `saves` has every save, `wrong` what readers saw amiss."""

    def __init__(self, port: int, stories: Sequence[tuple[int, str, str]]) -> None:
        super().__init__(daemon=True)
        self.port = port
        self.stories = stories
        self.stopped = threading.Event()
        self.cookies: dict[str, str] = {}
        self.connection = http.client.HTTPSConnection(
            "127.0.0.1", port, timeout=PATIENCE_SECONDS, context=UNTRUSTED_TLS
        )
        self.saves: list[Asked] = []
        self.failed: list[Asked] = []
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
        except Exception as error:  # noqa: BLE001  the report tells
            self.error = f"{type(error).__name__}: {error}"

    def stop(self) -> None:
        self.stopped.set()
        self.join(timeout=3 * PATIENCE_SECONDS)

    def _sign_in(self) -> None:
        login = "/admin/login/?next=/admin/desk/"
        self.ask("GET", login)
        found = self.ask("POST", login, {"username": "editor", "password": PASSWORD})
        if found.status != 302:
            raise RuntimeError(f"signing in answers {found.status}")

    def _decide(self, story: tuple[int, str, str], verb: str, *, published: bool) -> None:
        """Do it until the desk confirms it, then look at what readers get from then on."""
        key, _, title = story
        while not self.stopped.is_set():
            page = self.ask("GET", f"/admin/desk/articles/{key}/")
            version = re.search(rf'name="row" value="{key}:(\d+)"', page.text)
            if page.status != 200 or not version:
                self.failed.append(page)
                time.sleep(0.5)
                continue
            given = {"verb": verb, "row": f"{key}:{version[1]}"}
            save = self.ask("POST", "/admin/desk/act/", given, {"HX-Request": "true"})
            self.saves.append(save)
            if save.status == 200 and "1 story" in save.text:
                self.decided[key] = published
                break
            if save.status == 200 and "Nothing changed" in save.text:  # a save whose answer was lost
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
            answer = self.ask("GET", path)
            if answer.status not in (200, 404):
                self.failed.append(answer)
                continue
            self.looks += 1
            shown = answer.status == 200 if text is None else text in answer.text
            if shown is not published:
                self.wrong.append(f"{path} {'shows' if shown else 'lacks'} “{title}”")

    def ask(
        self, method: str, path: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> Asked:
        """Return what came of a request, signed in or not."""
        given = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} | (headers or {})
        body = None
        if form is not None:
            token = self.cookies.get("csrf", "")
            body = urlencode(form | {"csrfmiddlewaretoken": token})
            given |= {"Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": token}
            given["Origin"] = f"https://127.0.0.1:{self.port}"
        at, start = time.time(), time.perf_counter()
        try:
            self.connection.request(method, path, body, given)
            response = self.connection.getresponse()
            text = response.read().decode(errors="replace")
            status = response.status
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            return Asked(at, f"{method} {path}", (time.perf_counter() - start) * 1000, 0, str(error))
        ms = (time.perf_counter() - start) * 1000
        for cookie in response.headers.get_all("Set-Cookie", []):
            if found := COOKIE.match(cookie):
                self.cookies[found[1]] = found[2]
        if status == 503 and "Retry-After" not in response.headers:
            status = 500  # as bad as that
        return Asked(at, f"{method} {path}", ms, status, text)
