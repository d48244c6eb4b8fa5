"""Turn failures of commands into two sentences: the reason, and what to do or what remains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import CommandError
from django.db import DatabaseError

from .command_signals import interrupt_on_sigterm
from .error_views import BUCKET_ERRORS


class CommandFailedError(Exception):
    """A command failed; the message is a sentence for its user."""


@contextmanager
def as_command_errors(file: Path | str, consequence: str | Callable[[], str]) -> Iterator[None]:
    """Turn failures of database, storage or disk, and signals, into a CommandError that ends with `consequence`.

    `consequence` is a function if it depends on the command's progress.
    """
    interrupt_on_sigterm()
    try:
        yield
    except DatabaseError as error:
        reason = str(error).partition("\n")[0]  # the next lines may quote a row
        message, code = f"The database failed: {reason}\n", 1
    except OSError as error:
        message, code = f"{error.filename or file}: {error.strerror or error}. ", 1
    except BUCKET_ERRORS as error:
        message, code = f"The storage failed: {error}. ", 1
    except CommandFailedError as error:
        message, code = f"{error} ", 1
    except KeyboardInterrupt:
        message, code = "Stopped. ", 130
    else:
        return
    raise CommandError(message + (consequence if isinstance(consequence, str) else consequence()), returncode=code)
