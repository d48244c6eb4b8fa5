"""Our copies of pictures: stored once, whole or not at all, let go when nothing shows them; addresses in a queue."""

import hashlib
import sqlite3
from datetime import timedelta
from functools import partial

import pytest
from django.core.files.storage import FileSystemStorage
from django.db import connection
from django.test import TestCase
from django.utils import timezone

from articles.images import fetch_queue, store
from articles.images.fetch_queue import discover, due_addresses, enqueue, fail
from articles.images.store import TakenDownError, delete_unused, file_names, store_picture
from articles.models import Article, ArticleImage, Picture, PictureAddress
from articles.page_cache import versions
from pictures import files
from pictures.sizes import PictureError, Rendition
from providers.models import ProviderLogo
from tests import builders
from tests.crowds import at_once
from tests.fakes import FakeDecoder

ADDRESS = "https://images.example/one.jpg"
OTHER = "https://other.example/same.jpg"
NOW = timezone.now()


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def decoder():
    return FakeDecoder()


def stored(media):
    return {str(path.relative_to(media)) for path in media.rglob("*") if path.is_file()}


def address(url=ADDRESS):
    return PictureAddress.objects.get(url=url)


db = pytest.mark.django_db


# Storing


@db
def test_a_picture_is_stored_under_the_digest_of_its_renditions(media, decoder):
    assert store_picture(ADDRESS, b"fox", decoder)
    picture = Picture.objects.get()
    key = files.content_key(decoder.decode(b"fox", ["picture"])["picture"])
    assert (picture.key, picture.sha256) == (key, hashlib.sha256(b"fox").hexdigest())
    assert stored(media) == set(file_names(picture))
    assert f"pictures/{key[:2]}/{key}/320.avif" in stored(media)
    assert (address().status, address().picture, address().host) == ("held", picture, "images.example")
    assert (media / file_names(picture)[-1]).stat().st_size == picture.enclosure_bytes


def test_the_key_tells_renditions_apart():
    one = [Rendition(160, "jpg", 160, 90, b"ab"), Rendition(320, "jpg", 320, 180, b"c")]
    other = [Rendition(160, "jpg", 160, 90, b"a"), Rendition(320, "jpg", 320, 180, b"bc")]
    assert files.content_key(one) != files.content_key(other)


@db
def test_keeping_it_again_writes_nothing_and_decodes_nothing(decoder, monkeypatch):
    store_picture(ADDRESS, b"fox", decoder)
    before = Picture.objects.values().get(), PictureAddress.objects.values().get(), versions.current_version()
    monkeypatch.setattr(FileSystemStorage, "_save", lambda *arguments: pytest.fail("written"))
    assert not store_picture(ADDRESS, b"fox", decoder)
    assert (Picture.objects.values().get(), PictureAddress.objects.values().get(), versions.current_version()) == before
    assert decoder.decoded == 1


@db
def test_the_same_picture_at_many_addresses_is_stored_once(media, decoder):
    store_picture(ADDRESS, b"fox", decoder)
    before = stored(media)
    assert store_picture(OTHER, b"fox", decoder)
    assert stored(media) == before
    assert address().picture == address(OTHER).picture
    assert decoder.decoded == 1


@db
def test_another_picture_at_the_address_takes_its_place(decoder):
    store_picture(ADDRESS, b"fox", decoder)
    before = versions.current_version()
    assert store_picture(ADDRESS, b"hare", decoder)
    assert address().picture.sha256 == hashlib.sha256(b"hare").hexdigest()
    assert versions.current_version() != before


@db
def test_a_lost_file_is_stored_again(media, decoder):
    store_picture(ADDRESS, b"fox", decoder)
    for file in file_names(Picture.objects.get()):
        (media / file).unlink()
        assert store_picture(ADDRESS, b"fox", decoder)
        assert (media / file).exists()


@db
def test_the_storage_is_asked_once_for_each_folder_of_a_picture_that_is_there(decoder, monkeypatch):
    ProviderLogo.objects.create(provider=builders.provider(), url=ADDRESS)
    store_picture(ADDRESS, b"fox", decoder)
    asked = []
    listdir = FileSystemStorage.listdir
    monkeypatch.setattr(FileSystemStorage, "listdir", lambda self, name: (asked.append(name), listdir(self, name))[1])
    monkeypatch.setattr(FileSystemStorage, "exists", lambda *arguments: pytest.fail("asked for one file"))
    assert store.look_up(OTHER, hashlib.sha256(b"fox").hexdigest()) == (Picture.objects.get(), [])
    assert [name.partition("/")[0] for name in asked] == ["pictures", "logos"]


@db
def test_what_is_refused_leaves_nothing(media, decoder):
    with pytest.raises(PictureError, match="is hostile"):
        store_picture(ADDRESS, b"hostile", decoder)
    assert not stored(media)
    assert not PictureAddress.objects.exists()


@db
@pytest.mark.parametrize("good", range(6))
def test_a_full_disk_leaves_nothing_and_the_next_try_succeeds(media, decoder, monkeypatch, good):
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
            store_picture(ADDRESS, b"fox", decoder)
    assert not stored(media)
    assert not Picture.objects.exists()
    assert store_picture(ADDRESS, b"fox", decoder)


@db
def test_a_kill_while_writing_leaves_no_part_of_a_file_under_its_name(media, decoder, monkeypatch):
    store_picture(OTHER, b"hare", decoder)
    names = set(file_names(Picture.objects.get()))
    files.delete(names)

    class Killed(BaseException):
        pass

    def die(*arguments):
        raise Killed

    monkeypatch.setattr("os.replace", die)
    monkeypatch.setattr("os.unlink", die)  # a killed process doesn't clean up either
    with pytest.raises(Killed):
        store_picture(OTHER, b"hare", decoder)
    assert stored(media)
    assert not stored(media) & names


@db
def test_a_logo_goes_to_every_outlet_that_names_its_address(media, decoder):
    one = ProviderLogo.objects.create(provider=builders.provider(), url="/logo.png", width=50, height=50)
    other = ProviderLogo.objects.create(provider=builders.provider("Other", "other.example"), url="/logo.png")
    alien = ProviderLogo.objects.create(provider=builders.provider(), url="/alien.png")
    store_picture(OTHER, b"fox", decoder)  # known already, as a picture
    assert store_picture("/logo.png", b"fox", decoder)
    for logo in (one, other, alien):
        logo.refresh_from_db()
    assert one.file.name == other.file.name == Picture.objects.get().logo
    assert {one.file.name, one.file.name.replace("/100.", "/50.")} < stored(media)
    assert not alien.file
    assert not store_picture("/logo.png", b"fox", decoder)


@pytest.mark.integration
def test_several_who_store_the_same_picture_at_once_agree(shared_database, media):
    at_once([partial(store_picture, url, b"fox", FakeDecoder()) for url in (ADDRESS, OTHER) * 2])

    assert stored(media) == set(file_names(Picture.objects.get()))
    assert PictureAddress.objects.held().count() == 2


@db
def test_a_picture_that_is_let_go_while_it_is_stored_is_stored_again(media, decoder, monkeypatch):
    """Between the files and the row, somebody prunes."""
    store_picture(ADDRESS, b"fox", decoder)
    follow = store.lock_pictures
    prunes = iter([True])

    def prune_first():
        if next(prunes, False):
            delete_unused()
        follow()

    monkeypatch.setattr(store, "lock_pictures", prune_first)
    store_picture(ADDRESS, b"fox", decoder)
    assert stored(media) == set(file_names(address().picture))


# Letting go


@db
def test_what_nothing_names_is_let_go_and_the_rest_stays(media, decoder):
    article = builders.article()
    for url, data in ((ADDRESS, b"fox"), (OTHER, b"fox"), ("https://x.example/1.jpg", b"hare"), ("/logo.png", b"owl")):
        store_picture(url, data, decoder)
    ArticleImage.objects.create(article=article, url=OTHER)
    ProviderLogo.objects.create(provider=builders.provider(), url="/logo.png")
    told = delete_unused(dry_run=True)
    assert (told.addresses, told.pictures) == (2, 1)
    assert PictureAddress.objects.count() == 4
    assert delete_unused() == told
    assert set(PictureAddress.objects.values_list("url", flat=True)) == {OTHER, "/logo.png"}
    assert stored(media) == {file for picture in Picture.objects.all() for file in file_names(picture)}
    assert delete_unused() == store.CleanupCounts()


@db
def test_any_number_of_pictures_is_let_go(request):
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
    told = delete_unused(dry_run=True)
    assert (told.addresses, told.pictures) == (1200, 1200)
    released = delete_unused()
    assert (released.addresses, released.pictures, released.files) == (1200, 1200, 0)
    assert not Picture.objects.exists()


# Taking down


@db
def test_what_was_taken_down_is_never_kept_again(media, decoder):
    store_picture(ADDRESS, b"fox", decoder)
    store_picture(OTHER, b"fox", decoder)
    with_removal(ADDRESS)
    assert not stored(media)
    assert set(PictureAddress.objects.values_list("status", flat=True)) == {"removed"}
    for url, data in ((ADDRESS, b"fox"), (ADDRESS, b"hare"), ("https://third.example/", b"fox")):
        with pytest.raises(TakenDownError):
            store_picture(url, data, decoder)
    assert not stored(media)
    assert address("https://third.example/").status == "removed"
    assert not due_addresses(retry=True)
    delete_unused()
    assert PictureAddress.objects.filter(status="removed").count() == 3


@db
def test_files_that_another_picture_has_too_stay(media, decoder):
    store_picture(ADDRESS, b"fox", decoder)
    store_picture(OTHER, b"hare", decoder)
    before = set(file_names(address(OTHER).picture))
    with_removal(ADDRESS)
    assert stored(media) == before


@db
def test_a_picture_that_is_taken_down_while_it_is_fetched_is_not_kept(media, decoder, monkeypatch):
    builders.picture(builders.article(), ADDRESS, held=False)
    decode = decoder.decode
    monkeypatch.setattr(decoder, "decode", lambda *arguments: (with_removal(ADDRESS), decode(*arguments))[1])
    with pytest.raises(TakenDownError):
        store_picture(ADDRESS, b"fox", decoder)
    assert not stored(media)
    assert address().status == "removed"


def with_removal(url):
    """Take a picture down as the verb does, but for its log."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        store.take_down(url)


# The queue


@db
def test_addresses_are_found_once_where_documents_name_them():
    article = builders.article()
    rows = [ArticleImage(article=article, url=f"https://images.example/{number}.jpg") for number in (1, 2, 2)]
    ArticleImage.objects.bulk_create(rows)
    ProviderLogo.objects.create(provider=builders.provider(), url="https://courier.example/logo.png")
    ProviderLogo.objects.create(provider=builders.provider(), url="/logo.png")
    assert discover() == 3
    assert discover() == 0
    assert set(PictureAddress.objects.values_list("url", "is_logo")) == {
        ("https://images.example/1.jpg", False),
        ("https://images.example/2.jpg", False),
        ("https://courier.example/logo.png", True),
    }


@db
def test_a_run_looks_only_at_what_came_in_since(monkeypatch):
    monkeypatch.setattr(fetch_queue, "OVERLAP", 0)
    article = builders.article()
    ArticleImage.objects.bulk_create([ArticleImage(article=article, url=ADDRESS)])
    discover()
    PictureAddress.objects.all().delete()
    ArticleImage.objects.bulk_create([ArticleImage(article=article, url=OTHER)])
    discover()
    assert address(OTHER)
    assert PictureAddress.objects.count() == 1


@db
def test_an_address_that_a_form_saves_is_found_at_once():
    ArticleImage.objects.create(article=builders.article(), url=ADDRESS)
    ArticleImage.objects.create(article=builders.article(), url=OTHER, kind="logo")
    assert address().status == "waiting"
    assert PictureAddress.objects.count() == 1


@db
def test_the_newest_published_stories_come_first_then_logos_then_the_rest():
    wanted = []
    for number, shown in enumerate([True, False, True, True]):
        url = f"https://images.example/{number}.jpg"
        article = builders.article(published_at=NOW - timedelta(days=number), published=shown, heat=80 if shown else 10)
        builders.picture(article, url, held=False)
        wanted.append(url)
    builders.picture(builders.article(published_at=NOW - timedelta(hours=1)), wanted[3], held=False)  # shown anew
    enqueue(["https://courier.example/logo.png"], is_logo=True)
    store_picture(wanted[0], b"fox", FakeDecoder())
    assert [each.url for each in due_addresses()] == [
        wanted[3],
        wanted[2],
        "https://courier.example/logo.png",
        wanted[1],
    ]


@db
def test_what_failed_waits_longer_each_time_and_heals():
    builders.picture(builders.article(), ADDRESS, held=False)
    waits = []
    for _ in range(fetch_queue.MAX_FAILURES - 1):
        fail(ADDRESS, "took too long", now=NOW)
        waits.append(address().next_try_at - NOW)
    assert waits[:4] == [timedelta(hours=hours) for hours in (1, 4, 16, 64)]
    assert max(waits) == timedelta(days=30)
    assert not due_addresses(NOW)
    assert due_addresses(NOW + timedelta(days=31)).count() == 1
    fail(ADDRESS, "took too long", now=NOW)
    assert address().next_try_at is None
    assert not due_addresses(NOW + timedelta(days=9999))
    assert due_addresses(NOW, retry=True).count() == 1
    store_picture(ADDRESS, b"fox", FakeDecoder())
    assert (address().status, address().failures, address().reason) == ("held", 0, "")


@db
def test_a_host_that_asks_for_time_gets_it():
    enqueue([ADDRESS, "https://images.example/two.jpg", OTHER])
    fail(ADDRESS, "is busy", retry_after=timedelta(hours=5), now=NOW)
    assert address().next_try_at == NOW + timedelta(hours=5)
    assert fetch_queue.postpone("images.example", NOW + timedelta(hours=5)) == 1
    assert [each.url for each in due_addresses(NOW + timedelta(hours=1))] == [OTHER]


@db
def test_the_reason_of_a_failure_is_one_line_of_text():
    enqueue([ADDRESS])
    fail(ADDRESS, "is\x1b[31m red\n" + "x" * 400, permanent=True)
    assert address().reason == ("is [31m red " + "x" * 400)[:300]
    assert address().next_try_at is None


@db
def test_a_failure_tells_nothing_of_what_we_hold_or_took_down(decoder):
    store_picture(ADDRESS, b"fox", decoder)
    store.take_down(OTHER)
    for url, status in ((ADDRESS, "held"), (OTHER, "removed")):
        fail(url, "is gone")
        assert address(url).status == status
    fail("https://nobody.example/", "is gone")


@db
@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Images.Example/x", "images.example"),
        (" https://images.example./x\t", "images.example"),
        ("https://images.example:8443/x", "images.example:8443"),
        ("https://[::1/x", ""),
        ("https://images.example:x/", ""),
        ("/logo.png", ""),
    ],
)
def test_who_is_asked_for_a_picture(url, host):
    assert fetch_queue.host_of(url) == host


# What the desk is told


def pictureless(article):
    return Article.objects.values_list("pictureless", flat=True).get(pk=article.pk)


@db
def test_a_story_whose_picture_cannot_be_fetched_misses_one(decoder):
    one, two = builders.article(), builders.article()
    for article in (one, two):
        article.picture_count = 1
        article.pictureless = False
        article.save()
        builders.picture(article, ADDRESS, held=False)
    builders.picture(two, OTHER)
    fail(ADDRESS, "is gone")
    assert (pictureless(one), pictureless(two)) == (True, False)
    store_picture(ADDRESS, b"fox", decoder)
    assert not pictureless(one)
    with_removal(ADDRESS)
    assert pictureless(one)


@db
def test_a_story_that_comes_in_with_an_address_known_to_fail_misses_its_picture():
    enqueue([ADDRESS])
    fail(ADDRESS, "is gone", permanent=True)
    article = builders.article(picture_count=1)
    ArticleImage.objects.bulk_create([ArticleImage(article=article, url=ADDRESS)])
    discover()
    assert pictureless(article)


@db
def test_a_logo_that_an_editor_uploaded_stays(decoder):
    logo = ProviderLogo.objects.create(provider=builders.provider(), url="/logo.png", file="logos/ab/own/100.webp")
    store_picture("/logo.png", b"fox", decoder)
    logo.refresh_from_db()
    assert logo.file.name == "logos/ab/own/100.webp"
