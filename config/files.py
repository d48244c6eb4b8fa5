"""Files on this machine's disk, whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any
from uuid import uuid4

from django.core.files.storage import FileSystemStorage


class WholeFileStorage(FileSystemStorage):
    """Writes beside the final name and renames: a kill or a full disk never leaves part of a file under its name.

    A file of the same name is replaced; ours are named by their content, so it was the same.
    """

    PART = ".part"

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _save(self, name: str, content: Any) -> str:
        part = f"{name}.{uuid4().hex}{self.PART}"
        try:
            super()._save(part, content)  # type: ignore[misc]  # the stubs leave it out
            os.replace(self.path(part), self.path(name))
        except BaseException:
            with suppress(OSError):
                os.unlink(self.path(part))
            raise
        return name
