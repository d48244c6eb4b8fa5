"""The desk's JavaScript modules without DOM access, tested with Node's test runner."""

import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = sorted((Path(__file__).parent / "js").glob("*.test.mjs"))


@pytest.mark.smoke
def test_keymap_and_request_queue():
    node = shutil.which("node")
    assert node, "Node is not installed. On Debian: apt-get install nodejs (as root)."
    result = subprocess.run([node, "--test", *TESTS], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
