"""Sources of the demo's own: small feeds on this machine that grow while one watches. Nothing leaves the machine."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml
from django.db.models import Q
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed, Enclosure, Rss201rev2Feed, SyndicationFeed

from providers.models import Provider
from sources.models import Source

HOST = "127.0.0.1"
FIRST = 3  # stories of a feed at its first start
GAP = timedelta(minutes=40)  # between the stories that are there from the start
CONTENT_TYPES = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}
XML_WRITERS: dict[str, type[SyndicationFeed]] = {"rss": Rss201rev2Feed, "atom": Atom1Feed}


@dataclass(frozen=True, kw_only=True)
class Story:
    """A story of a feed, and when the feed has listed it."""

    title: str
    excerpt: str
    url: str
    picture: str
    at: datetime


@dataclass(kw_only=True)
class DemoFeed:
    """A feed: its stories as written, in their order, and those that it lists already."""

    name: str
    domain: str
    format: str
    written: Sequence[dict[str, str]]
    listed: list[Story] = field(default_factory=list)

    @property
    def path(self) -> str:
        return f"/{self.domain}"

    @property
    def has_more(self) -> bool:
        return len(self.listed) < len(self.written)

    def add_story(self, at: datetime) -> bool:
        """List the next story; return whether there was one."""
        if not self.has_more:
            return False
        written = self.written[len(self.listed)]
        story = Story(
            title=written["title"],
            excerpt=written["excerpt"],
            url=f"https://www.{self.domain}{written['path']}",
            picture=written.get("picture", ""),
            at=at,
        )
        self.listed = [*self.listed, story]
        return True

    def document(self) -> bytes:
        """Return the feed as it is now, newest first, in its format."""
        newest_first = self.listed[::-1]
        writer = XML_WRITERS.get(self.format)
        return (_xml(writer, self, newest_first) if writer else _json(self, newest_first)).encode()


def read_feeds(folder: Path) -> list[DemoFeed]:
    """Return the feeds that the files of a folder describe, without any story yet."""
    feeds = []
    for path in sorted(folder.glob("*.yaml")):
        values: dict[str, Any] = yaml.safe_load(path.read_text())
        feeds.append(
            DemoFeed(name=values["name"], domain=values["domain"], format=values["format"], written=values["stories"])
        )
    return feeds


class DemoFeeds:
    """Serves feeds on a socket, and lets them grow in turn."""

    def __init__(self, feeds: Sequence[DemoFeed], listening: socket.socket) -> None:
        self._feeds = feeds
        self._port = listening.getsockname()[1]
        self._next = 0
        self._server = ThreadingHTTPServer((HOST, 0), partial(_Handler, feeds), bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = listening
        self._server.daemon_threads = True

    def __enter__(self) -> DemoFeeds:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def follow(self) -> None:
        """Follow the feeds, or go on with it at the port of this start, and list the stories that are known."""
        now = timezone.now()
        for feed in self._feeds:
            source = self._source(feed)
            number = max(FIRST, source.entries.count())
            for place in range(min(number, len(feed.written))):
                feed.add_story(now - GAP * (number - place))

    def grow(self) -> None:
        """List one more story in the next feed that has one, and have it fetched, as feeds with a hub would."""
        for feed in self._in_turn():
            self._next = self._feeds.index(feed) + 1
            if feed.add_story(timezone.now()):
                Source.objects.filter(url=self._url(feed), paused=False).update(next_at=timezone.now())
                return

    def plan_fetches(self, pause: timedelta) -> None:
        """Let pages say when each feed will be fetched for its next story, if one grows after each `pause`."""
        now = timezone.now()
        growing = [feed for feed in self._in_turn() if feed.has_more]
        for turn, feed in enumerate(growing, start=1):
            later = Source.objects.filter(url=self._url(feed), next_at__gt=now + turn * pause)
            later.update(next_at=now + turn * pause)

    def _in_turn(self) -> list[DemoFeed]:
        """Return the feeds, beginning with the one that grows next."""
        place = self._next % len(self._feeds)
        return [*self._feeds[place:], *self._feeds[:place]]

    def _source(self, feed: DemoFeed) -> Source:
        ours = Q(url__startswith=f"http://{HOST}:") & Q(url__endswith=feed.path)
        source = Source.objects.filter(ours).first()
        if source is None:
            outlet = Provider.objects.filter(name=feed.name, domain=feed.domain).first()
            return Source.objects.create(name=feed.name, url=self._url(feed), provider=outlet)
        source.set_url(self._url(feed))
        source.save()
        return source

    def _url(self, feed: DemoFeed) -> str:
        return f"http://{HOST}:{self._port}{feed.path}"


class _Handler(BaseHTTPRequestHandler):
    """Sends the feed of a path, unless it is the one that the client has."""

    timeout = 10

    def __init__(self, feeds: Sequence[DemoFeed], *args: Any) -> None:
        self._feeds = {feed.path: feed for feed in feeds}
        super().__init__(*args)

    def do_GET(self) -> None:
        feed = self._feeds.get(self.path)
        if feed is None:
            self.send_error(404)
            return
        body = feed.document()
        etag = f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"'
        is_known = self.headers.get("If-None-Match") == etag
        self.send_response(304 if is_known else 200)
        self.send_header("ETag", etag)
        self.send_header("Content-Type", CONTENT_TYPES[feed.format])
        self.send_header("Content-Length", "0" if is_known else str(len(body)))
        self.end_headers()
        if not is_known:
            self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing: the terminal is the server's."""


def _xml(writer: type[SyndicationFeed], feed: DemoFeed, stories: Sequence[Story]) -> str:
    document = writer(title=feed.name, link=f"https://www.{feed.domain}/", description="")
    for story in stories:
        document.add_item(
            title=story.title,
            link=story.url,
            description=story.excerpt,
            pubdate=story.at,
            updateddate=story.at,
            unique_id=story.url,
            unique_id_is_permalink=False,
            enclosures=[Enclosure(story.picture, "0", "image/jpeg")] if story.picture else [],
        )
    return str(document.writeString("utf-8"))


def _json(feed: DemoFeed, stories: Sequence[Story]) -> str:
    items = [
        {
            "id": story.url,
            "url": story.url,
            "title": story.title,
            "summary": story.excerpt,
            "date_published": story.at.isoformat(),
            **({"image": story.picture} if story.picture else {}),
        }
        for story in stories
    ]
    document = {"version": "https://jsonfeed.org/version/1.1", "title": feed.name, "items": items}
    return json.dumps(document, ensure_ascii=False)
