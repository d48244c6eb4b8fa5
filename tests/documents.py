"""Story documents as text, for tests of import and export."""

from __future__ import annotations

from typing import Any

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


def document(text: str = CANONICAL, **replaced: Any) -> str:
    """Return `text` with the first line of each key in `replaced` exchanged; None drops the line."""
    lines = text.split("\n")
    for key, value in replaced.items():
        index = next(number for number, line in enumerate(lines) if line.lstrip(" -").startswith(f"{key}:"))
        before = lines[index][: lines[index].index(key)]
        lines[index : index + 1] = [] if value is None else [f"{before}{key}: {value}".rstrip()]
    return "\n".join(lines)
