"""`manage.py ping_hub`: notify the WebSub hub of the feeds that changed since the last run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from articles.db.locks import file_lock
from articles.feeds.changed import LogPosition, changed_feeds, site_feeds
from articles.feeds.websub import (
    HubRefusedError,
    HubState,
    HubUnavailableError,
    InvalidHubStateError,
    WebSubHub,
    load_state,
    save_state,
)
from articles.public.site_url import site_url
from config.checks import CHECK_TAG
from config.command_errors import as_command_errors


class Command(BaseCommand):
    requires_system_checks = (CHECK_TAG,)
    help = (
        "Notifies the hub in WEBSUB_HUB of the feeds that changed since the last run, so that subscribers are updated "
        "immediately. Run it every minute from a scheduler; without changes it sends nothing. Exit code 1 if the "
        "hub could not be notified of every feed: the next run continues with the rest."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.WEBSUB_HUB:
            self.stdout.write("WEBSUB_HUB is not set: nothing to do.")
            return
        path = Path(settings.WEBSUB_STATE)
        with as_command_errors("The database", "The next run continues with the rest."):
            self._run(path, quiet=options["verbosity"] == 0)

    def _run(self, path: Path, *, quiet: bool) -> None:
        try:
            with file_lock(path) as is_held:
                if not is_held:
                    self.stdout.write("Another run is notifying the hub: nothing to do.")
                    return
                self._notify_of_changes(path, quiet=quiet)
        except InvalidHubStateError as error:
            raise CommandError(f"{path} was not written by this command: {error}. Delete it and run again.") from None
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror or error}. Set WEBSUB_STATE to another file.") from None

    def _notify_of_changes(self, path: Path, *, quiet: bool) -> None:
        state, now = load_state(path), LogPosition.present(timezone.now())
        paths = changed_feeds(state.position, now) if state else site_feeds()
        site = site_url()
        feeds = list(dict.fromkeys([*(state.waiting if state else []), *(site + path for path in paths)]))
        save_state(path, HubState(now, feeds))  # if this run is killed, the next one repeats all of it
        waiting, refused = self._notify(feeds)
        save_state(path, HubState(now, waiting))
        notified = len(feeds) - len(waiting) - refused
        if not quiet:
            self.stdout.write(f"{len(feeds)} feeds: {notified} notified, {len(waiting)} waiting, {refused} refused")
        if waiting or refused:
            raise SystemExit(1)

    def _notify(self, feeds: list[str]) -> tuple[list[str], int]:
        """Return the feeds that wait for the next run, and how many the hub refused."""
        hub, refused = WebSubHub(settings.WEBSUB_HUB), 0
        for index, feed in enumerate(feeds):
            try:
                hub.notify(feed)
            except HubRefusedError as error:
                refused += 1
                self.stderr.write(f"{feed}: the hub {error}")
            except HubUnavailableError as error:
                self.stderr.write(f"{feed}: the hub {error}. The next run continues with the rest.")
                return feeds[index:], refused
        return [], refused
