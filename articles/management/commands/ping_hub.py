"""`manage.py ping_hub`: tell the WebSub hub which feeds have changed since it was told last."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from articles.db.locks import file_lock
from articles.feeds.changed import Moment, feeds_touched, site_feeds
from articles.feeds.websub import Hub, HubAway, HubRefused, Memory, MemoryUnreadable, recall, remember
from articles.public.site_url import site_address
from config.checks import CHECK_TAG


class Command(BaseCommand):
    requires_system_checks = (CHECK_TAG,)
    help = (
        "Tells the hub that WEBSUB_HUB names which feeds have changed since the last run, so that their readers hear "
        "of it at once. For a scheduler, every minute; without changes it asks the hub nothing. Exit code 1 if the "
        "hub could not be told of all: the next run tells it of the rest."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.WEBSUB_HUB:
            self.stdout.write("WEBSUB_HUB names no hub: nothing to do.")
            return
        path = Path(settings.WEBSUB_STATE)
        try:
            with file_lock(path) as is_held:
                if not is_held:
                    self.stdout.write("Another run is telling the hub: nothing to do.")
                    return
                self._tell_what_changed(path, quiet=options["verbosity"] == 0)
        except MemoryUnreadable as error:
            raise CommandError(f"{path} is not what this command wrote: {error}. Delete it and run again.") from None
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror or error}. WEBSUB_STATE names another place.") from None

    def _tell_what_changed(self, path: Path, *, quiet: bool) -> None:
        known, now = recall(path), Moment.present(timezone.now())
        touched = feeds_touched(known.moment, now) if known else site_feeds()
        site = site_address()
        feeds = list(dict.fromkeys([*(known.waiting if known else []), *(site + feed for feed in touched)]))
        remember(path, Memory(now, feeds))  # a run that is killed leaves all of it to the next
        waiting, refused = self._tell(feeds)
        remember(path, Memory(now, waiting))
        told = len(feeds) - len(waiting) - refused
        if not quiet:
            self.stdout.write(f"{len(feeds)} feeds: {told} told, {len(waiting)} waiting, {refused} refused")
        if waiting or refused:
            raise SystemExit(1)

    def _tell(self, feeds: list[str]) -> tuple[list[str], int]:
        """Return the feeds that are left for the next run, and how many the hub won't take."""
        hub, refused = Hub(settings.WEBSUB_HUB), 0
        for place, feed in enumerate(feeds):
            try:
                hub.tell(feed)
            except HubRefused as problem:
                refused += 1
                self.stderr.write(f"{feed}: the hub {problem}")
            except HubAway as problem:
                self.stderr.write(f"{feed}: the hub {problem}. The next run tells it of the rest.")
                return feeds[place:], refused
        return [], refused
