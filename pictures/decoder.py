"""Pictures decoded in a process of their own, which may crash, hang or run out of memory without harm to ours."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Self, cast

from .sizes import LOGO_SIZES, SUFFIXES, WIDTHS, Kind, PictureRefused, Rendition

SECONDS = 20.0
PICTURES_PER_CHILD = 200  # then a fresh one: what a decoder leaks doesn't add up
MOST_RENDITIONS = 3 * len(WIDTHS) + len(LOGO_SIZES)
MAX_RENDITION_BYTES = 20_000_000
MAX_HEAD_BYTES = 16_384
COMMAND = [sys.executable, "-m", "pictures.decoder_process"]
_ROOT = Path(__file__).resolve().parent.parent


class Decoder:
    """A child process that decodes one picture at a time. Use it as a context manager, from one thread at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._served = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child, whatever it is doing."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                pipe and pipe.close()

    def decode(self, data: bytes, kinds: Iterable[Kind], seconds: float = SECONDS) -> dict[Kind, list[Rendition]]:
        """Return the renditions of the picture in `data` by kind. Raises PictureRefused."""
        process = self._child()
        late = threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            return _exchange(process, data, list(kinds))
        except PictureRefused:
            raise
        except (OSError, ValueError, KeyError, TypeError) as error:
            self.close()
            raise _refusal(process.returncode, late.is_set(), seconds) from error
        finally:
            timer.cancel()

    def _child(self) -> subprocess.Popen[bytes]:
        if self._process is not None and (self._served >= PICTURES_PER_CHILD or self._process.poll() is not None):
            self.close()
        if self._process is None:
            self._served = 0
            self._process = subprocess.Popen(  # noqa: S603  our own module, by our own interpreter
                COMMAND,
                cwd=_ROOT,
                env={"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for us to handle
            )
        self._served += 1
        return self._process


def _exchange(process: subprocess.Popen[bytes], data: bytes, kinds: list[Kind]) -> dict[Kind, list[Rendition]]:
    """Send the picture, read the answer; nothing in it is believed before it is checked."""
    to_child, from_child = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
    to_child.write(json.dumps({"size": len(data), "kinds": kinds}).encode() + b"\n")
    to_child.write(data)
    to_child.flush()
    answer = json.loads(from_child.readline(MAX_HEAD_BYTES))
    if "refused" in answer:
        raise PictureRefused(str(answer["refused"])[:200])
    heads = answer["renditions"]
    if len(heads) > MOST_RENDITIONS:
        raise ValueError("too many renditions")
    found: dict[Kind, list[Rendition]] = {kind: [] for kind in kinds}
    for head in heads:
        kind, size, rendition = _checked(head)
        body = from_child.read(size)
        if len(body) != size:
            raise ValueError("half a rendition")
        found[kind].append(Rendition(**rendition, data=body))
    return found


def _checked(head: dict[str, Any]) -> tuple[Kind, int, dict[str, Any]]:
    kind, suffix, size = head["kind"], head["suffix"], head["size"]
    numbers = {name: int(head[name]) for name in ("rung", "width", "height")}
    if kind not in SUFFIXES or suffix not in SUFFIXES[kind] or not 0 < size <= MAX_RENDITION_BYTES:
        raise ValueError("not a rendition")
    if not all(0 < number <= 10_000 for number in numbers.values()):
        raise ValueError("not a rendition")
    return kind, size, {**numbers, "suffix": suffix}


def _refusal(returncode: int | None, late: bool, seconds: float) -> PictureRefused:
    if late:
        return PictureRefused(f"takes longer than {seconds:.0f} s to decode")
    if returncode is not None and returncode < 0:
        return PictureRefused(f"made the decoder crash (signal {-returncode})")
    return PictureRefused("made the decoder crash")
