"""`manage.py demo`: set up a demo site with stories, pictures and an editor, and serve it."""

import os
import secrets
import sys
from collections import Counter
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection
from django.urls import reverse
from django.utils import timezone

from articles.exchange.files import sources
from articles.exchange.importing import run_import
from articles.exchange.moved_dates import copy_with_moved_dates, newest_document
from articles.exchange.outcomes import UNCHANGED
from articles.management.demo_schedule import serve_schedule, start_schedule
from articles.models import Article, TakenDownStory

EDITOR = "editor"
SEEDS = settings.BASE_DIR / "seeds"
# A few reports are later: they are dated back, so that the demo's stories are from yesterday.
LAST_DAY = date(2020, 6, 11)


class Command(BaseCommand):
    help = (
        "Sets up a demo site (tables, static files, stories, pictures, an editor with a new password) and serves it. "
        "Run it again at any time: existing data is kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="The port on this machine (8000).")
        parser.add_argument("--no-serve", action="store_true", help="Set up only.")
        parser.add_argument(
            "--schedule",
            type=int,
            metavar="FD",
            help="Only serve the demo's sources on this socket, and fetch sources each minute. The demo starts it.",
        )

    def handle(self, *args: Any, port: int, no_serve: bool, schedule: int | None, **options: Any) -> None:
        if schedule is not None:
            with suppress(KeyboardInterrupt):
                serve_schedule(schedule, report=self.stderr.write)
            return
        try:
            self.set_up(f"http://localhost:{port}")
            if no_serve:
                self.stdout.write("  Nothing serves these URLs yet: make demo does.")
        except KeyboardInterrupt:
            raise CommandError("Interrupted. Run the same command again to continue.", returncode=130) from None
        if not no_serve:
            start_schedule()
            serve(port)

    def set_up(self, site: str) -> None:
        try:
            call_command("migrate", verbosity=0)
        except OperationalError as error:
            raise CommandError(
                f"The database {connection.settings_dict['NAME']} can't be used: {' '.join(str(error).split())}. "
                "Check DATABASE_URL, and that its server runs."
            ) from error
        call_command("collectstatic", interactive=False, verbosity=0)
        with TemporaryDirectory(prefix="newsfold-demo-") as folder:
            edition = Path(folder, "edition")
            copy_with_moved_dates(SEEDS, edition, days_to_move(timezone.now()), LAST_DAY)
            leave_out_taken_down(edition / "news")
            self.import_edition(edition)
        call_command("cache_images", "--from", SEEDS / "media")
        self.stdout.write(welcome(site, renew_editor()))

    def import_edition(self, folder: Path) -> None:
        """Import the edition. A start without new stories adds nothing to the desk's list of imports."""
        if set(+self.count_outcomes(folder / "news", dry_run=True)) <= {UNCHANGED}:
            counts = self.count_outcomes(folder)
            self.stdout.write(f"{counts.total()} files: {counts[UNCHANGED]} unchanged")
        else:
            call_command("import_articles", folder)

    def count_outcomes(self, folder: Path, *, dry_run: bool = False) -> Counter[str]:
        """Import a folder without a report; return how many files had which outcome."""
        return run_import(sources([str(folder)]), on_result=lambda result: None, on_wait=lambda: None, dry_run=dry_run)


def days_to_move(now: datetime) -> int:
    """Return by how many days the edition is moved: to yesterday on the first start, then always as far as then."""
    newest = newest_document(SEEDS / "news", LAST_DAY)
    seeded, words = date.fromisoformat(newest.stem[:10]), newest.stem[10:]
    known = (model.objects.filter(name__endswith=words).order_by("name").first() for model in (Article, TakenDownStory))
    imported = next(filter(None, known), None)
    return (date.fromisoformat(imported.name[:10]) - seeded).days if imported else (now.date() - LAST_DAY).days - 1


def leave_out_taken_down(news: Path) -> None:
    """Delete the documents of stories that were taken down, which an import would reject."""
    names = set(TakenDownStory.objects.values_list("name", flat=True))
    for document in news.iterdir():
        if document.stem in names:
            document.unlink()


def renew_editor() -> str:
    """Create the demo editor if there is none; set and return a new password, which is not stored as text."""
    password = readable_password()
    editors = get_user_model().objects
    editor = editors.filter(username=EDITOR).first()
    if editor is None:
        editors.create_superuser(EDITOR, password=password)
    else:
        editor.set_password(password)
        editor.save(update_fields=["password"])
    return password


def readable_password() -> str:
    """Return a pronounceable password of 49 random bits: four groups such as `kavo`."""
    return "-".join("".join(secrets.choice(letters) for letters in ("bdfghkmnprstvz", "aeiou") * 2) for _ in range(4))


def welcome(site: str, password: str) -> str:
    """Return the URLs, user and password, with warnings about settings that would block the pages."""
    lines = [
        "",
        f"  Front page  {site}/",
        f"  Admin       {site}{reverse('admin:index')}",
        f"  User        {EDITOR}",
        f"  Password    {password}  (new at each start)",
        "",
    ]
    if settings.SECURE_SSL_REDIRECT:
        lines.append("  HTTPS is on, so these pages redirect to https://, which isn't served. Set HTTPS=false in .env.")
    if not settings.DEBUG and not {urlsplit(site).hostname, "*"} & set(settings.ALLOWED_HOSTS):
        lines.append("  ALLOWED_HOSTS doesn't name localhost, so these pages are rejected. Add it in .env.")
    return "\n".join(lines)


def serve(port: int) -> None:
    """Replace this process by the web server, so that Ctrl-C and the exit code are the server's."""
    command = ["-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4"]
    # Ctrl-C reaches gunicorn's processes twice, from the terminal and from the main one. A process that gets the second
    # signal while it handles the first can hang until this timeout.
    command += ["--graceful-timeout", "5"]
    sys.stdout.write("  Ctrl-C stops the server.\n\n")
    sys.stdout.flush()
    os.chdir(settings.BASE_DIR)
    os.execv(sys.executable, [sys.executable, *command, "--log-level", "warning", "--no-control-socket"])  # noqa: S606
