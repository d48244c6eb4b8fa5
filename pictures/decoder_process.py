"""The process that decodes pictures: `python -m pictures.decoder_process`. It has little memory and little time.

It reads from standard input, again and again: one line of JSON, {"size": bytes, "kinds": [...]}, and the picture.
It answers on standard output: one line, {"renditions": [{"kind", "rung", "suffix", "width", "height", "size"}, ...]}
and their bytes in that order, or {"refused": why}. Its environment holds no secret and its limits no way out.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import BinaryIO

from .renditions import logo_renditions, picture_renditions
from .sizes import PictureRefused, Rendition

MEMORY = 236 * 2**20  # of its own; with the program's code and libraries below 300 MB
CPU_SECONDS = 20  # for one picture
RENDERERS = {"picture": picture_renditions, "logo": logo_renditions}


def main() -> None:
    _limit()
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while line := source.readline():
        wanted = json.loads(line)
        _allow_time()
        _answer(target, source.read(wanted["size"]), wanted["kinds"])


def _answer(target: BinaryIO, data: bytes, kinds: list[str]) -> None:
    try:
        made = [(kind, rendition) for kind in kinds for rendition in RENDERERS[kind](data)]
    except PictureRefused as refused:
        _write(target, {"refused": str(refused)})
    except MemoryError:
        _write(target, {"refused": "needs more memory than a picture may take"})
    except Exception as error:  # noqa: BLE001 whatever Pillow raises on hostile bytes is a refusal
        _write(target, {"refused": f"can't be made smaller ({type(error).__name__}: {error})"[:200]})
    else:
        _write(target, {"renditions": [_told(kind, rendition) for kind, rendition in made]})
        for _, rendition in made:
            target.write(rendition.data)
    target.flush()


def _told(kind: str, rendition: Rendition) -> dict[str, object]:
    told = {name: getattr(rendition, name) for name in ("rung", "suffix", "width", "height")}
    return {"kind": kind, "size": len(rendition.data), **told}


def _write(target: BinaryIO, value: object) -> None:
    target.write(json.dumps(value).encode() + b"\n")


def _limit() -> None:
    for which, value in (
        (resource.RLIMIT_DATA, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(which, (value, value))


def _allow_time() -> None:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(usage.ru_utime + usage.ru_stime) + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    main()
