"""Imports that are killed, run simultaneously, or run out of disk space, on SQLite and, if available, PostgreSQL.

FAULT_ROUNDS sets how often each fault is tried, each time at another moment: 100 before a release.
"""

import random
import re
import resource
import signal
import sqlite3
import time
from contextlib import closing

import pytest

from tests.documents import write_demo_documents
from tests.sample_sites import ROUNDS, databases_of

STORIES = 300  # 900 documents: long enough to be hit in the middle

pytestmark = [pytest.mark.services, pytest.mark.faults]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def databases(request, tmp_path_factory):
    with databases_of(request.param, tmp_path_factory.mktemp(request.param)) as databases:
        yield databases


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documents") / "news"
    write_demo_documents(folder, stories=STORIES)
    return folder


@pytest.fixture(scope="module")
def expected(databases, documents):
    """Return the state after an uninterrupted import and its duration in seconds."""
    site = databases.create_site("expected")
    start = time.monotonic()
    state = site.import_whole(documents)
    return state, time.monotonic() - start


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_a_stopped_import_is_completed_by_the_same_command(databases, documents, expected, how, round_number):
    site = databases.create_site(f"stopped_{how.name}_{round_number}")
    chance = random.Random(f"{how}{round_number}")  # noqa: S311
    process = site.start_import(documents)
    time.sleep(chance.uniform(0.3, max(0.4, expected[1] * 0.8)))
    process.send_signal(how)
    output, _ = process.communicate(timeout=20)

    if process.returncode != 0:
        assert "Traceback" not in output
        public = site.run("-c", _COUNT_PUBLIC)
        assert int(public) in (0, STORIES)  # readers see the run as a whole
    assert site.import_whole(documents) == expected[0]


_COUNT_PUBLIC = """
import django, os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
from articles.models import Article
print(Article.objects.public().count())
"""


def test_an_import_killed_repeatedly_ends_like_an_uninterrupted_one(databases, documents, expected):
    site = databases.create_site("chain")
    chance = random.Random(7)  # noqa: S311
    for _ in range(max(3, ROUNDS // 10)):
        process = site.start_import(documents)
        time.sleep(chance.uniform(0.3, max(0.4, expected[1] * 0.8)))
        process.kill()
        process.communicate(timeout=20)

    assert site.import_whole(documents) == expected[0]


@pytest.mark.parametrize("count", [2, 4, 8])
def test_simultaneous_imports_end_like_consecutive_ones(databases, documents, expected, count):
    site = databases.create_site(f"crowd_{count}")
    files = sorted(documents.iterdir())
    halves = [files[: len(files) * 2 // 3], files[len(files) // 3 :]]
    processes = [site.start_import(*halves[number % 2]) for number in range(count)]
    output = [process.communicate(timeout=120)[0] for process in processes]

    assert [process.returncode for process in processes] == [0] * count, output
    assert _without_archive(site.state()) == _without_archive(expected[0])


def _without_archive(state):
    """Leave out which articles came with the newsroom's first import: chance decides which import is the first."""
    return re.sub('"from_archive": (true|false|null), ', "", state)


def test_a_killed_import_leaves_no_lock_behind(databases, documents, expected):
    site = databases.create_site("queue")
    first = site.start_import(documents)
    time.sleep(0.4 * expected[1])
    second = site.start_import(documents)
    time.sleep(0.2 * expected[1])
    first.kill()
    output, _ = second.communicate(timeout=60)

    assert second.returncode == 0, output
    first.communicate(timeout=20)
    assert site.state() == expected[0]


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_a_full_disk_is_reported_and_leaves_the_database_intact(databases, documents, expected, round_number):
    if databases.kind != "sqlite":
        pytest.skip("the disk of a server can't be limited")
    site = databases.create_site(f"full_{round_number}")
    limit = random.Random(round_number).randrange(600_000, 2_000_000)  # noqa: S311
    process = site.start_import(documents, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    output, _ = process.communicate(timeout=60)

    assert process.returncode == 1, output
    assert "The database failed: " in output
    assert "Traceback" not in output
    path = site.environment["DATABASE_URL"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert site.import_whole(documents) == expected[0]


def test_importing_an_export_creates_the_same_site(databases, documents, expected, tmp_path):
    site = databases.create_site("source")
    site.import_whole(documents)
    site.run("manage.py", "export_articles", str(tmp_path / "out"))

    assert databases.create_site("elsewhere").import_whole(tmp_path / "out") == expected[0]


def test_a_lost_server_is_reported_and_the_next_run_completes_the_import(databases, documents, expected):
    if databases.kind != "postgresql":
        pytest.skip("SQLite has no server to lose")
    site = databases.create_site("lost")
    process = site.start_import(documents)
    time.sleep(expected[1] * 0.4)
    name = site.environment["DATABASE_URL"].rpartition("/")[2]
    databases.disconnect(name)
    output, _ = process.communicate(timeout=60)

    if process.returncode != 0:
        assert process.returncode == 1
        assert "The database failed: " in output
        assert "Traceback" not in output
    assert site.import_whole(documents) == expected[0]
