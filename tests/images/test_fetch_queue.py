"""The queue of pictures to fetch: what is in it, in which order, and when it is tried again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from articles.images import fetch_queue, store
from articles.images.fetch_queue import discover, due_addresses, enqueue, fail
from articles.images.store import store_picture
from articles.models import ArticleImage, PictureAddress
from providers.models import ProviderLogo
from tests import builders
from tests.fake_decoder import FakeDecoder

URL = "https://images.example/one.jpg"
OTHER_URL = "https://other.example/same.jpg"
NOW = timezone.now()
db = pytest.mark.django_db


def row_of(url=URL):
    return PictureAddress.objects.get(url=url)


@db
def test_urls_in_documents_and_logos_are_queued_once():
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
def test_discovery_looks_only_at_new_pictures(monkeypatch):
    monkeypatch.setattr(fetch_queue, "OVERLAP", 0)
    article = builders.article()
    ArticleImage.objects.bulk_create([ArticleImage(article=article, url=URL)])
    discover()
    PictureAddress.objects.all().delete()
    ArticleImage.objects.bulk_create([ArticleImage(article=article, url=OTHER_URL)])
    discover()
    assert row_of(OTHER_URL)
    assert PictureAddress.objects.count() == 1


@db
def test_a_url_saved_by_a_form_is_queued_at_once():
    ArticleImage.objects.create(article=builders.article(), url=URL)
    ArticleImage.objects.create(article=builders.article(), url=OTHER_URL, kind="logo")
    assert row_of().status == "waiting"
    assert PictureAddress.objects.count() == 1


@db
def test_pictures_of_the_newest_published_stories_come_first_then_logos():
    urls = []
    for number, shown in enumerate([True, False, True, True]):
        url = f"https://images.example/{number}.jpg"
        article = builders.article(published_at=NOW - timedelta(days=number), published=shown, heat=80 if shown else 10)
        builders.picture(article, url, held=False)
        urls.append(url)
    builders.picture(builders.article(published_at=NOW - timedelta(hours=1)), urls[3], held=False)  # shown again
    enqueue(["https://courier.example/logo.png"], is_logo=True)
    store_picture(urls[0], b"fox", FakeDecoder())
    assert [address.url for address in due_addresses()] == [
        urls[3],
        urls[2],
        "https://courier.example/logo.png",
        urls[1],
    ]


@db
def test_failures_are_retried_with_growing_back_off_until_success():
    builders.picture(builders.article(), URL, held=False)
    waits = []
    for _ in range(fetch_queue.MAX_FAILURES - 1):
        fail(URL, "took too long", now=NOW)
        waits.append(row_of().next_try_at - NOW)
    assert waits[:4] == [timedelta(hours=hours) for hours in (1, 4, 16, 64)]
    assert max(waits) == timedelta(days=30)
    assert not due_addresses(NOW)
    assert due_addresses(NOW + timedelta(days=31)).count() == 1
    fail(URL, "took too long", now=NOW)
    assert row_of().next_try_at is None
    assert not due_addresses(NOW + timedelta(days=9999))
    assert due_addresses(NOW, retry=True).count() == 1
    store_picture(URL, b"fox", FakeDecoder())
    assert (row_of().status, row_of().failures, row_of().reason) == ("held", 0, "")


@db
def test_retry_after_of_a_host_is_respected():
    enqueue([URL, "https://images.example/two.jpg", OTHER_URL])
    fail(URL, "is busy", retry_after=timedelta(hours=5), now=NOW)
    assert row_of().next_try_at == NOW + timedelta(hours=5)
    assert fetch_queue.postpone("images.example", NOW + timedelta(hours=5)) == 1
    assert [address.url for address in due_addresses(NOW + timedelta(hours=1))] == [OTHER_URL]


@db
def test_the_reason_of_a_failure_is_stored_as_one_line():
    enqueue([URL])
    fail(URL, "is\x1b[31m red\n" + "x" * 400, permanent=True)
    assert row_of().reason == ("is [31m red " + "x" * 400)[:300]
    assert row_of().next_try_at is None


@db
def test_a_failure_doesnt_change_stored_or_taken_down_pictures(decoder):
    store_picture(URL, b"fox", decoder)
    store.take_down(OTHER_URL)
    for url, status in ((URL, "held"), (OTHER_URL, "removed")):
        fail(url, "is gone")
        assert row_of(url).status == status
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
def test_the_host_of_a_url(url, host):
    assert fetch_queue.host_of(url) == host
