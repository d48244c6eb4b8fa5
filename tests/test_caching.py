"""Answers are kept for readers, and never a moment longer than they are true."""

from __future__ import annotations

import gzip
import re
import threading
from datetime import timedelta
from pathlib import Path
from time import sleep
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.core.cache import caches
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone
from django.utils.http import http_date, parse_http_date

from articles import caching, operations, readers, stamps
from articles.acts import By
from articles.caching import KeptAnswersMiddleware
from articles.models import Article, Operation, Stamp

from . import builders
from . import settings as test_settings

pytestmark = pytest.mark.django_db
ADDRESSES = [
    "/",
    "/latest/",
    "/topics/",
    "/topics/ai/",
    "/providers/",
    "/providers/courier.example/",
    "/feeds/latest.rss",
    "/topics/ai/feed.atom",
    "/providers/courier.example/feed.json",
    "/search/feed.rss?q=happened",
    "/sitemap.xml",
    "/sitemaps/lists.xml",
    "/sitemaps/2020-06.xml",
]


@pytest.fixture(autouse=True)
def pages(settings):
    settings.CACHES = test_settings.kept_apart(uuid4().hex)  # on Redis other tests run beside this one
    settings.INDEX_SINGLE_STORIES = True  # so that sitemaps hold them
    return caches["pages"]


def queries_of(client, address, django_assert_max_num_queries, **headers):
    with django_assert_max_num_queries(20) as captured:
        response = client.get(address, headers=headers)
    return response, len(captured)


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_second_reader_gets_what_was_made_for_the_first(client, address, django_assert_max_num_queries):
    builders.article(topics=["AI"])
    first, made = queries_of(client, address, django_assert_max_num_queries)
    second, kept = queries_of(client, address, django_assert_max_num_queries)
    assert made > 1
    assert kept == 1
    assert second.content == first.content
    ids = [response.headers.pop("X-Request-ID") for response in (first, second)]
    assert second.headers == first.headers
    assert len(set(ids)) == 2  # each is of its own request


def test_an_answer_says_how_to_ask_again(client):
    builders.article()
    response = client.get("/")
    assert re.fullmatch(r'W/"[0-9a-f]{32}\.[0-9a-f]{32}"', response["ETag"])
    assert response["Cache-Control"] == "public, max-age=0, s-maxage=60, must-revalidate"
    assert response["Vary"] == "Accept-Encoding"
    assert not response.cookies


@pytest.mark.parametrize("method", ["get", "head"])
def test_who_has_the_answer_is_told_so_by_one_query(client, method, django_assert_num_queries):
    builders.article()
    tag = client.get("/")["ETag"]
    with django_assert_num_queries(1):
        response = getattr(client, method)("/", headers={"If-None-Match": f'"other", {tag}'})
    assert (response.status_code, response.content, response["ETag"]) == (304, b"", tag)


@pytest.mark.parametrize("given", ['"nonsense"', "*", 'W/"', "é", '"' + "0" * 32 + "." + "0" * 32 + '"', ","])
def test_a_tag_that_is_not_ours_is_answered_in_full(client, given):
    builders.article()
    assert client.get("/", headers={"If-None-Match": given}).status_code == 200


def test_publishing_and_withdrawing_show_on_the_next_request(client, admin_user):
    article = builders.article("Now you see it", topics=["AI"])
    seen = {address: client.get(address) for address in [*ADDRESSES, article.get_absolute_url()]}
    by = By(admin_user)
    operations.hold(article, by=by)
    for address, answer in seen.items():
        response = client.get(address, headers={"If-None-Match": answer["ETag"]})
        assert response.status_code in (200, 404), address
        assert "Now you see it" not in response.content.decode(), address
    operations.publish(article, by=by)
    for address in seen:
        assert client.get(address).status_code == 200, address
    assert "Now you see it" in client.get("/").content.decode()


def test_an_unchanged_page_isnt_sent_again_after_a_change_elsewhere(client):
    builders.article("Here", topics=["AI"], provider=builders.provider("One", "one.example"))
    tag = client.get("/providers/one.example/")["ETag"]
    stamps.advance()
    response = client.get("/providers/one.example/", headers={"If-None-Match": tag})
    assert response.status_code == 304
    assert response["ETag"] != tag
    assert response["ETag"].split(".")[1] == tag.split(".")[1]


def test_a_schedule_begins_and_ends_without_any_write(client, monkeypatch):
    now = timezone.now()
    builders.article("On the hour", publish_at=now + timedelta(hours=1), unpublish_at=now + timedelta(hours=2))
    found = []
    for hours in (0.5, 1.5, 2.5):
        moment = now + timedelta(hours=hours)
        monkeypatch.setattr(timezone, "now", lambda moment=moment: moment)
        found.append("On the hour" in client.get("/latest/").content.decode())
    assert found == [False, True, False]


def test_a_renamed_outlet_or_topic_and_a_new_logo_show_at_once(client):
    outlet = builders.provider("Old Name", "old.example")
    builders.article(topics=["AI"], provider=outlet)
    assert "Old Name" in client.get("/").content.decode()
    outlet.name = "New Name"
    outlet.save()
    assert "New Name" in client.get("/").content.decode()
    before = stamps.current().key
    outlet.logos.create(url="https://old.example/logo.png", width=50, height=50)
    assert stamps.current().key != before


def test_other_parameters_make_no_other_answer(client, django_assert_num_queries):
    builders.article()
    plain = client.get("/latest/")
    with django_assert_num_queries(1):
        odd = client.get("/latest/?utm_source=x&fbclid=1&before[]=2&_=3")
    assert odd.content == plain.content
    older = client.get("/latest/?before=20200609T080000Z-none")
    assert older.content != plain.content


def test_hosts_dont_share_answers(client):
    builders.article()
    assert b"//localhost/" in client.get("/", headers={"host": "localhost"}).content
    assert b"//testserver/" in client.get("/").content
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    ("address", "name", "value"),
    [
        ("/", "HEADLINE_TARGET", "story"),
        ("/", "SITE_NAME", "Another"),
        ("/latest/", "SITE_URL", "https://news.example"),
        ("/feeds/latest.rss", "WEBSUB_HUB", "https://hub.example/"),
        ("/api/news/index.json", "API_EDITION", "2021"),
        ("/api/news/index.json", "API_PAGE_SIZE", 1),
        ("/api/news/ai/index.json", "API_TOPIC_PAGE_SIZE", 1),
        ("/api/news/index.json", "API_SOURCE_URL", "https://news.example/{name}"),
        ("/api/news/index.json", "API_VIDEO_URL", "https://news.example/{name}"),
    ],
)
def test_another_setting_makes_another_answer(client, settings, address, name, value):
    for kind in ("article", "video"):
        builders.article(topics=["AI"], type=kind, web_url="https://x.example/" if kind == "article" else "")
    before = client.get(address)
    setattr(settings, name, value)
    after = client.get(address, headers={"If-None-Match": before["ETag"]})
    assert (after.status_code, after.content != before.content) == (200, True)


def test_another_zone_makes_another_answer_of_the_api(client, settings):
    settings.API_EDITION = "2021"
    builders.article()
    before = client.get("/api/news/index.json")
    settings.API_TIME_ZONE = "America/Los_Angeles"
    assert client.get("/api/news/index.json").content != before.content


def test_who_takes_gzip_gets_it(client):
    builders.article()
    plain = client.get("/")
    for _ in range(2):  # made, then kept
        response = client.get("/", headers={"Accept-Encoding": "gzip, br"})
        assert response["Content-Encoding"] == "gzip"
        assert gzip.decompress(response.content) == plain.content
        assert response["ETag"] == plain["ETag"]
        assert response["Content-Length"] == str(len(response.content))
    assert "Content-Encoding" not in client.get("/").headers


@pytest.mark.parametrize("address", ["/news/2020-01-01-none/", "/topics/none/", "/none/", "/latest/?before=x"])
def test_what_isnt_there_is_asked_anew_and_keeps_no_one_waiting(client, address):
    builders.article()
    start = timezone.now()
    answers = [client.get(address).status_code for _ in range(3)]
    assert len(set(answers)) == 1
    assert timezone.now() - start < timedelta(seconds=caching.PATIENCE_SECONDS / 2)


def test_staff_read_the_same_answer_and_previews_are_never_kept(client, admin_client, pages):
    article = builders.article()
    assert client.get("/").content == admin_client.get("/").content
    with patch.object(type(pages), "set", side_effect=AssertionError("kept")):
        assert admin_client.get(reverse("desk_preview", args=[article.pk])).status_code == 200
        assert admin_client.get("/admin/").status_code == 200


# The stamp


def test_the_stamp_changes_with_every_act_and_with_nothing_else(admin_user):
    article = builders.article()
    found = [stamps.current().key]
    for verb in (operations.hold, operations.publish):
        verb(article, by=By(admin_user))
        found.append(stamps.current().key)
    operations.publish(article, by=By(admin_user))  # it is published already
    assert len(set(found)) == 3
    assert stamps.current().key == found[-1]


def test_an_advance_that_is_rolled_back_didnt_happen():
    stamps.advance()
    before = stamps.current()
    with transaction.atomic():
        stamps.advance()
        assert stamps.current() != before
        transaction.set_rollback(True)
    assert stamps.current() == before
    assert Stamp.objects.count() == 1


def test_last_modified_is_when_something_last_changed(client, admin_user):
    article = builders.article()
    operations.hold(article, by=By(admin_user))
    assert "Last-Modified" not in client.get("/").headers  # within the second, something else may change
    at = timezone.now() - timedelta(hours=1)
    Operation.objects.update(at=at)
    Stamp.objects.update(changed_at=at)
    response = client.get("/")
    assert parse_http_date(response["Last-Modified"]) == int(at.timestamp())
    for since, status in ((at, 304), (at + timedelta(hours=3), 304), (at - timedelta(seconds=2), 200)):
        asked = {"If-Modified-Since": http_date(since.timestamp())}
        assert client.get("/", headers=asked).status_code == status
        assert client.get("/", headers=asked | {"If-None-Match": '"x"'}).status_code == 200
    assert client.get("/", headers={"If-Modified-Since": "yesterday"}).status_code == 200


# A stampede


class Rush:
    """A view that takes a while, behind the middleware, asked by several threads at once."""

    def __init__(self, monkeypatch, status=200):
        self.computed, self.status = 0, status
        monkeypatch.setattr(caching, "parameters_of", lambda request: ())
        monkeypatch.setattr(stamps, "current", lambda: stamps.Taken("1", "", None))
        self.middleware = KeptAnswersMiddleware(self.view)

    def view(self, request):
        self.computed += 1
        sleep(0.2)
        return HttpResponse(f"answer {self.computed}", status=self.status)

    def ask(self, readers):
        found = []
        request = RequestFactory().get
        threads = [
            threading.Thread(target=lambda: found.append(self.middleware(request("/")).content)) for _ in range(readers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found


def test_a_stampede_computes_a_page_once(monkeypatch):
    rush = Rush(monkeypatch)
    assert rush.ask(20) == [b"answer 1"] * 20
    assert rush.computed == 1


class Apart(dict):
    """What a process is computing, where every thread is a process of its own."""

    def setdefault(self, key, default):
        return default


def test_processes_compute_a_page_once_too(monkeypatch):
    monkeypatch.setattr(caching, "_finding", Apart())
    rush = Rush(monkeypatch)
    assert rush.ask(20) == [b"answer 1"] * 20
    assert rush.computed == 1


def test_a_process_that_fails_lets_the_next_one_compute(monkeypatch):
    monkeypatch.setattr(caching, "_finding", Apart())
    rush = Rush(monkeypatch, status=404)
    assert len(rush.ask(3)) == 3
    assert rush.computed == 3


def test_an_answer_that_isnt_kept_makes_nobody_wait_in_line(monkeypatch):
    rush = Rush(monkeypatch, status=404)
    start = timezone.now()
    assert len(rush.ask(20)) == 20
    assert timezone.now() - start < timedelta(seconds=2)


def test_who_computes_and_fails_doesnt_block_the_others(monkeypatch):
    rush = Rush(monkeypatch)

    def fail(request):
        raise RuntimeError

    rush.middleware.get_response = fail
    with pytest.raises(RuntimeError):
        rush.middleware(RequestFactory().get("/"))
    rush.middleware.get_response = rush.view
    assert rush.ask(2) == [b"answer 1"] * 2


@pytest.mark.parametrize(
    ("address", "parameters"),
    [
        ("/latest/", ("before",)),
        ("/latest/?page=2", ("before",)),
        ("/api/changes", ("limit",)),
        ("/api/changes?limit=5", ("limit",)),
        ("/api/changes?limit=5&since=x", None),
        ("/api/changes?page=2", None),
        ("/api/", None),
        ("/admin/", None),
        ("/preview/x/", None),
        ("/media/x", None),
        ("/none/", None),
    ],
)
def test_marked_views_are_found_by_their_address(address, parameters):
    assert readers.parameters_of(RequestFactory().get(address)) == parameters
    assert readers.parameters_of(RequestFactory().post(address)) is None
    assert readers.is_for_readers(address.partition("?")[0]) is address.startswith(("/latest/", "/api/changes"))


def test_the_stamp_costs_one_query_however_much_happened(django_assert_num_queries):
    for _ in range(3):
        builders.article(publish_at=timezone.now() - timedelta(days=1))
    with django_assert_num_queries(1):
        assert stamps.current().key
    assert connection.vendor in ("sqlite", "postgresql")
    assert Article.objects.exists()


def test_every_package_that_makes_pages_is_part_of_the_key():
    """A release that changes any of them may not answer with what the one before kept."""
    packages = {path.parent.name for path in Path(caching.settings.BASE_DIR).glob("*/__init__.py")}
    assert packages - {"accounts", "tests"} | {"templates"} == set(caching.MAKERS)  # accounts' pages are the staff's
