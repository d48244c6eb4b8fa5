"""Decode pictures in a separate process, which may crash, hang or run out of memory without harm to this one."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Self, cast

from .sizes import LOGO_SIZES, SUFFIXES, WIDTHS, Kind, PictureError, Rendition

SECONDS = 20.0
MAX_PER_PROCESS = 200  # pictures; then a new process starts, so that memory leaks of a decoder don't add up
MAX_RENDITIONS = 3 * len(WIDTHS) + len(LOGO_SIZES)
MAX_RENDITION_BYTES = 20_000_000
MAX_HEADER_BYTES = 16_384
COMMAND = [sys.executable, "-m", "pictures.decoder_process"]
# The fixed threshold returns large buffers to the system at once. Otherwise some stay in a fragmented heap, and the
# next picture of 24 megapixels exceeds the limit.
ENVIRONMENT = {"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "1000000"}
_ROOT = Path(__file__).resolve().parent.parent


class Decoder:
    """A child process that decodes one picture at a time. Use as a context manager, from one thread at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._picture_count = 0

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

    def decode(self, data: bytes, kinds: Iterable[Kind], seconds: float = SECONDS) -> dict[Kind, list[Rendition]]:
        """Return the renditions of the picture in `data`, by kind. Raises PictureError."""
        process = self._running_process()
        timed_out = threading.Event()

        def stop() -> None:
            timed_out.set()
            process.kill()

        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            return _exchange(process, data, list(kinds))
        except (OSError, ValueError, KeyError, TypeError) as error:
            self.close()
            raise _crash_error(process.returncode, timed_out.is_set(), seconds) from error
        finally:
            timer.cancel()

    def _running_process(self) -> subprocess.Popen[bytes]:
        if self._process is not None and (self._picture_count >= MAX_PER_PROCESS or self._process.poll() is not None):
            self.close()
        if self._process is None:
            self._picture_count = 0
            self._process = subprocess.Popen(  # noqa: S603  our own module, run by the same interpreter
                COMMAND,
                cwd=_ROOT,
                env=ENVIRONMENT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # so that Ctrl-C reaches only the parent
            )
        self._picture_count += 1
        return self._process


def _exchange(process: subprocess.Popen[bytes], data: bytes, kinds: list[Kind]) -> dict[Kind, list[Rendition]]:
    """Send the picture and read the response. The child may be compromised, so all of the response is validated."""
    to_child, from_child = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
    to_child.write(json.dumps({"size": len(data), "kinds": kinds}).encode() + b"\n")
    to_child.write(data)
    to_child.flush()
    header = json.loads(from_child.readline(MAX_HEADER_BYTES))
    if "error" in header:
        raise PictureError(str(header["error"])[:200])
    if len(header["renditions"]) > MAX_RENDITIONS:
        raise ValueError("too many renditions")
    renditions: dict[Kind, list[Rendition]] = {kind: [] for kind in kinds}
    for metadata in header["renditions"]:
        kind, size, fields = _validated(metadata)
        body = from_child.read(size)
        if len(body) != size:
            raise ValueError("truncated rendition")
        renditions[kind].append(Rendition(**fields, data=body))
    return renditions


def _validated(metadata: dict[str, Any]) -> tuple[Kind, int, dict[str, Any]]:
    kind, suffix, size = metadata["kind"], metadata["suffix"], metadata["size"]
    numbers = {name: int(metadata[name]) for name in ("width_step", "width", "height")}
    if kind not in SUFFIXES or suffix not in SUFFIXES[kind] or not 0 < size <= MAX_RENDITION_BYTES:
        raise ValueError("invalid rendition")
    if not all(0 < number <= 10_000 for number in numbers.values()):
        raise ValueError("invalid rendition")
    return kind, size, {**numbers, "suffix": suffix}


def _crash_error(returncode: int | None, timed_out: bool, seconds: float) -> PictureError:
    if timed_out:
        return PictureError(f"takes longer than {seconds:.0f} s to decode")
    if returncode is not None and returncode < 0:
        return PictureError(f"made the decoder crash (signal {-returncode})")
    return PictureError("made the decoder crash")
