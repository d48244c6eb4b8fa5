"""Test servers that can be stopped and started: PostgreSQL with a standby, Redis, nginx, and the site on gunicorn.

Used by the tests of services and by the load test, which runs without pytest.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

from tests.environments import newsroom_environment
from tests.migrated_database import migrated_file

ROOT = Path(__file__).resolve().parent.parent
BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
POSTGRES_BIN = str(BINARIES[-1]) if BINARIES else os.path.dirname(shutil.which("initdb") or "")
OWNER = (
    {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
)  # PostgreSQL refuses to run as root


UNTRUSTED_TLS = ssl.create_default_context()  # for the self-signed certificate of nginx
UNTRUSTED_TLS.check_hostname, UNTRUSTED_TLS.verify_mode = False, ssl.CERT_NONE
NGINX = ROOT / "docs" / "deploy"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")  # nginx keeps a folder for each


def missing(*programs: str) -> list[str]:
    """Return the programs that are missing on this machine; those of PostgreSQL needn't be on PATH."""
    path = os.pathsep.join([POSTGRES_BIN, os.environ.get("PATH", "")])
    return [name for name in programs if not shutil.which(name, path=path)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition: Callable[[], Any], seconds: float, what: str) -> float:
    """Wait for a condition and return the seconds it took."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, f"{what}: not within {seconds} seconds"
        time.sleep(0.05)
    return time.monotonic() - start


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


class Postgres:
    """A cluster in a temporary folder, with `settings` added to the server's defaults; `stop_mode` is pg_ctl's.

    With `primary` it is a standby of that cluster, with the same settings.
    """

    def __init__(
        self,
        settings: dict[str, str] | None = None,
        *,
        primary: Postgres | None = None,
        stop_mode: str = "immediate",
    ) -> None:
        self.settings = settings or (primary.settings if primary else {})
        self.stop_mode = stop_mode
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="newsfold-pg-", dir="/tmp"))
        if OWNER:
            shutil.chown(self.folder, "postgres", "postgres")
        self.data = self.folder / "data"
        if primary:
            dsn = f"host=127.0.0.1 port={primary.port} user=newsfold"
            self._run("pg_basebackup", "-D", str(self.data), "-d", dsn, "-R", "-c", "fast", "--no-sync")
        else:
            language = ["-E", "UTF8", "--locale=C.UTF-8"]
            self._run("initdb", "-D", str(self.data), "-U", "newsfold", "-A", "trust", *language, "--no-sync")
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        command = [os.path.join(POSTGRES_BIN, program), *arguments]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=60, check=False, **OWNER)
        assert done.returncode == 0, done.stderr + done.stdout

    def _control(self, *arguments: str) -> None:
        log = self.folder / "log"
        options = ["-D", str(self.data), "-w", "-t", "30", "-l", str(log), *arguments]
        # The server outlives pg_ctl and would keep a pipe open.
        command = [os.path.join(POSTGRES_BIN, "pg_ctl"), *options]
        subprocess.run(command, cwd="/", check=True, timeout=60, stdout=subprocess.DEVNULL, **OWNER)

    @property
    def options(self) -> str:
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self.folder,
            **self.settings,
        }
        return " ".join(f"-c {name}={value}" for name, value in settings.items())

    def start(self) -> None:
        self._control("-o", self.options, "start")

    def stop(self) -> None:
        self._control("-m", self.stop_mode, "stop")

    def sql(self, statement: str, database: str = "postgres") -> Any:
        import psycopg

        dsn = f"host=127.0.0.1 port={self.port} user=newsfold dbname={database}"
        with psycopg.connect(dsn, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchone()[0] if cursor.description else None

    def url(self, database: str = "postgres") -> str:
        return f"postgres://newsfold@127.0.0.1:{self.port}/{database}"

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def close(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Redis:
    """A Redis server without persistence; `options` are passed to redis-server."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port, self.folder, self.options = free_port(), folder, options
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", self.folder]
        self.process = subprocess.Popen([*command, *self.options], stdout=subprocess.DEVNULL)
        wait_until(lambda: answers(self.port), 10, "Redis answers")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(timeout=10)

    def pause(self, *, resume: bool = False) -> None:
        """Suspend the server: it accepts connections and never responds."""
        self.process.send_signal(signal.SIGCONT if resume else signal.SIGSTOP)


@dataclass
class Site:
    """A site in an isolated environment, its commands, and gunicorn as in production."""

    folder: Path
    settings: dict[str, str]
    root: Path = ROOT
    prefix: list[str] = field(default_factory=list)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.http = urllib3.PoolManager(maxsize=20, retries=False, timeout=20)
        bind = {"WEB_BIND": f"127.0.0.1:{self.port}"}
        self.environment = newsroom_environment(os.environ, self.folder, **(bind | self.settings))

    def manage(self, *command: str) -> str:
        return self._output_of("manage.py", *command)

    def python(self, program: str) -> Any:
        """Run a program with Django set up, and return what it printed as JSON."""
        start = "import django, json\ndjango.setup()\n"
        return json.loads(self._output_of("-c", start + program))

    def _output_of(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python with these arguments, whatever its exit code."""
        return subprocess.run(
            [*self.prefix, sys.executable, *arguments],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def set_up(self) -> None:
        if self.environment["DATABASE_URL"].startswith("sqlite"):
            shutil.copy(migrated_file(), self.folder / "newsroom.sqlite3")
        else:
            self.manage("migrate", "-v0")
        self.manage("collectstatic", "--noinput", "-v0")

    def serve(self) -> None:
        command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.conf.py"]
        with (self.folder / "gunicorn.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.prefix + command, cwd=self.root, env=self.environment, stdout=log, stderr=log
            )
        try:
            wait_until(lambda: answers(self.port), 30, "gunicorn answers")
        except AssertionError as late:
            late.add_note(self.last_lines())
            raise

    def get(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        return self.http.request("GET", f"http://127.0.0.1:{self.port}{path}", headers=headers)

    def request_as_editor(self, method: str, path: str, **fields: Any) -> urllib3.BaseHTTPResponse:
        origin = f"http://127.0.0.1:{self.port}"
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": cookie, "X-CSRFToken": self.cookies["csrf"], "Origin": origin}
        body = {"fields": fields, "encode_multipart": False} if fields else {}
        return self.http.request(method, origin + path, headers=headers, redirect=False, **body)

    def sign_in(self) -> None:
        """Sign in a superuser for `request_as_editor`."""
        self.cookies = {"csrf": "c" * 32} | self.python(SIGN_IN)

    def log(self) -> str:
        return (self.folder / "gunicorn.log").read_text(errors="replace")

    def last_lines(self) -> str:
        return "\n".join(self.log().splitlines()[-15:])

    def close(self) -> None:
        self.http.clear()
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                self.process.kill()


SIGN_IN = """
from django.contrib.auth.models import User
from django.test import Client
user, _ = User.objects.get_or_create(username="eve", is_staff=True, is_superuser=True)
client = Client()
client.force_login(user)
print(json.dumps({name: morsel.value for name, morsel in client.cookies.items()}))
"""


class Nginx:
    """Debian's nginx with a shipped configuration; only ports, certificate and folders are replaced.

    `nginx.conf` serves `url` with TLS, `nginx-compose.conf` without. If not `limited`, a client has no limits on
    requests and connections: the load test is one client that stands for many.
    """

    def __init__(self, upstream: int, shipped: str = "nginx.conf", *, limited: bool = True) -> None:
        self.port, self.plain_port = free_port(), free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.folder = Path(tempfile.mkdtemp(prefix="newsfold-nginx-", dir="/tmp"))
        self.folder.chmod(0o755)  # its worker processes don't run as root
        folders = "".join(f"{name}_temp_path {self.folder}/{name};\n" for name in TEMPORARY)
        substitutions = {"http {\n": "http {\n" + folders}
        if shipped == "nginx.conf":
            substitutions |= self._make_certificate() | {
                "listen [::]": "# listen [::]",
                "listen 80": f"listen 127.0.0.1:{self.plain_port}",
                "listen 443": f"listen 127.0.0.1:{self.port}",
                "server_name news.example": "server_name 127.0.0.1 localhost",
                "127.0.0.1:8000": f"127.0.0.1:{upstream}",
            }
        else:
            self.url = f"http://127.0.0.1:{self.port}"
            substitutions |= {"listen 8000 ": f"listen 127.0.0.1:{self.port} ", "web:8000": f"127.0.0.1:{upstream}"}
        text = (NGINX / shipped).read_text()
        for part, replacement in substitutions.items():
            assert part in text, f"{shipped} has no {part!r}"
            text = text.replace(part, replacement)
        (self.folder / "nginx.conf").write_text(text)
        proxy = (NGINX / "nginx-proxy.conf").read_text().splitlines(keepends=True)
        kept = [line for line in proxy if limited or not line.startswith("limit_")]
        (self.folder / "nginx-proxy.conf").write_text("".join(kept))

    def _make_certificate(self) -> dict[str, str]:
        certificate, key = str(self.folder / "certificate.pem"), str(self.folder / "key.pem")
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True, timeout=30)
        shipped = "/etc/ssl/news.example"
        return {f"{shipped}/fullchain.pem": certificate, f"{shipped}/privkey.pem": key}

    def command(self, *arguments: str) -> list[str]:
        directives = f"daemon off; pid {self.folder}/nginx.pid;"
        return [
            "nginx",
            "-e",
            f"{self.folder}/error.log",
            "-c",
            f"{self.folder}/nginx.conf",
            "-g",
            directives,
            *arguments,
        ]

    def check(self) -> str:
        """Return the output of `nginx -t`."""
        done = subprocess.run(self.command("-t"), capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr
        return done.stderr

    def start(self) -> None:
        self.process = subprocess.Popen(self.command())
        wait_until(lambda: answers(self.port), 10, "nginx answers")

    def log(self) -> str:
        return (self.folder / "error.log").read_text(errors="replace")

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)
        shutil.rmtree(self.folder, ignore_errors=True)
