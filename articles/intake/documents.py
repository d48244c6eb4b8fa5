"""The document that an entry becomes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from articles.exchange.format.document import Document, Image, ProviderData
from articles.exchange.format.write import document_text
from articles.public.video import document_player
from articles.rules.dates import is_ahead
from articles.rules.scoring import SCORE_MAX, Policy, suggested_quality
from articles.rules.slugs import SLUG_LENGTH_MAX, document_name, slugify_title
from articles.rules.youtube import document_video_url, page_video_id

from .topics import TopicNode

OUTLET_LABEL_MAX = 40
NAME_MAX = len("2024-05-01-") + SLUG_LENGTH_MAX


@dataclass(frozen=True, kw_only=True)
class EntryText:
    """What a source says about a story."""

    title: str
    excerpt: str
    url: str
    published_at: datetime | None
    picture: str
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class Outlet:
    """Whose story it is, and what that adds to the suggested quality."""

    name: str
    domain: str
    registered: bool = False
    weight: int = 0


@dataclass(frozen=True)
class MadeDocument:
    """A document made of an entry, to import as if it were a file."""

    label: str
    stem: str
    text: str

    @property
    def file_name(self) -> str:
        return f"{self.stem}.md"

    def read(self) -> bytes:
        return self.text.encode()


def publication_time(stated: datetime | None, arrived: datetime) -> datetime:
    """Return the time that the source states, in whole seconds; that of arrival without one, or if it is ahead."""
    time = arrived if stated is None or is_ahead(stated, arrived) else stated
    return time.astimezone(UTC).replace(microsecond=0)


def free_name(published_at: datetime, title: str, outlet: str, is_taken: Callable[[str], bool]) -> str:
    """Return a name for a document: that of its date and title, if it must be with the outlet and a number."""
    name = document_name(published_at, title)
    if not is_taken(name):
        return name
    if label := slugify_title(outlet)[:OUTLET_LABEL_MAX].strip("-"):
        name = _joined(name, label)
    number, candidate = 2, name
    while is_taken(candidate):
        candidate = _joined(name, str(number))
        number += 1
    return candidate


def make_document(
    entry: EntryText,
    *,
    name: str,
    published_at: datetime,
    outlet: Outlet,
    topics: Sequence[TopicNode],
    policy: Policy,
    by_policy: bool,
    points: int = 0,
) -> Document:
    """Return the document of an entry, with the quality that the policy suggests and the `points` of rules.

    It is published only `by_policy`, if its heat reaches the threshold. A video of YouTube has a page on the site
    itself, so it has a player and no `web_url`.
    """
    video = page_video_id(entry.url)
    quality, _ = suggested_quality(
        policy,
        title=entry.title,
        topics=topics,
        has_image=bool(entry.picture),
        has_amp=False,
        is_video=bool(video),
        provider_registered=outlet.registered,
        provider_weight=outlet.weight,
    )
    quality = min(max(0, quality + points), SCORE_MAX)
    return Document(
        name=name,
        category="news",
        title=entry.title,
        excerpt=entry.excerpt,
        published_at=published_at,
        original_url=document_video_url(video) if video else entry.url,
        web_url="" if video else entry.url,
        type="video" if video else "article",
        featured_content=document_player(video) if video else "",
        quality=quality,
        heat=quality,
        published=by_policy and quality >= policy.publish_threshold,
        provider=ProviderData(name=outlet.name, domain=outlet.domain),
        topics=[topic.name for topic in topics],
        images=[Image(url=entry.picture)] if entry.picture else [],
        language=entry.language or None,
    )


def as_source(document: Document, label: str) -> MadeDocument:
    """Return the document as text, so that it goes through the checks of every import."""
    return MadeDocument(label, document.name, document_text(document))


def _joined(name: str, suffix: str) -> str:
    """Return the name with a suffix, cut so that it stays a name of a document."""
    return f"{name[: NAME_MAX - len(suffix) - 1].rstrip('-')}-{suffix}"
