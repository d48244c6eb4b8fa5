"""Measure `fetch_sources` on 1,000 sources, 90 % of them unchanged, served from this machine.

The sources are on eight hosts. The others list one new story beside nineteen known ones, which is taken in. The pause
between two requests to a host is left out: it takes time, but no work. Counted are the CPU seconds of the command and
of the processes that read for it, the command's memory at its highest (that of the readers is in `benchmarks.feeds`),
and the statements for each source, also those that begin a transaction: all of them, and those until its entries are
stored.

From the environment: SOURCES_COUNT (1000). Exit code 1 if a limit is exceeded.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest.mock import patch

from tests.environments import newsroom_environment

ROOT = Path(__file__).resolve().parent.parent
MEMORY = Path("/dev/shm")  # noqa: S108
COUNT = int(os.environ.get("SOURCES_COUNT", "1000"))
CHANGING = 10  # one of so many has a new story
HOSTS = 8
ENTRIES = 20
ETAG = '"1"'
CPU_LIMIT, MEMORY_LIMIT = 20.0, 150  # seconds, megabytes
STATEMENTS_LIMIT = 6  # for each source


class Handler(BaseHTTPRequestHandler):
    """Serves the sources by number: 304 if the client has the feed already, unless it is one that changes."""

    protocol_version = "HTTP/1.0"

    def __init__(self, newest: list[int], *args: object) -> None:
        self._newest = newest
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        number = int(self.path.removeprefix("/"))
        if number % CHANGING and self.headers.get("If-None-Match") == ETAG:
            self.send_response(304)
            self.end_headers()
            return
        body = feed(number, self._newest[0])
        self.send_response(200)
        self.send_header("ETag", ETAG)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def feed(source: int, newest: int) -> bytes:
    """Return a feed whose last story has the number `newest`."""
    now = datetime.now(UTC)
    paragraph = escape_twice("<p>The <b>harbour bridge</b> closes for two weeks &amp; a ferry runs.</p>") * 8
    items = "".join(
        f"<item><title>Story {number} of source {source}</title><link>https://outlet{source}.example/{number}</link>"
        f"<guid>{source}-{number}</guid><description>{paragraph}</description>"
        f"<pubDate>{format_datetime(now - timedelta(minutes=newest - number + 1))}</pubDate></item>"
        for number in range(newest, newest - ENTRIES, -1)
    )
    return f'<rss version="2.0"><channel><title>Source {source}</title>{items}</channel></rss>'.encode()


def escape_twice(markup: str) -> str:
    return markup.replace("&", "&amp;").replace("<", "&lt;")


@contextmanager
def serving(newest: list[int]) -> Iterator[list[str]]:
    """Serve the sources on several hosts of this machine; yield their addresses."""
    servers = [ThreadingHTTPServer((f"127.0.0.{host + 1}", 0), partial(Handler, newest)) for host in range(HOSTS)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield [f"{server.server_address[0]!s}:{server.server_address[1]}" for server in servers]
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def follow(addresses: list[str]) -> None:
    """Follow the sources; those that don't change have been fetched before."""
    from django.utils import timezone

    from sources.models import Source

    later = timezone.now() + timedelta(days=1)
    for number in range(COUNT):
        url = f"http://{addresses[number % HOSTS]}/{number}"
        known = {"etag": ETAG, "last_ok_at": timezone.now(), "next_at": later} if number % CHANGING else {}
        Source.objects.create(name=f"Source {number}", url=url, **known)


def fetch() -> None:
    """Run the command once, without pauses; print what it took."""
    import resource

    from django.core.management import call_command
    from django.db import connection

    from articles.management.commands import fetch_sources
    from sources import fetch_run

    fetch_run.PAUSE = 0
    statements = stored = 0
    take_in = fetch_sources.take_in_new_entries

    def count(execute, *args):  # type: ignore[no-untyped-def]
        nonlocal statements
        statements += 1
        return execute(*args)

    def note_stored(**options):  # type: ignore[no-untyped-def]
        nonlocal stored
        stored = statements
        return take_in(**options)

    with connection.execute_wrapper(count), patch.object(fetch_sources, "take_in_new_entries", note_stored):
        call_command("fetch_sources")
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in (own, children))
    print(json.dumps({"cpu": cpu, "memory": own.ru_maxrss / 1024, "statements": statements, "stored": stored}))


def make_due() -> None:
    from django.utils import timezone

    from sources.models import Source

    Source.objects.update(next_at=timezone.now())


STEPS = {"follow": follow, "fetch": fetch, "due": make_due}


def run_step(name: str, environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "benchmarks.sources", name, *arguments]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def main() -> int:
    newest = [ENTRIES]
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder, serving(newest) as addresses:
        environment = newsroom_environment(os.environ, Path(folder), FETCH_SERVERS=",".join(addresses))
        environment["SOURCES_COUNT"] = str(COUNT)
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=environment, cwd=ROOT, check=True)
        run_step("follow", environment, *addresses)
        run_step("fetch", environment)  # the first fetch of those that change
        run_step("due", environment)
        newest[0] += 1
        *report, figures = run_step("fetch", environment).splitlines()
    print("\n".join(report))
    took = json.loads(figures)
    print(
        f"{took['cpu']:.1f} s of CPU (limit {CPU_LIMIT:.0f}), {took['memory']:.0f} MB (limit {MEMORY_LIMIT}), "
        f"{took['statements'] / COUNT:.1f} statements for each source (limit {STATEMENTS_LIMIT}), "
        f"{took['stored'] / COUNT:.1f} until its entries are stored"
    )
    expected = f"{COUNT} sources: {COUNT} read, 0 failed"
    if expected not in report:
        print(f"It should have said: {expected}")
        return 1
    limits = {"cpu": CPU_LIMIT, "memory": MEMORY_LIMIT, "statements": STATEMENTS_LIMIT * COUNT}
    return int(any(took[name] > limit for name, limit in limits.items()))


if __name__ == "__main__":
    if sys.argv[1:]:
        import django

        django.setup()
        step, *arguments = sys.argv[1:]
        STEPS[step](arguments) if step == "follow" else STEPS[step]()  # type: ignore[operator]
    else:
        sys.exit(main())
