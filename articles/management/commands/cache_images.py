"""`manage.py cache_images`: fetch and store our own copies of the pictures that documents name."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from tqdm import tqdm

from articles.db.locks import database_lock
from articles.images import fetch_queue
from articles.images.cleanup import delete_orphan_files
from articles.images.fetch_run import OUTCOMES, WORKERS, FetchResult, StoreError, due_requests, fetch_due
from articles.images.from_folder import INDEX, Entry, FolderError, read_index, read_picture
from articles.images.sharing import make_missing_shares
from articles.images.store import delete_unused, store_picture
from config.checks import CHECK_TAG
from config.command_arguments import file_path, whole_number
from config.command_errors import as_command_errors
from fetching.site_client import client_options
from pictures.decoder import Decoder
from pictures.fetcher import PictureFetcher
from pictures.sizes import PictureError

LOCK_KEY = 0x5069_6373  # "Pics"; an arbitrary number, unique among locks
WORKERS_MAX = 64


class Command(BaseCommand):
    requires_system_checks = (CHECK_TAG,)
    help = (
        "Fetches the pictures and logos that documents name and that we have no copy of, those of the newest published "
        "stories first. Readers see only our copies. Run it again at any time, for example from a scheduler: it goes "
        "on where it stopped, and retries what failed. Exit code 1 if pictures can't be stored."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--limit", type=whole_number(), metavar="N", help="fetch N pictures at most")
        parser.add_argument(
            "--workers",
            type=whole_number(WORKERS_MAX),
            default=WORKERS,
            metavar="N",
            help=f"pictures at a time ({WORKERS}; {WORKERS_MAX} at most)",
        )
        parser.add_argument("--retry", action="store_true", help="also fetch what failed and would have to wait")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, do nothing")
        parser.add_argument("--prune", action="store_true", help="instead, delete what nothing uses any more")
        parser.add_argument(
            "--from",
            dest="folder",
            type=file_path,
            metavar="DIR",
            help=f"instead, take pictures from a folder with an {INDEX}, a list of pairs: `url`, as documents write "
            "it, and `file`, the picture in the folder",
        )

    def handle(self, *args: Any, folder: Path | None, prune: bool, **options: Any) -> None:
        self.verbosity = options["verbosity"]
        fetching = options["limit"] or options["retry"]
        if (folder and (prune or fetching or options["dry_run"])) or (prune and fetching):
            raise CommandError("Use --from alone and --prune only with --dry-run: neither fetches anything.")
        self.done = 0
        with as_command_errors(settings.MEDIA_ROOT, self.progress):
            if folder is not None:
                self.store_folder(Path(folder))
            elif prune:
                self.delete_unused(dry_run=options["dry_run"])
            else:
                self.fetch(options)

    def progress(self) -> str:
        return f"{self.done} pictures are done. Run the same command again: it goes on where it stopped."

    def fetch(self, options: dict[str, Any]) -> None:
        selection = {"limit": options["limit"], "retry": options["retry"]}
        if options["dry_run"]:
            self.report_due(**selection)
            return
        with database_lock("pictures", LOCK_KEY) as is_locked:
            if not is_locked:
                self.say("Another run is fetching pictures: nothing to do.")
                return
            fetch_queue.discover()
            requests = due_requests(**selection)
            with tqdm(
                total=len(requests), unit=" pictures", disable=self.verbosity == 0 or not sys.stderr.isatty()
            ) as self.bar:
                fetcher, workers = PictureFetcher(**client_options()), options["workers"]
                counts = fetch_due(requests, fetcher, workers=workers, on_result=self.report)
            with Decoder() as decoder:
                shared = make_missing_shares(decoder)
            if shared:
                self.say(f"{shared} older pictures got a rendition for links on other sites.")
        self.say(summary(len(requests), counts))

    def say(self, text: str) -> None:
        if self.verbosity:
            self.stdout.write(text)

    def report(self, result: FetchResult) -> None:
        self.done += 1
        self.bar.update()
        if self.verbosity >= 2 and result.reason:
            with tqdm.external_write_mode(file=self.stderr):  # the progress bar makes room
                self.stderr.write(f"{result.url}: the picture {result.reason}")

    def report_due(self, **selection: Any) -> None:
        with transaction.atomic():
            fetch_queue.discover()
            requests = due_requests(**selection)
            transaction.set_rollback(True)
        if self.verbosity >= 2:
            for request in requests:
                self.stdout.write(request.url)
        hosts = len({request.host for request in requests})
        self.stdout.write(f"{len(requests)} pictures would be fetched from {hosts} hosts")

    def delete_unused(self, *, dry_run: bool) -> None:
        counts = delete_unused(dry_run=dry_run)
        files = counts.files + delete_orphan_files(dry_run=dry_run)
        would = "would be " if dry_run else ""
        self.stdout.write(f"{counts.pictures} pictures, {counts.addresses} URLs, {files} files {would}deleted")

    def store_folder(self, folder: Path) -> None:
        try:
            entries = read_index(folder)
        except FolderError as error:
            raise CommandError(str(error)) from None
        counts = Counter[str]()
        with Decoder() as decoder:
            for entry in entries:
                try:
                    counts["stored" if store_entry(folder, entry, decoder) else "unchanged"] += 1
                    self.done += 1
                except FolderError as error:
                    counts["rejected"] += 1
                    self.stderr.write(f"{folder / INDEX}:{entry.line}: {error}")
        parts = ", ".join(f"{counts[outcome]} {outcome}" for outcome in ("stored", "unchanged", "rejected"))
        self.stdout.write(f"{len(entries)} pictures: {parts}")
        if counts["rejected"]:
            sys.exit(1)


def store_entry(folder: Path, entry: Entry, decoder: Decoder) -> bool:
    """Store the picture of an entry; return whether anything changed. Raises FolderError and StoreError."""
    data = read_picture(folder, entry)
    try:
        return store_picture(entry.url, data, decoder)
    except PictureError as error:
        raise FolderError(f"{entry.file} {error}. Replace it or remove the entry.") from None
    except OSError as error:
        raise StoreError(error) from error


def summary(total: int, counts: Counter[str]) -> str:
    parts = [f"{counts[outcome]} {outcome}" for outcome in OUTCOMES]
    return f"{total} pictures: {', '.join(parts)}, {total - sum(counts.values())} left for later"
