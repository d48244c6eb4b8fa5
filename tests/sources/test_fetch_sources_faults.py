"""`fetch_sources` when it is killed, runs twice at once or has no disk space: the next run completes it.

FAULT_ROUNDS sets how often each fault is tried, at another moment each time: 100 before a release.
"""

import json
import random
import resource
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.hostile import answer, serving
from tests.sample_sites import ROUNDS, copy_sqlite, databases_of

SOURCES, STORIES = 3, 15
BUSY = ("Another run is fetching", "An import is running")  # the lock of a killed process, for a moment
SETUP = "import django, json, sys; django.setup()\n"
FOLLOW = (
    SETUP
    + """
from sources.models import Rule, Source
for number in range({sources}):
    Source.objects.create(name=f"Source {{number}}", url=f"http://127.0.0.1:{port}/{{number}}")
Rule.objects.create(action="never", words=["Story 1"])
Rule.objects.create(action="hold", words=["Story 2"])
"""
)
STATE = (
    SETUP
    + """
from articles.models import Article, Event, Operation
from sources.models import AppliedRule, Entry
rows = lambda rows, *names: sorted(map(list, rows.order_by().values_list(*names)), key=str)
print(json.dumps({
    "entries": rows(Entry.objects, "source__name", "outcome", "article__title", "reason"),
    "articles": rows(Article.objects, "title", "state", "public", "pins"),
    "operations": rows(Operation.objects, "verb", "reason", "articles"),
    "rules": rows(AppliedRule.objects, "text", "entry__source__name"),
    "events": Event.objects.count(),
}))
"""
)

pytestmark = [pytest.mark.services, pytest.mark.faults]


@pytest.fixture(scope="module")
def server():
    feeds = {f"/{number}": answer(rss(number), content_type="application/rss+xml") for number in range(SOURCES)}
    with serving(feeds) as started:
        yield started


def rss(source: int) -> bytes:
    at = datetime.now(UTC) - timedelta(hours=1)
    items = "".join(
        f"<item><title>Story {n} of {source}</title><link>https://outlet{source}.example/{n}</link><guid>{n}</guid>"
        f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for n in range(STORIES)
    )
    return f"<rss version='2.0'><channel><title>Source {source}</title>{items}</channel></rss>".encode()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def databases(request, tmp_path_factory, server):
    """Databases that follow the sources, and have nothing of them yet."""
    with databases_of(request.param, tmp_path_factory.mktemp(request.param)) as databases:
        following = databases.create_site("following")
        following.run("-c", FOLLOW.format(sources=SOURCES, port=server.port))
        databases.template = following.environment["DATABASE_URL"]
        if databases.kind == "sqlite":
            copy_sqlite(databases.folder / "following.sqlite3", databases.folder / "template.sqlite3")
        yield databases


def newsroom(databases, server, name: str):
    site = databases.create_site(name)
    site.environment["FETCH_SERVERS"] = f"127.0.0.1:{server.port}"
    return site


def start(site, **how):
    return site.start("manage.py", "fetch_sources", **how)


def end_state(site) -> dict[str, list[list[object]]]:
    """Run once more and return what is there then."""
    for _ in range(20):
        output = site.run("manage.py", "fetch_sources")
        if not any(text in output for text in BUSY):
            break
    return json.loads(site.run("-c", STATE))


@pytest.fixture(scope="module")
def expected(databases, server):
    """The state after an uninterrupted run, and its duration in seconds."""
    site = newsroom(databases, server, "expected")
    begun = time.monotonic()
    state = end_state(site)
    assert len(state["entries"]) == SOURCES * STORIES
    assert len(state["articles"]) == SOURCES * (STORIES - 1)
    assert [operation[0] for operation in state["operations"]] == ["intake"] * SOURCES
    return state, time.monotonic() - begun


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_a_stopped_run_is_completed_by_the_next(databases, server, expected, how, round_number):
    site = newsroom(databases, server, f"stopped_{how.name.lower()}_{round_number}")
    chance = random.Random(f"{how}{round_number}")  # noqa: S311
    process = start(site)
    time.sleep(chance.uniform(0.3, max(0.4, expected[1])))
    process.send_signal(how)
    output, _ = process.communicate(timeout=20)

    if process.returncode != 0:
        assert "Traceback" not in output
    assert end_state(site) == expected[0]


def test_a_run_killed_repeatedly_ends_like_an_uninterrupted_one(databases, server, expected):
    site = newsroom(databases, server, "chain")
    chance = random.Random(7)  # noqa: S311
    for _ in range(max(4, ROUNDS // 5)):
        process = start(site)
        time.sleep(chance.uniform(0.8, max(0.9, expected[1])))
        process.kill()
        process.communicate(timeout=20)

    assert end_state(site) == expected[0]


def test_simultaneous_runs_end_like_one(databases, server, expected):
    site = newsroom(databases, server, "crowd")
    processes = [start(site) for _ in range(3)]
    output = [process.communicate(timeout=60)[0] for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0], output
    assert end_state(site) == expected[0]


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_a_full_disk_is_reported_and_the_next_run_completes(databases, server, expected, round_number):
    if databases.kind != "sqlite":
        pytest.skip("the disk of a server can't be limited")
    site = newsroom(databases, server, f"full_{round_number}")
    limit = random.Random(round_number).randrange(5_000, 120_000)  # noqa: S311
    process = start(site, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    output, _ = process.communicate(timeout=60)

    assert process.returncode == 1, output
    assert "Traceback" not in output
    assert end_state(site) == expected[0]
