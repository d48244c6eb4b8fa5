"""`cache_images` when it is killed, runs several times at once or has no disk space; no import waits for it.

FAULT_ROUNDS sets how often each fault is tried, at another moment each time: 100 before a release.
"""

import hashlib
import io
import os
import random
import resource
import signal
import time

import pytest
from PIL import Image

from pictures.renditions import picture_renditions
from tests.documents import write_demo_documents
from tests.hostile import answer, picture, serving, silence
from tests.sample_sites import ROUNDS, copy_sqlite, databases_of

STORIES = 15  # of three pictures each, one at each of three hosts
LARGE = 3  # pictures that have renditions of more than a disk may hold

pytestmark = [pytest.mark.services, pytest.mark.faults]


@pytest.fixture(scope="module")
def hosts():
    """Three picture servers, each with the pictures of all stories."""
    pictures = {f"/{number}.jpg": picture(size=(330, 200 + number), quality=90) for number in range(STORIES)}
    for number in range(LARGE):
        pictures[f"/{number}.jpg"] = noise(number)
    with serving() as one, serving() as two, serving() as three:
        hosts = [one, two, three]
        for host in hosts:
            host.answers |= {path: answered(data + host.port.to_bytes(2)) for path, data in pictures.items()}
        yield hosts


def answered(data):
    def send(connection):
        time.sleep(0.005)
        connection.sendall(answer(data))

    return send


def noise(number):
    image = Image.frombytes("RGB", (640, 480), random.Random(number).randbytes(640 * 480 * 3))  # noqa: S311
    output = io.BytesIO()
    image.save(output, "JPEG", quality=80)
    return output.getvalue()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def databases(request, tmp_path_factory, documents):
    """Databases with the stories, without their pictures."""
    with databases_of(request.param, tmp_path_factory.mktemp(request.param)) as databases:
        imported = databases.create_site("imported")
        imported.run("manage.py", "import_articles", str(documents))
        databases.template = imported.environment["DATABASE_URL"]
        if databases.kind == "sqlite":
            copy_sqlite(databases.folder / "imported.sqlite3", databases.folder / "template.sqlite3")
        yield databases


@pytest.fixture(scope="module")
def documents(tmp_path_factory, hosts):
    folder = tmp_path_factory.mktemp("documents") / "news"
    write_edition(folder, hosts, stories=STORIES)
    return folder


def write_edition(folder, hosts, stories):
    write_demo_documents(folder, stories=stories)
    for path in folder.iterdir():
        text = path.read_text()
        for member, host in enumerate(hosts):
            text = text.replace(f'  - url: "https://outlet{member}.example', f'  - url: "http://127.0.0.1:{host.port}')
        path.write_text(text)


@pytest.fixture
def newsroom(request, databases, hosts, tmp_path):
    """A site without stored pictures."""
    return prepared(databases, hosts, tmp_path / "media", "".join(filter(str.isalnum, request.node.name))[-40:])


def prepared(databases, hosts, media, name):
    site = databases.create_site(name.lower())
    site.media = media
    servers = ",".join(f"127.0.0.1:{host.port}" for host in hosts)
    site.environment |= {"MEDIA_ROOT": str(media), "FETCH_SERVERS": servers}
    return site


def start(newsroom, *options, **how):
    return newsroom.start("manage.py", "cache_images", "--workers=3", *options, **how)


def end_state(newsroom):
    """Run once more and return the rows and the files."""
    output = newsroom.run("manage.py", "cache_images", "--workers=3")
    assert ", 0 failed, " in output
    return state(newsroom)


def state(newsroom):
    stored = [path for path in newsroom.media.rglob("*") if path.is_file() and path.suffix != ".part"]
    names = sorted((str(path.relative_to(newsroom.media)), digest_of(path)) for path in stored)
    return newsroom.state(), names


def digest_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def expected(databases, hosts, tmp_path_factory):
    """The state after an uninterrupted run, and its duration in seconds."""
    newsroom = prepared(databases, hosts, tmp_path_factory.mktemp("expected"), "expected")
    begun = time.monotonic()
    result = end_state(newsroom)
    assert result[0].count('"status": "held"') == 3 * STORIES
    return result, time.monotonic() - begun


def moment(expected, chance):
    time.sleep(chance.uniform(0.4, max(0.5, expected[1] * 0.8)))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_a_stopped_run_is_completed_by_the_same_command(newsroom, expected, how, round_number):
    process = start(newsroom)
    moment(expected, random.Random(f"{how}{round_number}"))  # noqa: S311
    stopped = time.monotonic()
    process.send_signal(how)
    output, _ = process.communicate(timeout=20)

    assert time.monotonic() - stopped < 15
    if process.returncode != 0:
        assert "Traceback" not in output
    assert end_state(newsroom) == expected[0]


def test_a_run_that_waits_for_a_silent_host_stops_at_once(newsroom, hosts, expected):
    spoken = hosts[0].answers
    hosts[0].answers = dict.fromkeys(spoken, silence)
    process = start(newsroom)
    while not hosts[0].busy:
        time.sleep(0.05)
    time.sleep(0.3)
    stopped = time.monotonic()
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=20)
    hosts[0].answers = spoken

    assert time.monotonic() - stopped < 15  # the host would keep it waiting for 20
    assert process.returncode == 130
    assert "Run the same command again" in output
    assert "Traceback" not in output
    assert end_state(newsroom) == expected[0]


def test_after_several_kills_the_result_is_that_of_one_run(newsroom, expected):
    chance = random.Random(7)  # noqa: S311
    for _ in range(max(3, ROUNDS // 10)):
        process = start(newsroom)
        moment(expected, chance)
        process.kill()
        process.communicate(timeout=20)
    assert end_state(newsroom) == expected[0]


def test_concurrent_runs_request_nothing_twice(newsroom, hosts, expected):
    for host in hosts:
        host.requests.clear()
    processes = [start(newsroom) for _ in range(3)]
    output = [process.communicate(timeout=120)[0] for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0], output
    assert sum("Another run is fetching pictures" in text for text in output) == 2
    for host in hosts:
        assert sorted(host.paths) == sorted(set(host.paths))
    assert state(newsroom) == expected[0]


def test_pruning_during_a_run_deletes_nothing_of_it(newsroom, expected):
    process = start(newsroom)
    while process.poll() is None:
        newsroom.run("manage.py", "cache_images", "--prune")
    assert process.returncode == 0, process.communicate(timeout=20)[0]
    assert state(newsroom) == expected[0]


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_a_full_disk_is_reported_and_leaves_no_partial_picture(newsroom, databases, expected, round_number):
    # A server's disk is not ours to fill: there, only files of pictures meet the limit.
    least = 30_000 if databases.kind == "postgresql" else os.path.getsize(databases.folder / "template.sqlite3")
    limit = random.Random(round_number).randrange(least, least + 60_000)  # noqa: S311
    process = start(newsroom, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    output, _ = process.communicate(timeout=60)

    assert process.returncode == 1, output
    assert "Pictures can't be stored: File too large. Make room" in output or "The database failed: " in output
    assert "run the same command again" in output.lower()
    assert "Traceback" not in output
    whole = dict(expected[0][1])
    for name, digest in state(newsroom)[1]:
        assert whole[name] == digest
    assert not list(newsroom.media.rglob("*.part"))
    assert end_state(newsroom) == expected[0]


def test_an_import_does_not_wait_for_a_silent_host(newsroom, hosts, tmp_path):
    spoken = [host.answers for host in hosts]
    for host in hosts:
        host.answers = dict.fromkeys(host.answers, silence)
    process = start(newsroom)
    while not all(host.busy for host in hosts):
        time.sleep(0.05)
    write_edition(tmp_path / "more", hosts, stories=STORIES + 10)
    output = newsroom.run("manage.py", "import_articles", str(tmp_path / "more"))
    page = newsroom.run("-c", _FRONT_PAGE)
    assert process.poll() is None  # still waiting for the hosts
    process.kill()
    process.communicate(timeout=20)
    for host, answers in zip(hosts, spoken, strict=True):
        host.answers = answers

    assert output.endswith("75 files: 30 created, 0 updated, 45 unchanged, 0 rejected\n")
    assert page == "200"


def test_an_import_and_a_run_at_the_same_time_both_succeed(newsroom, hosts, tmp_path):
    write_edition(tmp_path / "more", hosts, stories=4 * STORIES)
    for host in hosts:
        host.answers |= {f"/{number}.jpg": host.answers["/3.jpg"] for number in range(STORIES, 4 * STORIES)}
    process = start(newsroom)
    output = newsroom.run("manage.py", "import_articles", str(tmp_path / "more"))
    ended, _ = process.communicate(timeout=120)

    assert " 0 rejected" in output
    assert process.returncode == 0, ended
    rows, _ = end_state(newsroom)
    assert rows.count('"status": "held"') == 3 * 4 * STORIES


_FRONT_PAGE = """
import django, os
os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": "true", "ALLOWED_HOSTS": "testserver"}
django.setup()
from django.test import Client
print(Client().get("/").status_code, end="")
"""


def test_the_large_pictures_are_larger_than_the_disk_that_is_full():
    assert max(len(rendition.data) for rendition in picture_renditions(noise(0))) > 100_000
