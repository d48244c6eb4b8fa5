"""How gunicorn serves: `gunicorn -c config/gunicorn.conf.py`. docs/settings.md lists what can be changed.

The settings are read apart from Django, so that processes started after a reload (SIGHUP) load the code anew.
"""

import ctypes
import gc
import json
import logging
import random
import runpy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_settings = runpy.run_path(str(Path(__file__).with_name("settings.py")))

wsgi_app = "config.wsgi:application"
chdir = str(_settings["BASE_DIR"])
bind = _settings["WEB_BIND"]
workers = _settings["WEB_PROCESSES"]
threads = _settings["WEB_THREADS"]
worker_class = "config.worker.Worker"  # threads; keeps connections of proxies and readers open
timeout = graceful_timeout = _settings["WEB_SECONDS"]
keepalive = 75  # seconds; longer than proxies keep theirs, or they would send into a connection that is just closing
# Whatever grows is given back, never by all processes at once; rarely, for it closes connections that are kept open.
max_requests, max_requests_jitter = 1_000_000, 200_000
CROWD, CLOSED_OF_CROWD, CLOSED_MAX = 50, 1 / 25, 1 / 10  # connections of a worker; shares of its answers that end one
backlog = 512
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 a heartbeat that waits for no disk
control_socket_disable = True
# Only BEHIND_PROXY decides whom we believe that a request came over TLS, and Django asks it.
forwarded_allow_ips = ""
accesslog, errorlog = None, "-"

# glibc gives each thread an arena of its own, and what one has freed serves no other. And once a big block was freed,
# it keeps such blocks among the small ones, which hold their pages for good: whole pages of ours are big.
ARENAS_MAX, MAPPED_FROM = -8, -3  # mallopt(3): M_ARENA_MAX, M_MMAP_THRESHOLD
if hasattr(_libc := ctypes.CDLL(None), "mallopt"):
    _libc.mallopt(ARENAS_MAX, 2)
    _libc.mallopt(MAPPED_FROM, 65_536)


class JsonLines(logging.Formatter):
    """What gunicorn says outside of the site's processes. Theirs, imported here, would not be loaded anew on reload."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message = super().format(record)  # with the exception
        return json.dumps({"time": time, "level": record.levelname, "logger": record.name, "message": message})


if _settings["LOG_FORMAT"] == "json":
    logconfig_dict = {
        "formatters": {"json": {"()": JsonLines}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
        "loggers": {"gunicorn.error": {"handlers": ["console"], "propagate": False}},
        "root": {"level": "WARNING", "handlers": ["console"]},
    }


def post_worker_init(worker: Any) -> None:
    """Leave what was loaded at start out of garbage collection.

    The last generation is looked through once a quarter as much has come as it holds: with all modules and views in it,
    170,000 objects, that is after 40,000 more.
    """
    gc.collect()
    gc.freeze()


def pre_request(worker: Any, request: Any) -> None:
    """Close some connections after their answer: who comes again is taken by the worker that is there first.

    gunicorn leaves a connection with the worker that took it, so of a hundred busy ones a worker may have ninety, which
    wait for each other, while the ten of another are answered at once. Both answer as many requests, so by one share
    both would close as many: the more a worker has, the larger its share, and they even out within seconds.
    """
    share = min((worker.nr_conns / CROWD) ** 2 * CLOSED_OF_CROWD, CLOSED_MAX)
    if random.random() < share:  # noqa: S311  nothing secret
        request.force_close()
