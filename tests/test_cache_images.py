"""Pictures from a folder: decoded with care, stored once, refused with a reason."""

import io
import os

import pytest
from articles.images.decoding import PictureRefused, decode
from django.core.files.storage import FileSystemStorage
from django.core.management import CommandError, call_command
from PIL import Image, ImageCms

from articles.images import decoding, storing
from articles.models import Picture
from providers.models import ProviderLogo
from tests import builders

ADDRESS = "https://images.example/one.jpg"


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "pictures"
    path.mkdir()
    return path


def encoded(format="PNG", mode="RGB", size=(40, 30), color=None, **options):
    output = io.BytesIO()
    Image.new(mode, size, color or 0).save(output, format, **options)
    return output.getvalue()


def index(folder, *pairs):
    (folder / "index.yaml").write_text("".join(f'- url: "{url}"\n  file: "{file}"\n' for url, file in pairs))


def opened(picture):
    return Image.open(io.BytesIO(picture.data))


def cache(folder, capsys):
    """Run the command; return its exit code, last line and messages."""
    try:
        call_command("cache_images", "--from", str(folder))
        code = 0
    except SystemExit as end:
        code = end.code
    output = capsys.readouterr()
    return code, output.out.splitlines()[-1], output.err


# Decoding


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_each_format_becomes_a_progressive_jpeg(format):
    picture = decode(encoded(format))
    assert (picture.suffix, picture.width, picture.height) == ("jpg", 40, 30)
    assert opened(picture).info["progressive"]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_each_kind_of_pixel_is_understood(mode):
    assert decode(encoded(mode=mode)).width == 40


def test_sixteen_bit_grey_is_scaled_not_clipped():
    assert opened(decode(encoded(mode="I;16", color=30000), lossless=True)).getpixel((0, 0)) == 30000 // 256


def test_what_one_can_see_through_stays_so():
    picture = decode(encoded(mode="RGBA", color=(255, 0, 0, 90)))
    assert picture.suffix == "png"
    assert opened(picture).getpixel((0, 0)) == (255, 0, 0, 90)


def test_an_opaque_picture_with_an_alpha_channel_is_a_jpeg():
    assert decode(encoded(mode="RGBA", color=(255, 0, 0, 255))).suffix == "jpg"


def test_a_logo_is_lossless():
    assert decode(encoded("JPEG"), lossless=True).suffix == "png"


def test_the_first_frame_is_kept():
    red, blue = (Image.new("RGB", (40, 30), color) for color in ("red", "blue"))
    output = io.BytesIO()
    red.save(output, "GIF", save_all=True, append_images=[blue])
    picture = opened(decode(output.getvalue(), lossless=True))
    assert getattr(picture, "n_frames", 1) == 1
    assert picture.getpixel((0, 0)) == (254, 0, 0) or picture.getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize(("orientation", "corner"), [(1, (0, 0)), (3, (29, 39)), (6, (39, 0)), (8, (0, 29))])
def test_a_picture_is_stored_upright(orientation, corner):
    image = Image.new("RGB", (30, 40))
    image.putpixel((0, 0), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = orientation
    output = io.BytesIO()
    image.save(output, "PNG", exif=exif)
    picture = opened(decode(output.getvalue(), lossless=True))
    assert picture.size == ((40, 30) if orientation in (6, 8) else (30, 40))
    assert picture.getpixel(corner) == (255, 255, 255)


@pytest.mark.parametrize("lossless", [False, True])
def test_metadata_is_dropped(lossless):
    exif = Image.Exif()
    exif[0x010F] = "A camera of mine"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encoded("JPEG", exif=exif, comment=b"at home", icc_profile=profile, xmp=b"<x>at home</x>")
    stored = decode(data, lossless=lossless).data
    assert b"A camera" in data
    assert not any(text in stored for text in (b"A camera", b"at home", b"ICC", b"iCCP"))


def test_colours_are_brought_to_srgb():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"____").replace(b"gXYZ", b"rXYZ").replace(b"____", b"gXYZ")
    picture = decode(encoded(color=(255, 0, 0), icc_profile=swapped), lossless=True)
    assert opened(picture).getpixel((0, 0)) == pytest.approx((0, 255, 0), abs=2)


def test_a_damaged_or_unfit_colour_profile_says_nothing():
    unfit = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (b"no profile at all", unfit):
        picture = decode(encoded(color=(200, 10, 10), icc_profile=profile), lossless=True)
        assert opened(picture).getpixel((0, 0)) == (200, 10, 10)


def test_a_damaged_orientation_says_nothing():
    assert decode(encoded("JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 40)).suffix == "jpg"


def test_a_huge_picture_is_made_smaller_and_keeps_its_shape():
    picture = decode(encoded(size=(5200, 1300)))
    assert (picture.width, picture.height) == (2560, 640)


def test_the_same_bytes_give_the_same_copy():
    data = encoded("WEBP")
    assert decode(data) == decode(data)


def too_many_pixels():
    return encoded(mode="1", size=(10_000, 5_001))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is not a JPEG, PNG, GIF, WebP or AVIF file"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is not a JPEG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is not a JPEG"),
        (encoded("BMP"), "is not a JPEG"),
        (encoded("TIFF"), "is not a JPEG"),
        (encoded("JPEG", size=(400, 300))[:-300], "is damaged"),
        (encoded(size=(400, 300))[:-200], "is damaged"),
        (b"x" * (decoding.MAX_BYTES + 1), "has more than 15 MB"),
        (too_many_pixels(), "has more than 50 megapixels"),
        (encoded(mode="1", size=(20_000, 10_000)), "has more than 50 megapixels"),
    ],
    ids=["empty", "svg", "postscript", "bmp", "tiff", "half a jpeg", "half a png", "bytes", "pixels", "bomb"],
)
def test_what_is_no_picture_for_us_is_refused_with_a_reason(data, reason):
    with pytest.raises(PictureRefused, match=reason):
        decode(data)


def test_too_many_pixels_are_refused_before_they_are_decoded(monkeypatch):
    data = too_many_pixels()
    monkeypatch.setattr(Image.Image, "load", lambda image: pytest.fail("decoded"))
    with pytest.raises(PictureRefused, match="megapixels"):
        decode(data)


# Storing


@pytest.mark.django_db
def test_a_picture_is_stored_under_the_hash_of_its_bytes(media, folder, capsys):
    (folder / "one.jpg").write_bytes(encoded("JPEG"))
    index(folder, (ADDRESS, "one.jpg"))
    assert cache(folder, capsys) == (0, "1 pictures: 1 stored, 0 unchanged, 0 refused", "")
    picture = Picture.objects.get()
    copy = decode(encoded("JPEG"))
    assert picture.file.name == f"pictures/{copy.digest[:2]}/{copy.digest}.jpg"
    assert (picture.url, picture.width, picture.height) == (ADDRESS, 40, 30)
    assert (media / picture.file.name).read_bytes() == copy.data
    assert Picture.objects.by_address([ADDRESS]) == {ADDRESS: picture}


@pytest.mark.django_db
def test_a_second_run_writes_nothing(media, folder, capsys, monkeypatch):
    (folder / "one.jpg").write_bytes(encoded("JPEG"))
    index(folder, (ADDRESS, "one.jpg"))
    cache(folder, capsys)
    monkeypatch.setattr(FileSystemStorage, "_save", lambda *arguments: pytest.fail("written"))
    before = Picture.objects.values().get()
    assert cache(folder, capsys) == (0, "1 pictures: 0 stored, 1 unchanged, 0 refused", "")
    assert Picture.objects.values().get() == before


@pytest.mark.django_db
def test_a_changed_picture_replaces_the_copy_in_the_same_row(media, folder, capsys):
    index(folder, (ADDRESS, "one.jpg"))
    (folder / "one.jpg").write_bytes(encoded("JPEG"))
    cache(folder, capsys)
    (folder / "one.jpg").write_bytes(encoded("JPEG", size=(60, 50)))
    assert cache(folder, capsys)[1] == "1 pictures: 1 stored, 0 unchanged, 0 refused"
    assert Picture.objects.values_list("width", "height").get() == (60, 50)


@pytest.mark.django_db
def test_half_a_file_of_a_killed_run_is_completed(media, folder, capsys):
    index(folder, (ADDRESS, "one.jpg"))
    (folder / "one.jpg").write_bytes(encoded("JPEG"))
    copy = decode(encoded("JPEG"))
    path = media / f"pictures/{copy.digest[:2]}/{copy.digest}.jpg"
    path.parent.mkdir(parents=True)
    path.write_bytes(copy.data[:100])
    cache(folder, capsys)
    assert path.read_bytes() == copy.data
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.django_db
def test_a_lost_file_is_stored_again(media, folder, capsys):
    index(folder, (ADDRESS, "one.jpg"))
    (folder / "one.jpg").write_bytes(encoded("JPEG"))
    cache(folder, capsys)
    path = media / Picture.objects.get().file.name
    path.unlink()
    cache(folder, capsys)
    assert path.exists()


@pytest.mark.django_db
def test_a_logo_goes_to_every_outlet_that_names_its_address(media, folder, capsys):
    one = ProviderLogo.objects.create(provider=builders.provider(), url="/logo.png", width=50, height=50)
    other = ProviderLogo.objects.create(provider=builders.provider("Other", "other.example"), url="/logo.png")
    alien = ProviderLogo.objects.create(provider=builders.provider(), url="/alien.png")
    (folder / "logo.jpg").write_bytes(encoded("JPEG"))
    index(folder, ("/logo.png", "logo.jpg"))
    assert cache(folder, capsys)[1] == "1 pictures: 1 stored, 0 unchanged, 0 refused"
    for logo in (one, other, alien):
        logo.refresh_from_db()
    copy = decode(encoded("JPEG"), lossless=True)
    assert one.file.name == other.file.name == f"logos/{copy.digest[:2]}/{copy.digest}.png"
    assert (media / one.file.name).read_bytes() == copy.data
    assert not alien.file
    assert cache(folder, capsys)[1] == "1 pictures: 0 stored, 1 unchanged, 0 refused"


@pytest.mark.django_db
def test_a_full_disk_ends_the_run_in_plain_words_and_leaves_no_half_picture(media, folder, capsys, monkeypatch):
    def fail(self, name, content):
        (media / name).parent.mkdir(parents=True)
        (media / name).write_bytes(content.read(10))
        raise OSError(28, "No space left on device")

    index(folder, (ADDRESS, "one.jpg"))
    (folder / "one.jpg").write_bytes(encoded("JPEG"))
    with monkeypatch.context() as broken:
        broken.setattr(FileSystemStorage, "_save", fail)
        with pytest.raises(CommandError, match=r"one\.jpg can't be stored: No space left on device\. Make room"):
            call_command("cache_images", "--from", str(folder))
    assert not Picture.objects.exists()
    assert not [path for path in media.rglob("*") if path.is_file()]
    assert cache(folder, capsys)[0] == 0


@pytest.mark.django_db
def test_another_process_that_was_faster_stored_the_same_file(media, monkeypatch):
    storing.store_picture(ADDRESS, encoded())
    looks = iter([False])  # our look comes just before the other's file does
    exists = FileSystemStorage.exists
    monkeypatch.setattr(
        FileSystemStorage, "exists", lambda self, name: exists(self, name) if next(looks, True) else False
    )
    storing.store_picture("https://images.example/two.png", encoded())
    assert len([path for path in media.rglob("*") if path.is_file()]) == 1
    assert Picture.objects.values("file").distinct().count() == 1


# The folder


@pytest.mark.django_db
def test_good_entries_are_stored_when_others_are_refused(media, folder, capsys):
    (folder / "one.jpg").write_bytes(encoded("JPEG"))
    (folder / "text.jpg").write_text("no picture")
    index(folder, ("https://a.example/", "gone.jpg"), (ADDRESS, "one.jpg"), ("https://b.example/", "text.jpg"))
    code, last, messages = cache(folder, capsys)
    assert (code, last) == (1, "3 pictures: 1 stored, 0 unchanged, 2 refused")
    assert messages.splitlines() == [
        f"{folder}/index.yaml:1: gone.jpg is missing. Put it into the folder or take the entry out.",
        f"{folder}/index.yaml:5: text.jpg is not a JPEG, PNG, GIF, WebP or AVIF file. "
        "Replace it or take the entry out.",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- url: https://a.example/\n  file: ../secret.jpg", "'../secret.jpg' leaves the folder"),
        ("- url: https://a.example/\n  file: /etc/passwd", "'/etc/passwd' leaves the folder"),
        ("- url: https://a.example/\n  file: in/../../secret.jpg", "leaves the folder"),
        ("- url: https://a.example/\n  file: link.jpg", "link.jpg is a link"),
        ("- url: https://a.example/\n  file: linked/one.jpg", "linked is a link"),
        ("- url: https://a.example/\n  file: pipe", "pipe can't be read: it is not a regular file"),
        ("- url: https://a.example/\n  file: inside", "inside can't be read"),
        ("- url: https://a.example/\n  file: large.jpg", "large.jpg can't be read: it has more than 15 MB"),
        ('- url: https://a.example/\n  file: "a\\0b"', "leaves the folder"),
        ("- url: https://a.example/", "needs an address and a file"),
        ("- https://a.example/", "needs an address and a file"),
        ("- url: [1]\n  file: one.jpg", "needs an address and a file"),
        ("- url: javascript:alert(1)\n  file: one.jpg", "is not an address"),
        ("- url: //a.example/\n  file: one.jpg", "is not an address"),
    ],
)
def test_an_entry_that_cannot_be_used_is_refused(media, folder, capsys, text, message):
    (folder.parent / "secret.jpg").write_bytes(encoded("JPEG"))
    (folder / "one.jpg").write_bytes(encoded("JPEG"))
    (folder / "link.jpg").symlink_to(folder.parent / "secret.jpg")
    (folder / "inside").mkdir()
    (folder / "linked").symlink_to(folder)
    (folder / "large.jpg").write_bytes(b"x" * (decoding.MAX_BYTES + 1))
    os.mkfifo(folder / "pipe")
    (folder / "index.yaml").write_text(text)
    code, last, messages = cache(folder, capsys)
    assert (code, last) == (1, "1 pictures: 0 stored, 0 unchanged, 1 refused")
    assert messages.startswith(f"{folder}/index.yaml:1: ")
    assert message in messages
    assert not Picture.objects.exists()


@pytest.mark.django_db
def test_an_address_that_stands_twice_is_taken_once(media, folder, capsys):
    (folder / "one.jpg").write_bytes(encoded("JPEG"))
    index(folder, (ADDRESS, "one.jpg"), (ADDRESS, "one.jpg"))
    code, last, messages = cache(folder, capsys)
    assert (code, last) == (1, "2 pictures: 1 stored, 0 unchanged, 1 refused")
    assert f"{ADDRESS} stands in line 1 already" in messages


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "index.yaml is missing"),
        ("url: https://a.example/", "not a list of entries"),
        ("", "not a list of entries"),
        ("- [", "is not valid YAML"),
        ("- \x07", "is not valid YAML"),
        ("[" * 100_000, "is not valid YAML"),
    ],
)
def test_an_index_that_cannot_be_read_ends_the_command(folder, text, message):
    if text is not None:
        (folder / "index.yaml").write_text(text)
    with pytest.raises(CommandError, match=message):
        call_command("cache_images", "--from", str(folder))
