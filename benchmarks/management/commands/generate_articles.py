"""`manage.py generate_articles N`: fill an empty newsroom with made-up articles, to measure it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.models import Count
from tqdm import tqdm

from articles.audit_log.unit_of_work import Actor, unit_of_work
from articles.db.locks import import_lock
from articles.exchange.format.document import Document, TopicEntry
from articles.exchange.registry import ReferenceCache, store_entry
from articles.models import Article, Policies, Topic, Verb, Via
from articles.rules.scoring import Policy
from articles.stories import duplicates
from benchmarks.generator import bulk_load
from benchmarks.generator.articles import DEFAULT_UNTIL, batches, documents, entries
from benchmarks.generator.complete_stories import insert_complete_stories
from benchmarks.generator.producer import produce_in_process
from config.command_errors import as_command_errors
from providers.models import Provider

BY = Actor(via=Via.COMMAND)
BATCH = 2000  # articles in a transaction
MANY = 5000  # articles from which a second process and late indexes pay off


def day(text: str) -> datetime:
    """Return the start of the day that `text` names. Raises ValueError, also before 1910."""
    start = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    if start.year < 1910:
        raise ValueError
    return start


class Command(BaseCommand):
    help = (
        "Fills an empty newsroom with made-up articles, stories and outlets in the proportions of real ones, "
        "as a load for benchmarks. The same seed makes the same articles."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("count", metavar="N", type=int, help="how many articles")
        parser.add_argument("--seed", type=int, default=1, metavar="S", help="seed of the generator (1)")
        parser.add_argument(
            "--until",
            type=day,
            default=DEFAULT_UNTIL,
            metavar="DATE",
            help=f"where their ten years end, YYYY-MM-DD ({DEFAULT_UNTIL:%Y-%m-%d})",
        )
        parser.add_argument(
            "--add", action="store_true", help="even if there are articles; also completes a load that was stopped"
        )

    def handle(self, *args: Any, count: int, seed: int, until: datetime, add: bool, **options: Any) -> None:
        if count < 1:
            raise CommandError(f"N is {count}; it must be 1 or more.")
        self.made = 0
        quiet = options["verbosity"] == 0 or not sys.stderr.isatty()
        hint = f"of {count:,} articles are there; the same command with --add completes them."
        with (
            as_command_errors("The database", lambda: f"{self.made:,} {hint}"),
            import_lock(self._wait),
            tqdm(total=count, unit=" articles", disable=quiet) as bar,
        ):
            self._fill(count, partial(_batches, count, seed, Policies.load().site, until, BATCH), add, bar)
        left_out = f", {count - self.made} were there already" if self.made < count else ""
        self.stdout.write(f"{self.made} articles made{left_out}")

    def _fill(self, count: int, make: Callable[[], Iterator[list[list[Document]]]], add: bool, bar: Any) -> None:
        _require_empty(add)
        _store_missing_entries()
        references, policies = ReferenceCache(), Policies.load()
        if count >= MANY and not bulk_load.is_under_way() and not Article.objects.exists():
            bulk_load.drop_indexes()
        for batch in produce_in_process(make) if count >= MANY else make():
            new = _new_documents(batch, add)
            if new:
                insert_complete_stories(new, references, policies, BY)
            self.made += len(new)
            bar.update(sum(map(len, batch)))
        bar.set_description("indexes")
        if bulk_load.is_under_way():
            bulk_load.rebuild_indexes()
        _analyze()
        with unit_of_work(Verb.IMPORT, BY) as uow:
            duplicates.mark_duplicates(uow, url_keys=_shared_url_keys())
            uow.appearances.note_created(Article.objects.filter(public=True).order_by().values_list("pk", flat=True))
            uow.get_or_create_operation()

    def _wait(self) -> None:
        self.stderr.write("An import is running; waiting for it to end.")


def _store_missing_entries() -> None:
    """Store the entries whose topic or outlet doesn't exist yet; leave the others as they are."""
    for entry in entries():
        if isinstance(entry, TopicEntry):
            exists = Topic.objects.filter(name=entry.name).exists()
        else:
            exists = Provider.objects.filter(domain=entry.domain, name=entry.name).exists()
        if not exists:
            store_entry(entry)


def _require_empty(add: bool) -> None:
    stored = 0 if add else Article.objects.count()
    if stored:
        raise CommandError(
            f"This newsroom has {stored:,} articles, and made-up ones would get mixed up with them. Use a database of "
            "its own (DATABASE_URL=sqlite:////tmp/load.sqlite3, and `migrate` first), or say --add."
        )


def _analyze() -> None:
    """Update PostgreSQL's statistics: without them it reads whole tables to find a batch.

    SQLite keeps its default rules. With statistics it starts from the outlets and sorts all articles although an index
    has them in order: 5 s for the list of a million instead of 0.07 s.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _shared_url_keys() -> list[str]:
    """Return the `url_key`s that several articles have. Reads all articles."""
    keys = Article.objects.exclude(url_key="").order_by().values_list("url_key", flat=True)
    return list(keys.annotate(articles=Count("pk")).filter(articles__gt=1))


def _batches(count: int, seed: int, policy: Policy, until: datetime, size: int) -> Iterator[list[list[Document]]]:
    return batches(documents(count, seed=seed, policy=policy, until=until), size)


def _new_documents(batch: list[list[Document]], may_be_stored: bool) -> list[Document]:
    """Return the documents of the stories in this batch that are not stored yet."""
    names = [document.name for story in batch for document in story] if may_be_stored else []
    stored = set(Article.objects.filter(name__listed=names).values_list("name", flat=True)) if names else set()
    new = [story for story in batch if stored.isdisjoint(document.name for document in story)]
    return [document for story in new for document in story]
