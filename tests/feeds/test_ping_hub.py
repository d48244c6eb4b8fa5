"""ping_hub against a real server that plays the hub, and may be unavailable, slow or hostile."""

import json
import threading
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import urllib3
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.utils import timezone

from articles import operations
from articles.db.locks import file_lock
from articles.feeds import websub as module
from articles.models import Article
from tests import builders

pytestmark = pytest.mark.django_db

SITE = "https://news.example"
FORMS = ("rss", "atom", "json")
LATEST = [f"{SITE}/feeds/latest.{form}" for form in FORMS]


class FakeHub(ThreadingHTTPServer):
    def __init__(self):
        self.received, self.status, self.silent = [], 204, threading.Event()
        super().__init__(("127.0.0.1", 0), FakeHubHandler)

    def take_received(self):
        """Return the notifications since the last call."""
        received, self.received = self.received, []
        return received


class FakeHubHandler(BaseHTTPRequestHandler):
    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.received.append(form)
        if self.server.silent.is_set():
            return  # and no answer
        status = self.server.status(form["hub.url"][0]) if callable(self.server.status) else self.server.status
        self.send_response(status)
        self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.send_header("Content-Length", "10")
        self.end_headers()
        self.wfile.write(b"x" * 10)

    def log_message(self, *args):
        pass


@contextmanager
def a_hub():
    with FakeHub() as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def hub(settings, tmp_path):
    cache.clear()
    with a_hub() as server:
        settings.WEBSUB_HUB = f"http://127.0.0.1:{server.server_port}/?hub=1"
        settings.WEBSUB_STATE = str(tmp_path / "deep" / "websub.json")
        settings.SITE_URL = SITE
        yield server


def ping(capsys, code=0):
    """Run the command; return the last line that it prints."""
    if code:
        with pytest.raises(SystemExit) as stopped:
            call_command("ping_hub")
        assert stopped.value.code == code
    else:
        call_command("ping_hub")
    return capsys.readouterr().out.splitlines()[-1]


def feeds(hub):
    return sorted(form["hub.url"][0] for form in hub.take_received())


def all_of(*starts):
    return sorted(f"{SITE}{start}{form}" for start in starts for form in FORMS)


@pytest.fixture
def known_article(hub, capsys):
    """An article of a newsroom that the hub was notified of completely."""
    builders.topic("Robotics", parent=builders.topic("AI"))
    builders.topic("Sports")
    article = builders.article("Known", topics=["Robotics"])
    builders.article("Other", topics=["Sports"], provider=builders.provider("Herald", "herald.example"))
    ping(capsys)
    hub.take_received()
    return article


def test_the_first_run_sends_the_sites_feeds_and_the_next_sends_nothing(hub, capsys):
    builders.article()
    assert ping(capsys) == "3 feeds: 3 notified, 0 waiting, 0 refused"
    assert hub.take_received() == [{"hub.mode": ["publish"], "hub.url": [feed], "hub.topic": [feed]} for feed in LATEST]
    assert ping(capsys) == "0 feeds: 0 notified, 0 waiting, 0 refused"
    assert hub.take_received() == []


@pytest.mark.slow
def test_a_change_is_sent_for_the_site_its_topics_and_its_provider(hub, capsys, known_article):
    operations.edit(known_article, title="Another title")
    ping(capsys)
    assert feeds(hub) == all_of(
        "/feeds/latest.", "/topics/ai/feed.", "/topics/robotics/feed.", "/providers/courier.example/feed."
    )


@pytest.mark.slow
def test_a_change_is_sent_for_the_outlets_that_cover_the_story(hub, capsys, known_article):
    builders.related(known_article, provider=builders.provider("Mirror", "mirror.example"))
    operations.edit(known_article, title="Another title")
    ping(capsys)
    assert {f"{SITE}/providers/{name}.example/feed.rss" for name in ("courier", "mirror")} < set(feeds(hub))


@pytest.mark.slow
def test_every_feed_that_is_sent_exists_and_names_its_hub(hub, capsys, client, known_article):
    operations.edit(known_article, title="Another title")
    ping(capsys)
    for feed in feeds(hub):
        response = client.get(feed.removeprefix(SITE))
        assert response.status_code == 200
        assert f'<{feed}>; rel="self"' in response["Link"]
        assert 'rel="hub"' in response["Link"]


def test_changes_that_readers_dont_see_are_not_sent(hub, capsys, known_article):
    operations.score(known_article, quality=95)
    secret = builders.article("Secret", quality=20, topics=["Robotics", "Hidden"])
    operations.edit(secret, title="Still secret")
    operations.hold(secret)
    assert ping(capsys).startswith("0 feeds")


def test_stories_that_were_never_public_are_not_sent(hub, capsys, known_article):
    provider = builders.provider("Secret", "secret.example")
    secret = builders.article(quality=20, topics=["Sports", "Hidden"], provider=provider)
    operations.publish(secret)
    operations.hold(secret)
    ping(capsys)
    assert feeds(hub) == all_of("/feeds/latest.", "/topics/sports/feed.")


@pytest.mark.parametrize("leave", [operations.hold, lambda story: operations.edit(story, removed=True)])
def test_a_withdrawn_story_is_sent(hub, capsys, known_article, leave):
    builders.article(topics=["AI"])
    ping(capsys)
    hub.take_received()
    leave(known_article)
    ping(capsys)
    assert feeds(hub) == all_of("/feeds/latest.", "/topics/ai/feed.", "/providers/courier.example/feed.")


def test_a_deleted_story_is_sent(hub, capsys, known_article):
    builders.article(topics=["AI"])
    operations.delete(Article.objects.filter(pk=known_article.pk))
    ping(capsys)
    assert feeds(hub) == all_of("/feeds/latest.", "/topics/ai/feed.", "/providers/courier.example/feed.")


@pytest.mark.slow
def test_a_moved_story_is_sent_for_its_old_and_its_new_provider(hub, capsys, known_article):
    builders.article(topics=["Robotics"])
    ping(capsys)
    hub.take_received()
    operations.edit(known_article, provider=builders.provider("Herald", "herald.example"))
    ping(capsys)
    assert {f"{SITE}/providers/{name}.example/feed.rss" for name in ("courier", "herald")} < set(feeds(hub))


@pytest.mark.parametrize("field", ["publish_at", "unpublish_at"])
def test_a_schedule_that_begins_or_ends_is_sent(hub, capsys, settings, known_article, field):
    now, path = timezone.now(), Path(settings.WEBSUB_STATE)
    Article.objects.filter(pk=known_article.pk).update(**{field: now + timedelta(hours=1)})
    assert ping(capsys).startswith("0 feeds")

    Article.objects.filter(pk=known_article.pk).update(**{field: now - timedelta(hours=1)})
    last_run = module.LogPosition(module.load_state(path).position.event, now - timedelta(hours=2))
    module.save_state(path, module.HubState(last_run, []))

    ping(capsys)
    assert set(LATEST) <= set(feeds(hub))


# Errors of the hub


def test_feeds_that_could_not_be_sent_wait_for_the_next_run(hub, capsys, known_article):
    hub.status = lambda feed: 503 if feed.endswith("latest.json") else 202
    operations.edit(known_article, title="Another title")
    assert ping(capsys, code=1) == "12 feeds: 2 notified, 10 waiting, 0 refused"
    hub.take_received()
    hub.status = 204
    assert ping(capsys) == "10 feeds: 10 notified, 0 waiting, 0 refused"
    assert LATEST[2] in feeds(hub)
    assert ping(capsys).startswith("0 feeds")


@pytest.mark.parametrize("status", [301, 400, 404])
def test_rejected_feeds_are_not_sent_again(hub, capsys, status):
    hub.status = lambda feed: status if feed == LATEST[0] else 200
    assert ping(capsys, code=1) == "3 feeds: 2 notified, 0 waiting, 1 refused"
    assert ping(capsys).startswith("0 feeds")


def test_an_unavailable_or_silent_hub_costs_one_attempt(hub, capsys, monkeypatch, settings):
    monkeypatch.setattr(module, "TIMEOUT", urllib3.Timeout(0.3))
    hub.silent.set()
    assert ping(capsys, code=1) == "3 feeds: 0 notified, 3 waiting, 0 refused"
    assert len(hub.take_received()) == 1
    settings.WEBSUB_HUB = "http://127.0.0.1:1/"
    assert ping(capsys, code=1) == "3 feeds: 0 notified, 3 waiting, 0 refused"


def test_editing_never_contacts_the_hub(hub, known_article):
    operations.edit(known_article, title="Another title")
    assert hub.take_received() == []


# The state file


def test_an_unreadable_state_file_is_rejected_and_left_unchanged(hub, settings):
    path = Path(settings.WEBSUB_STATE)
    path.parent.mkdir()
    for text in ("nonsense", "[]", '{"event": 1}', json.dumps({"event": 1, "at": "x", "waiting": []})):
        path.write_text(text)
        with pytest.raises(CommandError, match="Delete it and run again"):
            call_command("ping_hub")
        assert path.read_text() == text
    assert hub.take_received() == []


def test_an_unwritable_state_file_is_named(hub, settings, tmp_path):
    (tmp_path / "file").write_text("")
    settings.WEBSUB_STATE = str(tmp_path / "file" / "websub.json")
    with pytest.raises(CommandError, match="Set WEBSUB_STATE to another file"):
        call_command("ping_hub")
    assert hub.take_received() == []


def test_parallel_runs_notify_once(hub, capsys, settings):
    with file_lock(Path(settings.WEBSUB_STATE)) as is_held:
        assert is_held
        assert ping(capsys) == "Another run is notifying the hub: nothing to do."
    assert ping(capsys).startswith("3 feeds")


def test_without_a_hub_there_is_nothing_to_do(settings, capsys, client):
    assert ping(capsys) == "WEBSUB_HUB is not set: nothing to do."
    assert "Link" not in client.get("/feeds/latest.rss")


# What feeds contain


def test_feeds_name_hub_and_self(settings, client):
    settings.WEBSUB_HUB, settings.SITE_URL = "https://hub.example/?a=b&c", SITE
    builders.article(topics=["AI"])
    for start in ("/feeds/latest.", "/topics/ai/feed.", "/providers/courier.example/feed."):
        for form in FORMS:
            response = client.get(start + form)
            assert response["Link"] == f'<https://hub.example/?a=b&c>; rel="hub", <{SITE}{start}{form}>; rel="self"'
        for form in ("rss", "atom"):
            body = client.get(start + form).content.decode()
            assert 'link href="https://hub.example/?a=b&amp;c" rel="hub"' in body or (
                'link rel="hub" href="https://hub.example/?a=b&amp;c"' in body
            )
        assert client.get(f"{start}json").json()["hubs"] == [{"type": "WebSub", "url": "https://hub.example/?a=b&c"}]


def test_feeds_of_searches_have_no_hub(settings, client):
    settings.WEBSUB_HUB, settings.SITE_URL = "https://hub.example/", SITE
    builders.article("A story")
    response = client.get("/search/feed.json?q=story")
    assert "Link" not in response
    assert "hubs" not in response.json()


@pytest.mark.systematic
def test_finding_changed_feeds_takes_the_same_queries_for_one_story_and_for_many(
    hub, capsys, known_article, count_queries
):
    def cost(numbers):
        for number in numbers:
            provider = builders.provider(f"O{number}", f"o{number}.example")
            article = builders.article(topics=["AI", f"Topic {number}"], provider=provider, quality=20)
            operations.publish(article)
        with count_queries() as queries:
            ping(capsys)
        assert len(feeds(hub)) == 3 * (2 + 2 * len(numbers))
        return len(queries)

    assert cost(range(1)) == cost(range(1, 7))
