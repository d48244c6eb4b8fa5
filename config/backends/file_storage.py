"""File storage in a folder, with atomic writes."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any
from uuid import uuid4

from django.core.files.storage import FileSystemStorage


class AtomicFileStorage(FileSystemStorage):
    """Write to a temporary name and rename: a kill or a full disk never leaves part of a file under its name.

    A file of the same name is replaced. Our names follow from the content, so it was the same.
    """

    PART_SUFFIX = ".part"

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _save(self, name: str, content: Any) -> str:
        part = f"{name}.{uuid4().hex}{self.PART_SUFFIX}"
        try:
            super()._save(part, content)  # type: ignore[misc]  # documented by Django, missing in the stubs
            os.replace(self.path(part), self.path(name))
        except BaseException:
            with suppress(OSError):
                os.unlink(self.path(part))
            raise
        return name
