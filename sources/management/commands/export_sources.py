"""`manage.py export_sources`: write what is followed as a list that other programs read."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from config.command_errors import as_command_errors
from sources.models import Source
from sources.opml import Outline, write_opml
from website.models import SiteLook


class Command(BaseCommand):
    help = "Writes the sources as OPML 2.0 to standard output, with their topics as categories."

    def handle(self, *args: Any, **options: Any) -> None:
        with as_command_errors("Standard output", "The list is incomplete."):
            outlines = [
                Outline(source.url, source.name, tuple(topic.name for topic in source.topics.all()))
                for source in Source.objects.prefetch_related("topics")
            ]
            self.stdout.write(write_opml(f"Sources of {SiteLook.current().site_name}", outlines), ending="")
