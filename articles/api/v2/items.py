"""Stories, outlets and topics as version 2 writes them: plain text, absolute URLs, times in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from articles.api.items import format_time
from articles.public.media import StoredPicture, media_url
from articles.public.providers import ProviderListItem
from articles.public.story_page import StoryLink, StoryView
from articles.public.text import http_url, unescape
from articles.public.topic_tree import TopicBranch


@dataclass(frozen=True)
class Writer:
    """Writes what the API returns; `site` is the base of URLs, as `https://news.example`."""

    site: str

    def story(self, row: StoryView) -> dict[str, Any]:
        return {
            "name": row.name,
            "url": self.url("story", row.name),
            "api_url": self.url("api-v2:story", row.name),
            "title": unescape(row.title),
            "outlets_headline": unescape(row.outlets_title) or None,
            "excerpt": unescape(row.excerpt),
            "source_url": http_url(row.web_url or row.original_url) or None,
            "published_at": format_time(row.published_at),
            "listed_at": format_time(row.listed),
            "type": row.type,
            "language": row.lang or None,
            "outlet": _outlet_name(row),
            "outlets": row.outlets,
            "heat": row.heat,
            "topics": [{"name": topic.name, "slug": topic.slug} for topic in row.topic_list],
            "places": row.tags,
            "picture": self._picture(row.picture) if row.picture else None,
            "coverage": [_report(link) for link in row.links if link.covers],
            "see_also": [self._see_also(link) for link in row.links if link.is_shown and not link.covers],
        }

    def outlet(self, item: ProviderListItem) -> dict[str, Any]:
        logos = item.logo_provider.logo_files
        return {
            "domain": item.domain.domain,
            "title": item.domain.title,
            "names": list(item.domain.names),
            "recent_stories": item.stories,
            "logo": self.site + media_url(logos[-1].file) if logos else None,
            "url": self.site + item.url,
            "api_url": self.url("api-v2:outlet", item.domain.domain),
            "stories_url": self.url("api-v2:stories", outlet=item.domain.domain),
        }

    def topic(self, branch: TopicBranch, parent: TopicBranch | None) -> dict[str, Any]:
        return {
            "slug": branch.topic.slug,
            "name": branch.topic.name,
            "parent": parent.topic.slug if parent else None,
            "children": [child.topic.slug for child in branch.branches],
            "recent_stories": branch.stories,
            "url": self.site + branch.url,
            "api_url": self.url("api-v2:topic", branch.topic.slug),
            "stories_url": self.url("api-v2:stories", topic=branch.topic.slug),
        }

    def url(self, view: str, *arguments: str, **parameters: str) -> str:
        query = f"?{urlencode(parameters)}" if parameters else ""
        return self.site + reverse(view, args=arguments) + query

    def _see_also(self, link: StoryLink) -> dict[str, Any]:
        return {
            "name": link.target_name,
            "title": unescape(link.target_title),
            "url": self.url("story", link.target_name),
            "api_url": self.url("api-v2:story", link.target_name),
        }

    def _picture(self, picture: StoredPicture) -> dict[str, Any]:
        return {
            "url": self.site + media_url(picture.file),
            "width": picture.width,
            "height": picture.height,
            "alt": unescape(picture.alt),
            "credit": unescape(picture.credit),
        }


def _report(link: StoryLink) -> dict[str, Any]:
    return {
        "title": unescape(link.title),
        "source_url": http_url(link.source_url) or None,
        "published_at": format_time(link.published_at),
        "type": link.type,
        "language": link.lang or None,
        "outlet": _outlet_name(link),
        "name": link.target_name,
    }


def _outlet_name(row: StoryView | StoryLink) -> dict[str, str]:
    return {"name": row.provider_name, "domain": row.provider_domain}
