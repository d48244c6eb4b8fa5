"""The parent's side of a child process that reads untrusted bytes."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Self, TypeVar, cast

Result = TypeVar("Result")
Exchange = Callable[[IO[bytes], IO[bytes]], Result]

# The fixed threshold returns large buffers to the system at once. Otherwise some stay in a fragmented heap, and the
# next large request exceeds the limit on memory.
ENVIRONMENT = {"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "1000000"}
# What reading an invalid response may raise.
_INVALID = (OSError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
_ROOT = Path(__file__).resolve().parent.parent


class ChildError(Exception):
    """The child gave no valid response: `timed_out`, or ended by the signal `signal_number` (0 for none)."""

    def __init__(self, *, timed_out: bool, signal_number: int) -> None:
        super().__init__("timed out" if timed_out else f"signal {signal_number}")
        self.timed_out = timed_out
        self.signal_number = signal_number


def module_command(module: str) -> list[str]:
    """Return the command that runs a module of this project with the same interpreter."""
    return [sys.executable, "-m", module]


class ChildProcess:
    """A child process that answers one request at a time. Use as a context manager, from one thread at a time.

    After `max_requests` a new process starts, so that memory leaks of a library don't add up.
    """

    def __init__(self, command: list[str], *, max_requests: int) -> None:
        self._command = command
        self._max_requests = max_requests
        self._process: subprocess.Popen[bytes] | None = None
        self._request_count = 0

    @property
    def pid(self) -> int | None:
        """The number of the running process; None before the first request, and after it was stopped."""
        return self._process.pid if self._process else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill the child process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                pipe and pipe.close()

    def request(self, exchange: Exchange[Result], seconds: float) -> Result:
        """Call `exchange` with the pipes to and from the child, and return its result. Raises ChildError.

        The child may be compromised: `exchange` validates the response and raises ValueError or the like if it is
        invalid. The child is killed then, and also when it takes longer than `seconds`.
        """
        process = self._running_process()
        timed_out = threading.Event()

        def stop() -> None:
            timed_out.set()
            process.kill()

        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            return exchange(cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout))
        except _INVALID as error:
            self.close()
            number = max(-(process.returncode or 0), 0)
            raise ChildError(timed_out=timed_out.is_set(), signal_number=number) from error
        finally:
            timer.cancel()

    def _running_process(self) -> subprocess.Popen[bytes]:
        if self._process is not None and (
            self._request_count >= self._max_requests or self._process.poll() is not None
        ):
            self.close()
        if self._process is None:
            self._request_count = 0
            self._process = subprocess.Popen(  # noqa: S603  our own module, run by the same interpreter
                self._command,
                cwd=_ROOT,
                env=ENVIRONMENT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # so that Ctrl-C reaches only the parent
            )
        self._request_count += 1
        return self._process
