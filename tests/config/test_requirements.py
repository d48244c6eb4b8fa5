"""The lock files match the requirements, and an incomplete audit is reported."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from config import audit
from config.settings import BASE_DIR

PIN_PATTERN = re.compile(r"^([\w.-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    """Return the version of each package that a requirements or lock file names."""
    return {package.lower(): version for package, version in PIN_PATTERN.findall((BASE_DIR / name).read_text())}


@pytest.mark.parametrize("name", ["requirements", "config/requirements-services", "requirements-dev"])
def test_a_lock_file_contains_the_requirements_and_agrees_with_the_audited_one(name):
    locked = pins(f"{name}.lock")
    assert pins(f"{name}.txt").items() <= locked.items(), "run: make lock"
    assert locked.items() <= pins(audit.LOCK).items(), "run: make lock"


@pytest.mark.parametrize("name", ["requirements", "config/requirements-services", "requirements-dev"])
def test_requirements_are_exact_versions(name):
    lines = (BASE_DIR / f"{name}.txt").read_text().splitlines()
    assert all(PIN_PATTERN.match(line) for line in lines if not line.startswith(("#", "-r ")))


def package(**values: object) -> dict[str, object]:
    return {"name": "x", "version": "1", "vulns": []} | values


def vulnerability(*fix_versions: str) -> dict[str, object]:
    return {"id": "CVE-2026-1", "fix_versions": fix_versions}


@pytest.mark.parametrize(
    ("packages", "code", "sentence"),
    [
        ([package()], 0, "No known vulnerabilities in 1 packages."),
        ([package(vulns=[vulnerability("2")])], 1, "x 1 has a known vulnerability, CVE-2026-1, fixed in 2."),
        ([package(vulns=[vulnerability()]), {"name": "y", "skip_reason": "?"}], 1, "fixed in no version yet."),
        ([{"name": "y", "skip_reason": "?"}], 3, "NOT AUDITED: the advisory service doesn't know 1 packages, for"),
        ([], 3, "NOT AUDITED: the advisory service can't be reached (ConnectionError: no route)."),
    ],
)
def test_an_audit_reports_vulnerabilities_and_packages_it_could_not_check(
    monkeypatch, capsys, tmp_path, packages, code, sentence
):
    answer = json.dumps({"dependencies": packages}) if packages else ""
    done = subprocess.CompletedProcess([], 0, answer, "Traceback\nConnectionError: no route\n")
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **options: done)
    monkeypatch.setattr(audit, "SBOM", tmp_path / "sbom.json")
    assert audit.main() == code
    assert sentence in capsys.readouterr().out
