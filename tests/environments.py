"""The environment of isolated sites: independent of the developer's shell."""

import os
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

from environ import Env

ROOT = Path(__file__).resolve().parent.parent
KEY = "0123456789abcdefghijklmnopqrstuvwxyz-0123456789abcdefghijklmnopqrstuvwxyz"
SOUND = {"SECRET_KEY": KEY, "ALLOWED_HOSTS": "news.example", "DEBUG": "false"}
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "PGPASSWORD")


def newsroom_environment(around: Mapping[str, str], folder: Path, **settings: str) -> dict[str, str]:
    """Return the variables of a site that keeps its data in `folder`; `settings` override the defaults."""
    defaults = {
        "SECRET_KEY": "for-tests-only-0123456789abcdefghijklmnopqrstuvwxyz",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "HTTPS": "false",
        "DEBUG": "false",
        "API_RATE": "0",
        "SEARCH_RATE": "0",
        "DATABASE_URL": f"sqlite:///{folder / 'newsroom.sqlite3'}",
        "REPLICA_URL": "",
        "CACHE_URL": "locmemcache://",
        "MEDIA_STORAGE": "",
        "MEDIA_ROOT": str(folder / "media"),
        "STATIC_ROOT": str(folder / "static"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    return {name: around[name] for name in INHERITED if name in around} | defaults | settings


def made(module: str = "settings.py", **environment: str) -> dict[str, Any]:
    """Return the globals of a module of config/ with only these variables; a developer's .env is ignored."""
    complete = {"DATABASE_URL": "sqlite://:memory:"} | environment
    with patch.dict(os.environ, complete, clear=True), patch.object(Env, "read_env"):
        return runpy.run_path(str(ROOT / "config" / module))
