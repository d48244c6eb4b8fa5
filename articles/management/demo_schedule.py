"""What a scheduler would run, for the demo: new stories of sources each minute, as long as the server lives.

The process that does so also serves the demo's own sources, on a port that the system chose.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, close_old_connections

from sources.models import Source

from .demo_feeds import HOST, DemoFeeds, read_feeds

MINUTE = 60  # seconds
FEEDS = settings.BASE_DIR / "seeds" / "feeds"


def start_schedule() -> None:
    """Start the schedule beside this process, which becomes the server, and let both fetch the demo's own sources."""
    with socket.create_server((HOST, 0)) as listening:
        own = f"{HOST}:{listening.getsockname()[1]}"
        os.environ["FETCH_SERVERS"] = ",".join([*settings.FETCH_SERVERS, own])
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "demo", "--schedule", str(listening.fileno())]
        subprocess.Popen(  # noqa: S603  our own program
            command, cwd=settings.BASE_DIR, stdin=subprocess.DEVNULL, pass_fds=[listening.fileno()]
        )


def serve_schedule(listening: int, *, report: Callable[[str], None]) -> None:
    """Serve the demo's feeds on a listening socket, named by its file descriptor, and run the schedule."""
    with DemoFeeds(read_feeds(FEEDS), socket.socket(fileno=listening)) as feeds:
        feeds.follow()
        run_schedule(report=report, grow=feeds.grow, plan=lambda: feeds.plan_fetches(timedelta(seconds=MINUTE)))


def run_schedule(
    *,
    report: Callable[[str], None],
    grow: Callable[[], None] = lambda: None,
    plan: Callable[[], None] = lambda: None,
    parent: Callable[[], int] = os.getppid,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Run the jobs of each minute until the process that started this one has ended; `grow` the feeds after each.

    `plan` is called once the jobs have run, and sets when they will run for each feed.
    """
    server = parent()
    while parent() == server:
        if Source.objects.exists():
            for name, options in (("fetch_sources", {}), ("cache_images", {"limit": 100})):
                try:
                    call_command(name, verbosity=0, **options)
                except CommandError as error:
                    report(str(error))
        _report_errors_of(plan, report)
        close_old_connections()
        for _ in range(MINUTE):
            if parent() == server:
                sleep(1)
        _report_errors_of(grow, report)


def _report_errors_of(job: Callable[[], None], report: Callable[[str], None]) -> None:
    try:
        job()
    except DatabaseError as error:
        report(str(error))
