"""Make renditions from the bytes of a picture. Runs only in the decoder process.

Renditions are upright, in sRGB, without metadata and no larger than readers need. Only Pillow's decoders for
`FORMATS` are used, and only within the limits.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from io import BytesIO

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from .sizes import (
    ICON_SIZES,
    LOGO_SIZES,
    MASTHEAD_HEIGHTS,
    MASTHEAD_RATIO,
    SHARE_SIZE,
    WIDTHS,
    PictureError,
    Rendition,
    is_placeholder,
    widths_for,
)
from .sniffing import FORMATS, MAX_BYTES, format_of, polyglot_format

MAX_PIXELS = 50_000_000
MAX_HEIGHT = 2560  # taller pictures are scaled down
ENLARGED_MAX = 2  # times, to fill the shape of shared pictures
SHARE_GROUND = "#f2efe8"  # around those that are too small
# One thread, because several decoders run at once.
ENCODINGS: dict[str, dict[str, object]] = {
    "avif": {"quality": 60, "speed": 8, "max_threads": 1},
    "webp": {"quality": 75, "method": 4},
    "jpg": {"quality": 78, "progressive": True, "optimize": True},
}
LOGO_ENCODING: dict[str, object] = {"lossless": True, "quality": 80, "method": 4}
ICON_ENCODING: dict[str, object] = {"optimize": True}
PILLOW_NAMES = {"avif": "AVIF", "webp": "WEBP", "jpg": "JPEG", "png": "PNG"}

# The messages of libavif and libwebp.
OUT_OF_MEMORY = ("Out of memory", "out of memory", "could not create decoder object")
# The messages of Pillow about compressed texts and profiles.
TOO_MUCH_METADATA = ("Decompressed data too large", "Too much memory used in text chunks")
MAX_METADATA = 1  # MB, Pillow's PngImagePlugin.MAX_TEXT_CHUNK

_JPEG_END = b"\xff\xd9"
_ORIENTATION_TAG = 0x0112  # EXIF
_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = (5, 6, 7, 8)


def picture_renditions(data: bytes) -> list[Rendition]:
    """Return the picture in `data` in each format at each of `widths_for` its width, narrowest first.

    The same bytes give the same renditions. Raises PictureError.
    """
    image = _flatten(_normalise(data, WIDTHS[-1], MAX_HEIGHT, refuses_placeholders=True))
    return [rendition for width in widths_for(image.width) for rendition in _encoded(image, width)]


def share_renditions(data: bytes) -> list[Rendition]:
    """Return the picture in `data` at SHARE_SIZE, for other sites that show a link to it. Raises PictureError.

    It is cut to that shape; one that would have to be enlarged more than twofold stands on a plain ground instead.
    """
    width, height = SHARE_SIZE
    image = _flatten(_normalise(data, WIDTHS[-1], MAX_HEIGHT, refuses_placeholders=True))
    if max(width / image.width, height / image.height) <= ENLARGED_MAX:
        shared = ImageOps.fit(image, SHARE_SIZE, Image.Resampling.LANCZOS)
    else:
        shared = Image.new("RGB", SHARE_SIZE, SHARE_GROUND)
        image.thumbnail(SHARE_SIZE, Image.Resampling.LANCZOS)
        shared.paste(image, ((width - image.width) // 2, (height - image.height) // 2))
    return [Rendition(width, "jpg", width, height, _saved(shared, "jpg", ENCODINGS["jpg"]))]


def logo_renditions(data: bytes) -> list[Rendition]:
    """Return the logo in `data` at each of `LOGO_SIZES`, lossless and with its transparency. Raises PictureError."""
    image = _normalise(data, LOGO_SIZES[-1], LOGO_SIZES[-1])
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")
    longest = max(image.size)
    sizes = [size for size in LOGO_SIZES if size <= longest] or [longest]
    return [_lossless(image, size, (size, size)) for size in sizes]


def masthead_renditions(data: bytes) -> list[Rendition]:
    """Return the site's own logo in `data` at each of `MASTHEAD_HEIGHTS`, as `logo_renditions`. Raises PictureError."""
    image = _normalise(data, MASTHEAD_HEIGHTS[-1] * MASTHEAD_RATIO, MASTHEAD_HEIGHTS[-1])
    if image.height < MASTHEAD_HEIGHTS[0]:
        raise PictureError(
            f"is too small or too wide for a masthead: it needs at least {MASTHEAD_HEIGHTS[0]} pixels in height, and "
            f"at most {MASTHEAD_RATIO} times its height in width"
        )
    return [_lossless(image, height, (height * MASTHEAD_RATIO, height)) for height in MASTHEAD_HEIGHTS]


def icon_renditions(data: bytes) -> list[Rendition]:
    """Return the icon in `data` as squares of each of `ICON_SIZES` that it fills. Raises PictureError."""
    image = _normalise(data, ICON_SIZES[-1], ICON_SIZES[-1]).convert("RGBA")
    side = max(image.size)
    if side < ICON_SIZES[1]:
        raise PictureError(f"is too small for an icon: it needs at least {ICON_SIZES[1]} pixels on its longer side")
    square = Image.new("RGBA", (side, side))
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    renditions = []
    for size in [size for size in ICON_SIZES if size <= side]:
        small = square.resize((size, size), Image.Resampling.LANCZOS, reducing_gap=3)
        if size == ICON_SIZES[1]:
            small = _flatten(small)  # home screens put black behind what is transparent
        renditions.append(Rendition(size, "png", size, size, _saved(small, "png", ICON_ENCODING)))
    return renditions


def _encoded(image: Image.Image, width: int) -> Iterator[Rendition]:
    height = max(1, round(image.height * width / image.width))
    small = image if width == image.width else image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3)
    for suffix, options in ENCODINGS.items():
        yield Rendition(width, suffix, width, height, _saved(small, suffix, options))


def _lossless(image: Image.Image, width_step: int, box: tuple[int, int]) -> Rendition:
    """Return the logo scaled down to fit into `box`."""
    small = image.copy()
    small.thumbnail(box, Image.Resampling.LANCZOS)
    return Rendition(width_step, "webp", small.width, small.height, _saved(small, "webp", LOGO_ENCODING))


def _saved(image: Image.Image, suffix: str, options: dict[str, object]) -> bytes:
    output = BytesIO()
    image.save(output, PILLOW_NAMES[suffix], **options)
    return output.getvalue()


def _normalise(data: bytes, width: int, height: int, *, refuses_placeholders: bool = False) -> Image.Image:
    """Return the picture in `data` upright, in sRGB, without metadata, scaled down to fit `width` by `height`."""
    if len(data) > MAX_BYTES:
        raise PictureError(f"has more than {MAX_BYTES // 1_000_000} MB")
    if format_of(data) is None:
        raise _unknown_format()
    if other_format := polyglot_format(data):
        raise PictureError(f"is also {other_format}")
    image = _load(data, max(width, height))
    if refuses_placeholders and is_placeholder(image.width, image.height):
        raise PictureError(f"has no more than {image.width}×{image.height} pixels, as placeholders have")
    profile = image.info.get("icc_profile")
    orientation = _orientation(image)
    # Scale down first: each later step copies the image.
    image = _in_known_mode(image)
    box = (height, width) if orientation in _SIDEWAYS else (width, height)
    image.thumbnail(box, Image.Resampling.LANCZOS)
    if orientation in _TRANSPOSITIONS:
        image = image.transpose(_TRANSPOSITIONS[orientation])
    image = _in_srgb(image, profile)
    image.info.clear()  # or the encoders would write some comments, EXIF or XMP into the renditions
    return image


def _load(data: bytes, longest: int) -> Image.Image:
    """Return the first frame of `data`, decoded after its size was checked. A JPEG may lack its end marker."""
    try:
        return _decoded(data, longest)
    except PictureError:
        if format_of(data) != "JPEG" or not _lacks_only_end(data, longest):
            raise
    return _decoded(data.rstrip(b"\xff") + _JPEG_END, longest)


def _lacks_only_end(data: bytes, longest: int) -> bool:
    """Return whether a JPEG is complete but for its end marker: then what follows the data changes no pixel."""
    digests = set()
    for filler in (b"", b"\x55\xaa" * 512):
        try:
            image = _decoded(data.rstrip(b"\xff") + filler + _JPEG_END, longest)
        except PictureError:
            return False
        digests.add(hashlib.blake2b(image.tobytes()).digest())
    return len(digests) == 1


def _decoded(data: bytes, longest: int) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.simplefilter("ignore", UserWarning)  # damaged EXIF, which we don't use
            image = Image.open(BytesIO(data), formats=FORMATS)
            _check_size(image)
            image.draft(None, (longest, longest))  # huge JPEGs are decoded at half their size or less
            image.load()
            _check_size(image)  # a frame may be larger than the header said
    except (PictureError, MemoryError):
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise _too_large() from None
    except UnidentifiedImageError:
        raise _unknown_format() from None
    except Exception as error:  # Pillow's decoders raise anything on damaged bytes
        if any(words in str(error) for words in OUT_OF_MEMORY):
            raise MemoryError from error
        if any(words in str(error) for words in TOO_MUCH_METADATA):
            raise PictureError(f"has more than {MAX_METADATA} MB of texts or profiles") from error
        raise PictureError(f"is damaged ({error or type(error).__name__})") from error
    return image


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise _too_large()
    if image.width < 1 or image.height < 1:
        raise PictureError("has no pixels")


def _unknown_format() -> PictureError:
    return PictureError("is not a JPEG, PNG, GIF, WebP or AVIF file")


def _too_large() -> PictureError:
    return PictureError(f"has more than {MAX_PIXELS // 1_000_000} megapixels")


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION_TAG)
    except Exception:  # noqa: BLE001 Pillow raises anything on damaged EXIF
        return 1
    return value if isinstance(value, int) else 1


def _in_known_mode(image: Image.Image) -> Image.Image:
    """Convert `image` to one of the few modes that the later steps support."""
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
            pass  # damaged, or for another mode: assume sRGB, as browsers do
        else:
            if converted is not None:
                return converted
    return image.convert(target)


def _flatten(image: Image.Image) -> Image.Image:
    """Put a transparent image on white: JPEG has no transparency, and all formats should look the same."""
    if image.mode != "RGBA":
        return image
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white
