"""Storing our copies of pictures once and completely, and deleting them."""

import hashlib
import sqlite3
from functools import partial

import pytest
from django.core.files.storage import FileSystemStorage
from django.db import connection
from django.test import TestCase
from django.utils import timezone

from articles.images import store
from articles.images.fetch_queue import due_addresses
from articles.images.store import TakenDownError, delete_unused, file_names, store_picture
from articles.models import ArticleImage, Picture, PictureAddress
from articles.page_cache import versions
from pictures import files
from pictures.sizes import PictureError, Rendition
from providers.models import ProviderLogo
from tests import builders
from tests.concurrency import run_together
from tests.fake_decoder import FakeDecoder

URL = "https://images.example/one.jpg"
OTHER_URL = "https://other.example/same.jpg"
NOW = timezone.now()


def stored(media):
    return {str(path.relative_to(media)) for path in media.rglob("*") if path.is_file()}


def row_of(url=URL):
    return PictureAddress.objects.get(url=url)


db = pytest.mark.django_db


# Storing


@db
def test_a_picture_is_stored_under_the_digest_of_its_renditions(media, decoder):
    assert store_picture(URL, b"fox", decoder)
    picture = Picture.objects.get()
    key = files.content_key(decoder.decode(b"fox", ["picture"])["picture"])
    assert (picture.key, picture.sha256) == (key, hashlib.sha256(b"fox").hexdigest())
    assert stored(media) == set(file_names(picture))
    assert f"pictures/{key[:2]}/{key}/320.avif" in stored(media)
    assert (row_of().status, row_of().picture, row_of().host) == ("held", picture, "images.example")
    assert (media / file_names(picture)[-1]).stat().st_size == picture.enclosure_bytes


def test_the_key_depends_on_each_rendition():
    one = [Rendition(160, "jpg", 160, 90, b"ab"), Rendition(320, "jpg", 320, 180, b"c")]
    other = [Rendition(160, "jpg", 160, 90, b"a"), Rendition(320, "jpg", 320, 180, b"bc")]
    assert files.content_key(one) != files.content_key(other)


@db
def test_storing_a_picture_again_writes_and_decodes_nothing(decoder, monkeypatch):
    store_picture(URL, b"fox", decoder)
    before = Picture.objects.values().get(), PictureAddress.objects.values().get(), versions.current_version()
    monkeypatch.setattr(FileSystemStorage, "_save", lambda *arguments: pytest.fail("written"))
    assert not store_picture(URL, b"fox", decoder)
    assert (Picture.objects.values().get(), PictureAddress.objects.values().get(), versions.current_version()) == before
    assert decoder.decoded == 1


@db
def test_the_same_picture_at_several_urls_is_stored_once(media, decoder):
    store_picture(URL, b"fox", decoder)
    before = stored(media)
    assert store_picture(OTHER_URL, b"fox", decoder)
    assert stored(media) == before
    assert row_of().picture == row_of(OTHER_URL).picture
    assert decoder.decoded == 1


@db
def test_a_new_picture_at_the_url_replaces_the_old_one(decoder):
    store_picture(URL, b"fox", decoder)
    before = versions.current_version()
    assert store_picture(URL, b"hare", decoder)
    assert row_of().picture.sha256 == hashlib.sha256(b"hare").hexdigest()
    assert versions.current_version() != before


@db
def test_a_lost_file_is_stored_again(media, decoder):
    store_picture(URL, b"fox", decoder)
    for file in file_names(Picture.objects.get()):
        (media / file).unlink()
        assert store_picture(URL, b"fox", decoder)
        assert (media / file).exists()


@db
def test_an_existing_picture_costs_one_storage_request_per_folder(decoder, monkeypatch):
    ProviderLogo.objects.create(provider=builders.provider(), url=URL)
    store_picture(URL, b"fox", decoder)
    folders = []
    listdir = FileSystemStorage.listdir
    monkeypatch.setattr(FileSystemStorage, "listdir", lambda self, name: (folders.append(name), listdir(self, name))[1])
    monkeypatch.setattr(FileSystemStorage, "exists", lambda *arguments: pytest.fail("asked for one file"))
    assert store.look_up(OTHER_URL, hashlib.sha256(b"fox").hexdigest()) == (Picture.objects.get(), [])
    assert [name.partition("/")[0] for name in folders] == ["pictures", "logos"]


@db
def test_a_rejected_picture_leaves_no_file_and_no_row(media, decoder):
    with pytest.raises(PictureError, match="is hostile"):
        store_picture(URL, b"hostile", decoder)
    assert not stored(media)
    assert not PictureAddress.objects.exists()


@db
@pytest.mark.parametrize("good", range(6))
def test_a_full_disk_leaves_nothing_and_a_retry_succeeds(media, decoder, monkeypatch, good):
    whole = FileSystemStorage._save
    left = iter(range(good))

    def fill_up(self, name, content):
        if next(left, None) is None:
            (media / name).parent.mkdir(parents=True, exist_ok=True)
            (media / name).write_bytes(content.read(1))
            raise OSError(28, "No space left on device")
        return whole(self, name, content)

    with monkeypatch.context() as full:
        full.setattr(FileSystemStorage, "_save", fill_up)
        with pytest.raises(OSError, match="No space left"):
            store_picture(URL, b"fox", decoder)
    assert not stored(media)
    assert not Picture.objects.exists()
    assert store_picture(URL, b"fox", decoder)


@db
def test_a_kill_while_writing_leaves_no_truncated_file(media, decoder, monkeypatch):
    store_picture(OTHER_URL, b"hare", decoder)
    names = set(file_names(Picture.objects.get()))
    files.delete(names)

    class Killed(BaseException):
        pass

    def die(*arguments):
        raise Killed

    monkeypatch.setattr("os.replace", die)
    monkeypatch.setattr("os.unlink", die)  # a killed process doesn't clean up either
    with pytest.raises(Killed):
        store_picture(OTHER_URL, b"hare", decoder)
    assert stored(media)
    assert not stored(media) & names


@db
def test_a_logo_is_used_by_every_provider_that_lists_its_url(media, decoder):
    one = ProviderLogo.objects.create(provider=builders.provider(), url="/logo.png", width=50, height=50)
    other = ProviderLogo.objects.create(provider=builders.provider("Other", "other.example"), url="/logo.png")
    alien = ProviderLogo.objects.create(provider=builders.provider(), url="/alien.png")
    store_picture(OTHER_URL, b"fox", decoder)  # stored already, as a picture
    assert store_picture("/logo.png", b"fox", decoder)
    for logo in (one, other, alien):
        logo.refresh_from_db()
    assert one.file.name == other.file.name == Picture.objects.get().logo
    assert {one.file.name, one.file.name.replace("/100.", "/50.")} < stored(media)
    assert not alien.file
    assert not store_picture("/logo.png", b"fox", decoder)


@pytest.mark.integration
def test_storing_the_same_picture_concurrently_succeeds(shared_database, media):
    run_together([partial(store_picture, url, b"fox", FakeDecoder()) for url in (URL, OTHER_URL) * 2])

    assert stored(media) == set(file_names(Picture.objects.get()))
    assert PictureAddress.objects.held().count() == 2


@db
def test_a_picture_that_is_deleted_while_it_is_stored_is_stored_again(media, decoder, monkeypatch):
    """A prune runs after the files and before the row is written."""
    store_picture(URL, b"fox", decoder)
    follow = store.lock_pictures
    prunes = iter([True])

    def prune_first():
        if next(prunes, False):
            delete_unused()
        follow()

    monkeypatch.setattr(store, "lock_pictures", prune_first)
    store_picture(URL, b"fox", decoder)
    assert stored(media) == set(file_names(row_of().picture))


# Deleting


@db
def test_unused_pictures_are_deleted_and_the_others_stay(media, decoder):
    article = builders.article()
    for url, data in ((URL, b"fox"), (OTHER_URL, b"fox"), ("https://x.example/1.jpg", b"hare"), ("/logo.png", b"owl")):
        store_picture(url, data, decoder)
    ArticleImage.objects.create(article=article, url=OTHER_URL)
    ProviderLogo.objects.create(provider=builders.provider(), url="/logo.png")
    counts = delete_unused(dry_run=True)
    assert (counts.addresses, counts.pictures) == (2, 1)
    assert PictureAddress.objects.count() == 4
    assert delete_unused() == counts
    assert set(PictureAddress.objects.values_list("url", flat=True)) == {OTHER_URL, "/logo.png"}
    assert stored(media) == {file for picture in Picture.objects.all() for file in file_names(picture)}
    assert delete_unused() == store.CleanupCounts()


@pytest.mark.systematic
@db
def test_any_number_of_pictures_can_be_deleted(request):
    digests = [f"{number:064x}" for number in range(1200)]
    size = {"rungs": "160", "width": 160, "height": 90, "enclosure_bytes": 1}
    pictures = Picture.objects.bulk_create(
        Picture(sha256=digest, key=digest[32:], logo=f"logos/{digest[-2:]}/{digest[32:]}/40.webp", **size)
        for digest in digests
    )
    PictureAddress.objects.bulk_create(
        PictureAddress(url=picture.sha256, digest=picture.sha256, status="held", picture=picture)
        for picture in pictures
    )
    if connection.vendor == "sqlite":
        former = connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 1000)
        request.addfinalizer(lambda: connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, former))
    counts = delete_unused(dry_run=True)
    assert (counts.addresses, counts.pictures) == (1200, 1200)
    released = delete_unused()
    assert (released.addresses, released.pictures, released.files) == (1200, 1200, 0)
    assert not Picture.objects.exists()


# Taking down


@db
def test_a_taken_down_picture_is_never_stored_again(media, decoder):
    store_picture(URL, b"fox", decoder)
    store_picture(OTHER_URL, b"fox", decoder)
    with_removal(URL)
    assert not stored(media)
    assert set(PictureAddress.objects.values_list("status", flat=True)) == {"removed"}
    for url, data in ((URL, b"fox"), (URL, b"hare"), ("https://third.example/", b"fox")):
        with pytest.raises(TakenDownError):
            store_picture(url, data, decoder)
    assert not stored(media)
    assert row_of("https://third.example/").status == "removed"
    assert not due_addresses(retry=True)
    delete_unused()
    assert PictureAddress.objects.filter(status="removed").count() == 3


@db
def test_files_that_another_picture_shares_stay(media, decoder):
    store_picture(URL, b"fox", decoder)
    store_picture(OTHER_URL, b"hare", decoder)
    before = set(file_names(row_of(OTHER_URL).picture))
    with_removal(URL)
    assert stored(media) == before


@db
def test_a_picture_that_is_taken_down_while_it_is_fetched_is_not_stored(media, decoder, monkeypatch):
    builders.picture(builders.article(), URL, held=False)
    decode = decoder.decode
    monkeypatch.setattr(decoder, "decode", lambda *arguments: (with_removal(URL), decode(*arguments))[1])
    with pytest.raises(TakenDownError):
        store_picture(URL, b"fox", decoder)
    assert not stored(media)
    assert row_of().status == "removed"


def with_removal(url):
    """Take a picture down as the operation does, without the log."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        store.take_down(url)


@db
def test_an_uploaded_logo_is_not_replaced(decoder):
    logo = ProviderLogo.objects.create(provider=builders.provider(), url="/logo.png", file="logos/ab/own/100.webp")
    store_picture("/logo.png", b"fox", decoder)
    logo.refresh_from_db()
    assert logo.file.name == "logos/ab/own/100.webp"
