"""How commands end when they can't go on: one sentence that says why, and one that says what to do or what is left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import CommandError
from django.db import DatabaseError

from .command_signals import interrupt_on_sigterm
from .error_views import BUCKET_ERRORS


class CommandFailedError(Exception):
    """A command can't do what it was asked to; the message is a sentence for its user."""


@contextmanager
def as_command_errors(file: Path, consequence: str) -> Iterator[None]:
    """Turn failures of database, storage or disk, and signals, into a CommandError that ends with `consequence`."""
    interrupt_on_sigterm()
    try:
        yield
    except DatabaseError as error:
        reason = str(error).partition("\n")[0]  # the next lines may quote a row
        raise CommandError(f"The database failed: {reason}\n{consequence}") from None
    except OSError as error:
        raise CommandError(f"{error.filename or file}: {error.strerror or error}. {consequence}") from None
    except BUCKET_ERRORS as error:
        raise CommandError(f"The storage failed: {error}. {consequence}") from None
    except CommandFailedError as error:
        raise CommandError(f"{error} {consequence}") from None
    except KeyboardInterrupt:
        raise CommandError(f"Stopped. {consequence}", returncode=130) from None
