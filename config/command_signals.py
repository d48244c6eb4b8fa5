"""How long-running commands are stopped: SIGTERM, as cron and systemd send it, acts like Ctrl-C."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from typing import Any

RETRY_SECONDS = 0.01
_original_hook = sys.unraisablehook


def interrupt_on_sigterm() -> None:
    """Make SIGTERM raise KeyboardInterrupt, wherever the program is.

    Python drops an exception that is raised while it finalizes an object, so such a signal is sent once more.
    """
    with suppress(ValueError):  # signal handlers can be set in the main thread only
        for number in (signal.SIGTERM, signal.SIGALRM):
            signal.signal(number, signal.default_int_handler)
        sys.unraisablehook = _retry_interrupt


def _retry_interrupt(dropped: Any) -> None:
    if issubclass(dropped.exc_type, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, RETRY_SECONDS)
    else:
        _original_hook(dropped)
