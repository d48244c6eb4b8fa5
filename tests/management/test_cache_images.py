"""`cache_images`: which pictures are fetched in which order, failures, and pruning."""

import io
import os
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from articles.images import cleanup, fetch_run, store
from articles.management.commands import cache_images
from articles.models import Article, ArticleImage, Picture, PictureAddress
from pictures import files
from pictures.fetcher import PictureFetcher
from providers.models import ProviderLogo
from sandbox.workers import Workers
from tests import builders
from tests.documents import CANONICAL, document
from tests.hostile import answer, picture, serving, silence

pytestmark = [pytest.mark.django_db, pytest.mark.integration]

JPEG = picture(size=(170, 20))
_counter = iter(range(1000))


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"


@pytest.fixture
def server(settings):
    with serving() as server:
        settings.FETCH_SERVERS = [f"127.0.0.1:{server.port}"]
        yield server


@pytest.fixture
def other(server, settings):
    with serving() as second:
        settings.FETCH_SERVERS = [*settings.FETCH_SERVERS, f"127.0.0.1:{second.port}"]
        yield second


def url_of(server, path):
    return f"http://127.0.0.1:{server.port}{path}"


def story(server, path, reply=None, **values):
    """Return an article with a picture at `path`, for which the server has this response."""
    server.answers[path] = reply or answer(picture(size=(170, 20 + next(_counter))))
    article = builders.article(**values)
    ArticleImage.objects.create(article=article, url=url_of(server, path))
    return article


def cache(*options, workers=1):
    """Run the command; return its last line."""
    output = io.StringIO()
    call_command("cache_images", *options, f"--workers={workers}", stdout=output)
    return output.getvalue().splitlines()[-1]


def summary(total=0, stored=0, unchanged=0, failed=0, down=0, left=0):
    outcomes = f"{stored} stored, {unchanged} unchanged, {failed} failed, {down} taken down, {left} left for later"
    return f"{total} pictures: {outcomes}"


def row(server, path):
    return PictureAddress.objects.get(url=url_of(server, path))


def files_in(media):
    return sorted(str(path.relative_to(media)) for path in media.rglob("*") if path.is_file())


# Order and selection


def test_pictures_are_fetched_once_and_stored(server, media):
    story(server, "/one.jpg")
    story(server, "/two.jpg")
    assert cache() == summary(2, stored=2)
    assert {row(server, path).status for path in ("/one.jpg", "/two.jpg")} == {"held"}
    assert len(files_in(media)) == 2 * 4
    assert cache() == summary()
    assert len(server.requests) == 2


def test_pictures_of_the_newest_published_stories_come_first_then_logos(server):
    day = timedelta(days=1)
    story(server, "/old", published_at=builders.MORNING)
    story(server, "/newest", published_at=builders.MORNING + 2 * day)
    story(server, "/held", published=False, heat=1, published_at=builders.MORNING + 9 * day)
    story(server, "/newer", published_at=builders.MORNING + day)
    server.answers["/logo"] = answer(JPEG)
    ProviderLogo.objects.create(provider=builders.provider(), url=url_of(server, "/logo"))
    assert cache() == summary(5, stored=5)
    assert server.paths == ["/newest", "/newer", "/old", "/logo", "/held"]
    assert ProviderLogo.objects.get().file.name.startswith("logos/")


def test_a_limit_leaves_the_rest_to_the_next_run(server):
    for number in range(3):
        story(server, f"/{number}")
    assert cache("--limit=2") == summary(2, stored=2)
    assert cache("--limit=2") == summary(1, stored=1)
    assert server.paths == ["/2", "/1", "/0"]


def test_a_dry_run_requests_and_writes_nothing(server, other, capsys):
    story(server, "/one")
    story(other, "/two")
    assert cache("--dry-run", "-v2") == "2 pictures would be fetched from 2 hosts"
    assert set(PictureAddress.objects.values_list("status", flat=True)) == {"waiting"}
    assert server.connections == other.connections == 0
    assert cache() == summary(2, stored=2)


def test_each_url_is_requested_once_and_each_picture_stored_once(server, media):
    for _ in range(3):
        story(server, "/same", answer(JPEG))
    story(server, "/alike", answer(JPEG))
    assert cache() == summary(2, stored=1, unchanged=1)
    assert Picture.objects.count() == 1
    assert len(files_in(media)) == 4
    assert sorted(server.paths) == ["/alike", "/same"]


def test_local_ip_addresses_must_be_allowed_by_the_settings(server, settings):
    story(server, "/one")
    settings.FETCH_SERVERS = []
    assert cache() == summary(1, failed=1)
    assert server.connections == 0
    assert "uses port" in row(server, "/one").reason
    assert row(server, "/one").next_try_at is None


# Requests per host


def slowly(connection):
    time.sleep(0.03)
    connection.sendall(answer(JPEG))


@pytest.mark.integration
def test_hosts_are_requested_in_parallel_with_one_request_each(server, other):
    for number in range(4):
        story(server, f"/{number}", slowly)
        story(other, f"/{number}", slowly)
    start = time.monotonic()
    assert cache(workers=4).startswith("8 pictures: ")
    assert (server.busiest, other.busiest) == (1, 1)
    assert time.monotonic() - start < 8
    assert PictureAddress.objects.held().count() == 8


@pytest.mark.integration
def test_a_silent_host_doesnt_delay_the_others(server, other, monkeypatch):
    monkeypatch.setattr(cache_images, "PictureFetcher", partial(PictureFetcher, seconds=0.3))
    for number in range(5):
        story(server, f"/{number}", silence)
        story(other, f"/{number}")
    assert cache(workers=2) == summary(10, stored=5, failed=3, left=2)
    assert len(server.requests) == fetch_run.HOST_FAILURES_MAX


# Failures


def test_a_failure_keeps_its_reason_and_is_tried_again_later(server, capsys):
    article = story(server, "/gone", answer(b"", 404))
    assert cache("-v2") == summary(1, failed=1)
    assert "/gone: the picture can't be fetched: the server responds with 404" in capsys.readouterr().err
    address = row(server, "/gone")
    assert (address.status, address.reason) == ("failed", "can't be fetched: the server responds with 404")
    assert timedelta(minutes=55) < address.next_try_at - timezone.now() < timedelta(minutes=65)
    assert Article.objects.get(pk=article.pk).picture_failed
    assert cache() == summary()
    assert cache("--retry") == summary(1, failed=1)
    assert row(server, "/gone").next_try_at - timezone.now() > timedelta(hours=3)


def test_a_failed_picture_is_stored_once_it_can_be_fetched(server):
    article = story(server, "/back", answer(b"", 500))
    cache()
    server.answers["/back"] = answer(JPEG)
    PictureAddress.objects.update(next_try_at=timezone.now())  # the back-off is over
    assert cache() == summary(1, stored=1)
    address = row(server, "/back")
    assert (address.status, address.reason, address.failures, address.next_try_at) == ("held", "", 0, None)
    assert not Article.objects.get(pk=article.pk).picture_failed


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (answer(JPEG[:-40]), "is damaged"),
        (answer(JPEG + b"%PDF-", content_type="image/jpeg"), "is also a PDF"),
        (answer(picture("PNG", size=(8000, 8000), mode="1"), content_type="image/png"), "has more than 50 megapixels"),
    ],
)
def test_a_rejected_picture_keeps_the_reason(server, media, reply, reason):
    story(server, "/bad", reply)
    story(server, "/good")
    assert cache() == summary(2, stored=1, failed=1)
    assert row(server, "/bad").reason.startswith(reason)
    assert len(files_in(media)) == 4


def test_an_unexpected_exception_fails_one_picture_only(server, monkeypatch):
    monkeypatch.setattr("pictures.fetcher.format_of", lambda data: 1 / 0)
    story(server, "/odd")
    assert cache() == summary(1, failed=1)
    assert "sends what can't be understood (ZeroDivisionError)" in row(server, "/odd").reason


def test_a_long_retry_after_postpones_the_host(server, other):
    for number in range(3):
        story(server, f"/{number}", answer(b"", 429, Retry_After=3600 * 5))
        story(other, f"/{number}")
    assert cache() == summary(6, stored=3, failed=1, left=2)
    assert len(server.requests) == 1
    waits = [address.next_try_at - timezone.now() for address in PictureAddress.objects.exclude(status="held")]
    assert len(waits) == 3
    assert min(waits) > timedelta(hours=4.9)
    assert cache() == summary()


@pytest.mark.integration
def test_a_short_retry_after_is_waited_for(server):
    story(server, "/second")
    story(server, "/first", answer(b"", 503, Retry_After=1))
    start = time.monotonic()
    assert cache() == summary(2, stored=1, failed=1)
    assert time.monotonic() - start >= 1


@pytest.mark.integration
def test_a_host_waits_for_a_free_worker_after_its_delay(server, other, monkeypatch):
    story(server, "/second")
    story(other, "/slow", lambda connection: (time.sleep(1.5), connection.sendall(answer(JPEG))))
    story(server, "/first", answer(b"", 503, Retry_After=1))
    waits = []
    wait = Workers.wait
    monkeypatch.setattr(Workers, "wait", lambda self, seconds=None: (waits.append(seconds), wait(self, seconds))[1])
    assert cache() == summary(3, stored=2, failed=1)
    assert len(waits) < 20


def test_a_host_is_postponed_after_several_failures(server, other, settings):
    settings.FETCH_SERVERS = [*settings.FETCH_SERVERS, "127.0.0.1:1"]
    for number in range(6):
        article = builders.article()
        ArticleImage.objects.create(article=article, url=f"http://127.0.0.1:1/{number}.jpg")
    story(other, "/alive")
    assert cache() == summary(7, stored=1, failed=fetch_run.HOST_FAILURES_MAX, left=3)
    assert "can't be reached: Connection refused" in PictureAddress.objects.failed().first().reason
    assert cache() == summary()
    assert cache("--retry") == summary(6, failed=fetch_run.HOST_FAILURES_MAX, left=3)


def test_imports_and_pages_request_no_pictures(server, client, tmp_path):
    """Only the command requests pictures. The fault tests check that it doesn't block imports."""
    (tmp_path / "news").mkdir()
    text = document(CANONICAL).replace("https://cdn.courier.example", url_of(server, "").rstrip("/"))
    (tmp_path / "news" / "2020-06-09-harbour-bridge.md").write_text(text)
    call_command("import_articles", str(tmp_path / "news"), stdout=io.StringIO())
    article = Article.objects.get()
    for page in ("/", "/latest/", f"/news/{article.name}/", "/feeds/latest.rss", "/api/news/index.json"):
        assert client.get(page).status_code == 200
    assert server.connections == 0


# Taken down


def test_a_taken_down_picture_is_never_fetched_again(server, media):
    story(server, "/one", answer(JPEG))
    cache()
    store.take_down(url_of(server, "/one"))
    assert cache("--retry") == summary()
    story(server, "/elsewhere", answer(JPEG))
    assert cache() == summary(1, down=1)
    assert row(server, "/elsewhere").status == "removed"
    assert cache("--retry") == summary()


# Failures of storage and database


def test_a_full_disk_ends_the_run_and_leaves_no_partial_picture(server, media, monkeypatch):
    def fail(self, name, content):
        if name.endswith(".jpg"):
            raise OSError(28, "No space left on device")
        return save(self, name, content)

    save = FileSystemStorage._save
    for number in range(3):
        story(server, f"/{number}")
    with monkeypatch.context() as broken:
        broken.setattr("config.backends.file_storage.AtomicFileStorage._save", fail)
        with pytest.raises(CommandError, match=r"can't be stored: No space left on device\. Make room") as stopped:
            cache()
    assert stopped.value.returncode == 1
    assert not Picture.objects.exists()
    assert files_in(media) == []
    assert not PictureAddress.objects.failed().exists()
    assert cache() == summary(3, stored=3)


def test_any_exception_of_the_storage_ends_the_run(server, monkeypatch):
    class ClientError(Exception):
        pass

    def fail(*arguments):
        raise ClientError("AccessDenied")

    story(server, "/one")
    monkeypatch.setattr("config.backends.file_storage.AtomicFileStorage._save", fail)
    with pytest.raises(CommandError, match=r"can't be stored: AccessDenied\. "):
        cache()


def test_a_lost_database_ends_the_run_with_a_message(server, monkeypatch):
    story(server, "/one")
    with monkeypatch.context() as broken:
        broken.setattr(fetch_run, "attach", raises(OperationalError("server closed the connection")))
        with pytest.raises(CommandError, match=r"The database failed: server closed .*\n.* goes on where it stopped"):
            cache()
    assert cache() == summary(1, stored=1)


def raises(error):
    def fail(*arguments, **options):
        raise error

    return fail


def test_ctrl_c_keeps_what_is_stored(server, monkeypatch):
    story(server, "/one")
    story(server, "/two")
    report = cache_images.Command.report

    def stop(self, result):
        report(self, result)
        raise KeyboardInterrupt

    with monkeypatch.context() as pressed:
        pressed.setattr(cache_images.Command, "report", stop)
        with pytest.raises(
            CommandError, match=r"Stopped\. 1 pictures are done\. Run the same command again"
        ) as stopped:
            cache()
    assert stopped.value.returncode == 130
    assert cache() == summary(1, stored=1)


def test_files_deleted_before_their_row_is_written_are_stored_again(server, media, monkeypatch):
    story(server, "/one")
    attach, deleted = store.attach, []

    def delete_first(*arguments, **options):
        if not deleted:
            deleted.append(files.delete(files_in(media)))
        return attach(*arguments, **options)

    monkeypatch.setattr(fetch_run, "attach", delete_first)
    assert cache() == summary(1, stored=1)
    assert deleted == [4]
    assert len(files_in(media)) == 4


# Pruning


def test_prune_deletes_what_no_story_shows_any_more(server, media):
    gone = story(server, "/gone", answer(picture(color="red")))
    story(server, "/kept", answer(picture(color="blue")))
    cache()
    kept = set(files_in(media))
    gone.images.all().delete()
    counts = "1 pictures, 1 URLs, 4 files"
    assert cache("--prune", "--dry-run") == f"{counts} would be deleted"
    assert set(files_in(media)) == kept
    assert cache("--prune") == f"{counts} deleted"
    assert len(files_in(media)) == 4
    assert PictureAddress.objects.get().url == url_of(server, "/kept")
    assert cache("--prune") == "0 pictures, 0 URLs, 0 files deleted"
    assert server.requests[2:] == []


def test_prune_deletes_old_orphan_files_only(server, media):
    story(server, "/kept", answer(JPEG))
    server.answers["/logo"] = answer(JPEG)
    ProviderLogo.objects.create(provider=builders.provider(), url=url_of(server, "/logo"))
    cache()
    held = files_in(media)
    folder = Path(held[-1]).parent
    old = time.time() - 2 * cleanup.MIN_AGE.total_seconds()
    strays = {
        f"{folder}/160.jpg.{'0' * 32}.part": old,
        f"pictures/aa/{'a' * 32}/160.avif": old,
        f"pictures/aa/{'b' * 64}.jpg": old,
        f"logos/aa/{'c' * 32}/50.webp": old,
    }
    stay = {f"pictures/bb/{'b' * 32}/160.avif": time.time(), "logos/own.png": old, "pictures/notes.txt": old}
    for name, changed in (strays | stay | dict.fromkeys(held, old)).items():
        path = media / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (changed, changed))
    assert cache("--prune", "--dry-run").endswith(" 4 files would be deleted")
    assert cache("--prune").endswith(" 4 files deleted")
    assert files_in(media) == sorted([*held, *stay])


# Options


@pytest.mark.parametrize("option", ["--limit=0", "--workers=0", "--limit=many"])
def test_numbers_must_be_positive(option):
    with pytest.raises(CommandError, match="argument"):
        call_command("cache_images", option)


@pytest.mark.parametrize(
    "options", [("--from=x", "--prune"), ("--from=x", "--dry-run"), ("--from=x", "--limit=1"), ("--prune", "--retry")]
)
def test_options_that_exclude_each_other_are_rejected(options):
    with pytest.raises(CommandError, match="neither fetches anything"):
        cache(*options)


def test_the_user_agent_names_the_site(server, settings):
    settings.SITE_URL = "https://news.example/"
    story(server, "/one")
    cache()
    assert "User-Agent: Newsfold (+https://news.example)\r\n" in server.requests[0]


def test_the_number_of_queries_doesnt_grow_with_stored_pictures(server, django_assert_max_num_queries):
    for number in range(6):
        story(server, f"/{number}", answer(JPEG))
    cache()
    story(server, "/more", answer(JPEG))
    with django_assert_max_num_queries(60):
        cache()
