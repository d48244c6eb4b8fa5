"""Renditions: widths, orientation, colours, no metadata."""

import io
import random

import pytest
from PIL import Image, ImageCms

from pictures import renditions
from pictures.renditions import logo_renditions, picture_renditions
from pictures.sizes import WIDTHS, PictureError, widths_for
from pictures.sniffing import MAX_BYTES
from tests.sample_pictures import encode


def opened(rendition):
    return Image.open(io.BytesIO(rendition.data))


def logo(data):
    """Return the largest logo, which is lossless."""
    return opened(logo_renditions(data)[-1]).convert("RGBA")


# Widths


@pytest.mark.parametrize(
    ("width", "kept"), [(1, [1]), (159, [159]), (160, [160]), (479, [160, 320]), (640, [160, 320, 480, 640])]
)
def test_no_rendition_is_larger_than_the_picture(width, kept):
    assert widths_for(width) == kept


def test_a_picture_becomes_three_formats_at_each_width():
    made = picture_renditions(encode("JPEG", size=(700, 350)))
    assert [(rendition.width_step, rendition.suffix) for rendition in made] == [
        (width, suffix) for width in (160, 320, 480, 640) for suffix in ("avif", "webp", "jpg")
    ]
    for rendition in made:
        assert opened(rendition).format.lower().replace("jpeg", "jpg") == rendition.suffix
        assert (
            opened(rendition).size
            == (rendition.width, rendition.height)
            == (rendition.width_step, rendition.width_step // 2)
        )


@pytest.mark.integration
def test_a_huge_picture_is_scaled_down_in_proportion():
    made = picture_renditions(encode(size=(5200, 1300)))
    assert [rendition.width_step for rendition in made[::3]] == list(WIDTHS)
    assert (made[-1].width, made[-1].height) == (1280, 320)


def test_a_very_tall_picture_is_scaled_down():
    assert [(rendition.width, rendition.height) for rendition in picture_renditions(encode(size=(100, 9000)))] == [
        (28, 2560)
    ] * 3


@pytest.mark.parametrize("size", [(1, 1), (7, 7), (1, 4000), (4000, 1), (600, 40), (9, 99)])
def test_dots_and_strips_are_no_pictures_but_may_be_logos(size):
    with pytest.raises(PictureError, match=f"has no more than {size[0]}×{size[1]} pixels"):
        picture_renditions(encode(size=size))
    assert logo_renditions(encode(size=size))


@pytest.mark.parametrize("size", [(8, 8), (100, 9000), (400, 40), (2000, 100)])
def test_small_and_narrow_pictures_are_kept(size):
    assert picture_renditions(encode(size=size))


@pytest.mark.parametrize(("size", "kept"), [((30, 20), [30]), ((60, 90), [50]), ((400, 300), [50, 100])])
def test_a_logo_is_never_enlarged(size, kept):
    made = logo_renditions(encode(size=size))
    assert [(rendition.width_step, rendition.suffix) for rendition in made] == [(step, "webp") for step in kept]
    assert all(max(rendition.width, rendition.height) == rendition.width_step for rendition in made)


def test_the_same_bytes_give_the_same_renditions():
    data = encode("WEBP", size=(400, 300))
    assert picture_renditions(data) == picture_renditions(data)


# Pixels


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_each_format_is_decoded(format):
    assert opened(picture_renditions(encode(format))[-1]).info["progressive"]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_each_pixel_mode_is_decoded(mode):
    made = picture_renditions(encode("TIFF" if mode == "none" else "JPEG" if mode == "CMYK" else "PNG", mode=mode))
    assert [(rendition.width, rendition.height) for rendition in made] == [(40, 30)] * 3


def test_sixteen_bit_grey_is_scaled_not_clipped():
    assert logo(encode(mode="I;16", color=30000)).getpixel((0, 0))[:3] == (30000 // 256,) * 3


def test_transparent_pictures_are_put_on_white_and_logos_stay_transparent():
    data = encode(mode="RGBA", color=(255, 0, 0, 90))
    assert logo(data).getpixel((0, 0)) == (255, 0, 0, 90)
    for rendition in picture_renditions(data):
        assert opened(rendition).convert("RGB").getpixel((0, 0)) == pytest.approx((255, 165, 165), abs=4)


def test_the_first_frame_is_kept():
    red, blue = (Image.new("RGB", (40, 30), color) for color in ("red", "blue"))
    output = io.BytesIO()
    red.save(output, "GIF", save_all=True, append_images=[blue])
    for rendition in picture_renditions(output.getvalue()):
        assert getattr(opened(rendition), "n_frames", 1) == 1
        assert opened(rendition).convert("RGB").getpixel((0, 0)) == pytest.approx((254, 0, 0), abs=4)


@pytest.mark.parametrize(("orientation", "corner"), [(1, (0, 0)), (3, (29, 39)), (6, (39, 0)), (8, (0, 29))])
def test_a_picture_is_stored_upright(orientation, corner):
    image = Image.new("RGB", (30, 40))
    image.putpixel((0, 0), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = orientation
    output = io.BytesIO()
    image.save(output, "PNG", exif=exif)
    stored = logo(output.getvalue())
    assert stored.size == ((40, 30) if orientation in (6, 8) else (30, 40))
    assert stored.getpixel(corner)[:3] == (255, 255, 255)


@pytest.mark.parametrize("with_profile", [True, False])
def test_metadata_is_dropped(with_profile):
    exif = Image.Exif()
    exif[0x010F] = "A camera of mine"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() if with_profile else b""
    data = encode("JPEG", exif=exif, comment=b"at home", icc_profile=profile, xmp=b"<x>at home</x>")
    assert b"A camera" in data
    for rendition in [*picture_renditions(data), *logo_renditions(data)]:
        assert not any(text in rendition.data for text in (b"A camera", b"at home", b"ICC", b"iCCP", b"Exif", b"EXIF"))


def test_colours_are_converted_to_srgb():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"____").replace(b"gXYZ", b"rXYZ").replace(b"____", b"gXYZ")
    assert logo(encode(color=(255, 0, 0), icc_profile=swapped)).getpixel((0, 0))[:3] == pytest.approx(
        (0, 255, 0), abs=2
    )


def test_a_damaged_or_unsuitable_colour_profile_is_ignored():
    unfit = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (b"no profile at all", unfit):
        assert logo(encode(color=(200, 10, 10), icc_profile=profile)).getpixel((0, 0))[:3] == (200, 10, 10)


def test_a_damaged_orientation_is_ignored():
    assert picture_renditions(encode("JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 40))


# Rejections


def too_many_pixels():
    return encode(mode="1", size=(10_000, 5_001))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is not a JPEG, PNG, GIF, WebP or AVIF file"),
        (encode("BMP"), "is not a JPEG"),
        (encode("JPEG", size=(400, 300))[:-300], "is damaged"),
        (encode(size=(400, 300))[:-200], "is damaged"),
        (b"x" * (MAX_BYTES + 1), "has more than 15 MB"),
        (too_many_pixels(), "has more than 50 megapixels"),
    ],
    ids=["empty", "bmp", "half a jpeg", "half a png", "bytes", "pixels"],
)
def test_other_files_are_rejected_with_a_reason(data, reason):
    for make in (picture_renditions, logo_renditions):
        with pytest.raises(PictureError, match=reason):
            make(data)


@pytest.mark.integration
def test_a_picture_at_the_limits_is_accepted():
    data = encode("JPEG")
    assert logo_renditions(data + b"\0" * (MAX_BYTES - len(data)))
    assert logo_renditions(encode(mode="1", size=(10_000, 5_000)))


@pytest.mark.slow
def test_too_many_pixels_are_rejected_before_decoding(monkeypatch):
    data = too_many_pixels()
    monkeypatch.setattr(Image.Image, "load", lambda image: pytest.fail("decoded"))
    with pytest.raises(PictureError, match="megapixels"):
        picture_renditions(data)


@pytest.mark.integration
def test_each_rendition_is_smaller_in_the_newer_formats():
    """Otherwise there would be no reason to keep three."""
    noise = Image.frombytes("RGB", (80, 60), random.Random(1).randbytes(80 * 60 * 3))  # noqa: S311
    photo = noise.resize((640, 480), Image.Resampling.BICUBIC)
    output = io.BytesIO()
    photo.save(output, "PNG")
    sizes = {
        rendition.suffix: len(rendition.data)
        for rendition in picture_renditions(output.getvalue())
        if rendition.width_step == 640
    }
    assert sizes["avif"] < sizes["webp"] < sizes["jpg"]
    assert renditions.ENCODINGS.keys() == sizes.keys()
