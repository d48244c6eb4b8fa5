"""`manage.py export_articles DIR`: write every article as a story document, and the registries."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Q
from tqdm import tqdm

from articles.exchange.exporting import export_documents, export_entries, exported_articles
from articles.models import Topic
from config.command_arguments import file_path
from config.command_errors import as_command_errors
from providers.models import Provider


class Command(BaseCommand):
    help = (
        "Writes DIR/<name>.md for every article, and the registry entries to DIR/topics and DIR/organizations. "
        "Unchanged files are not rewritten; nothing is deleted."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("directory", metavar="DIR", type=file_path)
        parser.add_argument(
            "--dialect",
            choices=["source", "D5"],
            default="source",
            help="source: as each document came in (default); D5: all in the newest dialect",
        )
        parser.add_argument(
            "--decided", action="store_true", help="leave out what came from a source and nobody has decided yet"
        )

    def handle(self, *args: Any, directory: Path, dialect: str, decided: bool, **options: Any) -> None:
        quiet = options["verbosity"] == 0 or not sys.stderr.isatty()
        with as_command_errors(directory, "Run the same command again: what is written already stays."):
            articles = exported_articles(only_decided=decided)
            registered = ~Q(registry_name="")
            total = articles.count()
            total += Topic.objects.filter(registered).count() + Provider.objects.filter(registered).count()
            with tqdm(total=total, unit=" files", disable=quiet) as bar:
                changed = export_documents(directory, dialect=dialect, on_file=bar.update, articles=articles)
                changed += export_entries(directory, on_file=bar.update)
        self.stdout.write(f"{total} files: {changed} written, {total - changed} unchanged")
