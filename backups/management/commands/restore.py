"""`manage.py restore FILE`: make this empty installation what a backup holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from articles.db.locks import import_lock
from backups.archive import ArchiveRefused
from backups.restore import RestoreRefused, restore
from config.command_errors import as_command_errors


class Command(BaseCommand):
    help = (
        "Makes this empty installation what an archive of `backup` holds, whichever database that came from: makes "
        "the tables, checks counts and hashes, and brings them up to this version. Nothing is half restored; what "
        "was stopped is completed by the same command."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="an archive that `backup` wrote")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        say = self.stdout.write if options["verbosity"] else lambda text: None
        with as_command_errors(file, "The same command, run again, goes on."):
            try:
                with import_lock(lambda: self.stderr.write("An import is running; waiting for it to end.")):
                    restored = restore(file, say)
            except ArchiveRefused as error:
                raise CommandError(f"{file}: {error} Nothing was restored.") from None
            except RestoreRefused as error:
                raise CommandError(str(error)) from None
        say("Everything was in already." if restored.was_there else "The newsroom is restored.")
        if restored.files_missing:
            say(f"{restored.files_missing:,} of {restored.files:,} files are not in the storage: copy them there.")
