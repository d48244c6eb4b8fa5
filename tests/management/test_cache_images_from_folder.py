"""`cache_images --from`: each picture is stored, or rejected with a reason."""

import os

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.management import CommandError, call_command

from articles.images.store import file_names
from articles.models import Picture, PictureAddress
from pictures.sniffing import MAX_BYTES
from tests.sample_pictures import encode

URL = "https://images.example/one.jpg"


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "pictures"
    path.mkdir()
    return path


def index(folder, *pairs):
    (folder / "index.yaml").write_text("".join(f'- url: "{url}"\n  file: "{file}"\n' for url, file in pairs))


def cache(folder, capsys):
    """Run the command; return its exit code, last line and messages."""
    try:
        call_command("cache_images", "--from", str(folder))
        code = 0
    except SystemExit as end:
        code = end.code
    output = capsys.readouterr()
    return code, output.out.splitlines()[-1], output.err


@pytest.mark.integration
@pytest.mark.django_db
def test_a_picture_is_stored_and_a_second_run_writes_nothing(media, folder, capsys, monkeypatch):
    (folder / "one.jpg").write_bytes(encode("JPEG"))
    index(folder, (URL, "one.jpg"))
    assert cache(folder, capsys) == (0, "1 pictures: 1 stored, 0 unchanged, 0 rejected", "")
    names = file_names(PictureAddress.objects.held().get(url=URL).picture)
    assert sorted(str(path.relative_to(media)) for path in media.rglob("*.*")) == sorted(names)
    monkeypatch.setattr(FileSystemStorage, "_save", lambda *arguments: pytest.fail("written"))
    before = Picture.objects.values().get(), PictureAddress.objects.values().get()
    assert cache(folder, capsys) == (0, "1 pictures: 0 stored, 1 unchanged, 0 rejected", "")
    assert (Picture.objects.values().get(), PictureAddress.objects.values().get()) == before


@pytest.mark.integration
@pytest.mark.django_db
def test_a_full_disk_ends_the_run_with_a_message(media, folder, capsys, monkeypatch):
    def fail(self, name, content):
        raise OSError(28, "No space left on device")

    index(folder, (URL, "one.jpg"))
    (folder / "one.jpg").write_bytes(encode("JPEG"))
    with monkeypatch.context() as broken:
        broken.setattr(FileSystemStorage, "_save", fail)
        with pytest.raises(CommandError, match=r"Pictures can't be stored: No space left on device\. Make room"):
            call_command("cache_images", "--from", str(folder))
    assert cache(folder, capsys)[0] == 0


# The folder


@pytest.mark.integration
@pytest.mark.django_db
def test_good_entries_are_stored_when_others_are_rejected(media, folder, capsys):
    (folder / "one.jpg").write_bytes(encode("JPEG"))
    (folder / "text.jpg").write_text("no picture")
    index(folder, ("https://a.example/", "gone.jpg"), (URL, "one.jpg"), ("https://b.example/", "text.jpg"))
    code, last, messages = cache(folder, capsys)
    assert (code, last) == (1, "3 pictures: 1 stored, 0 unchanged, 2 rejected")
    assert messages.splitlines() == [
        f"{folder}/index.yaml:1: gone.jpg is missing. Put it into the folder or remove the entry.",
        f"{folder}/index.yaml:5: text.jpg is not a JPEG, PNG, GIF, WebP or AVIF file. Replace it or remove the entry.",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- url: https://a.example/\n  file: ../secret.jpg", "'../secret.jpg' is outside the folder"),
        ("- url: https://a.example/\n  file: /etc/passwd", "'/etc/passwd' is outside the folder"),
        ("- url: https://a.example/\n  file: in/../../secret.jpg", "is outside the folder"),
        ("- url: https://a.example/\n  file: link.jpg", "link.jpg is a link"),
        ("- url: https://a.example/\n  file: linked/one.jpg", "linked is a link"),
        ("- url: https://a.example/\n  file: pipe", "pipe can't be read: it is not a regular file"),
        ("- url: https://a.example/\n  file: inside", "inside can't be read"),
        ("- url: https://a.example/\n  file: large.jpg", "large.jpg can't be read: it has more than 15 MB"),
        ('- url: https://a.example/\n  file: "a\\0b"', "is outside the folder"),
        ("- url: https://a.example/", "needs a URL and a file"),
        ("- https://a.example/", "needs a URL and a file"),
        ("- url: [1]\n  file: one.jpg", "needs a URL and a file"),
        ("- url: javascript:alert(1)\n  file: one.jpg", "is not a URL"),
        ("- url: //a.example/\n  file: one.jpg", "is not a URL"),
    ],
)
def test_an_unusable_entry_is_rejected_with_the_reason(media, folder, capsys, text, message):
    (folder.parent / "secret.jpg").write_bytes(encode("JPEG"))
    (folder / "one.jpg").write_bytes(encode("JPEG"))
    (folder / "link.jpg").symlink_to(folder.parent / "secret.jpg")
    (folder / "inside").mkdir()
    (folder / "linked").symlink_to(folder)
    (folder / "large.jpg").write_bytes(b"x" * (MAX_BYTES + 1))
    os.mkfifo(folder / "pipe")
    (folder / "index.yaml").write_text(text)
    code, last, messages = cache(folder, capsys)
    assert (code, last) == (1, "1 pictures: 0 stored, 0 unchanged, 1 rejected")
    assert messages.startswith(f"{folder}/index.yaml:1: ")
    assert message in messages
    assert not Picture.objects.exists()


@pytest.mark.integration
@pytest.mark.django_db
def test_a_url_that_occurs_twice_is_stored_once(media, folder, capsys):
    (folder / "one.jpg").write_bytes(encode("JPEG"))
    index(folder, (URL, "one.jpg"), (URL, "one.jpg"))
    code, last, messages = cache(folder, capsys)
    assert (code, last) == (1, "2 pictures: 1 stored, 0 unchanged, 1 rejected")
    assert f"{URL} is already in line 1" in messages


@pytest.mark.slow
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
