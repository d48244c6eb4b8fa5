"""The fuzzer finds what it looks for, and can show it again."""

from __future__ import annotations

import multiprocessing
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import fuzzing
from benchmarks.fuzzing import STATE, Target, case, work

pytestmark = pytest.mark.thorough

EXAMPLES = [b"---\ntitle: x\n---\n", b"a: b\n"]


def fails(raw: bytes) -> None:
    raise RuntimeError("broken")


def spins(raw: bytes) -> None:
    while True:
        pass


def eats(raw: bytes) -> None:
    bytearray(2 * fuzzing.MEMORY_MAX)


def refuses(raw: bytes) -> None:
    raise ValueError


@pytest.mark.parametrize(
    ("read", "code", "reason"),
    [
        (fails, 1, "RuntimeError: broken"),
        (spins, 1, "took longer"),
        (eats, 1, "MemoryError"),
        (refuses, 0, ""),
        (len, 0, ""),
    ],
)
def test_a_worker_reports_what_breaks_its_target(tmp_path, monkeypatch, read, code, reason):
    shared, output = tmp_path / "state", tmp_path / "output"
    shared.write_bytes(STATE.pack(0, 0.0, 0))
    monkeypatch.setattr(fuzzing, "MEMORY_MAX", 4_000_000_000)  # more than the tests themselves have open
    monkeypatch.setitem(fuzzing.TARGETS, "bad", Target(lambda: EXAMPLES, read, lambda: (ValueError,), 0.05))

    def run() -> None:
        sys.stderr = output.open("w")
        sys.exit(work("bad", "1", 0, time.time() + 0.3, shared))

    worker = multiprocessing.get_context("fork").Process(target=run)
    worker.start()
    worker.join(20)

    assert worker.exitcode == code
    assert reason in output.read_text()
    assert (STATE.unpack(shared.read_bytes())[0] > 0) == (code == 0)


def test_a_seed_and_a_number_reproduce_a_case():
    cases = [case(EXAMPLES, "1", number) for number in range(200)]
    assert cases == [case(EXAMPLES, "1", number) for number in range(200)]
    assert len(set(cases)) > 150


@pytest.mark.parametrize("seconds", ["0", "-1", "nan"])
def test_a_run_without_time_is_rejected(seconds):
    command = [sys.executable, "-m", "benchmarks.fuzzing", "documents", "--seconds", seconds]
    done = subprocess.run(command, cwd=Path(fuzzing.ROOT), capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "a run takes 1 second or more" in done.stderr
    assert "cases" not in done.stdout


@pytest.mark.parametrize("target", fuzzing.TARGETS)
def test_each_target_survives_a_few_seconds_of_fuzzing(target):
    command = [sys.executable, "-m", "benchmarks.fuzzing", target, "--seconds", "2", "--seed", "7"]
    done = subprocess.run(command, cwd=Path(fuzzing.ROOT), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 problems (seed 7)" in done.stdout
    assert int(re.search(r"(\d+) cases", done.stdout)[1]) >= fuzzing.CASES_MIN
