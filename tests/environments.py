"""The environment of isolated sites: independent of the developer's shell."""

from collections.abc import Mapping
from pathlib import Path

INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONDONTWRITEBYTECODE", "PGPASSWORD")


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
