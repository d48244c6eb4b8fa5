"""What a scheduler would run, for the demo: new stories of sources each minute, as long as the server lives."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import close_old_connections

from sources.models import Source

MINUTE = 60  # seconds


def start_schedule() -> None:
    """Start the schedule beside this process, which becomes the server."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "demo", "--schedule"]
    subprocess.Popen(command, cwd=settings.BASE_DIR, stdin=subprocess.DEVNULL)  # noqa: S603  our own program


def run_schedule(
    *,
    report: Callable[[str], None],
    parent: Callable[[], int] = os.getppid,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Run the jobs of each minute until the process that started this one has ended."""
    server = parent()
    while parent() == server:
        if Source.objects.exists():
            for name, options in (("fetch_sources", {}), ("cache_images", {"limit": 100})):
                try:
                    call_command(name, verbosity=0, **options)
                except CommandError as error:
                    report(str(error))
        close_old_connections()
        for _ in range(MINUTE):
            if parent() == server:
                sleep(1)
