"""`manage.py backup FILE`: write everything into one archive."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from backups.create import create_backup
from config.command_arguments import file_path
from config.command_errors import as_command_errors


class Command(BaseCommand):
    help = (
        "Writes the whole site into one archive: every table as it is at one moment, without blocking editors, "
        "and the files of the storage. Gzipped if its name ends in .gz. `restore` reads it on either database. "
        "Sessions and caches are left out."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", metavar="FILE", type=file_path, help="the archive to create")
        parser.add_argument(
            "--no-media", action="store_true", help="list the files of the storage without copying them"
        )

    def handle(self, *args: Any, file: Path, no_media: bool, **options: Any) -> None:
        quiet = options["verbosity"] == 0
        progress = tqdm(unit=" rows", disable=quiet or not sys.stderr.isatty())
        with as_command_errors(file, "No backup was made."), progress:
            summary = create_backup(file, with_media=not no_media, on_row=progress.update)
        if not quiet:
            media = "listed only" if no_media else f"{summary.files_bytes:,} bytes"
            self.stdout.write(
                f"{file}: {summary.rows:,} rows of {summary.tables} tables, {summary.files:,} files ({media})"
            )
