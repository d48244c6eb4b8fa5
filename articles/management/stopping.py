"""How commands that take a while are stopped: SIGTERM, by cron or systemd, is a Ctrl-C; and none is lost."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from typing import Any

AGAIN_SECONDS = 0.01
_tell = sys.unraisablehook


def stop_by_signal() -> None:
    """Let a signal to stop end in a KeyboardInterrupt, wherever it meets the program.

    Python drops one that arrives while it clears an object away, and goes on: it comes again a moment later.
    """
    with suppress(ValueError):  # only the main thread may ask
        for number in (signal.SIGTERM, signal.SIGALRM):
            signal.signal(number, signal.default_int_handler)
        sys.unraisablehook = _come_again


def _come_again(dropped: Any) -> None:
    if issubclass(dropped.exc_type, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
    else:
        _tell(dropped)
