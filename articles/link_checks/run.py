"""Look at the links of stories on the site and of their coverage: several hosts at a time, each one request at a time.

Threads make the requests. Only the main thread uses the database, in short transactions, never while it waits.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from articles.models import Article, CoverageCheck, LinkCheck, RelatedLink
from articles.rules.limits import REASON_MAX
from articles.rules.link_health import LinkHealth, next_health, next_look
from fetching.client import FetchError, HttpClient
from fetching.host_queue import HostQueue

ACCEPT = "text/html, application/xhtml+xml, */*;q=0.5"
WORKERS = 4
PAUSE = 2.0  # seconds between two requests to a host


@dataclass(frozen=True)
class Link:
    """A link to look at: of a story, or of a report that stories list as coverage."""

    url: str
    article_id: int | None = None
    match_key: str = ""  # of coverage

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def checks(self) -> models.QuerySet[Any]:
        """The result of the last look, if there was one."""
        if self.article_id is None:
            return CoverageCheck.objects.filter(match_key=self.match_key)
        return LinkCheck.objects.filter(article=self.article_id)

    @property
    def is_gone(self) -> bool:
        """Whether the story or the coverage was deleted."""
        if self.article_id is None:
            return not RelatedLink.objects.filter(match_key=self.match_key).exists()
        return not Article.objects.filter(pk=self.article_id).exists()

    def save(self, values: dict[str, Any]) -> None:
        if self.article_id is None:
            CoverageCheck.objects.update_or_create(match_key=self.match_key, defaults=values)
        else:
            LinkCheck.objects.update_or_create(article_id=self.article_id, defaults=values)


@dataclass(frozen=True)
class Look:
    """What a look at a link gave: the status, or why there is none, and how long the server wants to be left alone.

    `is_inconclusive` says that readers may well see the page.
    """

    status: int | None = None
    reason: str = ""
    wait: float | None = None
    host_down: bool = False
    is_inconclusive: bool = False


def due_links(now: datetime, limit: int) -> list[Link]:
    """Return the links to look at: of stories, the newest first, then of their coverage."""
    links = _due_stories(now, limit)
    return links + _due_coverage(now, limit - len(links))


def _due_stories(now: datetime, limit: int) -> list[Link]:
    is_due = Q(link_check=None) | Q(link_check__due_at__lte=now)
    is_moved = ~Q(link_check__url=F("web_url")) & ~Q(link_check__url=F("original_url"))
    stories = Article.objects.public(now).filter(is_due | is_moved).exclude(web_url="", original_url="")
    newest = stories.only("web_url", "original_url").order_by("-published_at", "-pk")[:limit]
    return [Link(story.source_url, story.pk) for story in newest]


def _due_coverage(now: datetime, limit: int) -> list[Link]:
    """Return links of what readers see as coverage. Stories may list the same report: it is looked at once."""
    recent = CoverageCheck.objects.filter(match_key=OuterRef("match_key"), due_at__gt=now)
    listed = RelatedLink.objects.coverage().filter(~Exists(recent), article__in=Article.objects.public(now))
    rows = listed.exclude(web_url="").order_by("-article__published_at", "-pk").values_list("match_key", "web_url")
    links: dict[str, Link] = {}
    for key, url in rows.iterator():
        if len(links) >= limit:
            break
        links.setdefault(key, Link(url, match_key=key))
    return list(links.values())


def forget_unlisted_coverage() -> int:
    """Delete the results of coverage that no story lists any more; return how many."""
    listed = RelatedLink.objects.filter(match_key=OuterRef("match_key"))
    return CoverageCheck.objects.filter(~Exists(listed)).delete()[0]


def check_links(
    links: Sequence[Link], client: HttpClient, *, now: Callable[[], datetime], pause: float = PAUSE
) -> Counter[str]:
    """Look at links and store what was found, each by itself; return how many work, failed, are dead or were left.

    A host that is down, or wants to be left alone, isn't asked again in this run: its other links stay due.
    """
    queue = HostQueue(links)
    counts: Counter[str] = Counter()
    with ThreadPoolExecutor(WORKERS, "links") as pool:
        running: dict[Future[Look], Link] = {}
        while True:
            while len(running) < WORKERS and (link := queue.take()):
                running[pool.submit(look_at, link.url, client)] = link
            delay = queue.seconds_to_next() if len(running) < WORKERS else None
            if running:
                for future in wait(running, delay, FIRST_COMPLETED).done:
                    link, look = running.pop(future), future.result()
                    counts[store(link, look, now())] += 1
                    if look.host_down or look.wait:
                        queue.drop_host(link.host)
                    queue.release(link.host, pause)
            elif delay is not None:
                time.sleep(delay)
            else:
                break
    counts["left"] = len(links) - counts.total()
    return counts


def look_at(url: str, client: HttpClient) -> Look:
    """Return what the server of a URL says about it."""
    try:
        return Look(client.probe(url))
    except FetchError as error:
        return Look(error.status, str(error), error.wait, error.host_down, error.is_inconclusive)


def store(link: Link, look: Look, now: datetime) -> str:
    """Store a look at a link; return whether it works, failed, or is dead."""
    before = link.checks.filter(url=link.url).first() or LinkCheck()
    health = LinkHealth(before.failures, before.failing_since, before.is_dead)
    health = next_health(health, look.status, works=not look.reason, is_inconclusive=look.is_inconclusive, now=now)
    if link.is_gone:
        return "left"
    link.save(
        {
            "url": link.url,
            "checked_at": now,
            "status": look.status,
            "reason": look.reason[:REASON_MAX],
            "failures": health.failures,
            "failing_since": health.failing_since,
            "is_dead": health.is_dead,
            "due_at": next_look(health, now, look.wait),
        }
    )
    return "dead" if health.is_dead else "failed" if health.failures else "work"
