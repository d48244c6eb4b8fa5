"""`manage.py backup FILE`: write everything into one archive."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from backups.create import take
from config.command_errors import as_command_errors


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
        quiet = options["verbosity"] == 0
        progress = tqdm(unit=" rows", disable=quiet or not sys.stderr.isatty())
        with as_command_errors(file, "No backup was made."), progress:
            taken = take(file, with_media=not no_media, on_rows=progress.update)
        if not quiet:
            media = "listed only" if no_media else f"{taken.files_bytes:,} bytes"
            self.stdout.write(f"{file}: {taken.rows:,} rows of {taken.tables} tables, {taken.files:,} files ({media})")
