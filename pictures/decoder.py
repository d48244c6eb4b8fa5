"""Decode pictures in a separate process, which may crash, hang or run out of memory without harm to this one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import IO, Any

from sandbox.child import ChildError, ChildProcess, module_command

from .sizes import LOGO_SIZES, SUFFIXES, WIDTHS, Kind, PictureError, Rendition

SECONDS = 20.0
MAX_PER_PROCESS = 200  # pictures
MAX_RENDITIONS = 3 * len(WIDTHS) + 1 + len(LOGO_SIZES)  # the one is to share
MAX_RENDITION_BYTES = 20_000_000
MAX_HEADER_BYTES = 16_384
COMMAND = module_command("pictures.decoder_process")


class Decoder(ChildProcess):
    """A child process that decodes one picture at a time. Use as a context manager, from one thread at a time."""

    def __init__(self) -> None:
        super().__init__(COMMAND, max_requests=MAX_PER_PROCESS)

    def decode(self, data: bytes, kinds: Iterable[Kind], seconds: float = SECONDS) -> dict[Kind, list[Rendition]]:
        """Return the renditions of the picture in `data`, by kind. Raises PictureError."""
        requested = list(kinds)
        try:
            return self.request(lambda to_child, from_child: _exchange(to_child, from_child, data, requested), seconds)
        except ChildError as error:
            raise _crash_error(error, seconds) from error


def _exchange(
    to_child: IO[bytes], from_child: IO[bytes], data: bytes, kinds: list[Kind]
) -> dict[Kind, list[Rendition]]:
    """Send the picture and read the response, all of which is validated."""
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


def _crash_error(error: ChildError, seconds: float) -> PictureError:
    if error.timed_out:
        return PictureError(f"takes longer than {seconds:.0f} s to decode")
    if error.signal_number:
        return PictureError(f"made the decoder crash (signal {error.signal_number})")
    return PictureError("made the decoder crash")
