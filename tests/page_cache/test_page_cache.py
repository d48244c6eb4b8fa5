"""Pages are cached for readers, and never served once they are out of date."""

from __future__ import annotations

import gzip
import re
import time
from datetime import timedelta
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.core.cache import caches
from django.core.management import call_command
from django.db import connection, transaction
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone
from django.utils.http import http_date, parse_http_date

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.models import Article, Operation, Stamp
from articles.page_cache.cacheable import cache_parameters, is_cacheable_path
from articles.page_cache.versions import bump_version, current_version
from tests import builders
from tests import settings as test_settings

pytestmark = pytest.mark.django_db
URLS = [
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
    settings.CACHES = test_settings.with_page_cache(uuid4().hex)  # on Redis other tests run beside this one
    settings.INDEX_SINGLE_STORIES = True  # so that sitemaps hold them
    return caches["pages"]


def get_and_count(client, url, count_queries):
    with count_queries() as queries:
        response = client.get(url)
    return response, len(queries)


@pytest.mark.parametrize("url", URLS)
def test_the_second_reader_gets_the_page_rendered_for_the_first(client, url, count_queries):
    builders.article(topics=["AI"])
    first, rendered = get_and_count(client, url, count_queries)
    second, cached = get_and_count(client, url, count_queries)
    assert rendered > 1
    assert cached == 1  # a cached page promises to cost one query, for the site version
    assert second.content == first.content
    ids = [response.headers.pop("X-Request-ID") for response in (first, second)]
    assert second.headers == first.headers
    assert len(set(ids)) == 2  # every response has its own id


def test_a_response_carries_its_validators(client):
    builders.article()
    response = client.get("/")
    assert re.fullmatch(r'W/"[0-9a-f]{32}\.[0-9a-f]{32}"', response["ETag"])
    assert response["Cache-Control"] == "public, max-age=0, s-maxage=60, must-revalidate"
    assert response["Vary"] == "Accept-Encoding"
    assert not response.cookies


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_client_with_the_current_page_gets_304_for_one_query(client, method, django_assert_num_queries):
    builders.article()
    tag = client.get("/")["ETag"]
    with django_assert_num_queries(1):  # only the site version
        response = getattr(client, method)("/", headers={"If-None-Match": f'"other", {tag}'})
    assert (response.status_code, response.content, response["ETag"]) == (304, b"", tag)


@pytest.mark.parametrize("tag", ['"nonsense"', "*", 'W/"', "é", '"' + "0" * 32 + "." + "0" * 32 + '"', ","])
def test_an_unknown_tag_gets_the_whole_page(client, tag):
    builders.article()
    assert client.get("/", headers={"If-None-Match": tag}).status_code == 200


def test_a_tag_with_another_digest_than_ours_gets_the_whole_page(client):
    builders.article()
    (signature, digest), (_, other) = (client.get(url)["ETag"].strip('W/"').split(".") for url in ("/", "/latest/"))
    for tag in (f'"{signature}.{other}"', f'"{signature}.{"0" * 32}"', f'"{other}.{other}"'):
        assert client.get("/", headers={"If-None-Match": tag}).status_code == 200
    assert client.get("/", headers={"If-None-Match": f'"{signature}.{digest}"'}).status_code == 304


@pytest.mark.slow
def test_publishing_and_withdrawing_show_on_the_next_request(client, admin_user):
    article = builders.article("Now you see it", topics=["AI"])
    first = {url: client.get(url) for url in [*URLS, article.get_absolute_url()]}
    by = Actor(admin_user)
    operations.hold(article, by=by)
    for url, shown in first.items():
        response = client.get(url, headers={"If-None-Match": shown["ETag"]})
        assert response.status_code in (200, 404), url
        assert "Now you see it" not in response.content.decode(), url
    operations.publish(article, by=by)
    for url in first:
        assert client.get(url).status_code == 200, url
    assert "Now you see it" in client.get("/").content.decode()


def test_an_unchanged_page_is_not_sent_again_after_a_change_elsewhere(client):
    builders.article("Here", topics=["AI"], provider=builders.provider("One", "one.example"))
    tag = client.get("/providers/one.example/")["ETag"]
    bump_version()
    response = client.get("/providers/one.example/", headers={"If-None-Match": tag})
    assert response.status_code == 304
    assert response["ETag"] != tag
    assert response["ETag"].split(".")[1] == tag.split(".")[1]


def test_a_schedule_takes_effect_without_any_write(client, monkeypatch):
    now = timezone.now()
    builders.article("On the hour", publish_at=now + timedelta(hours=1), unpublish_at=now + timedelta(hours=2))
    is_shown = []
    for hours in (0.5, 1.5, 2.5):
        moment = now + timedelta(hours=hours)
        monkeypatch.setattr(timezone, "now", lambda moment=moment: moment)
        is_shown.append("On the hour" in client.get("/latest/").content.decode())
    assert is_shown == [False, True, False]


def test_a_renamed_outlet_or_topic_and_a_new_logo_show_at_once(client):
    outlet = builders.provider("Old Name", "old.example")
    builders.article(topics=["AI"], provider=outlet)
    assert "Old Name" in client.get("/").content.decode()
    outlet.name = "New Name"
    outlet.save()
    assert "New Name" in client.get("/").content.decode()
    before = current_version().key
    outlet.logos.create(url="https://old.example/logo.png", width=50, height=50)
    assert current_version().key != before


def test_unknown_parameters_do_not_change_the_cache_key(client, django_assert_num_queries):
    builders.article()
    plain = client.get("/latest/")
    with django_assert_num_queries(1):  # the cached page
        odd = client.get("/latest/?utm_source=x&fbclid=1&before[]=2&_=3")
    assert odd.content == plain.content
    older = client.get("/latest/?before=20200609T080000Z-none")
    assert older.content != plain.content


def test_hosts_do_not_share_pages(client):
    builders.article()
    assert b"//localhost/" in client.get("/", headers={"host": "localhost"}).content
    assert b"//testserver/" in client.get("/").content
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    ("url", "name", "value"),
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
def test_changed_settings_change_the_cache_key(client, settings, url, name, value):
    for kind in ("article", "video"):
        builders.article(topics=["AI"], type=kind, web_url="https://x.example/" if kind == "article" else "")
    before = client.get(url)
    setattr(settings, name, value)
    after = client.get(url, headers={"If-None-Match": before["ETag"]})
    assert (after.status_code, after.content != before.content) == (200, True)


def test_a_changed_api_time_zone_changes_the_cache_key(client, settings):
    settings.API_EDITION = "2021"
    builders.article()
    before = client.get("/api/news/index.json")
    settings.API_TIME_ZONE = "America/Los_Angeles"
    assert client.get("/api/news/index.json").content != before.content


def test_clients_that_accept_gzip_get_it(client):
    builders.article()
    plain = client.get("/")
    for _ in range(2):  # rendered, then cached
        response = client.get("/", headers={"Accept-Encoding": "br;q=0, gzip;q=0.5"})
        assert response["Content-Encoding"] == "gzip"
        assert gzip.decompress(response.content) == plain.content
        assert response["ETag"] == plain["ETag"]
        assert response["Content-Length"] == str(len(response.content))
    assert "Content-Encoding" not in client.get("/").headers


@pytest.mark.parametrize("header", ["gzip;q=0", "br, GZIP; q=0.000", "identity, gzip;q=0, *;q=0.5", "br;q=1.0"])
def test_clients_that_refuse_gzip_do_not_get_it(client, header):
    builders.article()
    plain = client.get("/")
    response = client.get("/", headers={"Accept-Encoding": header})
    assert "Content-Encoding" not in response.headers
    assert response.content == plain.content


@pytest.mark.parametrize("url", ["/news/2020-01-01-none/", "/topics/none/", "/none/"])
def test_a_missing_page_is_not_cached(client, url, pages):
    builders.article()
    with patch.object(type(pages), "set", side_effect=AssertionError("cached")):
        assert client.get(url).status_code == 404


def test_staff_read_the_same_pages_and_previews_are_never_cached(client, admin_client, pages):
    article = builders.article()
    assert client.get("/").content == admin_client.get("/").content
    with patch.object(type(pages), "set", side_effect=AssertionError("cached")):
        assert admin_client.get(reverse("desk_preview", args=[article.pk])).status_code == 200
        assert admin_client.get("/admin/").status_code == 200


# The site version


def test_the_version_changes_with_every_operation_and_with_nothing_else(admin_user):
    article = builders.article()
    keys = [current_version().key]
    for verb in (operations.hold, operations.publish):
        verb(article, by=Actor(admin_user))
        keys.append(current_version().key)
    operations.publish(article, by=Actor(admin_user))  # already published
    assert len(set(keys)) == 3
    assert current_version().key == keys[-1]


def test_a_version_change_that_is_rolled_back_has_no_effect():
    bump_version()
    before = current_version()
    with transaction.atomic():
        bump_version()
        assert current_version() != before
        transaction.set_rollback(True)
    assert current_version() == before
    assert Stamp.objects.count() == 1


def test_last_modified_is_the_time_of_the_last_change(client, admin_user):
    article = builders.article()
    operations.hold(article, by=Actor(admin_user))
    assert "Last-Modified" not in client.get("/").headers  # within the second, something else may change
    at = timezone.now() - timedelta(hours=1)
    Operation.objects.update(at=at)
    Stamp.objects.update(changed_at=at)
    changed = max(at, timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0))  # pages say "today"
    response = client.get("/")
    assert parse_http_date(response["Last-Modified"]) == int(changed.timestamp())
    for since, status in ((changed, 304), (changed + timedelta(hours=3), 304), (changed - timedelta(seconds=2), 200)):
        headers = {"If-Modified-Since": http_date(since.timestamp())}
        assert client.get("/", headers=headers).status_code == status
        assert client.get("/", headers=headers | {"If-None-Match": '"x"'}).status_code == 200
    assert client.get("/", headers={"If-Modified-Since": "yesterday"}).status_code == 200


# What renders a page again


def is_rendered(client, url):
    """Get a page and return whether it was rendered for this request."""
    response = client.get(url)
    assert response.status_code == 200
    return bool(response.templates)


@pytest.mark.parametrize("change", ["title", "outlet", "topic", "menu", "coverage"])
def test_a_page_is_rendered_again_when_something_on_it_changes(client, change):
    article = builders.article(topics=["AI"])
    url = article.get_absolute_url()
    assert is_rendered(client, url)
    assert not is_rendered(client, url)
    if change == "title":
        Article.objects.update(title="Another title")
    elif change == "outlet":
        article.provider.name = "Another Courier"
        article.provider.save()
    elif change == "topic":
        topic = article.topics.get()
        topic.name = "Artificial Intelligence"
        topic.save()
    elif change == "menu":
        builders.article(topics=["Vaccines"])
    else:
        builders.related(article, title="Elsewhere")
    bump_version()
    assert is_rendered(client, url)


@pytest.mark.parametrize("url", ["/news-sitemap.xml", "/latest/", "/", "/feeds/latest.rss", "/api/news/"])
def test_a_story_published_now_shows_on_the_next_request(client, admin_user, url):
    builders.article(published_at=timezone.now())
    before = client.get(url).content
    article = builders.article("Breaking", published_at=timezone.now(), published=False)
    operations.publish(article, by=Actor(admin_user))
    after = client.get(url).content
    assert after != before
    assert article.name in after.decode() or article.title in after.decode()


@pytest.mark.slow
def test_a_release_serves_no_page_cached_by_the_previous_one(client):
    """Every release runs `migrate`, even without new migrations."""
    builders.article()
    assert is_rendered(client, "/")
    call_command("migrate", verbosity=0)
    assert is_rendered(client, "/")


def test_pages_that_depend_on_the_time_of_day_are_rendered_again_after_a_quarter_of_an_hour(client, monkeypatch):
    builders.article()
    now = time.time()
    assert is_rendered(client, "/")
    monkeypatch.setattr(time, "time", lambda: now + 901)
    assert is_rendered(client, "/")


@pytest.mark.parametrize(
    ("url", "parameters"),
    [
        ("/latest/", ("before", "since")),
        ("/latest/?page=2", ("before", "since")),
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
def test_the_path_decides_whether_a_page_is_cacheable(url, parameters):
    assert cache_parameters(RequestFactory().get(url)) == parameters
    assert cache_parameters(RequestFactory().post(url)) is None
    assert is_cacheable_path(url.partition("?")[0]) is url.startswith(("/latest/", "/api/changes"))


def test_the_site_version_takes_one_query_however_many_changes(django_assert_num_queries):
    for _ in range(3):
        builders.article(publish_at=timezone.now() - timedelta(days=1))
    with django_assert_num_queries(1):  # every request pays for it
        assert current_version().key
    assert connection.vendor in ("sqlite", "postgresql")
    assert Article.objects.exists()
