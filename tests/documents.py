"""Story documents as text, for tests of import and export."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from articles.rules.slugs import slugify_title

NAME = "2020-06-09-harbour-bridge-closes-for-repairs"  # the canonical document's

CANONICAL = """\
---
category: news
title: "Harbour bridge closes for repairs"
excerpt: "The bridge will be shut for \\"three\\" weeks,\\nthe port says."
publishedDateTime: 2020-06-09T12:37:00Z
originalUrl: "https://www.courier.example/bridge"
webUrl: "https://www.courier.example/bridge"
ampWebUrl: "https://amp.courier.example/bridge"
cdnAmpWebUrl: "https://amp-courier-example.cdn.ampproject.org/c/s/amp.courier.example/bridge"
type: article
quality: 80
heat: 90
published: true

provider:
  name: The Courier & Sons
  domain: courier.example
  images:
    - url: "https://cdn.courier.example/logo-50x50.jpg"
      width: 50
      height: 50

topics:
  - Transport
  - Harbour towns

images:
  - url: "https://cdn.courier.example/bridge.jpg"
    width: 1200
    height: 800
    isCached: true

related:
  - title: "Port city loses its bridge until July"
    excerpt: "Lorries face a detour of forty kilometres."
    publishedDateTime: 2020-06-09T15:00:00Z
    webUrl: "https://www.herald.example/detour"
    type: article
    provider:
      name: Herald
      domain: herald.example
    quality: 60
    images:
      - url: "https://cdn.herald.example/detour.jpg"
        width: 640
        height: 480
        isCached: true

secured: "AAAA;BBBB"
---

"""

D2 = """\
---
category: news
title: "An older story"
excerpt: "Written in the dialect of January 2020."
publishedDateTime: 2020-01-09T12:37:00Z
sourceUrl: https://www.courier.example/older
ampUrl: https://amp.courier.example/older
cdnAmpUrl: https://amp-courier-example.cdn.ampproject.org/c/s/amp.courier.example/older
type: article
quality: 20
heat: 20
published: false

provider:
  name: The Courier
  domain: courier.example
  images:
    - url: /assets/courier.jpg
      width: 50
      height: 50

topics:
  - Root
  - Transport

images:
  - url: https://cdn.courier.example/older.jpg
    width: 700
    height: 400
    title: "An older story"

secured: "AAAA;BBBB"
---

"""

UNSCORED_VIDEO = """\
---
category: news
title: "A film"
excerpt: ""
publishedDateTime: 2020-06-09T12:37:11Z
originalUrl: "https://youtube.com/watch?v=abcdefghijk"
type: video

featuredContent: "<iframe width=\\"800\\" src=\\"https://www.youtube.com/embed/abcdefghijk\\" allowfullscreen></iframe>"

provider:
  name: Channel
  domain: youtube.com

topics:
  -{SPACE}
  - Root

secured: "AAAA;BBBB"
---

""".replace("{SPACE}", " ")  # the format writes an empty topic as a dash and a space


def document(text: str = CANONICAL, **replaced: Any) -> str:
    """Return `text` with the first line of each key in `replaced` exchanged; None drops the line."""
    lines = text.split("\n")
    for key, value in replaced.items():
        index = next(number for number, line in enumerate(lines) if line.lstrip(" -").startswith(f"{key}:"))
        before = lines[index][: lines[index].index(key)]
        lines[index : index + 1] = [] if value is None else [f"{before}{key}: {value}".rstrip()]
    return "\n".join(lines)


def write_demo_documents(folder: Path, *, stories: int, members: int = 2) -> None:
    """Write the documents of a number of stories into `folder`: a lead and its folded members for each."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(stories):
        group = [(f"Event {number} as outlet {member} tells it", 90 - member) for member in range(members + 1)]
        for member, (title, quality) in enumerate(group):
            others = [other for other in group if other[0] != title]
            heat = quality + 10 * members if member == 0 else -1
            lines = _head(title, quality, heat, number, member) + _coverage(others, number)
            (folder / f"2020-06-09-{slugify_title(title)}.md").write_text("\n".join(lines), encoding="utf-8")


def _head(title: str, quality: int, heat: int, number: int, member: int) -> list[str]:
    return [
        "---",
        "category: news",
        f'title: "{title}"',
        f'excerpt: "What happened in event {number}."',
        "publishedDateTime: 2020-06-09T12:00:00Z",
        f'webUrl: "https://outlet{member}.example/{slugify_title(title)}"',
        "type: article",
        f"quality: {quality}",
        f"heat: {heat}",
        f"published: {'true' if heat >= 70 else 'false'}",
        "",
        "provider:",
        f"  name: Outlet {member}",
        f"  domain: outlet{member}.example",
        "",
        "topics:",
        f"  - Topic {number % 7}",
        "",
        "images:",
        f'  - url: "https://outlet{member}.example/{number}.jpg"',
        "    width: 640",
        "    height: 480",
        "",
    ]


def _coverage(others: list[tuple[str, int]], number: int) -> list[str]:
    lines = ["related:"]
    for title, quality in others:
        member = title.split()[4]
        lines += [
            f'  - title: "{title}"',
            f'    excerpt: "What happened in event {number}."',
            "    publishedDateTime: 2020-06-09T12:00:00Z",
            f'    webUrl: "https://outlet{member}.example/{slugify_title(title)}"',
            "    type: article",
            "    provider:",
            f"      name: Outlet {member}",
            f"      domain: outlet{member}.example",
            f"    quality: {quality}",
        ]
    return [*lines, "", f'secured: "AAAA{number};BBBB"', "---", "", ""]


def write_document(folder: Path, text: str = CANONICAL, name: str = NAME + ".md") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
    return path


def import_documents(*arguments: object, **options: object) -> str:
    """Run `import_articles` and return what it prints; the last line is its summary."""
    out = StringIO()
    call_command("import_articles", *map(str, arguments), stdout=out, stderr=out, **options)
    return out.getvalue()
