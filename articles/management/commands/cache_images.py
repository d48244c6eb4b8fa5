"""Store our own copies of the pictures that documents name."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from articles.images.folder import INDEX, FolderRefused, read_index, read_picture
from articles.images.storing import keep
from pictures.ladder import PictureRefused
from pictures.sandbox import Decoder


class Command(BaseCommand):
    help = (
        "Stores our own copies of the pictures that documents name; readers are shown nothing else. "
        f"They come from a folder with an {INDEX}, a list of pairs: `url`, the address as documents write it, "
        "and `file`, the picture in the folder. Run it again at any time: what is unchanged is not written again."
    )

    def add_arguments(self, parser):
        parser.add_argument("--from", dest="folder", type=Path, required=True, help="The folder with the pictures.")

    def handle(self, *args, folder, **options):
        folder = Path(folder)
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
        self.stdout.write(f"{len(entries)} pictures: {stored} stored, {unchanged} unchanged, {refused} refused")
        if refused:
            raise SystemExit(1)

    def store(self, folder, entry, decoder):
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
