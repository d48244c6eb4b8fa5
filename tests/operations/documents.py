"""Documents of a story with members, and later versions of them."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

from django.core.management import call_command

from articles.models import Article

LEAD, MEMBER, OTHER = (f"2020-06-09-event-0-as-outlet-{number}-tells-it" for number in range(3))


def put(folder: Path, name: str, change: Callable[[str], str]) -> None:
    path = folder / f"{name}.md"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def worded(text: str) -> str:
    return text.replace("What happened in event", "What really happened in event", 1)


def unfolded_by_document(text: str) -> str:
    lines = [line for line in text.split("\n") if not line.startswith(("heat:", "published:"))]
    at = next(number for number, line in enumerate(lines) if line.startswith("quality:"))
    return "\n".join([*lines[: at + 1], "heat: 95", "published: true", *lines[at + 1 :]])


def better(text: str) -> str:
    return text.replace("quality: 8", "quality: 19", 1)


def without_coverage(text: str) -> str:
    head, _, tail = text.partition("related:\n")
    return head + "secured:" + tail.partition("\nsecured:")[2]


def import_(folder: Path, **options: bool) -> str:
    out = StringIO()
    call_command("import_articles", str(folder), stdout=out, stderr=out, verbosity=0, **options)
    return out.getvalue()


def named(name: str) -> Article:
    return Article.objects.select_related("lead").get(name=name)
