"""How `backup` and `restore` end when they can't go on: one sentence that says why, and what there is now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import CommandError
from django.db import DatabaseError

from articles.management.stopping import stop_by_signal
from backups.tables import UnknownColumn
from config.errors import BUCKET_FAILED


@contextmanager
def failures_told(file: Path, then: str) -> Iterator[None]:
    """Turn what the database, the storage, the disk or a signal ends into a CommandError that closes with `then`."""
    stop_by_signal()
    try:
        yield
    except DatabaseError as error:
        told = str(error).partition("\n")[0]  # what follows may quote a row
        raise CommandError(f"The database failed: {told}\n{then}") from None
    except OSError as error:
        raise CommandError(f"{error.filename or file}: {error.strerror or error}. {then}") from None
    except BUCKET_FAILED as error:
        raise CommandError(f"The storage failed: {error}. {then}") from None
    except UnknownColumn as error:
        raise CommandError(f"{error} {then}") from None
    except KeyboardInterrupt:
        raise CommandError(f"Stopped. {then}", returncode=130) from None
