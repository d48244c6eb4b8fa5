"""The environment of a newsroom of its own: what a developer's shell has set decides nothing in it."""

from collections.abc import Mapping
from pathlib import Path

KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONDONTWRITEBYTECODE", "PGPASSWORD")  # of those around it


def newsroom_environment(around: Mapping[str, str], folder: Path, **settings: str) -> dict[str, str]:
    """Return the variables of a newsroom that keeps all it has in `folder`; `settings` win over what stands here."""
    own = {
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
    return {name: around[name] for name in KEPT if name in around} | own | settings
