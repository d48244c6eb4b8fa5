"""Stand-ins for what is slow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from pictures.sizes import LOGO_SIZES, Kind, PictureError, Rendition


class FakeDecoder:
    """Makes "renditions" of any bytes but b"hostile" at once, as `pictures.decoder.Decoder` does of pictures."""

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
        made: dict[Kind, list[Rendition]] = {
            "picture": [
                Rendition(step, suffix, step, step // 2, f"{suffix}{step}".encode() + data)
                for step in (160, 320)
                for suffix in ("avif", "webp", "jpg")
            ],
            "logo": [Rendition(size, "webp", size, size, b"logo%d" % size + data) for size in LOGO_SIZES],
        }
        return {kind: made[kind] for kind in kinds}
