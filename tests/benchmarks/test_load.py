"""The load test runs each night; that it starts is tested with every change."""

import os
import subprocess
import sys

import pytest

from benchmarks.serving import ROOT


@pytest.mark.integration
def test_the_load_test_starts_without_settings():
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-m", "benchmarks.load", "--help"]
    started = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert started.returncode == 0, started.stderr
    assert "--untimed" in started.stdout
