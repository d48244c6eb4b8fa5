"""What is taken of an entry: its title, excerpt, URL, date, picture, language and outlet, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from articles.rules.languages import stated_language
from articles.rules.limits import TITLE_MAX
from articles.rules.values import is_blank, shorten

from .dates import is_plausible, lacks_zone
from .pictures import logos_among, picture_urls
from .text import REPLACEMENT_CHARACTER, cut_at_word, excerpt_from, plain_text, title_from, title_from_excerpt
from .urls import absolute_url, host_of, page_url
from .values import ENTRIES_MAX, GUID_MAX, PROVIDER_MAX, ParsedEntry, ParsedFeed, RawEntry, RawFeed

NO_TITLE = "There is no title and no text to make one of: the entry would be refused."
NO_URL = "There is no link that can be followed: the entry would be refused."


def parse_entries(feed: RawFeed) -> ParsedFeed:
    """Return the document as it would be taken."""
    pictures = [picture_urls(entry) for entry in feed.entries]
    logos = logos_among(pictures)
    guid_counts = Counter(entry.guid for entry in feed.entries)
    warnings = list(feed.warnings)
    if feed.entry_count > ENTRIES_MAX:
        warnings.append(f"The document has {feed.entry_count:,} entries; the first {ENTRIES_MAX} were read.")
    title, _ = plain_text(feed.title)
    return ParsedFeed(
        format=feed.format,
        title=cut_at_word(title, TITLE_MAX),
        url=absolute_url(feed.url, ""),
        language=stated_language(feed.language),
        entries=tuple(
            _parse_entry(entry, [url for url in urls if url not in logos], repeats_guid=guid_counts[entry.guid] > 1)
            for entry, urls in zip(feed.entries, pictures, strict=True)
        ),
        wait_minutes=feed.wait_minutes,
        warnings=tuple(warnings),
    )


def _parse_entry(entry: RawEntry, pictures: list[str], *, repeats_guid: bool) -> ParsedEntry:
    warnings: list[str] = []
    url = _url(entry, warnings)
    provider, _ = plain_text(entry.provider)
    provider = host_of(url) if is_blank(provider) else provider[:PROVIDER_MAX].strip()
    excerpt, hidden_in_excerpt = _first_text(entry.texts)
    title, hidden_in_title = plain_text(entry.title)
    title = title_from("" if is_blank(title) else title, provider)
    if not title:
        title = title_from_excerpt(excerpt)
        warnings.append("There is no title: the excerpt's beginning stands for it." if title else NO_TITLE)
    if hidden_in_title + hidden_in_excerpt:
        warnings.append(f"{hidden_in_title + hidden_in_excerpt} invisible control characters were removed.")
    if replaced := (title + excerpt).count(REPLACEMENT_CHARACTER):
        warnings.append(f"{replaced} letters can't be read: the feed may state the wrong encoding.")
    published, zone_is_missing = _published(entry, warnings)
    return ParsedEntry(
        title=title,
        excerpt=excerpt,
        url=url,
        published=published,
        provider=provider,
        picture=pictures[0] if pictures else "",
        language=stated_language(entry.language),
        guid=_guid(entry.guid, warnings, repeats=repeats_guid),
        warnings=tuple(warnings),
        lacks_zone=zone_is_missing,
    )


def _first_text(texts: tuple[str, ...]) -> tuple[str, int]:
    """Return the first text that has something to see as an excerpt, and how many hidden characters it had."""
    for markup in texts:
        text, hidden_count = plain_text(markup)
        text = excerpt_from(text)
        if not is_blank(text):
            return text, hidden_count
    return "", 0


def _url(entry: RawEntry, warnings: list[str]) -> str:
    stated = [url.strip() for url in entry.urls if url.strip()]
    for candidate in stated:
        if url := page_url(candidate, entry.base_url):
            return url
    if stated:
        warnings.append(f"The link is no URL of a page: {shorten(stated[0])}")
    warnings.append(NO_URL)
    return ""


def _published(entry: RawEntry, warnings: list[str]) -> tuple[datetime | None, bool]:
    """Return the first date that can be read, of publication, else of the last change; and whether it lacks a zone."""
    for date in entry.dates:
        if date.instant and is_plausible(date.instant):
            if zone_is_missing := lacks_zone(date.text):
                warnings.append("The date states no time zone: it is read as UTC.")
            return date.instant, zone_is_missing
    stated = [date.text for date in entry.dates if date.text]
    warnings.append(f"The date can't be read: {shorten(stated[0])}" if stated else "There is no date.")
    return None, False


def _guid(guid: str, warnings: list[str], *, repeats: bool) -> str:
    guid = guid.strip()
    if len(guid) > GUID_MAX or not guid.isprintable():
        warnings.append("The guid is too long, or has characters that can't be shown: it is not used.")
        return ""
    if guid and repeats:
        warnings.append("Other entries of the document have the same guid: it identifies none of them.")
    return guid
