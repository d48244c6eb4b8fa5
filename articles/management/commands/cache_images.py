"""`manage.py cache_images`: keep our own copies of the pictures that documents name."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, transaction
from tqdm import tqdm

from articles.db.locks import database_lock
from articles.images import fetch_queue
from articles.images.cleanup import sweep
from articles.images.fetch_run import OUTCOMES, WORKERS, StoreFailed, Told, collect, wanted_now
from articles.images.from_folder import INDEX, FolderRefused, read_index, read_picture
from articles.images.store import keep, release_unused
from articles.public.site_url import site_url
from config.checks import CHECK_TAG
from config.command_signals import interrupt_on_sigterm
from config.error_views import BUCKET_ERRORS
from fetching.address_check import AllowedNetwork
from pictures.decoder import Decoder
from pictures.fetcher import PictureFetcher
from pictures.sizes import PictureRefused

LOCK_KEY = 0x5069_6373  # any number that no other work on the database uses: "Pics"
MOST_WORKERS = 64


class Command(BaseCommand):
    requires_system_checks = (CHECK_TAG,)
    help = (
        "Fetches the pictures and logos that documents name and that we hold no copy of, those of the newest published "
        "stories first; readers are shown nothing else. Run it again at any time, from a scheduler for one: it goes on "
        "where it stopped, and what failed is asked for again later. Exit code 1 if pictures could not be stored."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--limit", type=positive, metavar="N", help="fetch N pictures at most")
        parser.add_argument(
            "--workers", type=positive, default=WORKERS, metavar="N", help=f"pictures at a time ({WORKERS})"
        )
        parser.add_argument("--retry", action="store_true", help="also what failed and would have to wait")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, do nothing")
        parser.add_argument("--prune", action="store_true", help="instead, drop what nothing uses any more")
        parser.add_argument(
            "--from",
            dest="folder",
            type=Path,
            metavar="DIR",
            help=f"instead, take pictures from a folder with an {INDEX}, a list of pairs: `url`, the address as "
            "documents write it, and `file`, the picture in the folder",
        )

    def handle(self, *args: Any, folder: Path | None, prune: bool, **options: Any) -> None:
        self.verbosity = options["verbosity"]
        fetching = [name for name in ("limit", "retry") if options[name]]
        if (folder and (prune or fetching or options["dry_run"])) or (prune and fetching):
            raise CommandError("--from stands alone, --prune beside --dry-run: neither fetches anything.")
        interrupt_on_sigterm()
        self.told = 0
        try:
            if folder is not None:
                self.take_from(Path(folder))
            elif prune:
                self.drop_unused(dry_run=options["dry_run"])
            else:
                self.fetch(options)
        except (StoreFailed, OSError, *BUCKET_ERRORS) as error:
            raise CommandError(
                f"Pictures can't be stored: {getattr(error, 'strerror', None) or error}. Make room, or allow writing "
                "to MEDIA_ROOT (or mend the storage that the settings name), and run the same command again."
            ) from error
        except DatabaseError as error:
            raise CommandError(
                f"The database failed: {error}. Mend the cause (`python manage.py migrate` if that has not been done) "
                "and run the same command again: it goes on where it stopped."
            ) from error
        except KeyboardInterrupt:
            raise CommandError(
                f"Stopped after {self.told} pictures, which are kept. Run the same command again for the rest.",
                returncode=130,
            ) from None

    def fetch(self, options: dict[str, Any]) -> None:
        which = {"limit": options["limit"], "retry": options["retry"]}
        if options["dry_run"]:
            self.tell_due(**which)
            return
        with database_lock("pictures", LOCK_KEY) as is_held:
            if not is_held:
                self.say("Another run is fetching pictures: nothing to do.")
                return
            fetch_queue.discover()
            wanted = wanted_now(**which)
            with tqdm(
                total=len(wanted), unit=" pictures", disable=self.verbosity == 0 or not sys.stderr.isatty()
            ) as self.bar:
                counts = collect(wanted, fetcher(), workers=min(options["workers"], MOST_WORKERS), on_told=self.tell)
        self.say(summary(len(wanted), counts))

    def say(self, text: str) -> None:
        if self.verbosity:
            self.stdout.write(text)

    def tell(self, told: Told) -> None:
        self.told += 1
        self.bar.update()
        if self.verbosity >= 2 and told.reason:
            with tqdm.external_write_mode(file=self.stderr):  # the progress bar makes room
                self.stderr.write(f"{told.url}: the picture {told.reason}")

    def tell_due(self, **which: Any) -> None:
        with transaction.atomic():
            fetch_queue.discover()
            wanted = wanted_now(**which)
            transaction.set_rollback(True)
        if self.verbosity >= 2:
            for each in wanted:
                self.stdout.write(each.url)
        hosts = len({each.host for each in wanted})
        self.stdout.write(f"{len(wanted)} pictures would be fetched from {hosts} hosts")

    def drop_unused(self, *, dry_run: bool) -> None:
        released = release_unused(dry_run=dry_run)
        files = released.files + sweep(dry_run=dry_run)
        would = "would be " if dry_run else ""
        self.stdout.write(f"{released.pictures} pictures, {released.addresses} addresses, {files} files {would}dropped")

    def take_from(self, folder: Path) -> None:
        try:
            entries = read_index(folder)
        except FolderRefused as refused:
            raise CommandError(str(refused)) from None
        stored = unchanged = refused = 0
        with Decoder() as decoder:
            for entry in entries:
                try:
                    written = self.store(folder, entry, decoder)
                except FolderRefused as problem:
                    refused += 1
                    self.stderr.write(f"{folder / INDEX}:{entry.line}: {problem}")
                else:
                    stored, unchanged = stored + written, unchanged + (not written)
                    self.told += 1
        self.stdout.write(f"{len(entries)} pictures: {stored} stored, {unchanged} unchanged, {refused} refused")
        if refused:
            raise SystemExit(1)

    def store(self, folder: Path, entry: Any, decoder: Decoder) -> bool:
        """Return whether the entry's picture had to be written; what stops the whole run is a CommandError."""
        data = read_picture(folder, entry)
        try:
            return keep(entry.url, data, decoder)
        except PictureRefused as problem:
            raise FolderRefused(f"{entry.file} {problem}. Replace it or take the entry out.") from None
        except OSError as error:
            raise CommandError(
                f"The copy of {entry.file} can't be stored: {error.strerror or error}. "
                "Make room, or allow writing to MEDIA_ROOT, and run the same command again."
            ) from error
        except DatabaseError as error:
            raise CommandError(
                f"The database can't keep the copy of {entry.file}: {error}. "
                "Run `python manage.py migrate` if that has not been done, and the same command again."
            ) from error


def fetcher() -> PictureFetcher:
    site = site_url()
    allowed = [AllowedNetwork.parse(text) for text in settings.PICTURE_SERVERS]
    return PictureFetcher(f"Newsfold (+{site})" if site else "Newsfold", allowed_networks=allowed)


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def summary(total: int, counts: Counter[str]) -> str:
    parts = [f"{counts[outcome]} {outcome}" for outcome in OUTCOMES]
    return f"{total} pictures: {', '.join(parts)}, {total - sum(counts.values())} left for later"
