"""SIGINT and SIGTERM end a command at any point, even where Python would drop the exception."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from config.settings import BASE_DIR

pytestmark = pytest.mark.integration

PROGRAM = """
import os, signal, sys, time, weakref
from config.command_signals import interrupt_on_sigterm

class Thing: pass

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs start with SIGINT ignored
interrupt_on_sigterm()
thing = Thing()
watch = weakref.ref(thing, lambda ref: os.kill(os.getpid(), int(sys.argv[1])))
try:
    del thing
    time.sleep(20)
    print("continued")
except KeyboardInterrupt:
    print("stopped")
"""
OTHER = """
from config.command_signals import interrupt_on_sigterm

class Thing:
    def __del__(self):
        raise ValueError("an ordinary error")

interrupt_on_sigterm()
Thing()
"""


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_python_drops_is_sent_again(how):
    done = run(PROGRAM, str(int(how)))
    assert (done.stdout, done.stderr) == ("stopped\n", "")


def test_other_dropped_exceptions_are_still_reported():
    assert "an ordinary error" in run(OTHER).stderr
