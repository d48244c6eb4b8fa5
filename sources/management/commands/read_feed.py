"""`manage.py read_feed FILE`: what would be taken of a feed, without asking anybody."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.command_arguments import file_path
from config.command_errors import as_command_errors
from sources.reading.dates import is_in_future
from sources.reading.reader import FeedReader
from sources.reading.urls import absolute_url
from sources.reading.values import DOCUMENT_BYTES_MAX, NotAFeedError, ParsedEntry
from sources.storing import values_of

IN_FUTURE = "The date lies in the future: the time of arrival would be used."


class Command(BaseCommand):
    help = (
        "Prints one JSON object for each entry of the feed or news sitemap in FILE, as it would be taken: title, "
        "excerpt, url, published, provider, picture, language, guid and warnings. Requests nothing and stores nothing."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file", metavar="FILE", type=file_path)
        parser.add_argument("--url", default="", help="where the document comes from; relative links start there")

    def handle(self, *args: Any, file: Path, url: str, **options: Any) -> None:
        if url and not absolute_url(url, ""):
            raise CommandError(f"--url is {url}; it must be a URL such as https://news.example/feed.")
        with as_command_errors(file, "Nothing was read."), FeedReader() as reader, file.open("rb") as stream:
            data = stream.read(DOCUMENT_BYTES_MAX + 1)
            try:
                feed = reader.read(data, url)
            except NotAFeedError as error:
                raise CommandError(f"{file}: The document {error}.") from None
        for warning in feed.warnings:
            self.stderr.write(f"{file}: {warning}")
        for entry in map(_with_future_warning, feed.entries):
            values = values_of(entry) | {"guid": entry.guid, "warnings": entry.warnings}
            self.stdout.write(json.dumps(values, ensure_ascii=False))


def _with_future_warning(entry: ParsedEntry) -> ParsedEntry:
    if entry.published is None or not is_in_future(entry.published, timezone.now()):
        return entry
    return replace(entry, warnings=(*entry.warnings, IN_FUTURE))
