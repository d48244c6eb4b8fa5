"""Migrate SQLite's test database into a file that all workers and later runs load: migrating takes ten seconds."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".pytest_cache"
# What the tables, and the rows that migrations write, are made from.
SOURCES = ("requirements-dev.lock", "*/migrations/*.py", "*/models.py", "*/models/*.py", "articles/search/*.py")


def migrated_file() -> Path:
    """Return the file with what the present migrations make. If there is none, make it, in one process at a time.

    TEST_MIGRATED_FILE names one that is there already, and that nobody is connected to.
    """
    if made := os.environ.get("TEST_MIGRATED_FILE"):
        return Path(made)
    digest = hashlib.sha256()
    for path in (path for pattern in SOURCES for path in sorted(ROOT.glob(pattern))):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    file = FOLDER / f"migrated-{digest.hexdigest()[:20]}.sqlite3"
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            for older in FOLDER.glob("migrated-*"):
                older.unlink()
            part = file.with_suffix(".part")
            command = [sys.executable, "-m", "django", "migrate", "--verbosity=0", "--settings=tests.settings"]
            subprocess.run(command, cwd=ROOT, env={**os.environ, "TEST_DATABASE_URL": f"sqlite:///{part}"}, check=True)
            part.replace(file)
    return file
