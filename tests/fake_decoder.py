"""A fast stand-in for the decoder process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from pictures.sizes import LOGO_SIZES, Kind, PictureError, Rendition


class FakeDecoder:
    """Return made-up renditions of any bytes but b"hostile", with the interface of `pictures.decoder.Decoder`."""

    def __init__(self) -> None:
        self.decoded = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def decode(self, data: bytes, kinds: Iterable[Kind], seconds: float = 0) -> dict[Kind, list[Rendition]]:
        self.decoded += 1
        if data == b"hostile":
            raise PictureError("is hostile")
        renditions: dict[Kind, list[Rendition]] = {
            "picture": [
                Rendition(step, suffix, step, step // 2, f"{suffix}{step}".encode() + data)
                for step in (160, 320)
                for suffix in ("avif", "webp", "jpg")
            ],
            "share": [Rendition(1200, "jpg", 1200, 630, b"share" + data)],
            "logo": [Rendition(size, "webp", size, size, b"logo%d" % size + data) for size in LOGO_SIZES],
        }
        return {kind: renditions[kind] for kind in kinds}
