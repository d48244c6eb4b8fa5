"""Files of pictures that no row names: what a run left that was killed between the files and the row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.files.storage import FileSystemStorage, default_storage
from django.db import transaction
from django.utils import timezone

from articles.models import Picture
from pictures import files
from providers.models import ProviderLogo

from .store import follow_others, names_of

AGE = timedelta(days=1)  # younger files may be those of a run at work, whose row comes yet
_GROUP_PATTERN = re.compile(r"[0-9a-f]{2}")
_KEY_PATTERN = re.compile(rf"[0-9a-f]{{{files.KEY_LENGTH}}}")
_OLD_COPY_PATTERN = re.compile(r"[0-9a-f]{64}\.(jpg|png)")  # of one size, as they were before there were renditions


def sweep(*, now: datetime | None = None, dry_run: bool = False) -> int:
    """Delete files that are older than AGE and named by nothing; return how many there were. Raises OSError."""
    before = (now or timezone.now()) - AGE
    found = 0
    for kind in (files.PICTURES, files.LOGOS):
        for group in _folders(kind, _GROUP_PATTERN):
            strays = [name for name in _strays(group) if default_storage.get_modified_time(name) < before]
            if strays and not dry_run:
                with transaction.atomic():
                    follow_others()  # no row comes up while we look again and delete
                    files.delete(set(strays) - _named(group))
            found += len(strays)
    return found


def _strays(group: str) -> list[str]:
    """Return the files below `group`, one of the folders named by two digits, that no row names."""
    named = _named(group)
    known = {name.rpartition("/")[0] for name in named}
    # Only a disk keeps parts of files, and only there is looking into each folder cheap.
    on_disk = isinstance(default_storage, FileSystemStorage)
    found = [name for name in _files(group) if _OLD_COPY_PATTERN.fullmatch(name.rpartition("/")[2])]
    for folder in _folders(group, _KEY_PATTERN):
        if on_disk or folder not in known:
            found += _files(folder)
    return [name for name in found if name not in named]


def _named(group: str) -> set[str]:
    """Return the files below `group` that rows name."""
    kind, _, start = group.partition("/")
    kept = Picture.objects.filter(removed=False)
    kept = kept.filter(key__startswith=start) if kind == files.PICTURES else kept.filter(logo__startswith=f"{group}/")
    named = {name for picture in kept for name in names_of(picture)}
    for logo in ProviderLogo.objects.filter(file__startswith=f"{group}/").values_list("file", flat=True):
        named.update([logo, *files.narrower(logo)])
    return named


def _folders(parent: str, pattern: re.Pattern[str]) -> Iterator[str]:
    return (f"{parent}/{name}" for name in _listed(parent)[0] if pattern.fullmatch(name))


def _files(folder: str) -> list[str]:
    return [f"{folder}/{name}" for name in _listed(folder)[1]]


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        return default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []
