"""An uploaded logo: foreign bytes in, our own encoding out, named by its content."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")  # an allow-list: PostScript, SVG and the rest are never opened
MAX_BYTES = 5_000_000
MAX_PIXELS = 25_000_000
LONGEST_SIDE = 1024  # pixels of our copy


class LogoRefused(Exception):
    """The bytes are no logo that we keep; the message says why and what to do."""


@dataclass(frozen=True)
class Logo:
    """A logo as we store it: a PNG."""

    data: bytes
    width: int
    height: int

    @property
    def name(self) -> str:
        """Its path below logos/, as pictures that the import stores are named."""
        digest = hashlib.sha256(self.data).hexdigest()
        return f"{digest[:2]}/{digest}.png"


def read_logo(data: bytes) -> Logo:
    """Return the first frame of the picture in `data`, without anything else that it carries. Raises LogoRefused."""
    if len(data) > MAX_BYTES:
        raise LogoRefused(f"This file has more than {MAX_BYTES // 1_000_000} MB. Upload a smaller one.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(BytesIO(data), formats=FORMATS)
            if image.width * image.height > MAX_PIXELS:
                raise LogoRefused(f"This picture has more than {MAX_PIXELS // 1_000_000} megapixels. Scale it down.")
            image = image.convert("RGBA")
    except LogoRefused:
        raise
    except Exception as error:  # Pillow's decoders raise anything on damaged bytes
        raise LogoRefused("This is no JPEG, PNG, GIF, WebP or AVIF picture, or it is damaged.") from error
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    image.info.clear()  # comments and profiles would be written out again
    output = BytesIO()
    image.save(output, "PNG", optimize=True)
    return Logo(output.getvalue(), image.width, image.height)
