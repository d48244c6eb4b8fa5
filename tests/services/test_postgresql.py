"""PostgreSQL restarts while the site runs, and replicas that lag or fail."""

import subprocess
import sys
import threading
import time
from collections import Counter

import pytest
import urllib3

from tests.documents import write_demo_documents
from tests.hostile import answer, serving
from tests.servers import ROOT, Postgres, Site, wait_until
from tests.sources.test_fetch_sources_faults import STORIES as FEED_STORIES
from tests.sources.test_fetch_sources_faults import rss

pytestmark = [pytest.mark.services, pytest.mark.faults]
RECOVERED_SECONDS = 5
STORIES, PACE_SECONDS = 600, 0.05  # more than an editor decides at that pace in both restarts
CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'restarted'"
NAME = "2020-06-03-wind-farm-cameras-learn-to-spot-eagles-and-slow-the-blades-in-time"
STORY = f"/news/{NAME}/"


@pytest.fixture(scope="module")
def site(tmp_path_factory, postgres):
    postgres.sql("CREATE DATABASE restarted")
    new_site = Site(tmp_path_factory.mktemp("site"), {"DATABASE_URL": postgres.url("restarted")})
    new_site.set_up()
    write_demo_documents(new_site.folder / "news", stories=STORIES)
    new_site.manage("import_articles", str(new_site.folder / "news"))
    new_site.sign_in()
    new_site.serve()
    yield new_site
    new_site.close()


class Readers:
    """Readers and an editor who continue after errors."""

    def __init__(self, site: Site) -> None:
        self.site, self.goes_on = site, True
        self.answers: list[tuple[float, int, str | None]] = []  # when, status, Retry-After
        self.held: Counter[int] = Counter()  # statuses of the editor's decisions
        self.threads = [threading.Thread(target=self._read, args=[number]) for number in range(4)]
        self.threads.append(threading.Thread(target=self._edit))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.goes_on = False
        for thread in self.threads:
            thread.join(timeout=60)

    def _read(self, number: int) -> None:
        paths = ["/", "/latest/", "/search/?q=bridge", "/api/news/index.json"]
        while self.goes_on:
            answer = self.site.get(paths[number] + ("" if number == 3 else f"?{time.monotonic_ns()}"))
            self.answers.append((time.monotonic(), answer.status, answer.headers.get("Retry-After")))

    def _edit(self) -> None:
        rows = self.site.python(UNDECIDED)
        while self.goes_on and rows:
            fields = {"action": "hold", "row": rows.pop(), "confirmed": "1"}  # each is a lead
            try:
                self.held[self.site.request_as_editor("POST", "/admin/desk/act/", **fields).status] += 1
            except urllib3.exceptions.HTTPError:
                self.held[0] += 1
            time.sleep(PACE_SECONDS)


UNDECIDED = """
from articles.models import Article
rows = Article.objects.exclude(state="held").exclude(heat=-1).order_by("pk").values_list("pk", "version")
print(json.dumps([f"{pk}:{version}" for pk, version in rows]))
"""
# The operations of the desk, the held articles and the articles held according to the log must agree.
HELD = """
from articles.models import Article, Event, Operation
held = set(Article.objects.filter(state="held").values_list("pk", flat=True))
logged = Event.objects.filter(field="state", operation__via="desk", after="held").values_list("subject_id", flat=True)
operations = Operation.objects.filter(via="desk").count()
print(json.dumps([operations, len(held), len(set(logged)), held == set(logged)]))
"""


@pytest.mark.parametrize("away_for", [0, 6])
def test_the_site_recovers_from_a_restart_within_seconds(site, postgres, away_for):
    site.sign_in()
    operations = site.python(HELD)[0]
    with Readers(site) as readers:
        wait_until(lambda: len(readers.answers) > 20 and readers.held, 30, "readers read and the editor edits")
        postgres.stop()
        time.sleep(away_for)
        postgres.start()
        back_at = time.monotonic()
        wait_until(lambda: any(at > back_at and status == 200 for at, status, _ in readers.answers), 20, "pages again")
        time.sleep(RECOVERED_SECONDS)
        before = len(readers.answers)
        wait_until(lambda: len(readers.answers) > before + 20, 30, "readers continue")

    answers = readers.answers
    assert {status for _, status, _ in answers} <= {200, 503}
    assert {retry for _, status, retry in answers if status == 503} <= {"5"}
    late = [at - back_at for at, status, _ in answers if status != 200 and at > back_at + RECOVERED_SECONDS]
    assert not late
    if away_for:
        assert any(status == 503 for _, status, _ in answers)
    made, held, logged, are_the_same = site.python(HELD)
    assert (made, held, logged, are_the_same) == (made, made, made, True)
    done = made - operations
    assert readers.held[302] <= done <= sum(readers.held.values())
    assert set(readers.held) <= {302, 503}


def test_closed_connections_are_detected_before_they_are_used(site, postgres):
    wait_until(lambda: site.get("/latest/").status == 200, RECOVERED_SECONDS, "pages")
    for _ in range(3):
        postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'restarted'")
        wait_until(lambda: postgres.sql(CONNECTED) == 0, 5, "all connections have ended")
        time.sleep(0.2)  # the processes close their sockets last
        assert [site.get(f"/latest/?{time.monotonic_ns()}").status for _ in range(8)] == [200] * 8


def test_readiness_checks_take_no_connections_from_readers(site, postgres):
    for _ in range(60):
        ready = site.get("/readyz")
        assert (ready.status, ready.json()["status"]) == (200, "ready")
    assert [site.get(f"/archive/{year}/01/01/").status for year in range(1990, 2010)] == [404] * 20
    assert postgres.sql(CONNECTED) <= 2 * 4  # processes times the maximum number of connections per process


def test_pages_and_the_api_return_503_without_a_database(site, postgres):
    postgres.stop()
    try:
        page, api, write = (
            site.get("/latest/"),
            site.get("/api/news/index.json"),
            site.request_as_editor("POST", "/admin/desk/act/"),
        )
    finally:
        postgres.start()
    assert (page.status, api.status, write.status) == (503, 503, 503)
    assert page.headers["Retry-After"] == api.headers["Retry-After"] == "5"
    assert page.headers["Cache-Control"] == "no-store"
    assert "Content-Security-Policy" in page.headers
    assert "reload the page" in page.data.decode()
    assert api.json()["status"] == 503
    wait_until(lambda: site.get("/latest/").status == 200, RECOVERED_SECONDS, "pages again")


def test_an_import_interrupted_by_a_restart_is_completed_by_the_next_one(site, postgres, tmp_path):
    write_demo_documents(tmp_path / "news", stories=300)
    command = [sys.executable, "manage.py", "import_articles", str(tmp_path / "news")]
    process = subprocess.Popen(
        command, cwd=ROOT, env=site.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    time.sleep(1.5)
    postgres.stop()
    postgres.start()
    output, _ = process.communicate(timeout=90)

    if process.returncode:
        assert process.returncode == 1
        assert "The database failed: " in output
        assert "Traceback" not in output
    again = site.manage("import_articles", str(tmp_path / "news"))
    assert " 0 rejected" in again
    assert " 0 created" in site.manage("import_articles", str(tmp_path / "news"))


FOLLOW = """
from sources.models import Source
Source.objects.create(name="Courier", url="http://127.0.0.1:{port}/feed")
print("null")
"""
BROUGHT = """
from sources.models import Entry
print(json.dumps([Entry.objects.count(), Entry.objects.exclude(article=None).values("article").distinct().count()]))
"""


def test_sources_fetched_during_a_restart_are_fetched_again_by_the_next_run(site, postgres):
    feed = answer(rss(0), content_type="application/rss+xml")

    def restart(connection):
        server.answers["/feed"] = feed
        postgres.stop()
        postgres.start()
        connection.sendall(feed)

    with serving({"/feed": restart}) as server:
        site.environment["FETCH_SERVERS"] = f"127.0.0.1:{server.port}"
        site.python(FOLLOW.format(port=server.port))
        first = site.run("manage.py", "fetch_sources")
        site.manage("fetch_sources")

    assert first.returncode == 1
    assert "The database failed: " in first.stderr
    assert "Traceback" not in first.stderr
    assert site.python(BROUGHT) == [FEED_STORIES, FEED_STORIES]


class Pair:
    """A primary, a standby, and a site that reads from both."""

    def __init__(self, folder, primary):
        self.primary, self.standby = primary, None
        primary.sql("CREATE DATABASE pair")
        primary_url = {"DATABASE_URL": primary.url("pair")}
        writer = Site(folder, primary_url)
        writer.set_up()
        writer.manage("import_articles", "seeds/news")
        self.standby = Postgres(primary=primary)
        self.site = Site(folder, primary_url | {"REPLICA_URL": self.standby.url("pair")})
        self.site.sign_in()
        self.site.serve()

    def catch_up(self):
        self.standby.sql("SELECT pg_wal_replay_resume()")
        at = self.primary.sql("SELECT pg_current_wal_lsn()")
        self._wait(lambda: self.standby.sql(f"SELECT pg_last_wal_replay_lsn() >= '{at}'"))

    def lag(self):
        """Stop replaying on the standby until `catch_up`."""
        self.standby.sql("SELECT pg_wal_replay_pause()")
        self._wait(lambda: self.standby.sql("SELECT pg_get_wal_replay_pause_state()") == "paused")

    def _wait(self, is_so):
        wait_until(is_so, 20, "the standby follows")

    def read_there(self, path):
        """Get a page; return it and whether the standby was read for it, apart from the site version."""
        before = self.standby.log().count('FROM "articles_')
        answer = self.site.get(path)
        return answer, self.standby.log().count('FROM "articles_') > before

    def decide(self, action):
        fields = {"action": action, "row": self.site.python(ROW), "reason": "other"}
        assert self.site.request_as_editor("POST", "/admin/desk/act/", **fields).status == 302


ROW = f"""
from articles.models import Article
article = Article.objects.get(name="{NAME}")
print(json.dumps(f"{{article.pk}}:{{article.version}}"))
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory, postgres):
    new_pair = Pair(tmp_path_factory.mktemp("pair"), postgres)
    yield new_pair
    new_pair.site.close()
    new_pair.standby.close()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        STORY,
        "/topics/",
        "/search/?q=eagles",
        "/feeds/latest.rss",
        "/sitemap.xml",
        f"/api/news/{NAME}/index.json",
        "/api/changes",
    ],
)
def test_readers_are_served_from_a_replica_that_is_up_to_date(pair, path):
    pair.catch_up()
    answer, was_read = pair.read_there(path)
    assert answer.status == 200
    assert was_read


def test_staff_and_commands_are_served_from_the_primary(pair):
    pair.catch_up()
    before = pair.standby.log().count('"articles_')
    assert pair.site.request_as_editor("GET", "/admin/desk/").status == 200
    assert pair.site.request_as_editor("GET", "/admin/articles/article/").status == 200
    pair.site.manage("rescore_articles", "--dry-run")
    assert pair.standby.log().count('"articles_') == before


def test_a_withdrawn_story_disappears_at_once_although_the_replica_lags(pair):
    assert pair.site.get(STORY).status == 200
    pair.lag()
    try:
        pair.decide("hold")
        for path in (STORY, f"/api/news/{NAME}/index.json"):
            answer, was_read = pair.read_there(path)
            assert answer.status == 404
            assert not was_read
        for path in ("/latest/", "/feeds/latest.rss", "/search/?q=eagles"):
            assert "eagles-and-slow" not in pair.site.get(path).data.decode().replace("/search/?q=eagles", "")
        pair.catch_up()
        assert pair.site.get(STORY).status == 404
        pair.lag()
        pair.decide("publish")
        assert pair.site.get(STORY).status == 200
    finally:
        pair.catch_up()
    assert pair.site.get(STORY).status == 200


def test_readers_do_not_notice_an_unavailable_replica(pair):
    pair.catch_up()
    pair.standby.stop()
    try:
        for number in range(5):
            start = time.monotonic()
            assert pair.site.get(f"/search/?q=light+{number}").status == 200
            took = time.monotonic() - start
            assert took < 3
        assert took < 1, "a failed replica is not used for a while"
    finally:
        pair.standby.start()
    assert "Traceback" not in pair.site.log()
    numbers = iter(range(100))
    wait_until(lambda: pair.read_there(f"/search/?q=chip+{next(numbers)}")[1], 15, "the standby is read again")
