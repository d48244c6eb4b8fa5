"""Delete files that belong to no picture, left by a run that was killed between writing the files and the row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from django.core.files.storage import FileSystemStorage, default_storage
from django.db import transaction
from django.utils import timezone

from articles.models import Picture
from pictures import files
from providers.models import ProviderLogo

from .store import file_names, lock_pictures

MIN_AGE = timedelta(days=1)  # younger files may belong to a run that hasn't written the row yet
_GROUP_PATTERN = re.compile(r"[0-9a-f]{2}")
_KEY_PATTERN = re.compile(rf"[0-9a-f]{{{files.KEY_LENGTH}}}")
_OLD_COPY_PATTERN = re.compile(r"[0-9a-f]{64}\.(jpg|png)")  # the one copy of a picture before there were renditions


def delete_orphan_files(*, dry_run: bool = False) -> int:
    """Delete files older than MIN_AGE that nothing refers to; return how many there were. Raises OSError."""
    before = timezone.now() - MIN_AGE
    count = 0
    for kind in (files.PICTURES, files.LOGOS):
        for group in _folders(kind, _GROUP_PATTERN):
            orphans = [name for name in _orphans(group) if default_storage.get_modified_time(name) < before]
            if orphans and not dry_run:
                with transaction.atomic():
                    lock_pictures()  # no row is added between this check and the deletion
                    files.delete(set(orphans) - _referenced(group))
            count += len(orphans)
    return count


def _orphans(group: str) -> list[str]:
    """Return the files below `group`, a folder such as `pictures/0a`, that nothing refers to."""
    referenced = _referenced(group)
    used_folders = {name.rpartition("/")[0] for name in referenced}
    # Only disks hold partly written files, and only there is it cheap to look into each folder.
    on_disk = isinstance(default_storage, FileSystemStorage)
    names = [name for name in _files(group) if _OLD_COPY_PATTERN.fullmatch(name.rpartition("/")[2])]
    for folder in _folders(group, _KEY_PATTERN):
        if on_disk or folder not in used_folders:
            names += _files(folder)
    return [name for name in names if name not in referenced]


def _referenced(group: str) -> set[str]:
    kind, _, prefix = group.partition("/")
    pictures = Picture.objects.filter(removed=False)
    in_group = {"key__startswith": prefix} if kind == files.PICTURES else {"logo__startswith": f"{group}/"}
    names = {name for picture in pictures.filter(**in_group) for name in file_names(picture)}
    for logo in ProviderLogo.objects.filter(file__startswith=f"{group}/").values_list("file", flat=True):
        names.update([logo, *files.smaller_logo_files(logo)])
    return names


def _folders(parent: str, pattern: re.Pattern[str]) -> Iterator[str]:
    return (f"{parent}/{name}" for name in _listdir(parent)[0] if pattern.fullmatch(name))


def _files(folder: str) -> list[str]:
    return [f"{folder}/{name}" for name in _listdir(folder)[1]]


def _listdir(folder: str) -> tuple[list[str], list[str]]:
    try:
        return default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []
