"""How gunicorn serves: `gunicorn -c config/gunicorn.conf.py`. docs/settings.md lists what can be changed.

The settings are read apart from Django, and what that imports of our code is forgotten, so that processes started after
a reload (SIGHUP) import the new code.
"""

import json
import logging
import runpy
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

_ROOT = Path(__file__).resolve().parent.parent


def _read_settings() -> dict[str, Any]:
    """Return the settings, or exit with a sentence about the one that can't be used."""
    loaded = set(sys.modules)
    sys.path.insert(0, str(_ROOT))
    from config.variables import start_up_message  # noqa: PLC0415  needs the path

    try:
        return runpy.run_path(str(_ROOT / "config" / "settings.py"))
    except ImproperlyConfigured as error:
        sys.exit(start_up_message(error))
    finally:
        sys.path.remove(str(_ROOT))
        for name in set(sys.modules) - loaded:
            if name.partition(".")[0] == "config":
                del sys.modules[name]


_settings = _read_settings()

wsgi_app = "config.wsgi:application"
chdir = str(_settings["BASE_DIR"])
bind = _settings["WEB_BIND"]
workers = _settings["WEB_PROCESSES"]
threads = _settings["WEB_THREADS"]
worker_class = "gthread"
timeout = graceful_timeout = _settings["WEB_SECONDS"]
keepalive = 5  # seconds; for browsers without a proxy between, which opens a connection for each request
max_requests, max_requests_jitter = 100_000, 20_000  # processes are restarted periodically, never all at once
worker_connections = threads * 2  # further requests wait in the backlog for whichever process is free first
backlog = 512
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 the heartbeat must not wait for a disk
control_socket_disable = True
# BEHIND_PROXY alone decides whether X-Forwarded-Proto is trusted, and Django reads it.
forwarded_allow_ips = ""
accesslog, errorlog = None, "-"


class JsonFormatter(logging.Formatter):
    """Format the lines of gunicorn's main process, which doesn't import the site's code: a reload must replace it."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message = super().format(record)  # with the exception
        return json.dumps({"time": time, "level": record.levelname, "logger": record.name, "message": message})


if _settings["LOG_FORMAT"] == "json":
    logconfig_dict = {
        "formatters": {"json": {"()": JsonFormatter}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
        "loggers": {"gunicorn.error": {"handlers": ["console"], "propagate": False}},
        "root": {"level": "WARNING", "handlers": ["console"]},
    }


def on_starting(server: Any) -> None:
    """Start counting requests from zero, as prometheus_client advises: each process adds a file that nobody removes."""
    for file in Path(_settings["METRICS_DIR"]).glob("*.db"):
        file.unlink()


def when_ready(server: Any) -> None:
    """Warn that gunicorn must not be exposed to the internet: a few slow clients would take all its threads."""
    if not _settings["BEHIND_PROXY"]:
        server.log.warning(
            "Without a proxy in front this server is for a trusted network only. For production put nginx in front "
            "(docs/deploy/README.md) and set BEHIND_PROXY=true."
        )
