"""`manage.py backup FILE`: write everything into one archive."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from tqdm import tqdm

from articles.backups.taking import BackupFailed, take
from config.errors import BotoCoreError, ClientError


class Command(BaseCommand):
    help = (
        "Writes one archive of the whole newsroom: every table as it is at one moment, without keeping anybody from "
        "writing meanwhile, and the files of the storage. Gzipped if its name ends in .gz. `restore` reads it on "
        "either database. Sessions and caches are left out."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="the archive; it may not be there yet")
        parser.add_argument("--no-media", action="store_true", help="list the storage's files, but leave them out")

    def handle(self, *args: Any, file: Path, no_media: bool, **options: Any) -> None:
        with suppress(ValueError):  # only the main thread may ask
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        quiet = options["verbosity"] == 0
        try:
            with tqdm(unit=" rows", disable=quiet or not sys.stderr.isatty()) as bar:
                taken = take(file, with_media=not no_media, on_rows=bar.update)
        except BackupFailed as error:
            raise CommandError(f"{error} There is no backup.") from None
        except DatabaseError as error:
            raise CommandError(
                f"The database failed: {error}\nThere is no backup. Mend the cause, run it again."
            ) from None
        except OSError as error:
            raise CommandError(f"{error.filename or file}: {error.strerror or error}. There is no backup.") from None
        except (BotoCoreError, ClientError) as error:
            raise CommandError(f"The storage failed: {error}. There is no backup.") from None
        except KeyboardInterrupt:
            raise CommandError("Stopped. There is no backup.", returncode=130) from None
        if not quiet:
            media = "listed only" if no_media else f"{taken.files_bytes:,} bytes"
            self.stdout.write(f"{file}: {taken.rows:,} rows of {taken.tables} tables, {taken.files:,} files ({media})")
