"""What `make` rejects with one sentence, and what it installs and writes."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from config.settings import BASE_DIR

pytestmark = pytest.mark.integration


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a checkout that uses the virtual environment of these tests, with everything installed."""
    for name in ("Makefile", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(BASE_DIR / name, tmp_path)
    for path in BASE_DIR.iterdir():
        if path.is_dir() and not path.name.startswith(".") or path.name == "manage.py":
            (tmp_path / path.name).symlink_to(path)
    write_program(tmp_path / ".venv/bin/python", f'exec {sys.executable} "$@"')
    for name in ("site", "services", "dev"):
        (tmp_path / f".venv/{name}.stamp").touch()
    return tmp_path


def write_program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def make(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run make with only these variables."""
    command = ["make", "--no-print-directory", "-C", str(folder), *arguments]
    variables = {"PATH": os.environ["PATH"], "DATABASE_URL": "sqlite://:memory:"} | environment
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60)


def refusal(folder: Path, *arguments: str, **environment: str) -> str:
    """Return the error output of a failing make, without the last line, which make adds."""
    done = make(folder, *arguments, **environment)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    assert lines.pop().startswith("make: ***")
    return "\n".join(lines)


def test_a_missing_python_is_named(folder):
    shutil.rmtree(folder / ".venv")
    assert refusal(folder, "demo", "PYTHON=python3.99") == (
        "Newsfold needs Python 3.11 or newer, and python3.99 is missing. "
        "Install one, or name another: make demo PYTHON=python3.12"
    )


def test_an_old_python_is_named_with_its_version(folder):
    shutil.rmtree(folder / ".venv")
    old = write_program(folder / "old", '[ "$1" = --version ] && echo Python 3.8.18; exit 1')
    assert f"needs Python 3.11 or newer, and {old} is Python 3.8.18." in refusal(folder, "demo", f"PYTHON={old}")


@pytest.mark.parametrize("target", ["demo", "serve"])
def test_a_port_in_use_is_named(folder, target):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        settings = {"SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOP", "ALLOWED_HOSTS": "localhost"}
        last_line = refusal(folder, target, f"PORT={port}", **settings).splitlines()[-1]
    assert last_line == (
        f"Port {port} can't be used: Address already in use. Stop the other program, or choose another: PORT=8001"
    )


@pytest.mark.parametrize("port", ["abc", "0", "65536"])
def test_an_invalid_port_is_rejected(folder, port):
    assert refusal(folder, "demo", f"PORT={port}").startswith(f"{port} is not a port: choose a number from 1 to 65535")


@pytest.mark.parametrize("missing", ["SECRET_KEY", "ALLOWED_HOSTS"])
def test_make_serve_requires_a_key_and_hosts(folder, missing):
    settings = {"SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOP", "ALLOWED_HOSTS": "localhost"}
    reason = refusal(folder, "serve", **(settings | {missing: ""}))
    assert reason.startswith(f"The settings can't be used: {missing} is not set")


def test_settings_are_written_once_and_readable_only_by_their_owner(folder):
    make(folder, ".env")
    text = (folder / ".env").read_text()
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600
    assert "\nDEBUG=false\nHTTPS=false\nALLOWED_HOSTS=localhost,127.0.0.1,[::1]\n" in text
    assert len(text.partition("SECRET_KEY=")[2].partition("\n")[0]) >= 50
    make(folder, ".env")
    assert (folder / ".env").read_text() == text


@pytest.mark.parametrize(
    ("line", "lock"),
    [
        ("", "requirements.lock"),
        ("DATABASE_URL=sqlite:///db.sqlite3", "requirements.lock"),
        ("#DATABASE_URL=postgres://host/news", "requirements.lock"),
        ("SENTRY_DSN=", "requirements.lock"),
        ("export DATABASE_URL = 'postgres://host/news'", "config/requirements-services.lock"),
        ("CACHE_URL=rediss://host:6379/0", "config/requirements-services.lock"),
        ("MEDIA_STORAGE=s3://bucket", "config/requirements-services.lock"),
        ("SENTRY_DSN=https://key@sentry.example/1", "config/requirements-services.lock"),
    ],
)
def test_configured_services_install_their_client_libraries(folder, line, lock):
    (folder / ".env").write_text(f"SECRET_KEY=x\n{line}\n")
    for stamp in folder.glob(".venv/*.stamp"):
        stamp.unlink()
    assert f"--require-hashes -r {lock} " in make(folder, "--dry-run", "demo").stdout


def test_packages_are_installed_again_only_when_their_lock_file_changes(folder):
    assert "pip install" not in make(folder, "--dry-run", "test").stdout
    os.utime(folder / "requirements-dev.lock", (2**32, 2**32))
    assert "pip install" in make(folder, "--dry-run", "test").stdout
