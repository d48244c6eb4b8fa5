"""The newsroom under load: filled, and served by gunicorn with the production settings."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.load.services import free_port

ROOT = Path(__file__).resolve().parents[2]
ARTICLES = int(os.environ.get("LOAD_ARTICLES", "8000"))
WORKERS, THREADS = 2, 4
PASSWORD = "a password for one load test"

ABOUT = """
editor = User.objects.create_user("editor", password=PASSWORD, is_staff=True)
editor.groups.set(Group.objects.filter(name__in=("editor", "publisher")))
public = Article.objects.public().newest_first()
on_the_first_page = public[19]
undecided = Article.objects.filter(state="undecided", heat__gte=0, published_at__gt=on_the_first_page.published_at)
found = {
    "stories": list(public.values_list("name", flat=True)[:300]),
    "topics": list(dict.fromkeys(public.exclude(topics=None).values_list("topics__slug", flat=True)[:5000])),
    "outlets": list(dict.fromkeys(public.values_list("provider__domain", flat=True)[:200])),
    "days": sorted({each.date().isoformat() for each in public.values_list("published_at", flat=True)[:300]}),
    "undecided": [list(row) for row in undecided.newest_first().values_list("pk", "name", "title")[:60]],
}
"""


class Site:
    """`environment` names the services. Its processes are children of `process`, gunicorn."""

    def __init__(self, folder: Path, database: str, cache: str) -> None:
        self.port = free_port()
        self.environment = os.environ | {
            "SECRET_KEY": "for-the-load-test-only-0123456789abcdefghijklmnopqrst",
            "ALLOWED_HOSTS": "127.0.0.1",
            "HTTPS": "false",
            "DEBUG": "false",
            "BEHIND_PROXY": "true",  # readers come from many addresses
            "DATABASE_URL": database,
            "CACHE_URL": cache,
            "STATIC_ROOT": str(folder / "static"),
            "MEDIA_ROOT": str(folder / "media"),
            "PYTHONWARNINGS": "ignore",
            "WEB_BIND": f"127.0.0.1:{self.port}",
            "WEB_PROCESSES": str(WORKERS),
            "WEB_THREADS": str(THREADS),
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        self.log = folder / "gunicorn.log"
        self.process: subprocess.Popen[bytes] | None = None

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=600)

    def must(self, *arguments: str) -> str:
        done = self.manage(*arguments)
        if done.returncode:
            raise RuntimeError(f"manage.py {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout

    def fill(self) -> dict[str, Any]:
        """Make the newsroom and its editor; return what can be asked for, by kind."""
        self.must("migrate", "--verbosity", "0")
        self.must("collectstatic", "--no-input", "--verbosity", "0")
        self.must("generate_articles", str(ARTICLES), "--verbosity", "0")
        return self.ask("found", ABOUT.replace("PASSWORD", repr(PASSWORD)))

    def ask(self, expression: str, before: str = "") -> Any:
        """Return what an expression about the newsroom's models says."""
        imports = "import json\nfrom articles.models import *\nfrom django.contrib.auth.models import Group, User\n"
        told = self.must("shell", "--no-imports", "-c", f"{imports}{before}\nprint('SAID', json.dumps({expression}))")
        return json.loads(told.split("SAID ", 1)[1])

    def serve(self) -> None:
        configuration = ROOT / "config" / "gunicorn.conf.py"
        flags = ["--workers", str(WORKERS), "--worker-class", "gthread", "--threads", str(THREADS)]
        bind = ["--bind", f"127.0.0.1:{self.port}", "--worker-tmp-dir", "/dev/shm", "--keep-alive", "75"]  # noqa: S108
        options = ["-c", str(configuration)] if configuration.exists() else [*flags, *bind]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", *options, "config.wsgi"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    def wait(self) -> None:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise RuntimeError(f"gunicorn doesn't answer:\n{self.last_lines()}")

    def last_lines(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def memory(self) -> float:
        """Return the megabytes that all its processes hold, what they share counted once."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return sum(map(_proportional, [str(self.process.pid), *children])) / 1024

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=40)


def _proportional(pid: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has just ended
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
