"""`manage.py check_record`: compare the publication record with what readers see."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from articles.audit_log.unit_of_work import Actor, unit_of_work
from articles.models import Verb, Via
from articles.publication_record.checking import find_differences
from config.command_errors import as_command_errors


class Command(BaseCommand):
    help = (
        "Compares the publication record with what readers see from now on and names the articles that differ. Exit "
        "code 1 if there are any."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--repair",
            action="store_true",
            help="write the record of these articles again, as an operation. Needed once after an upgrade during which "
            "processes of the old release kept running",
        )

    def handle(self, *args: Any, repair: bool, **options: Any) -> None:
        with as_command_errors("The database", "Run the same command again."):
            self.compare(repair=repair)

    def compare(self, *, repair: bool) -> None:
        differences = find_differences()
        for difference in differences:
            self.stdout.write(str(difference))
        if not differences:
            self.stdout.write("The publication record agrees with what readers see.")
            return
        noun = "article differs" if len(differences) == 1 else "articles differ"
        self.stdout.write(f"{len(differences)} {noun} from the publication record.")
        if not repair:
            sys.exit(1)
        with unit_of_work(Verb.EDIT, Actor(via=Via.COMMAND, reason="repair of the publication record")) as uow:
            uow.appearances.note(difference.article_id for difference in differences)
            uow.get_or_create_operation()  # so that clients of the API hear of it
        self.stdout.write("They are repaired.")
