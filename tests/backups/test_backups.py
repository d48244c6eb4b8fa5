"""A backup contains the whole site; a restore brings back all of it or nothing."""

from __future__ import annotations

import gzip
import io
import json
import re
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.test import Client

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.models import Article, Event, Pairing, SavedView
from articles.page_cache import versions
from backups import archive, media, tables
from benchmarks.generator.search_triggers import missing_triggers
from config.backends.file_storage import AtomicFileStorage
from config.migrations import known_migrations
from tests import builders, database_dump

pytestmark = pytest.mark.thorough

PICTURE = "logos/harbour.png"


@pytest.fixture(autouse=True)
def storage(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    default_storage.save(PICTURE, ContentFile(b"picture"))


@pytest.fixture
def newsroom(db):
    """Create a site with rows in most tables, and text that is hard to encode."""
    editor = User.objects.create_user("ada", password="secret")
    editor.groups.add(Group.objects.get(name="editor"))
    lead = builders.article(
        'Ünïcode "and"\nlines\t\u2028 \\', topics=["AI", "Harbours"], extra=[["b", {"z": 1e2, "a": [None]}]]
    )
    member = builders.folded(lead, "Another outlet's")
    undecided = builders.article("Undecided", quality=None, heat=None, published=None)
    operations.spike(undecided, "paywall", by=Actor(editor))
    SavedView.objects.create(name="Mine", query="state=held", owner=editor)
    Pairing.objects.create(lead=lead, member=member, together=True)
    Client().force_login(editor)
    return lead


def state() -> dict[str, Any]:
    """Return the checksum of every table except the stamp, which a restore replaces."""
    all_tables = tables.tables_at(known_migrations())
    return {table.name: tables.checksum_of(table) for table in all_tables if table.name != "articles_stamp"}


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.is_file()]


def wipe() -> None:
    tables.delete_all_rows(tables.tables_at(known_migrations()))
    for name in list(media.file_names()):
        default_storage.delete(name)


@pytest.fixture
def backup(newsroom, tmp_path) -> Path:
    """Return an archive of the site; the site itself is then empty."""
    path = tmp_path / "newsroom.tar"
    call_command("backup", path, verbosity=0)
    wipe()
    return path


@pytest.mark.parametrize("name", ["all.tar", "all.tar.gz"])
def test_a_restored_site_is_the_same(newsroom, tmp_path, name, client):
    before, dump_before = state(), sorted(map(str, database_dump.lines()))
    stamp = versions.current_version().key
    call_command("backup", tmp_path / name, verbosity=0)
    wipe()
    call_command("restore", tmp_path / name, verbosity=0)

    assert state() == before
    assert sorted(map(str, database_dump.lines())) == dump_before
    assert default_storage.open(PICTURE).read() == b"picture"
    assert client.get(newsroom.get_absolute_url()).status_code == 200
    assert newsroom.get_absolute_url() in client.get("/search/?q=Harbours").content.decode()
    assert missing_triggers(connection) == set()
    assert versions.current_version().key != stamp  # caches must not return pages from before the restore


def test_an_archive_is_readable_only_by_its_owner_and_never_overwritten(newsroom, tmp_path):
    path = tmp_path / "all.tar.gz"
    call_command("backup", path, verbosity=0)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(CommandError, match="already exists"):
        call_command("backup", path, verbosity=0)
    assert files(tmp_path) == ["all.tar.gz"]


def test_a_backup_that_ends_while_another_starts_is_not_overwritten(newsroom, tmp_path, monkeypatch):
    """The second opens the first one's file just before that is renamed and closed."""
    path = tmp_path / "all.tar"
    call_command("backup", path, verbosity=0)
    whole = path.read_bytes()
    part = tmp_path / "all.tar.part"
    path.rename(part)

    def rename_then_lock(handle, operation):
        part.rename(path)

    monkeypatch.setattr("fcntl.flock", rename_then_lock)
    with pytest.raises(CommandError, match="already exists"):
        call_command("backup", path, verbosity=0)
    assert path.read_bytes() == whole


def test_unfinished_files_are_not_backed_up(newsroom, tmp_path):
    path = Path(default_storage.path(f"{PICTURE}.0123{AtomicFileStorage.PART_SUFFIX}"))
    path.write_bytes(b"pic")
    assert list(media.file_names()) == [PICTURE]


def test_an_archive_is_a_plain_tar_file_without_sessions(backup):
    with tarfile.open(backup) as file:
        names = file.getnames()
        header = json.load(file.extractfile("header.json"))
    assert {"tables/articles_article/000001.jsonl", f"media/{PICTURE}", "manifest.json"} <= set(names)
    assert header["tables"].keys() >= {"auth_user", "articles_event", "articles_savedview", "articles_pairing"}
    assert "django_session" not in header["tables"]


def test_primary_keys_are_not_reused_after_a_restore(newsroom, tmp_path):
    gone = builders.article("Deleted")
    key = gone.pk
    operations.delete(Article.objects.filter(pk=key))
    call_command("backup", tmp_path / "all.tar", verbosity=0)
    wipe()
    call_command("restore", tmp_path / "all.tar", verbosity=0)

    assert Event.objects.filter(subject_id=key).exists()
    assert builders.article("New").pk > key


def test_a_site_with_data_is_not_overwritten(backup):
    User.objects.create_user("grace")
    before = state()
    with pytest.raises(CommandError, match="isn't empty: there are rows in auth_user"):
        call_command("restore", backup, verbosity=0)
    assert state() == before
    assert not default_storage.exists(PICTURE)


def test_restoring_again_reports_that_everything_was_restored(backup, capsys):
    call_command("restore", backup, verbosity=0)
    call_command("restore", backup)
    assert "The archive was already restored." in capsys.readouterr().out


def test_pictures_may_be_missing_but_not_differ_from_the_backup(newsroom, tmp_path, capsys):
    path = tmp_path / "rows.tar"
    call_command("backup", path, "--no-media", verbosity=0)
    wipe()
    default_storage.save(PICTURE, ContentFile(b"another"))
    with pytest.raises(CommandError, match="is not the file that the backup lists"):
        call_command("restore", path)

    default_storage.delete(PICTURE)
    call_command("restore", path)
    assert "1 of 1 files are not in the storage" in capsys.readouterr().out


def test_an_existing_file_with_other_content_stays_and_a_truncated_one_is_completed(backup):
    default_storage.save(PICTURE, ContentFile(b"another"))
    with pytest.raises(CommandError, match="with other content"):
        call_command("restore", backup)
    assert not Article.objects.exists()

    default_storage.delete(PICTURE)
    default_storage.save(PICTURE, ContentFile(b"pict"))  # as a kill may leave it
    call_command("restore", backup, verbosity=0)
    assert default_storage.open(PICTURE).read() == b"picture"


# Untrusted archives


def members_of(path: Path) -> list[tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(path) as file:
        return [(info, file.extractfile(info).read()) for info in file]


def rewritten(path: Path, change: Callable[[str, bytes], list[tuple[str, bytes]]]) -> None:
    old = members_of(path)
    with Rewritten(path) as add:
        for info, data in old:
            for name, content in change(info.name, data):
                add(name, content)


class Rewritten:
    def __init__(self, path: Path) -> None:
        self.file = tarfile.open(path, "w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115  closed by __exit__

    def __enter__(self) -> Callable[..., None]:
        return self.add

    def add(self, name: str, content: bytes, kind: bytes = tarfile.REGTYPE, target: str = "") -> None:
        info = tarfile.TarInfo(name)
        info.size, info.type, info.linkname = len(content), kind, target
        self.file.addfile(info, io.BytesIO(content))

    def __exit__(self, *error: object) -> None:
        self.file.close()


def edit_json(name: str, change: Callable[[Any], Any]) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        rewritten(
            path,
            lambda member, data: [(member, json.dumps(change(json.loads(data))).encode() if member == name else data)],
        )

    return edit


def replaced(name: str, old: bytes, new: bytes) -> Callable[[Path], None]:
    return lambda path: rewritten(
        path, lambda member, data: [(member, data.replace(old, new) if member == name else data)]
    )


def added(name: str, kind: bytes = tarfile.REGTYPE) -> Callable[[Path], None]:
    """Return a function that adds a member of this name before the manifest."""

    def add(path: Path) -> None:
        old = members_of(path)
        with Rewritten(path) as put:
            for info, data in old:
                if info.name == "media-index/000001.jsonl":
                    put(name, b"", kind, "/etc/passwd")
                put(info.name, data)

    return add


def cut(share: float) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def dropped(name: str) -> Callable[[Path], None]:
    return lambda path: rewritten(path, lambda member, data: [] if member == name else [(member, data)])


def bomb(path: Path) -> None:
    """Write a gzip file of 100 MB of zeros after a valid header."""
    header = members_of(path)[0][1]
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as file:
        info = tarfile.TarInfo("header.json")
        info.size = len(header)
        file.addfile(info, io.BytesIO(header))
        info = tarfile.TarInfo("media/zeros")
        info.size = 100_000_000
        start = plain.tell()
        plain.write(info.tobuf(tarfile.USTAR_FORMAT))
        head = plain.getvalue()[: start + 512]
    with gzip.open(path, "wb", compresslevel=9) as out:
        out.write(head)
        for _ in range(100):
            out.write(bytes(1_000_000))


def endless_header(path: Path) -> None:
    """Write an archive that starts with an extended header of 50 MB, which tarfile would read into memory."""
    info = tarfile.TarInfo("x")
    info.size, info.type = 50_000_000, tarfile.XHDTYPE
    path.write_bytes(info.tobuf(tarfile.USTAR_FORMAT) + bytes(1_000_000))


ROWS = "tables/articles_article/000001.jsonl"


def _index_first(path: Path) -> None:
    pictures = []

    def swap(name: str, data: bytes) -> list[tuple[str, bytes]]:
        if name.startswith("media/"):
            pictures.append((name, data))
            return []
        return [(name, data), *pictures] if name.startswith("media-index/") else [(name, data)]

    rewritten(path, swap)


HOSTILE: dict[str, tuple[Callable[[Path], None], str]] = {
    "nothing": (lambda path: path.write_bytes(b""), "ends too early"),
    "no archive": (lambda path: path.write_bytes(b"GIF89a" * 1000), "isn't a tar archive"),
    "no gzip": (lambda path: path.write_bytes(b"\x1f\x8b" + b"x" * 1000), "compressed data are damaged"),
    "half": (cut(0.5), "ends too early"),
    "without its end": (cut(0.99), "ends too early|no manifest"),
    "half a gzip": (lambda path: path.write_bytes(gzip.compress(path.read_bytes())[:-200]), "ends too early"),
    "something behind": (lambda path: path.write_bytes(path.read_bytes() + b"x"), "continues after its end"),
    "no manifest": (dropped("manifest.json"), "no manifest"),
    "no header": (dropped("header.json"), "not a backup"),
    "another form": (edit_json("header.json", lambda old: old | {"newsfold_backup": 2}), "this version's form"),
    "a list for a header": (edit_json("header.json", lambda header: [header]), "can't be read"),
    "deep nesting": (replaced("header.json", b"{", b'{"a":' + b"[" * 50_000), "can't be read"),
    "newer": (
        edit_json("header.json", lambda old: old | {"migrations": [*old["migrations"], ["articles", "9999_x"]]}),
        "newer or extended Newsfold.*articles.9999_x",
    ),
    "no migrations": (edit_json("header.json", lambda old: old | {"migrations": 5}), "names no migrations"),
    "a table more": (
        edit_json("header.json", lambda old: old | {"tables": old["tables"] | {"x; DROP TABLE y": ["z"]}}),
        "Its tables are not",
    ),
    "a row fewer": (lambda path: rewritten(path, _without_a_row), "rows of articles_article"),
    "another title": (replaced(ROWS, b"Undecided", b"undecideD"), "rows of articles_article"),
    "no row": (replaced(ROWS, b"[", b"{", ), "is damaged"),
    "a huge number": (replaced(ROWS, b",null,", b"," + b"9" * 30 + b","), "is damaged"),
    "no UTF-8": (replaced(ROWS, b"Undecided", b"Undeci\xffed"), "is damaged"),
    "half a surrogate": (replaced(ROWS, b"Undecided", b"Undeci\\ud800ed"), "is damaged"),
    "rows cut": (replaced(ROWS, b"]\n", b"]"), "is damaged"),
    "a table missing": (dropped(ROWS), "rows of articles_article"),
    "another picture": (replaced(f"media/{PICTURE}", b"picture", b"Picture"), "match their index"),
    "a picture missing": (dropped(f"media/{PICTURE}"), "match its manifest"),
    "the list missing": (dropped("media-index/000001.jsonl"), "match its manifest"),
    "a hash of no letters": (
        lambda path: rewritten(path, lambda name, data: [(name, _without_hashes(name, data))]), "is damaged"
    ),
    "a list of tables": (edit_json("manifest.json", lambda old: old | {"tables": []}), "manifest can't be read"),
    "a list of pictures": (edit_json("manifest.json", lambda old: old | {"media": [1]}), "manifest can't be read"),
    "no counters": (edit_json("manifest.json", lambda old: old | {"last_numbers": {}}), "last keys"),
    "out of the folder": (added("media/../../etc/cron.d/x"), "which no backup contains"),
    "an absolute path": (added("/etc/cron.d/x"), "which no backup contains"),
    "a backslash": (added("media/..\\x"), "which no backup contains"),
    "a control character": (added("media/a\x1b[2J"), "which no backup contains"),
    "another file": (added("setup.py"), "which no backup contains"),
    "a table again": (
        lambda path: rewritten(path, lambda name, data: [(name, data)] * (2 if name == ROWS else 1)),
        "order of a backup"
    ),
    "a picture again": (
        lambda path: rewritten(path, lambda name, data: [(name, data)] * (2 if name == f"media/{PICTURE}" else 1)),
        "match their index"
    ),
    "a table at the end": (added(ROWS), "order of a backup"),
    "the index before its pictures": (_index_first, "order of a backup"),
    "a table of no schema": (added("tables/sqlite_master/000001.jsonl"), "which no backup contains"),
    "a symbolic link": (added("media/link", tarfile.SYMTYPE), "links or other special files"),
    "a hard link": (added("media/link", tarfile.LNKTYPE), "links or other special files"),
    "a device": (added("media/null", tarfile.CHRTYPE), "links or other special files"),
    "a bomb": (bomb, "far more than any backup"),
    "an endless header": (endless_header, "links or other special files"),
}  # fmt: skip


def _without_hashes(name: str, data: bytes) -> bytes:
    return re.sub(rb'"[0-9a-f]{64}"', b'"\\\\ud800"', data) if name.startswith("media-index") else data


def _without_a_row(name: str, data: bytes) -> list[tuple[str, bytes]]:
    return [(name, data.partition(b"\n")[2] if name == ROWS else data)]


@pytest.mark.parametrize("kind", HOSTILE)
def test_an_invalid_archive_is_rejected_with_a_message_and_restores_nothing(backup, kind):
    spoil, sentence = HOSTILE[kind]
    before = state()
    spoil(backup)
    with pytest.raises(CommandError, match=sentence):
        call_command("restore", backup, verbosity=0)
    assert state() == before
    assert list(media.file_names()) == []


def test_rows_that_violate_constraints_restore_nothing(backup):
    """Hashes detect damage only; an attacker can recompute them. The constraints of the database still apply."""
    before = state()

    def spoiled(name: str, data: bytes) -> list[tuple[str, bytes]]:
        if name == ROWS:
            data = data.replace(b'"https://www.courier.example/', b'"javascript:/www.courier.example/')
            all_tables = tables.tables_at(known_migrations())
            digest = tables.Digest(next(table for table in all_tables if table.name == "articles_article"))
            for line in data.decode().split("\n")[:-1]:
                digest.add(json.loads(line))
            spoiled.summary = digest.summary()  # type: ignore[attr-defined]
        if name == "manifest.json":
            manifest = json.loads(data)
            manifest["tables"]["articles_article"] = spoiled.summary  # type: ignore[attr-defined]
            data = json.dumps(manifest).encode()
        return [(name, data)]

    rewritten(backup, spoiled)
    with pytest.raises(CommandError, match="The database failed: .*addresses_are_web"):
        call_command("restore", backup, verbosity=0)
    assert state() == before


# Parts of a backup


def test_every_column_of_every_table_can_be_backed_up():
    all_tables = tables.tables_at(known_migrations())
    assert {"articles_article", "auth_user", "auth_user_groups"} <= {table.name for table in all_tables}
    assert "file_name" not in next(table for table in all_tables if table.name == "articles_article").names  # computed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"b": 1, "a": [2]}', '{"a":[2],"b":1}'),
        ("1e2", "100"),
        ("1e+22", "10000000000000000000000"),
        ('"\\u00fc"', '"ü"'),
        ("0.0000001", "1e-07"),
    ],
)
def test_equal_json_values_have_the_same_canonical_form(one, other):
    assert tables.canonical_json(one) == tables.canonical_json(other)


@pytest.mark.parametrize(("one", "other"), [("1", "true"), ('"1"', "1"), ("[1,2]", "[2,1]"), ("null", '""')])
def test_different_json_values_have_different_canonical_forms(one, other):
    assert tables.canonical_json(one) != tables.canonical_json(other)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("logos/a.png", True),
        ("pictures/ab/ü.webp", True),
        ("", False),
        ("/etc/passwd", False),
        ("a//b", False),
        ("a/../b", False),
        ("./a", False),
        ("a\\b", False),
        ("a\nb", False),
        ("a\0b", False),
        ("x" * 241, False),
    ],
)
def test_only_file_names_inside_the_storage_are_safe(name, safe):
    assert archive.is_safe(name) is safe


def test_a_failed_backup_leaves_no_file(tmp_path):
    def failing() -> None:
        with archive.open_for_writing(tmp_path / "all.tar.gz") as writer:
            writer.add("header.json", b"{}")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    assert files(tmp_path) == []


def test_two_backups_to_the_same_file_cannot_run_at_once(tmp_path):
    path = tmp_path / "all.tar"
    with archive.open_for_writing(path), pytest.raises(BlockingIOError), archive.open_for_writing(path):
        pass
    assert files(tmp_path) == ["all.tar"]


def test_the_partial_file_of_a_killed_backup_is_overwritten(tmp_path):
    path = tmp_path / "all.tar"
    (tmp_path / "all.tar.part").write_bytes(b"half" * 1000)
    with archive.open_for_writing(path) as writer:
        writer.add("header.json", b"{}")
    assert [member.name for member in archive.members(path)] == ["header.json"]
    assert files(tmp_path) == ["all.tar"]


@pytest.mark.django_db
def test_a_column_of_an_unsupported_type_is_reported(monkeypatch, tmp_path):
    """An additional app may have columns of types that no app has now."""
    tables.tables_at.cache_clear()
    monkeypatch.delitem(tables.KIND_OF_FIELD, models.FloatField)
    try:
        with pytest.raises(CommandError, match=r"articles.Appearance.rank is a FloatField, .* No backup was made\."):
            call_command("backup", str(tmp_path / "all.tar"), verbosity=0)
    finally:
        tables.tables_at.cache_clear()
    assert not list(tmp_path.glob("*.tar"))


@pytest.mark.django_db
def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(CommandError) as error:
        call_command("backup", str(tmp_path / "gone" / "all.tar"), verbosity=0)
    assert (
        str(error.value) == f"{tmp_path / 'gone'}: is not a folder. Create it, or choose another. No backup was made."
    )
