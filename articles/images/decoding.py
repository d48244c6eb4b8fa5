"""Foreign picture bytes in, our own encoding of the picture out; no Django here.

What is kept is the picture alone: drawn upright, in sRGB, without metadata, no larger than readers need.
Whatever the bytes claim, only Pillow's decoders for `FORMATS` see them, and only below the limits.
"""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageCms, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")  # an allow-list: PostScript, SVG and the rest are never opened
MAX_BYTES = 15_000_000
MAX_PIXELS = 50_000_000
LONGEST_SIDE = 2560  # pixels of our copy; enough for a full-width picture on a dense screen
JPEG_QUALITY = 82

_ORIENTATION_TAG = 0x0112  # EXIF
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class PictureRefused(Exception):
    """The bytes are no picture that we keep; the message completes the sentence "the picture ..."."""


@dataclass(frozen=True)
class DecodedPicture:
    """A picture as we store it."""

    data: bytes
    suffix: str
    width: int
    height: int

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def decode(data: bytes, *, lossless: bool = False) -> DecodedPicture:
    """Return our own encoding of the picture in `data`: JPEG, or PNG if `lossless` or where one can see through.

    The same bytes give the same encoding. Raises PictureRefused.
    """
    if len(data) > MAX_BYTES:
        raise PictureRefused(f"has more than {MAX_BYTES // 1_000_000} MB")
    image = _load(data)
    profile = image.info.get("icc_profile")
    turn = _UPRIGHT.get(_orientation(image))
    # Shrunk first: each later step makes a copy of its own.
    image = _plain(image)
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    if turn is not None:
        image = image.transpose(turn)
    image = _in_srgb(image, profile)
    image.info.clear()  # comments, EXIF, XMP: the encoders would write some of it out again
    return _encode(image, lossless)


def _load(data: bytes) -> Image.Image:
    """Return the first frame of `data`, decoded; its size is judged before."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.simplefilter("ignore", UserWarning)  # damaged EXIF, of no use to us
            image = Image.open(BytesIO(data), formats=FORMATS)
            _refuse_size(image)
            image.draft(None, (LONGEST_SIDE, LONGEST_SIDE))  # a huge JPEG is decoded at a half or less
            image.load()
            _refuse_size(image)  # a frame may be larger than the header said
    except PictureRefused:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise _too_large() from None
    except UnidentifiedImageError:
        raise PictureRefused("is not a JPEG, PNG, GIF, WebP or AVIF file") from None
    except Exception as error:  # Pillow's decoders raise anything on damaged bytes
        raise PictureRefused(f"is damaged ({error or type(error).__name__})") from error
    return image


def _refuse_size(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise _too_large()
    if image.width < 1 or image.height < 1:
        raise PictureRefused("has no pixels")


def _too_large() -> PictureRefused:
    return PictureRefused(f"has more than {MAX_PIXELS // 1_000_000} megapixels")


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION_TAG)
    except Exception:  # noqa: BLE001 damaged EXIF says nothing, and raises anything
        return 1
    return value if isinstance(value, int) else 1


def _plain(image: Image.Image) -> Image.Image:
    """Return `image` in one of the few modes that the later steps know."""
    if image.mode in ("L", "RGB", "RGBA", "CMYK") and "transparency" not in image.info:
        return image
    if image.mode == "I;16":  # 16 bits of grey: convert() would clip, not scale
        return image.convert("I").point([value // 256 for value in range(65536)], "L")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _in_srgb(image: Image.Image, profile: object) -> Image.Image:
    target = "RGBA" if image.mode == "RGBA" else "RGB"
    if isinstance(profile, bytes):
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=target)
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a profile that is damaged or meant for another mode: taken as sRGB, as browsers do
        else:
            if converted is not None:
                return converted
    return image if image.mode == "L" else image.convert(target)


def _encode(image: Image.Image, lossless: bool) -> DecodedPicture:
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")
    output = BytesIO()
    if lossless or image.mode == "RGBA":
        suffix = "png"
        image.save(output, "PNG", optimize=True)
    else:
        suffix = "jpg"
        image.save(output, "JPEG", quality=JPEG_QUALITY, progressive=True, optimize=True)
    return DecodedPicture(output.getvalue(), suffix, image.width, image.height)
