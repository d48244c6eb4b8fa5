"""The process that decodes pictures: `python -m pictures.decoder_process`. Its memory and CPU time are limited.

It reads requests from standard input: a line of JSON, {"size": bytes, "kinds": [...]}, then the picture. It responds on
standard output with a line, {"renditions": [{"kind", "width_step", "suffix", "width", "height", "size"}, ...]}, then
their bytes in that order, or with {"error": reason}. Pillow decodes the pictures, in `renditions.py`.
"""

from __future__ import annotations

import importlib
from typing import Any

from PIL import Image

from sandbox.server import serve

from .renditions import icon_renditions, logo_renditions, masthead_renditions, picture_renditions, share_renditions
from .sizes import PictureError, Rendition

MEMORY_BYTES = 236 * 2**20  # with the program's code and libraries less than 300 MB
CPU_SECONDS = 20  # for one picture
RENDERERS = {
    "picture": picture_renditions,
    "share": share_renditions,
    "logo": logo_renditions,
    "masthead": masthead_renditions,
    "icon": icon_renditions,
}


# Modules that Pillow imports when a picture needs them, and the encodings of texts in pictures.
LATE_IMPORTS = (
    *(f"PIL.{name}" for name in ("ExifTags", "ImageChops", "ImageCms", "ImageColor", "ImageFilter", "ImageMath")),
    *(f"PIL.{name}" for name in ("ImageOps", "ImagePalette", "ImageSequence", "ImageStat")),
    *(f"PIL.{name}ImagePlugin" for name in ("Avif", "Gif", "Jpeg", "Mpo", "Png", "Tiff", "WebP")),
    *(f"encodings.{name}" for name in ("ascii", "cp1252", "latin_1", "utf_8", "utf_16", "utf_16_be", "utf_16_le")),
)


def main() -> None:
    serve(_answer, memory_bytes=MEMORY_BYTES, cpu_seconds=CPU_SECONDS, prepare=_import_all)


def _answer(request: dict[str, Any], data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    try:
        renditions = [(kind, rendition) for kind in request["kinds"] for rendition in RENDERERS[kind](data)]
    except PictureError as error:
        return {"error": str(error)}, []
    except MemoryError:
        return {"error": "needs more memory than a picture may take"}, []
    except Exception as error:  # noqa: BLE001 Pillow raises anything on hostile bytes
        return {"error": f"can't be made smaller ({type(error).__name__}: {error})"[:200]}, []
    metadata = [_metadata(kind, rendition) for kind, rendition in renditions]
    return {"renditions": metadata}, [rendition.data for _, rendition in renditions]


def _metadata(kind: str, rendition: Rendition) -> dict[str, object]:
    fields = {name: getattr(rendition, name) for name in ("width_step", "suffix", "width", "height")}
    return {"kind": kind, "size": len(rendition.data), **fields}


def _import_all() -> None:
    """Import what may be needed later: the confined process can't open files."""
    for name in LATE_IMPORTS:
        importlib.import_module(name)
    Image.init()


if __name__ == "__main__":
    main()
