"""`manage.py suggest_stories`: work out which articles may report the same event."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from articles.suggestions import working_out
from articles.suggestions.listing import suggestions_as_json
from config.checks import CHECK_TAG
from config.command_arguments import share
from config.command_errors import as_command_errors


class Command(BaseCommand):
    requires_system_checks = (CHECK_TAG,)
    help = (
        "Works out which of the articles that came in or were changed may report the same event as an earlier one. "
        "Nothing is folded: editors answer the suggestions at the desk. Imports and sources do it by themselves."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--rebuild", action="store_true", help="compare all articles again, in the order of their publication"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object per article with suggestions")
        parser.add_argument(
            "--min-score", type=share, metavar="S", help="with --json: from this score, not that of the desk"
        )

    def handle(self, *args: Any, min_score: float | None, **options: Any) -> None:
        stream = self.stderr if options["json"] else self.stdout
        with as_command_errors("The database", "Run the same command again: it goes on where it stopped."):
            work_out(stream.write, rebuild=options["rebuild"], verbosity=options["verbosity"], finds_missing=True)
            if options["verbosity"] and (number := working_out.number_never_compared()):
                stream.write(f"Older than the window and not compared: {number}. --rebuild compares all articles.")
            for article in suggestions_as_json(min_score) if options["json"] else ():
                self.stdout.write(json.dumps(article, ensure_ascii=False))


def work_out(
    say: Callable[[str], Any], *, rebuild: bool = False, verbosity: int = 1, finds_missing: bool = False
) -> None:
    """Work out what is due, or everything, and say what was done; commands that bring articles end with it."""
    with tqdm(unit=" articles", disable=verbosity == 0 or not sys.stderr.isatty()) as bar:
        done = (
            working_out.rebuild(bar.update)
            if rebuild
            else working_out.work_out_due(bar.update, finds_missing=finds_missing)
        )
        if rebuild and not done.is_locked_out:
            working_out.work_out_due(bar.update)  # what came in meanwhile
    if verbosity and (done.articles or done.is_locked_out or done.cut_moved):
        say(str(done))
