"""The look of the site as pages show it: name, logo, colours, menu and footer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.safestring import SafeString

from articles.db.compiled_queries import CompiledQuery
from articles.models import Topic
from website.links import SECTIONS, URL_TARGET, LinkEntry, keys_of, row_of
from website.markdown import render_markdown
from website.models import CONTACT, SiteLook, SitePage

from .media import media_url
from .topic_tree import TopicNode, having_stories

MENU_TOPICS_MAX = 8
FIRST_SECTIONS, LAST_SECTIONS = ("front", "latest"), ("topics", "providers")  # around the topics


class SiteLink(NamedTuple):
    """An entry of the menu or of the footer."""

    label: str
    url: str
    is_external: bool = False


class SiteImage(NamedTuple):
    """The site's own logo or icon: its files' URLs, smallest first, and the size of the largest."""

    urls: Sequence[str]
    width: int
    height: int


class _TopicRow(NamedTuple):
    pk: int
    name: str
    shortname: str
    slug: str
    parent_id: int | None


@dataclass(frozen=True)
class Site:
    """What pages show of the site. Its links take a query for the topics and one for the pages that they name."""

    look: SiteLook

    @property
    def name(self) -> str:
        return self.look.site_name

    @property
    def tagline(self) -> str:
        return self.look.site_tagline

    @property
    def stylesheet(self) -> str:
        return self.look.stylesheet

    @property
    def logo(self) -> SiteImage | None:
        return _image(self.look.logo)

    @property
    def icon(self) -> SiteImage | None:
        return _image(self.look.icon)

    @property
    def footer_text(self) -> SafeString:
        return render_markdown(self.look.footer_text) if self.look.footer_text else SafeString()

    @cached_property
    def menu(self) -> tuple[SiteLink, ...]:
        """Return the publisher's menu, or the usual one: sections, and the first topics between them."""
        if self.look.menu:
            return self._links(self.look.menu)
        topics = [SiteLink(topic.name, topic.url) for topic in menu_topics()]
        return (*map(_section, FIRST_SECTIONS), *topics, *map(_section, LAST_SECTIONS))

    @cached_property
    def footer_links(self) -> tuple[SiteLink, ...]:
        return self._links(self.look.footer_links)

    @cached_property
    def contact(self) -> SitePage | None:
        """Return the published page that says how to reach the publisher. One query, on the pages that name it."""
        return SitePage.objects.published().filter(slug=CONTACT).first()

    def _links(self, entries: Iterable[LinkEntry]) -> tuple[SiteLink, ...]:
        """Return the entries whose page is published, or whose topic has stories; others lead nowhere."""
        return tuple(link for entry in entries if (link := self._link(entry)) is not None)

    def _link(self, entry: LinkEntry) -> SiteLink | None:
        target, label = entry["target"], entry["label"]
        if target == URL_TARGET:
            return SiteLink(label, entry["url"], not entry["url"].startswith("/"))
        row = row_of(target)
        link = _section(target) if row is None else self._rows.get(row)
        return link._replace(label=label or link.label) if link else None

    @cached_property
    def _rows(self) -> dict[tuple[str, int], SiteLink]:
        entries = [*self.look.menu, *self.look.footer_links]
        pages = SitePage.objects.published().filter(pk__in=keys_of(entries, "page"))
        links = {("page", page.pk): SiteLink(page.title, page.get_absolute_url()) for page in pages.defer("body")}
        for topic in _nodes(MENU_TOPICS.rows(sorted(keys_of(entries, "topic")))):
            links["topic", topic.pk] = SiteLink(topic.name, topic.url)
        return links


def load_site() -> Site:
    """Return the site as it looks now. One query."""
    return Site(SiteLook.current())


def usual_menu() -> list[LinkEntry]:
    """Return the usual menu as entries, for a publisher who begins to change it."""
    topics = [f"topic:{topic.pk}" for topic in menu_topics()]
    targets = [*FIRST_SECTIONS, *topics, *LAST_SECTIONS]
    return [LinkEntry(target=target, label="", url="") for target in targets]


def menu_topics() -> list[TopicNode]:
    """Return the topics of the usual menu, at most 8: those below a root, or the roots if there are none. One query."""
    topics = UPPER_TOPICS.rows()
    shown = [row for row in topics if row.parent_id] or topics
    return list(_nodes(shown[:MENU_TOPICS_MAX]))


def _nodes(rows: Iterable[_TopicRow]) -> Iterator[TopicNode]:
    return (TopicNode(row.pk, row.shortname or row.name, row.slug, row.parent_id) for row in rows)


def _section(name: str) -> SiteLink:
    return SiteLink(str(SECTIONS[name]), reverse(name))


def _image(stored: dict[str, Any]) -> SiteImage | None:
    if not stored:
        return None
    return SiteImage([media_url(name) for name in stored["files"]], stored["width"], stored["height"])


UPPER_TOPICS = CompiledQuery(_TopicRow, lambda _: having_stories(Topic.objects.filter(parent__parent=None)))
MENU_TOPICS = CompiledQuery(_TopicRow, lambda keys: having_stories(Topic.objects.filter(pk__in=keys)))
