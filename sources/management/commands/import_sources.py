"""`manage.py import_sources FILE.opml`: follow the feeds that another program lists."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.command_arguments import file_path
from config.command_errors import as_command_errors
from sources.adding import Added, follow_all, topics_by_name
from sources.models import Source
from sources.opml import BYTES_MAX, NotOpmlError, Outline, read_opml


class Command(BaseCommand):
    help = (
        "Follows the feeds that FILE lists, an OPML file as feed readers export it. Folders named like topics give "
        "their feeds those topics. What is followed already stays as it is. Exit code 1 if a feed was refused."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", metavar="FILE", type=file_path)
        parser.add_argument("--topic", default="", metavar="NAME", help="for feeds in no folder named like a topic")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, follow nothing")

    def handle(self, *args: Any, file: Path, topic: str, dry_run: bool, **options: Any) -> None:
        self.counts: Counter[str] = Counter()
        topics = _topics_named(topic)
        with as_command_errors(file, "Nothing was followed."):
            with file.open("rb") as stream:
                data = stream.read(BYTES_MAX + 1)
            try:
                outlines = read_opml(data, topics_by_name())
            except NotOpmlError as error:
                raise CommandError(f"{file}: The file {error}.") from None
            follow_all(outlines, topics=topics, on_result=self.report, dry_run=dry_run)
        parts = ", ".join(f"{self.counts[outcome]} {outcome}" for outcome in Added)
        self.stdout.write(f"{len(outlines)} feeds: {parts}")
        if self.counts[Added.REFUSED]:
            sys.exit(1)

    def report(self, outline: Outline, outcome: Added, reason: str) -> None:
        self.counts[outcome] += 1
        if reason:
            self.stderr.write(f"{outline.url}: {reason}")


def _topics_named(name: str) -> list[int]:
    if not name:
        return []
    topics = Source.topics.field.related_model.objects.filter(name=name)
    if not topics:
        raise CommandError(f"There is no topic “{name}”.")
    return [topic.pk for topic in topics]
