"""A confined process can compute and use its pipes, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from sandbox import confinement

pytestmark = pytest.mark.integration  # starts processes

CONFINEMENT = """
import json, os, signal, socket, subprocess, sys, threading
from sandbox import confinement
attempts = {
    "open a file": lambda: open("/etc/passwd"),
    "write a file": lambda: open("/tmp/written-by-a-child", "w"),
    "list a folder": lambda: os.listdir("/"),
    "read its environment": lambda: open("/proc/self/environ"),
    "connect": lambda: socket.socket(),
    "connect on this machine": lambda: socket.socketpair(),
    "start a process": lambda: os.fork(),
    "start a program": lambda: os.execv("/bin/true", ["true"]),
    "start a program in a process": lambda: subprocess.Popen(["/bin/true"]),
    "signal its parent": lambda: os.kill(os.getppid(), 0),
    "change a name": lambda: os.rename("/tmp/a", "/tmp/b"),
    "limit its parent": lambda: __import__("resource").prlimit(PARENT, 7, (9, 9)),
}
PARENT = os.getppid()
confinement.confine()
results = {}
for name, attempt in attempts.items():
    try:
        attempt()
    except PermissionError:
        results[name] = "refused"
    except Exception as error:
        results[name] = repr(error)
    else:
        results[name] = "done"
thread = threading.Thread(target=lambda: results.update(thread="done"))
thread.start()
thread.join()
os.write(1, json.dumps(results).encode())
"""


@pytest.mark.skipif(bool(confinement.missing_support()), reason="the kernel can't confine processes")
def test_a_confined_process_has_no_network_no_processes_and_no_files():
    done = subprocess.run([sys.executable, "-c", CONFINEMENT], capture_output=True, timeout=30, check=False)
    results = json.loads(done.stdout or b"{}")
    assert results.pop("thread", done.stderr) == "done"  # some libraries use threads
    assert len(results) == 12
    assert set(results.values()) == {"refused"}, results
