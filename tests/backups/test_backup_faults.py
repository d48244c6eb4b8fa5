"""Backups of complete sites on SQLite and PostgreSQL, restored on either, some of them interrupted."""

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
# Checks that pages and search work, and prints what readers see.
VISIT = """
import django, os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
from django.test import Client
from articles.models import Article
client = Client(headers={"host": "localhost"})
public = Article.objects.public()
stories = [story.get_absolute_url() for story in public[:5]]
for url in ["/", "/latest/", "/topics/", "/search/?q=event", "/readyz", *stories]:
    response = client.get(url, secure=True)
    assert response.status_code == 200, (url, response.status_code)
matches = client.get("/search/?q=event", secure=True).content.count(b"/news/")
print(public.count(), matches, Article.objects.filter(staged__isnull=False).count())
"""
ADD_USER = """
import django, os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
from django.contrib.auth.models import User
from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.models import Article
ada = User.objects.create_superuser("ada", password="a long password of hers")
operations.hold(Article.objects.public()[0], by=Actor(ada))
"""

pytestmark = [pytest.mark.services, pytest.mark.faults]


class SiteFactory:
    """Creates sites with their own storage, on either database."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.stack = folder, stack
        self.databases: dict[str, Databases] = {}

    def databases_for(self, kind: str) -> Databases:
        if kind not in self.databases:
            folder = self.folder / kind
            folder.mkdir(exist_ok=True)
            self.databases[kind] = self.stack.enter_context(databases_of(kind, folder))
        return self.databases[kind]

    def create_site(self, kind: str, name: str) -> Site:
        return self._with_media(self.databases_for(kind).create_site(name), f"{kind}-{name}")

    def create_empty_site(self, kind: str, name: str) -> Site:
        """Return a site without tables."""
        databases = self.databases_for(kind)
        return self._with_media(Site(databases.create_database(name), databases.folder), f"{kind}-{name}")

    def _with_media(self, site: Site, name: str) -> Site:
        media = {"MEDIA_ROOT": str(self.folder / "media" / name)}
        site.environment |= media | {"DEBUG": "true"}  # pages without collected static files
        return site


@pytest.fixture(scope="module")
def sites(tmp_path_factory):
    with ExitStack() as stack:
        yield SiteFactory(tmp_path_factory.mktemp("rooms"), stack)


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documents") / "news"
    write_demo_documents(folder, stories=STORIES)
    return folder


class PopulatedSite:
    """A site with documents, pictures and an editor's work, its backup and a snapshot of its content."""

    def __init__(self, sites: SiteFactory, kind: str, documents: Path) -> None:
        self.site = sites.create_site(kind, "full")
        self.site.run("manage.py", "import_articles", str(documents), str(SEEDS))
        self.site.run("manage.py", "cache_images", "--from", str(PICTURES))
        self.site.run("-c", ADD_USER)
        self.archive = sites.folder / f"{kind}.tar.gz"
        self.site.run("manage.py", "backup", str(self.archive))
        self.snapshot = snapshot_of(self.site, sites.folder / f"{kind}-exported")


def snapshot_of(site: Site, folder: Path) -> tuple[object, ...]:
    """Return the full content of a site: its state, its documents byte for byte, its files and its pages."""
    site.run("manage.py", "export_articles", str(folder))
    media = Path(site.environment["MEDIA_ROOT"])
    files = {str(path.relative_to(media)): path.read_bytes() for path in media.rglob("*") if path.is_file()}
    exported = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return site.state(), exported, files, site.run("-c", VISIT)


@pytest.fixture(scope="module")
def populated(sites, documents):
    created: dict[str, PopulatedSite] = {}

    def of(kind: str) -> PopulatedSite:
        if kind not in created:
            created[kind] = PopulatedSite(sites, kind, documents)
        return created[kind]

    return of


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
def test_a_backup_restores_the_same_site_on_either_database(sites, populated, source, target, tmp_path):
    exported_documents, files = populated(source).snapshot[1:3]
    restored = sites.create_empty_site(target, f"from_{source}")
    restored.run("manage.py", "restore", str(populated(source).archive))

    assert len(exported_documents) > 3 * STORIES
    assert len(files) > 50
    assert snapshot_of(restored, tmp_path / "out") == populated(source).snapshot


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_during_an_import_is_a_consistent_snapshot(sites, documents, kind, tmp_path):
    site = sites.create_site(kind, "importing")
    process = site.start_import(documents)
    for number in range(3):
        time.sleep(0.5)
        site.run("manage.py", "backup", str(tmp_path / f"{number}.tar"))
    assert process.communicate(timeout=120)[0]
    expected = site.state()
    for number in range(3):
        restored = sites.create_empty_site(kind, f"moment_{number}")
        restored.run("manage.py", "restore", str(tmp_path / f"{number}.tar"))
        public = int(restored.run("-c", VISIT).split()[0])
        assert public in (0, STORIES)  # readers see a run as a whole
        restored.run("manage.py", "import_articles", str(documents))
        assert restored.state() == expected


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("kind", KINDS)
def test_a_stopped_restore_is_completed_by_the_same_command(sites, populated, kind, signal_number, tmp_path):
    for round_number in range(max(2, ROUNDS // 10)):
        chance = random.Random(f"{kind}{signal_number}{round_number}")  # noqa: S311
        restored = sites.create_empty_site(kind, f"stopped_{signal_number.name}_{round_number}")
        for _ in range(2):
            process = restored.start("manage.py", "restore", str(populated(kind).archive))
            time.sleep(chance.uniform(1, 8))
            process.send_signal(signal_number)
            output, _ = process.communicate(timeout=60)
            assert "Traceback" not in output
        restored.run("manage.py", "restore", str(populated(kind).archive))
        assert snapshot_of(restored, tmp_path / str(round_number)) == populated(kind).snapshot


@pytest.mark.parametrize("kind", KINDS)
def test_a_restore_goes_on_after_a_migration_that_was_not_recorded(sites, populated, kind, tmp_path):
    """Django records a migration after its transaction, so one that is killed in between is done, but not recorded."""
    restored = sites.create_site(kind, "unrecorded")
    restored.run("manage.py", "migrate", "articles", EARLIER, "--fake", "-v0")
    restored.run("manage.py", "restore", str(populated(kind).archive))
    assert snapshot_of(restored, tmp_path / "out") == populated(kind).snapshot


@pytest.mark.parametrize("kind", KINDS)
def test_rows_in_tables_of_unrecorded_migrations_are_kept(sites, populated, documents, kind):
    site = sites.create_site(kind, "in_use")
    site.run("manage.py", "import_articles", str(documents))
    content = site.state()
    site.run("manage.py", "migrate", "articles", "zero", "--fake", "-v0")
    output, _ = (restore := site.start("manage.py", "restore", str(populated(kind).archive))).communicate(timeout=60)
    assert restore.returncode == 1
    assert "isn't empty: there are rows in articles_" in output
    site.run("manage.py", "migrate", "articles", "--fake", "-v0")
    assert site.state() == content


@pytest.mark.parametrize("name", ["full.tar", "full.tar.gz"])
def test_a_full_disk_leaves_no_archive(sites, populated, tmp_path, name):
    size = populated("sqlite").archive.stat().st_size
    for _ in range(max(2, ROUNDS // 10)):
        limit = random.Random(name).randrange(10_000, size)  # noqa: S311
        process = populated("sqlite").site.start(
            "manage.py",
            "backup",
            str(tmp_path / name),
            preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        )
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 1, output
        assert "No backup was made." in output
        assert "Traceback" not in output
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_backup_leaves_no_archive(populated, kind, tmp_path):
    process = populated(kind).site.start("manage.py", "backup", str(tmp_path / "all.tar"))
    while not (tmp_path / "all.tar.part").exists():
        time.sleep(0.005)
        assert process.poll() is None
    process.kill()
    process.communicate(timeout=20)
    assert not (tmp_path / "all.tar").exists()
    populated(kind).site.run("manage.py", "backup", str(tmp_path / "all.tar"))
    assert [path.name for path in tmp_path.iterdir()] == ["all.tar"]


@pytest.mark.parametrize("kind", KINDS)
def test_migrating_backwards_and_forwards_loses_no_document(sites, populated, kind, tmp_path):
    """Upgrade from an earlier version in both ways: with `migrate`, and from its backup."""
    exported_documents, files = populated(kind).snapshot[1:3]
    site = sites.create_empty_site(kind, "back")
    site.run("manage.py", "restore", str(populated(kind).archive))
    site.run("manage.py", "migrate", "articles", EARLIER, "-v0")
    site.run("manage.py", "backup", str(tmp_path / "earlier.tar"))
    for place, migrated in (("forth", site), ("restored", sites.create_site(kind, "ahead"))):
        if place == "forth":
            migrated.run("manage.py", "migrate", "-v0")
        else:
            migrated.run("manage.py", "restore", str(tmp_path / "earlier.tar"))
        _, exported, migrated_files, visit = snapshot_of(migrated, tmp_path / place)
        assert exported == exported_documents
        assert migrated_files == files
        assert visit.split()[0] == populated(kind).snapshot[3].split()[0]
        migrated.run("manage.py", "migrate", "--check")
