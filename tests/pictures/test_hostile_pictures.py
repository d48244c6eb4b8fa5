"""Hostile pictures end in renditions or in a reason, within 25 s and 300 MB.

Those that take long are marked `faults`, which `make nightly` runs.
"""

from __future__ import annotations

import io
import json
import os
import random
import re
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pictures import decoder as decoder_module
from pictures import decoder_process
from pictures.decoder import Decoder
from pictures.sizes import Kind, PictureError, Rendition, widths_for
from sandbox import confinement
from tests.sample_pictures import encode

pytestmark = pytest.mark.integration  # decodes in child processes

MEMORY = 300 * 1024  # kB
SECONDS = 25.0
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
REASON_PATTERN = re.compile(
    r"is not a JPEG, PNG, GIF, WebP or AVIF file|is damaged \(.+\)|is also a .+|has (more than|no) .+"
    r"|needs more memory than a picture may take|takes longer than \d+ s to decode|made the decoder crash.*"
    r"|can't be made smaller \(.+\)"
)


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


def outcome(decoder: Decoder, data: bytes) -> str:
    """Decode `data` as a picture and a logo; return why it was rejected, or nothing. Checks the limits."""
    begun = time.monotonic()
    reason = ""
    try:
        made = decoder.decode(data, ["picture", "logo"])
    except PictureError as refused:
        reason = str(refused)
        assert REASON_PATTERN.fullmatch(reason), reason
        assert reason.isprintable()
    else:
        widest = made["picture"][-1]
        assert [rendition.width_step for rendition in made["picture"][::3]] == widths_for(widest.width)
        for rendition in [*made["picture"], *made["logo"]]:
            assert Image.open(io.BytesIO(rendition.data)).size == (rendition.width, rendition.height)
    assert time.monotonic() - begun < SECONDS
    assert peak(decoder) < MEMORY
    return reason


def peak(decoder: Decoder) -> int:
    """Return the peak memory of the process in kB; 0 if it has ended."""
    if decoder._process is None or decoder._process.poll() is not None:
        return 0
    status = Path(f"/proc/{decoder.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


def photo(size: tuple[int, int] = (320, 200)) -> Image.Image:
    noise = Image.frombytes("RGB", (32, 20), random.Random(5).randbytes(32 * 20 * 3))  # noqa: S311
    return noise.resize(size, Image.Resampling.BICUBIC)


def saved(image: Image.Image, format: str, **options: object) -> bytes:
    output = io.BytesIO()
    image.save(output, format, **options)
    return output.getvalue()


WHOLE = {format: saved(photo(), format) for format in FORMATS}


BOMB = zlib.compress(bytes(50_000_000), 1)  # made at each collection of tests: as fast as can be


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, depth: int = 8, colour: int = 2, body: bytes = b"", extra: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(body or b"\0" * 1000, 1))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + data + chunk(b"IEND", b"")


def gif(width: int, height: int, frames: bytes = b"") -> bytes:
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\x00"
    return (
        b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff" + (frames or frame) + b";"
    )


def patched(format: str, old: bytes, new: bytes) -> bytes:
    assert old in WHOLE[format]
    return WHOLE[format].replace(old, new)


def archive() -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as inside:
        inside.writestr("run.sh", "rm -rf /")
    return output.getvalue()


def jpeg_with(marker: int, content: bytes) -> bytes:
    segment = struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
    return WHOLE["JPEG"][:2] + segment + WHOLE["JPEG"][2:]


def animated(format: str, frames: int) -> bytes:
    pictures = [Image.new("RGB", (40, 30), (number % 256, 0, 0)) for number in range(frames)]
    return saved(pictures[0], format, save_all=True, append_images=pictures[1:])


SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(x) run\n"
NOT_OURS = "is not a JPEG"

# Name, file, how the reason starts: None for any outcome, empty for a picture.
KINDS: dict[str, tuple[bytes, str | None]] = {
    "empty": (b"", NOT_OURS),
    "one byte": (b"\xff", NOT_OURS),
    "zeros": (bytes(10_000), NOT_OURS),
    "noise": (random.Random(1).randbytes(10_000), NOT_OURS),  # noqa: S311
    "text": (b"GIF of a cat", NOT_OURS),
    "html": (b"<!doctype html><html><body>404</body></html>", NOT_OURS),
    "svg": (SVG, NOT_OURS),
    "svg behind a jpeg's first bytes": (b"\xff\xd8\xff" + SVG, "is also"),
    "postscript": (POSTSCRIPT, NOT_OURS),
    "postscript behind a jpeg's first bytes": (b"\xff\xd8\xff" + POSTSCRIPT, NOT_OURS),
    "postscript with a preview": (b"\xc5\xd0\xd3\xc6" + bytes(28) + POSTSCRIPT, NOT_OURS),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", NOT_OURS),
    "zip": (archive(), NOT_OURS),
    "elf": (b"\x7fELF" + bytes(100), NOT_OURS),
    "psd": (b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 30_000, 30_000, 8, 3) + bytes(64), NOT_OURS),
    "fits": (b"SIMPLE  =                    T" + b" " * 2850, NOT_OURS),
    "jpeg 2000": (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(100), NOT_OURS),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100), NOT_OURS),
    **{name: (encode(name), NOT_OURS) for name in ("BMP", "TIFF", "ICO", "PPM", "TGA", "PCX", "DDS", "SGI", "ICNS")},
    "tiff bomb": (b"II*\0\x08\0\0\0\2\0\0\1\4\0\1\0\0\0\xff\xff\0\0\1\1\4\0\1\0\0\0\xff\xff\0\0\0\0\0\0", NOT_OURS),
    # Invalid sizes
    "png without width": (png(0, 100), NOT_OURS),
    "png without height": (png(100, 0), NOT_OURS),
    "png of 2 gigapixels a side": (png(2**31 - 1, 2**31 - 1), "has more than 50 megapixels"),
    "png zero by huge": (png(0, 2**31 - 1), None),
    "png bomb of 100 megapixels": (png(10_000, 10_000, 1, 0, bytes(1251 * 100)), "has more than 50 megapixels"),
    "png of 50 megapixels without them": (png(7000, 7000), "is damaged"),
    "png that is deeper than its header": (png(4, 4, 16, 6, bytes(9)), "is damaged"),
    "gif without size": (gif(0, 0), None),
    "gif bomb": (gif(65_535, 65_535), "has more than 50 megapixels"),
    "gif with a frame larger than its screen": (
        b"GIF89a" + struct.pack("<HHBBB", 2, 2, 0x80, 0, 0) + bytes(6) + gif(60_000, 60_000)[19:],
        "has more than 50 megapixels",
    ),
    "jpeg of 4 gigapixels": (
        patched("JPEG", struct.pack(">HH", 200, 320), b"\xff\xdc\xff\xdc"),
        "has more than 50 megapixels",
    ),
    "jpeg without height": (patched("JPEG", struct.pack(">HH", 200, 320), b"\0\0\1\x40"), None),
    "webp of 16383 pixels a side": (
        b"RIFF\x1a\0\0\0WEBPVP8L\r\0\0\0\x2f\xff\xff\xff\x0f\0\x07\x10\x11\x11\x88\x88\x08",
        None,
    ),
    "webp without pixels": (b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0" + bytes(10), None),
    "webp that ends at once": (b"RIFF\x04\0\0\0WEBP", None),
    "avif of 60000 pixels a side": (
        patched("AVIF", struct.pack(">II", 320, 200), struct.pack(">II", 60_000, 60_000)),
        None,
    ),
    "avif without pixels": (patched("AVIF", struct.pack(">II", 320, 200), bytes(8)), None),
    "avif box larger than the file": (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf\x7f\xff\xff\xffmeta" + bytes(40), None),
    # Valid in two formats
    "jpeg and zip": (WHOLE["JPEG"] + archive(), "is also a ZIP archive"),
    "png and zip": (WHOLE["PNG"] + archive(), "is also a ZIP archive"),
    "webp and zip": (WHOLE["WEBP"] + archive(), "is also a ZIP archive"),
    "jpeg and pdf": (jpeg_with(0xFE, b"%PDF-1.7\n1 0 obj"), "is also a PDF"),
    "jpeg and php": (jpeg_with(0xFE, b"<?php system($_GET['c']); ?>"), "is also a web page or a program"),
    "gif and script": (b"GIF89a/*" + WHOLE["GIF"][8:] + b"*/=1;<script>alert(1)</script>", "is also a web page"),
    "png and html": (
        png(4, 4, extra=chunk(b"tEXt", b"Comment\0<html><iframe src=x>"), body=bytes(13 * 4)),
        "is also a web page",
    ),
    **{
        f"png and {start}": (WHOLE["PNG"] + start.encode(), "is also a web page")
        for start in (
            "<script>",
            "<?php ",
            "<html>",
            "<!DOCTYPE html>",
            "<svg xmlns='x' onload='x'>",
            "<iframe src='x'>",
        )
    },
    "avif and svg": (WHOLE["AVIF"] + SVG, "is also a web page"),
    # Metadata
    "png text bomb": (
        png(4, 4, extra=chunk(b"zTXt", b"x\0\0" + BOMB), body=bytes(52)),
        "has more than 1 MB of texts or profiles",
    ),
    "png profile bomb": (
        png(4, 4, extra=chunk(b"iCCP", b"x\0\0" + BOMB), body=bytes(52)),
        "has more than 1 MB of texts or profiles",
    ),
    "png with a million chunks": (png(4, 4, extra=chunk(b"tEXt", b"a\0b") * 50_000, body=bytes(52)), None),
    "png with a checksum that is wrong": (WHOLE["PNG"][:60] + b"\0\0\0\0" + WHOLE["PNG"][64:], "is damaged"),
    "png bomb in its pixels": (png(40, 40, body=bytes(60_000_000)), ""),
    "apng": (animated("PNG", 20), ""),
    "jpeg with icc noise": (encode("JPEG", icc_profile=random.Random(2).randbytes(3000)), ""),  # noqa: S311
    "jpeg with 200 profile parts": (saved(photo(), "JPEG", icc_profile=bytes(3_000_000)), ""),
    "jpeg with exif noise": (encode("JPEG", exif=b"Exif\0\0" + random.Random(3).randbytes(3000)), ""),  # noqa: S311
    "jpeg with exif that points to itself": (
        encode("JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\1\0\x69\x87\4\0\1\0\0\0\x08\0\0\0\0\0\0\0"),
        "",
    ),
    "jpeg with an orientation of 77": (
        encode("JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\x4d\0\0\0\0\0\0\0"),
        "",
    ),
    "jpeg followed by a megabyte": (WHOLE["JPEG"] + bytes(1_000_000), ""),
    "jpeg followed by another": (WHOLE["JPEG"] + WHOLE["JPEG"], ""),
    "mpo": (saved(photo(), "MPO", save_all=True, append_images=[photo()]), None),
    "cmyk": (encode("JPEG", "CMYK", (40, 30)), ""),
    "grey of 16 bits": (encode("PNG", "I;16", (40, 30)), ""),
    "palette with see-through parts": (encode("PNG", "P", (40, 30), transparency=0), ""),
    "grey with see-through parts": (encode("PNG", "LA", (40, 30)), ""),
    "colour of 16 bits": (png(8, 8, 16, 6, bytes((8 * 8 + 1) * 8)), ""),
    "one pixel": (encode("GIF", "P", (1, 1)), "has no more than 1×1 pixels"),
    "a strip": (encode("PNG", "L", (600, 40)), "has no more than 600×40 pixels"),
    "a wide panorama": (encode("PNG", "L", (2000, 100)), ""),
    "one line of 65535": (encode("PNG", "L", (65_535, 1)), "has no more than 65535×1 pixels"),
    "one column of 65535": (encode("PNG", "L", (1, 65_535)), "has no more than 1×65535 pixels"),
    "jpeg without its end marker": (WHOLE["JPEG"][:-2], ""),
    "jpeg with half of its end marker": (WHOLE["JPEG"][:-1], ""),
    "progressive jpeg without its end marker": (saved(photo(), "JPEG", progressive=True)[:-2], ""),
    "jpeg that lacks a little more": (WHOLE["JPEG"][:-12], "is damaged"),
    "interlaced": (saved(photo(), "PNG", interlace=1), ""),
    "progressive": (saved(photo(), "JPEG", progressive=True), ""),
    **{f"animated {name}": (animated(name, 30), "") for name in ("GIF", "WEBP", "AVIF")},
    "gif with 20000 empty frames": (gif(4, 4, gif(1, 1)[19:-1] * 20_000), None),
    "gif whose frames never come": (gif(4, 4, b"\x21\xfe\x01a\0" * 100_000), None),
    "gif with a palette that is missing": (b"GIF89a" + struct.pack("<HHBBB", 4, 4, 0xF7, 0, 0) + b"\0" * 20, None),
    "more than 15 MB": (WHOLE["JPEG"] + bytes(15_000_000), "has more than 15 MB"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_picture_ends_in_a_reason_or_a_picture(decoder, kind):
    data, expected = KINDS[kind]
    reason = outcome(decoder, data)
    if expected is not None:
        assert reason.startswith(expected)
        assert bool(reason) == bool(expected)


@pytest.mark.parametrize("share", [0.001, 0.05, 0.2, 0.5, 0.9, 0.99, "all but one"])
@pytest.mark.parametrize("format", FORMATS)
def test_a_truncated_picture_ends_in_a_reason(decoder, format, share):
    data = WHOLE[format]
    reason = outcome(decoder, data[:-1] if share == "all but one" else data[: int(len(data) * share)])
    if share != "all but one" and share < 0.95:
        assert reason


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("format", FORMATS)
def test_a_picture_with_flipped_bytes_does_no_harm(decoder, format, seed):
    chance = random.Random(seed)  # noqa: S311
    data = bytearray(WHOLE[format])
    for _ in range(chance.choice([1, 4, 40])):
        data[chance.randrange(len(data) // (1 + seed % 3))] = chance.randrange(256)
    outcome(decoder, bytes(data))


@pytest.mark.parametrize("other", FORMATS)
@pytest.mark.parametrize("format", FORMATS)
def test_a_picture_with_the_first_bytes_of_another_format_is_rejected(decoder, format, other):
    if format != other:
        assert outcome(decoder, WHOLE[format][:16] + WHOLE[other][16:])


def test_after_a_crash_the_next_picture_is_decoded(decoder):
    outcome(decoder, WHOLE["PNG"])
    decoder._process.kill()
    decoder._process.wait()
    assert outcome(decoder, WHOLE["PNG"]) == ""


def test_a_process_that_takes_too_long_is_killed_and_the_next_picture_decoded():
    with Decoder() as decoder:
        with pytest.raises(PictureError, match="takes longer than 0 s"):
            decoder.decode(saved(photo((4000, 4000)), "JPEG"), ["picture"], seconds=0.2)
        assert decoder.decode(WHOLE["PNG"], ["logo"])


def response(renditions: list[dict[str, Any]]) -> bytes:
    """Return a valid response of the decoder process, changed by the metadata in `renditions`."""
    valid = {"kind": "picture", "suffix": "jpg", "size": 1, "width_step": 1, "width": 1, "height": 1}
    metadata = [valid | values for values in renditions]
    return json.dumps({"renditions": metadata}).encode() + b"\n" + b"x" * sum(values["size"] for values in metadata)


def test_a_valid_response_is_accepted(monkeypatch, tmp_path):
    monkeypatch.setattr(decoder_module, "MAX_RENDITION_BYTES", 9)
    assert len(decoded(monkeypatch, tmp_path, response(20 * [{"size": 9}]))["picture"]) == 20


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"no json\n",
        b"[]\n",
        b'{"renditions": 3}\n',
        response([{"suffix": "exe"}]),
        response([{"size": -1}]),
        response([{"size": 9}])[:-1],
        response([{"kind": "logo", "suffix": "webp"}]),
        response([{"width_step": "../"}]),
        b"x" * 100_000,
        b'{"renditions": [' + b" " * decoder_module.MAX_HEADER_BYTES + b"]}\n",
        response(22 * [{}]),
        response([{"size": 10}]),
        response([{"width": 10_001}]),
        response([{"height": 0}]),
        response([{"width_step": -1}]),
    ],
    ids=lambda answer: str(answer[:150]),
)
def test_an_invalid_response_of_a_compromised_process_is_rejected(monkeypatch, tmp_path, answer):
    """Nothing in it may become a file name or fill our memory."""
    monkeypatch.setattr(decoder_module, "MAX_RENDITION_BYTES", 9)
    with pytest.raises(PictureError, match="made the decoder crash"):
        decoded(monkeypatch, tmp_path, answer)


def decoded(monkeypatch, tmp_path, answer: bytes) -> dict[Kind, list[Rendition]]:
    """Decode a picture with a process that responds with `answer` to anything."""
    path = tmp_path / "answer"
    path.write_bytes(answer)
    monkeypatch.setattr(decoder_module, "COMMAND", ["sh", "-c", f"head -c 50 >/dev/null; cat {path}"])
    with Decoder() as decoder:
        return decoder.decode(b"x" * 20, ["picture"])


def test_the_process_has_no_secrets_and_may_write_no_file(decoder):
    outcome(decoder, WHOLE["PNG"])
    pid = decoder.pid
    names = {line.split(b"=")[0] for line in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if line}
    assert names <= {b"LANG", b"MALLOC_ARENA_MAX", b"MALLOC_MMAP_THRESHOLD_"}
    limits = Path(f"/proc/{pid}/limits").read_text()
    assert re.search(r"Max file size\s+0\s+0 ", limits)
    assert re.search(r"Max core file size\s+0\s+0 ", limits)
    assert re.search(rf"Max data size\s+{decoder_process.MEMORY_BYTES}\s+{decoder_process.MEMORY_BYTES} ", limits)
    assert re.search(r"Max open files\s+64\s+64 ", limits)
    allowed = int(re.search(r"Max cpu time\s+(\d+) ", limits)[1])
    assert decoder_process.CPU_SECONDS <= allowed <= 2 * decoder_process.CPU_SECONDS  # on top of what it has used


@pytest.mark.skipif(bool(confinement.missing_support()), reason="the kernel can't confine processes")
def test_the_process_that_decodes_is_confined(decoder):
    outcome(decoder, WHOLE["PNG"])
    status = Path(f"/proc/{decoder.pid}/status").read_text()
    assert re.search(r"Seccomp:\s+2\n", status)
    assert re.search(r"NoNewPrivs:\s+1\n", status)
    files = {path.name: os.readlink(path) for path in Path(f"/proc/{decoder.pid}/fd").iterdir()}
    assert set(files) == {"0", "1", "2"}
    assert files["0"].startswith("pipe:")
    assert files["1"].startswith("pipe:")
    assert files["2"] == os.devnull


def test_a_new_process_starts_after_a_number_of_pictures(monkeypatch):
    monkeypatch.setattr(decoder_module, "MAX_PER_PROCESS", 2)
    pids = []
    with Decoder() as decoder:
        for _ in range(4):
            decoder.decode(WHOLE["PNG"], ["logo"])
            pids.append(decoder.pid)
    assert pids[0] == pids[1] != pids[2] == pids[3]


# The largest pictures allowed


LARGE: dict[str, Callable[[], bytes]] = {
    "png, colour": lambda: saved(Image.new("RGB", (7000, 7000), "teal"), "PNG", compress_level=1),
    "png, see-through": lambda: saved(Image.new("RGBA", (7000, 7000), (9, 9, 9, 90)), "PNG", compress_level=1),
    "png, 16 bits of colour": lambda: png(7000, 7000, 16, 6, bytes((7000 * 8 + 1) * 7000)),
    "png, interlaced": lambda: saved(Image.new("RGB", (7000, 7000), "teal"), "PNG", interlace=1, compress_level=1),
    "jpeg": lambda: saved(photo((7000, 7000)), "JPEG", quality=30),
    "jpeg, progressive": lambda: saved(photo((7000, 7000)), "JPEG", quality=30, progressive=True),
    "jpeg, cmyk": lambda: saved(Image.new("CMYK", (7000, 7000), (9, 90, 9, 9)), "JPEG"),
    "gif": lambda: saved(Image.new("P", (7000, 7000), 3), "GIF"),
    "webp": lambda: saved(Image.new("RGB", (7000, 7000), "teal"), "WEBP", method=0),
    "webp, lossless": lambda: saved(Image.new("RGB", (7000, 7000), "teal"), "WEBP", lossless=True, method=0),
    "avif": lambda: saved(Image.new("RGB", (7000, 7000), "teal"), "AVIF", speed=10),
}
CAMERA, TELEPHONE = (6000, 4000), (4000, 3000)


@pytest.mark.faults
@pytest.mark.parametrize("kind", LARGE)
def test_the_largest_pictures_stay_within_the_limits(kind):
    with Decoder() as decoder:
        reason = outcome(decoder, LARGE[kind]())
        assert reason in ("", "needs more memory than a picture may take")


@pytest.mark.faults
@pytest.mark.parametrize(
    ("format", "size", "options"),
    [
        ("JPEG", CAMERA, {"quality": 60, "progressive": True}),
        ("PNG", CAMERA, {"compress_level": 1}),
        ("AVIF", CAMERA, {"speed": 10}),
        ("WEBP", TELEPHONE, {"method": 0}),  # its decoder holds several copies of the whole
    ],
)
def test_photos_at_the_size_of_a_camera_are_accepted(decoder, format, size, options):
    assert outcome(decoder, saved(photo(size), format, **options)) == ""
