"""Backups of real installations, on SQLite and PostgreSQL and from either to the other, with all that gets between."""

from __future__ import annotations

import random
import resource
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.documents import write_demo_documents
from tests.sample_sites import ROOT, ROUNDS, Databases, Site, databases_of

STORIES = 100
EARLIER = "0006_search_index"
KINDS = ["sqlite", "postgresql"]
PICTURES = ROOT / "seeds" / "media"
SEEDS = ROOT / "seeds" / "news"
# Every page of a story answers, the search finds it, and its document can be written; prints what readers see.
VISIT = """
import django, os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
from django.test import Client
from articles.models import Article
client = Client(headers={"host": "localhost"})
public = Article.objects.public()
stories = [each.get_absolute_url() for each in public[:5]]
for address in ["/", "/latest/", "/topics/", "/search/?q=event", "/readyz", *stories]:
    response = client.get(address, secure=True)
    assert response.status_code == 200, (address, response.status_code)
found = client.get("/search/?q=event", secure=True).content.count(b"/news/")
print(public.count(), found, Article.objects.filter(staged__isnull=False).count())
"""
ADD_USER = """
import django, os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
from django.contrib.auth.models import User
from articles import operations
from articles.audit_log.unit_of_work import By
from articles.models import Article
ada = User.objects.create_superuser("ada", password="a long password of hers")
operations.hold(Article.objects.public()[0], by=By(ada))
"""

pytestmark = [pytest.mark.services, pytest.mark.faults]


class Rooms:
    """Hands out newsrooms with a storage of their own, on either database."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.stack = folder, stack
        self.databases: dict[str, Databases] = {}

    def of(self, kind: str) -> Databases:
        if kind not in self.databases:
            folder = self.folder / kind
            folder.mkdir(exist_ok=True)
            self.databases[kind] = self.stack.enter_context(databases_of(kind, folder))
        return self.databases[kind]

    def newsroom(self, kind: str, name: str) -> Site:
        return self._with_media(self.of(kind).newsroom(name), f"{kind}-{name}")

    def nothing(self, kind: str, name: str) -> Site:
        """Return a newsroom without even tables."""
        databases = self.of(kind)
        return self._with_media(Site(databases._make(name), databases.folder), f"{kind}-{name}")

    def _with_media(self, newsroom: Site, name: str) -> Site:
        media = {"MEDIA_ROOT": str(self.folder / "media" / name)}
        newsroom.environment |= media | {"DEBUG": "true"}  # pages without collected static files
        return newsroom


@pytest.fixture(scope="module")
def rooms(tmp_path_factory):
    with ExitStack() as stack:
        yield Rooms(tmp_path_factory.mktemp("rooms"), stack)


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documents") / "news"
    write_demo_documents(folder, stories=STORIES)
    return folder


class Full:
    """A newsroom with documents, pictures and an editor's work, its backup, and what it is."""

    def __init__(self, rooms: Rooms, kind: str, documents: Path) -> None:
        self.newsroom = rooms.newsroom(kind, "full")
        self.newsroom.run("manage.py", "import_articles", str(documents), str(SEEDS))
        self.newsroom.run("manage.py", "cache_images", "--from", str(PICTURES))
        self.newsroom.run("-c", ADD_USER)
        self.archive = rooms.folder / f"{kind}.tar.gz"
        self.newsroom.run("manage.py", "backup", str(self.archive))
        self.seen = seen(self.newsroom, rooms.folder / f"{kind}-exported")


def seen(newsroom: Site, folder: Path) -> tuple[object, ...]:
    """Return all that can be told of a newsroom: its state, its documents byte for byte, its files, its pages."""
    newsroom.run("manage.py", "export_articles", str(folder))
    media = Path(newsroom.environment["MEDIA_ROOT"])
    files = {str(path.relative_to(media)): path.read_bytes() for path in media.rglob("*") if path.is_file()}
    exported = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return newsroom.state(), exported, files, newsroom.run("-c", VISIT)


@pytest.fixture(scope="module")
def full(rooms, documents):
    made: dict[str, Full] = {}

    def of(kind: str) -> Full:
        if kind not in made:
            made[kind] = Full(rooms, kind, documents)
        return made[kind]

    return of


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
def test_a_newsroom_is_the_same_on_another_machine(rooms, full, source, target, tmp_path):
    told, files = full(source).seen[1:3]
    restored = rooms.nothing(target, f"from_{source}")
    restored.run("manage.py", "restore", str(full(source).archive))

    assert len(told) > 3 * STORIES
    assert len(files) > 50
    assert seen(restored, tmp_path / "out") == full(source).seen


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_during_an_import_shows_one_moment(rooms, documents, kind, tmp_path):
    newsroom = rooms.newsroom(kind, "importing")
    process = newsroom.start_import(documents)
    for number in range(3):
        time.sleep(0.5)
        newsroom.run("manage.py", "backup", str(tmp_path / f"{number}.tar"))
    assert process.communicate(timeout=120)[0]
    expected = newsroom.state()
    for number in range(3):
        restored = rooms.nothing(kind, f"moment_{number}")
        restored.run("manage.py", "restore", str(tmp_path / f"{number}.tar"))
        public = int(restored.run("-c", VISIT).split()[0])
        assert public in (0, STORIES)  # readers see a run as a whole
        restored.run("manage.py", "import_articles", str(documents))
        assert restored.state() == expected


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("kind", KINDS)
def test_a_stopped_restore_is_completed_by_the_same_command(rooms, full, kind, how, tmp_path):
    for round_number in range(max(2, ROUNDS // 10)):
        chance = random.Random(f"{kind}{how}{round_number}")  # noqa: S311
        restored = rooms.nothing(kind, f"stopped_{how.name}_{round_number}")
        for _ in range(2):
            process = restored.start("manage.py", "restore", str(full(kind).archive))
            time.sleep(chance.uniform(1, 8))
            process.send_signal(how)
            told, _ = process.communicate(timeout=60)
            assert "Traceback" not in told
        restored.run("manage.py", "restore", str(full(kind).archive))
        assert seen(restored, tmp_path / str(round_number)) == full(kind).seen


@pytest.mark.parametrize("name", ["full.tar", "full.tar.gz"])
def test_a_full_disk_leaves_no_archive(rooms, full, tmp_path, name):
    size = full("sqlite").archive.stat().st_size
    for _ in range(max(2, ROUNDS // 10)):
        limit = random.Random(name).randrange(10_000, size)  # noqa: S311
        process = full("sqlite").newsroom.start(
            "manage.py",
            "backup",
            str(tmp_path / name),
            preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        )
        told, _ = process.communicate(timeout=60)
        assert process.returncode == 1, told
        assert "No backup was made." in told
        assert "Traceback" not in told
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_backup_leaves_no_archive_of_that_name(full, kind, tmp_path):
    process = full(kind).newsroom.start("manage.py", "backup", str(tmp_path / "all.tar"))
    while not (tmp_path / "all.tar.part").exists():
        time.sleep(0.005)
        assert process.poll() is None
    process.kill()
    process.communicate(timeout=20)
    assert not (tmp_path / "all.tar").exists()
    full(kind).newsroom.run("manage.py", "backup", str(tmp_path / "all.tar"))
    assert [path.name for path in tmp_path.iterdir()] == ["all.tar"]


@pytest.mark.parametrize("kind", KINDS)
def test_migrations_lose_no_document_on_the_way_back_and_forth(rooms, full, kind, tmp_path):
    """As an installation of an earlier version is brought up to this one: by `migrate`, and from its backup."""
    told, files = full(kind).seen[1:3]
    newsroom = rooms.nothing(kind, "back")
    newsroom.run("manage.py", "restore", str(full(kind).archive))
    newsroom.run("manage.py", "migrate", "articles", EARLIER, "-v0")
    newsroom.run("manage.py", "backup", str(tmp_path / "earlier.tar"))
    for place, migrated in (("forth", newsroom), ("restored", rooms.newsroom(kind, "ahead"))):
        if place == "forth":
            migrated.run("manage.py", "migrate", "-v0")
        else:
            migrated.run("manage.py", "restore", str(tmp_path / "earlier.tar"))
        _, exported, found, visit = seen(migrated, tmp_path / place)
        assert exported == told
        assert found == files
        assert visit.split()[0] == full(kind).seen[3].split()[0]
        migrated.run("manage.py", "migrate", "--check")
