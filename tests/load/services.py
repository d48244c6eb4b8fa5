"""A PostgreSQL and a Redis of the load test's own, on ports of their own, which it may stop and start."""

from __future__ import annotations

import glob
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def missing() -> str:
    """Return what isn't installed of what the load test needs; empty if all is there."""
    wanted = {"wrk": shutil.which("wrk"), "redis-server": shutil.which("redis-server"), "postgresql": _binaries()}
    return ", ".join(name for name, found in wanted.items() if not found)


def _binaries() -> str:
    found = shutil.which("pg_ctl")
    folders = [os.path.dirname(found)] if found else []
    return (folders + sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True) + [""])[0]


class Postgres:
    """Its server refuses to run as root, so root runs it as the user postgres."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder / "postgresql"
        self.folder.mkdir()
        self.user = {"user": "postgres"} if os.getuid() == 0 else {}
        if self.user:
            shutil.chown(self.folder, "postgres")
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        self.start()

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c shared_buffers=256MB"
        self._run("pg_ctl", "start", "-w", "-l", str(self.folder / "log"), "-o", options)

    def stop(self) -> None:
        """Stop it as an upgrade does: those who are connected are sent away."""
        self._run("pg_ctl", "stop", "-w", "-m", "fast")

    def _run(self, program: str, *arguments: str) -> None:
        command = [f"{_binaries()}/{program}", "-D", str(self.folder), *arguments]
        done = subprocess.run(
            command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **self.user
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr.strip()}")


class Redis:
    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        limits = ["--maxmemory", "256mb", "--maxmemory-policy", "allkeys-lru", "--dir", str(self.folder)]
        self.process = subprocess.Popen(["redis-server", *options, *limits], stdout=subprocess.DEVNULL)
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise RuntimeError("redis-server doesn't answer")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)
