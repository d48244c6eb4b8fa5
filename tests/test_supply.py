"""What we build on: lock files hold what is asked for, hashes are checked, and audits don't pass in silence."""

from __future__ import annotations

import json
import re
import subprocess
from importlib.metadata import version

import pytest

from config import bootstrap, supply


@pytest.mark.parametrize("name", supply.REQUIREMENTS)
def test_a_lock_file_holds_what_is_asked_for_with_hashes(name):
    assert supply.problems(name) == []
    assert bootstrap.lock_of(name) == str(supply.lock_of(name).relative_to(supply.BASE_DIR))


def test_all_lock_files_name_the_same_versions():
    everything = supply.pins(supply.lock_of(supply.ALL).read_text())
    for name in supply.REQUIREMENTS:
        assert supply.pins(supply.lock_of(name).read_text()).items() <= everything.items()


def test_what_runs_here_is_what_is_locked():
    for package, wanted in supply.pins(supply.asked_for(supply.ALL)).items():
        assert version(package) == wanted, f"{package}: make install"


def test_requirements_are_exact():
    for name in supply.REQUIREMENTS:
        lines = [line for line in supply.asked_for(name).splitlines() if line and not line.startswith(("#", "-r "))]
        assert all(supply.PIN_PATTERN.match(line) for line in lines), name


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Lock files and their requirements in a place of their own."""
    monkeypatch.setattr(supply, "BASE_DIR", tmp_path)
    monkeypatch.setattr(supply, "REQUIREMENTS", ("requirements.txt",))
    monkeypatch.setattr(supply, "ALL", "requirements.txt")
    monkeypatch.setattr(supply, "SBOM", tmp_path / "var" / "sbom.json")
    (tmp_path / "requirements.txt").write_text("Some_Thing==1.0\n")
    lock = supply.head("requirements.txt") + f"some-thing==1.0 \\\n    --hash=sha256:{'a' * 64}\n"
    (tmp_path / "requirements.lock").write_text(lock)
    return tmp_path


def test_a_lock_file_that_disagrees_is_told(folder):
    assert supply.problems("requirements.txt") == []
    lock = folder / "requirements.lock"
    sound = lock.read_text()
    lock.write_text(re.sub(r" \\\n.*", "", sound))
    assert supply.problems("requirements.txt") == ["requirements.lock holds some-thing==1.0 without a hash."]
    lock.write_text(sound)
    (folder / "requirements.txt").write_text("some-thing==1.1\n")
    assert supply.problems("requirements.txt") == [
        "requirements.lock was made from another requirements.txt.",
        "requirements.lock doesn't hold some-thing 1.1.",
    ]
    assert supply.audit() == supply.KNOWN_FLAWS


def answering(monkeypatch, stdout, stderr=""):
    done = subprocess.CompletedProcess([], 0, stdout, stderr)
    monkeypatch.setattr(subprocess, "run", lambda *given, **kwargs: done)


@pytest.mark.parametrize(
    ("told", "code", "said"),
    [
        ([{"name": "x", "version": "1", "vulns": []}], 0, "No known flaws."),
        (
            [{"name": "x", "version": "1", "vulns": [{"id": "CVE-2026-1", "fix_versions": ["2"]}]}],
            1,
            "x 1: CVE-2026-1, mended in 2.",
        ),
        ([{"name": "x", "version": "1", "vulns": [{"id": "CVE-2026-1", "fix_versions": []}]}], 1, "in no version yet"),
        ([{"name": "x", "skip_reason": "not found"}], 3, "NOT AUDITED. The advisory service didn't find 1 packages"),
    ],
)
def test_an_audit_tells_flaws_and_does_not_take_silence_for_soundness(folder, monkeypatch, capsys, told, code, said):
    answering(monkeypatch, json.dumps({"dependencies": told}))
    assert supply.audit() == code
    assert said in capsys.readouterr().out


def test_a_service_that_is_away_is_told(folder, monkeypatch, capsys):
    answering(monkeypatch, "", "Traceback\nConnectionError: no route")
    assert supply.audit() == supply.NOT_REACHED
    assert "NOT AUDITED. pip-audit gave no answer: ConnectionError: no route" in capsys.readouterr().out


def test_installing_takes_hashes(monkeypatch):
    asked = []
    done = subprocess.CompletedProcess([], 0, b"", b"")
    monkeypatch.setattr(bootstrap.subprocess, "run", lambda command, **kwargs: asked.append(command) or done)
    bootstrap.install("config/requirements-services.txt")
    assert asked[0][-3:] == ["--require-hashes", "-r", "config/requirements-services.lock"]
