"""`manage.py fetch_sources`: fetch the sources that are due, and take in their new entries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from articles.db.locks import database_lock
from articles.intake.run import take_in_new_entries
from config.checks import CHECK_TAG
from config.command_arguments import moment, whole_number
from config.command_errors import as_command_errors
from sources.fetch_run import due_jobs, fetch_sources
from sources.fetcher import FetchJob, source_client
from sources.models import Entry, Source
from sources.storing import Stored

from .suggest_stories import work_out

LOCK_KEY = 0x5372_6373  # "Srcs"; an arbitrary number, unique among locks


class Command(BaseCommand):
    requires_system_checks = (CHECK_TAG,)
    help = (
        "Fetches the sources that are due, one request per host at a time, and takes in their new entries. Run it "
        "every minute: it decides itself what is due, and a second run beside it does nothing. A source that fails is "
        "tried again later and stops no other; the desk says how each source is."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--source", type=int, metavar="ID", help="only this source, whether it is due or not")
        parser.add_argument("--limit", type=whole_number(), metavar="N", help="fetch N sources at most")
        parser.add_argument(
            "--now", type=moment, metavar="TIME", help="the time to go by, such as 2026-03-04T12:00:00Z"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would be fetched, ask nobody")

    def handle(
        self, *args: Any, source: int | None, limit: int | None, now: datetime | None, dry_run: bool, **options: Any
    ) -> None:
        self.verbosity = options["verbosity"]
        self.counts: Counter[str] = Counter()
        if source is not None and not Source.objects.filter(pk=source).exists():
            raise CommandError(f"There is no source {source}.")
        selection = {"only": source, "limit": limit}
        if dry_run:
            self.report_due(due_jobs(now or timezone.now(), **selection))
            return
        with (
            as_command_errors("The database", "Run the same command again: it goes on where it stopped."),
            database_lock("sources", LOCK_KEY) as is_locked,
        ):
            if not is_locked:
                self.say("Another run is fetching sources: nothing to do.")
                return
            jobs = due_jobs(now or timezone.now(), **selection)
            fetch_sources(jobs, source_client(), now=lambda: now or timezone.now(), on_result=self.count)
            taken_in = take_in_new_entries(
                only=source,
                on_locked=lambda: self.say("An import is running; new entries wait for the next run."),
                on_failure=lambda source, reason: self.stderr.write(
                    f"source {source.pk}: its new entries can't be taken in, and wait: {reason}"
                ),
            )
            work_out(self.say, verbosity=self.verbosity)
        self.say(f"{len(jobs)} sources: {self.counts['read']} read, {self.counts['failed']} failed")
        if taken_in:
            self.say(intake_summary(taken_in))

    def report_due(self, jobs: Sequence[FetchJob]) -> None:
        for job in jobs if self.verbosity >= 2 else ():
            self.stdout.write(job.url)
        self.stdout.write(f"{len(jobs)} sources would be fetched from {len({job.host for job in jobs})} hosts")

    def say(self, text: str) -> None:
        if self.verbosity:
            self.stdout.write(text)

    def count(self, source: int, stored: Stored) -> None:
        self.counts["failed" if stored.reason else "read"] += 1
        if self.verbosity >= 2 and stored.reason:
            self.stderr.write(f"source {source} {stored.reason}")


def intake_summary(counts: Counter[str]) -> str:
    """Return what became of the new entries, in words."""
    number = sum(counts.values())
    parts = [f"{counts[outcome]} {outcome.label}" for outcome in Entry.Outcome if counts[outcome]]
    return f"{number} new {'entry' if number == 1 else 'entries'}: {', '.join(parts)}"
