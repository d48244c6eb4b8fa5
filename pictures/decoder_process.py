"""The process that decodes pictures: `python -m pictures.decoder_process`. Its memory and CPU time are limited.

It reads requests from standard input: a line of JSON, {"size": bytes, "kinds": [...]}, then the picture. It responds on
standard output with a line, {"renditions": [{"kind", "width_step", "suffix", "width", "height", "size"}, ...]}, then
their bytes in that order, or with {"error": reason}. Its environment contains no secrets, and where the kernel offers
it, `confinement.py` leaves it nothing but its pipes. Pillow decodes the pictures, in `renditions.py`.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
from typing import BinaryIO

from PIL import Image

from .confinement import confine, missing_support
from .renditions import logo_renditions, picture_renditions
from .sizes import PictureError, Rendition

MEMORY_BYTES = 236 * 2**20  # with the program's code and libraries less than 300 MB
CPU_SECONDS = 20  # for one picture
RENDERERS = {"picture": picture_renditions, "logo": logo_renditions}


# Modules that Pillow imports when a picture needs them, and the encodings of texts in pictures.
LATE_IMPORTS = (
    *(f"PIL.{name}" for name in ("ExifTags", "ImageChops", "ImageCms", "ImageColor", "ImageFilter", "ImageMath")),
    *(f"PIL.{name}" for name in ("ImageOps", "ImagePalette", "ImageSequence", "ImageStat")),
    *(f"PIL.{name}ImagePlugin" for name in ("Avif", "Gif", "Jpeg", "Mpo", "Png", "Tiff", "WebP")),
    *(f"encodings.{name}" for name in ("ascii", "cp1252", "latin_1", "utf_8", "utf_16", "utf_16_be", "utf_16_le")),
)


def main() -> None:
    _limit_resources()
    if not missing_support():
        _import_all()
        confine()
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while line := source.readline():
        request = json.loads(line)
        _extend_cpu_limit()
        _respond(target, source.read(request["size"]), request["kinds"])


def _respond(target: BinaryIO, data: bytes, kinds: list[str]) -> None:
    try:
        renditions = [(kind, rendition) for kind in kinds for rendition in RENDERERS[kind](data)]
    except PictureError as error:
        _write_json(target, {"error": str(error)})
    except MemoryError:
        _write_json(target, {"error": "needs more memory than a picture may take"})
    except Exception as error:  # noqa: BLE001 Pillow raises anything on hostile bytes
        _write_json(target, {"error": f"can't be made smaller ({type(error).__name__}: {error})"[:200]})
    else:
        _write_json(target, {"renditions": [_metadata(kind, rendition) for kind, rendition in renditions]})
        for _, rendition in renditions:
            target.write(rendition.data)
    target.flush()


def _metadata(kind: str, rendition: Rendition) -> dict[str, object]:
    fields = {name: getattr(rendition, name) for name in ("width_step", "suffix", "width", "height")}
    return {"kind": kind, "size": len(rendition.data), **fields}


def _write_json(target: BinaryIO, value: object) -> None:
    target.write(json.dumps(value).encode() + b"\n")


def _import_all() -> None:
    """Import what may be needed later: the confined process can't open files."""
    for name in LATE_IMPORTS:
        importlib.import_module(name)
    Image.init()


def _limit_resources() -> None:
    for limit, value in (
        (resource.RLIMIT_DATA, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(limit, (value, value))


def _extend_cpu_limit() -> None:
    """Allow CPU_SECONDS more than were used so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(usage.ru_utime + usage.ru_stime) + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    main()
