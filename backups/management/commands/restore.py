"""`manage.py restore FILE`: restore a backup into this empty installation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from articles.db.locks import import_lock
from backups.archive import ArchiveError
from backups.restore import RestoreError, restore
from config.command_arguments import file_path
from config.command_errors import as_command_errors


class Command(BaseCommand):
    help = (
        "Restores an archive that `backup` wrote, from either database, into this empty installation: creates the "
        "tables, checks counts and hashes, and migrates them to this version. A restore is all or nothing; run the "
        "same command again to complete a restore that was stopped."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", metavar="FILE", type=file_path, help="the archive to restore")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        report = self.stdout.write if options["verbosity"] else lambda text: None
        with as_command_errors(file, "Run the same command again to continue."):
            try:
                with import_lock(lambda: self.stderr.write("An import is running; waiting for it to end.")):
                    restored = restore(file, report)
            except ArchiveError as error:
                raise CommandError(f"{file}: {error} Nothing was restored.") from None
            except RestoreError as error:
                raise CommandError(str(error)) from None
        report("The archive was already restored." if restored.was_already_restored else "The site is restored.")
        if restored.files_missing:
            report(f"{restored.files_missing:,} of {restored.files:,} files are not in the storage: copy them there.")
