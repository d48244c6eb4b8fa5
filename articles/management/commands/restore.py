"""`manage.py restore FILE`: make this empty installation what a backup holds."""

from __future__ import annotations

import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from articles.backups.archive import ArchiveRefused
from articles.backups.restoring import RestoreRefused, restore
from articles.exchange.lock import import_lock
from config.errors import BotoCoreError, ClientError


class Command(BaseCommand):
    help = (
        "Makes this empty installation what an archive of `backup` holds, whichever database that came from: makes "
        "the tables, checks counts and hashes, and brings them up to this version. Nothing is half restored; what "
        "was stopped is completed by the same command."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="an archive that `backup` wrote")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        with suppress(ValueError):  # only the main thread may ask
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        say = self.stdout.write if options["verbosity"] else lambda text: None
        try:
            with import_lock(lambda: self.stderr.write("An import is running; waiting for it to end.")):
                restored = restore(file, say)
        except ArchiveRefused as error:
            raise CommandError(f"{file}: {error} Nothing was restored.") from None
        except RestoreRefused as error:
            raise CommandError(str(error)) from None
        except DatabaseError as error:
            told = str(error).partition("\n")[0]
            raise CommandError(f"The database failed: {told}\nThe same command, run again, goes on.") from None
        except OSError as error:
            raise CommandError(f"{error.filename or file}: {error.strerror or error}. Run it again.") from None
        except (BotoCoreError, ClientError) as error:
            raise CommandError(f"The storage failed: {error}. Run it again.") from None
        except KeyboardInterrupt:
            raise CommandError("Stopped. The same command, run again, goes on.", returncode=130) from None
        say("Everything was in already." if restored.was_there else "The newsroom is restored.")
        if restored.files_missing:
            say(f"{restored.files_missing:,} of {restored.files:,} files are not in the storage: copy them there.")
