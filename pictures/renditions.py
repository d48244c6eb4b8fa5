"""Foreign picture bytes in, our own renditions of the picture out; no Django here, and only the child process calls it.

What is kept is the picture alone: drawn upright, in sRGB, without metadata, no larger than readers need.
Whatever the bytes claim, only Pillow's decoders for `FORMATS` see them, and only below the limits.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from io import BytesIO

from PIL import Image, ImageCms, UnidentifiedImageError

from .sizes import LOGO_SIZES, WIDTHS, PictureRefused, Rendition, rungs
from .sniffing import FORMATS, MAX_BYTES, also_is, format_of

MAX_PIXELS = 50_000_000
TALLEST = 2560  # a picture that is taller is made smaller as a whole
# One thread: the processor's other cores have pictures of their own.
ENCODINGS: dict[str, dict[str, object]] = {
    "avif": {"quality": 60, "speed": 8, "max_threads": 1},
    "webp": {"quality": 75, "method": 4},
    "jpg": {"quality": 78, "progressive": True, "optimize": True},
}
LOGO_ENCODING: dict[str, object] = {"lossless": True, "quality": 80, "method": 4}
PILLOW_NAMES = {"avif": "AVIF", "webp": "WEBP", "jpg": "JPEG"}

# How libavif and libwebp say it.
OUT_OF_MEMORY = ("Out of memory", "out of memory", "could not create decoder object")

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
_TURNED = (5, 6, 7, 8)


def picture_renditions(data: bytes) -> list[Rendition]:
    """Return the picture in `data` in each format at each of `WIDTHS` that it has, narrowest first.

    A picture narrower than all of them keeps its width. The same bytes give the same renditions. Raises PictureRefused.
    """
    image = _upright(data, WIDTHS[-1], TALLEST)
    image = _on_white(image)
    return [rendition for width in rungs(image.width) for rendition in _encoded(image, width)]


def logo_renditions(data: bytes) -> list[Rendition]:
    """Return the logo in `data` at each of `LOGO_SIZES` that it has, lossless, see-through where it is.

    Raises PictureRefused.
    """
    image = _upright(data, LOGO_SIZES[-1], LOGO_SIZES[-1])
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")
    longest = max(image.size)
    found = []
    for size in [size for size in LOGO_SIZES if size <= longest] or [longest]:
        small = image.copy()
        small.thumbnail((size, size), Image.Resampling.LANCZOS)
        found.append(Rendition(size, "webp", small.width, small.height, _saved(small, "webp", LOGO_ENCODING)))
    return found


def _encoded(image: Image.Image, width: int) -> Iterator[Rendition]:
    height = max(1, round(image.height * width / image.width))
    small = image if width == image.width else image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3)
    for suffix, options in ENCODINGS.items():
        yield Rendition(width, suffix, width, height, _saved(small, suffix, options))


def _saved(image: Image.Image, suffix: str, options: dict[str, object]) -> bytes:
    output = BytesIO()
    image.save(output, PILLOW_NAMES[suffix], **options)
    return output.getvalue()


def _upright(data: bytes, width: int, height: int) -> Image.Image:
    """Return the picture in `data`, upright, in sRGB, without metadata, made to fit into `width` by `height`."""
    if len(data) > MAX_BYTES:
        raise PictureRefused(f"has more than {MAX_BYTES // 1_000_000} MB")
    if format_of(data) is None:
        raise _foreign()
    other = also_is(data)
    if other:
        raise PictureRefused(f"is also {other}")
    image = _load(data, max(width, height))
    profile = image.info.get("icc_profile")
    orientation = _orientation(image)
    # Shrunk first: each later step makes a copy of its own.
    image = _plain(image)
    box = (height, width) if orientation in _TURNED else (width, height)
    image.thumbnail(box, Image.Resampling.LANCZOS)
    if orientation in _UPRIGHT:
        image = image.transpose(_UPRIGHT[orientation])
    image = _in_srgb(image, profile)
    image.info.clear()  # comments, EXIF, XMP: the encoders would write some of it out again
    return image


def _load(data: bytes, longest: int) -> Image.Image:
    """Return the first frame of `data`, decoded; its size is judged before."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.simplefilter("ignore", UserWarning)  # damaged EXIF, of no use to us
            image = Image.open(BytesIO(data), formats=FORMATS)
            _refuse_size(image)
            image.draft(None, (longest, longest))  # a huge JPEG is decoded at a half or less
            image.load()
            _refuse_size(image)  # a frame may be larger than the header said
    except (PictureRefused, MemoryError):
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise _too_large() from None
    except UnidentifiedImageError:
        raise _foreign() from None
    except Exception as error:  # Pillow's decoders raise anything on damaged bytes
        if any(words in str(error) for words in OUT_OF_MEMORY):
            raise MemoryError from error
        raise PictureRefused(f"is damaged ({error or type(error).__name__})") from error
    return image


def _refuse_size(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise _too_large()
    if image.width < 1 or image.height < 1:
        raise PictureRefused("has no pixels")


def _foreign() -> PictureRefused:
    return PictureRefused("is not a JPEG, PNG, GIF, WebP or AVIF file")


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
    return image.convert(target)


def _on_white(image: Image.Image) -> Image.Image:
    """Return `image` without see-through parts: JPEG has none, and a picture looks alike in every format."""
    if image.mode != "RGBA":
        return image
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white
