"""`manage.py check_links`: look whether the pages that stories on the site and their coverage link to are there."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from articles.db.locks import database_lock
from articles.link_checks.run import ACCEPT, check_links, due_links, forget_unlisted_coverage
from config.checks import CHECK_TAG
from config.command_arguments import whole_number
from config.command_errors import as_command_errors
from fetching.client import HttpClient
from fetching.site_client import client_options

LOCK_KEY = 0x4C69_6E6B  # "Link"; an arbitrary number, unique among locks
LIMIT = 200


class Command(BaseCommand):
    requires_system_checks = (CHECK_TAG,)
    help = (
        "Looks at the links that are due: of stories on the site, newest first, then of their coverage, one request "
        "per host at a time, and reads no page. Run it every hour: a link that works is looked at again after a week, "
        "one that fails sooner. A link is dead at once if its page is gone (404, 410), otherwise after three failures "
        "over 36 hours."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--limit", type=whole_number(), default=LIMIT, metavar="N", help=f"links at most ({LIMIT})")
        parser.add_argument("--dry-run", action="store_true", help="say what would be looked at, ask nobody")

    def handle(self, *args: Any, limit: int, dry_run: bool, **options: Any) -> None:
        if dry_run:
            links = due_links(timezone.now(), limit)
            self.stdout.write(f"{len(links)} links of {len({link.host for link in links})} hosts would be looked at")
            return
        with (
            as_command_errors("The database", "Run the same command again: it goes on where it stopped."),
            database_lock("links", LOCK_KEY) as is_locked,
        ):
            if not is_locked:
                self._say("Another run is looking at links: nothing to do.", options)
                return
            forget_unlisted_coverage()
            client = HttpClient(accept=ACCEPT, max_bytes=0, **client_options())
            counts = check_links(due_links(timezone.now(), limit), client, now=timezone.now)
        text = f"{counts.total()} links: {counts['work']} work, {counts['failed']} failed, {counts['dead']} are dead"
        self._say(f"{text}, {counts['left']} were left for later", options)

    def _say(self, text: str, options: dict[str, Any]) -> None:
        if options["verbosity"]:
            self.stdout.write(text)
