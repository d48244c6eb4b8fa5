"""What a web page says about its story, and which feeds it names.

In the order of trust: JSON-LD of an article, Open Graph and its kin, then the page's own elements.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator

from selectolax.lexbor import LexborHTMLParser

from articles.rules.languages import stated_language
from articles.rules.urls import normalize_url

from .dates import ISO_FORMAT, is_plausible, parse_date
from .json_ld import article_in, text_of
from .repair import decodable
from .text import excerpt_from, plain_text, title_from
from .urls import absolute_url, host_of, page_url
from .values import FEED_LINKS_MAX, PROVIDER_MAX, FeedLink, PageValue, ParsedPage

PAGE_BYTES_MAX = 2_000_000
CHARSET_BYTES = 2048  # at the start of a page, where it names its encoding
FEED_TYPES = frozenset(
    {"application/atom+xml", "application/feed+json", "application/json", "application/rdf+xml", "application/rss+xml"}
)
_CHARSET_PATTERN = re.compile(rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_HOST_PREFIX_PATTERN = re.compile(r"^(?:www|m|mobile|amp)\.")

Stated = Iterable[tuple[str, str]]  # values and where they stand


def read_page(data: bytes, url: str, charset: str = "") -> ParsedPage:
    """Return what the page that was fetched from `url` says. Values are empty where it says nothing."""
    tree = _parsed(data, charset)
    base_url = absolute_url(_attribute(tree, "base[href]", "href"), url) or url
    article = article_in(script.text() for script in tree.css('script[type="application/ld+json"]'))
    metas = _metas(tree)

    def absolute(text: str) -> str:
        return absolute_url(text, base_url)

    provider = _first(
        [("JSON-LD", text_of(article.get("publisher"), "name")), *_named(metas, "og:site_name", "application-name")],
        lambda text: plain_text(text)[0][:PROVIDER_MAX].strip(),
    )
    return ParsedPage(
        title=_first(
            [
                ("JSON-LD", text_of(article.get("headline") or article.get("name"), "@value")),
                *_named(metas, "og:title", "twitter:title"),
                ("h1", _text(tree, "h1")),
                ("title", _text(tree, "title")),
            ],
            lambda text: title_from(plain_text(text)[0], provider.text or host_of(url)),
        ),
        excerpt=_first(
            [
                ("JSON-LD", text_of(article.get("description"), "@value")),
                *_named(metas, "og:description", "twitter:description", "description"),
            ],
            lambda text: excerpt_from(plain_text(text)[0]),
        ),
        url=_first(
            [("canonical", _attribute(tree, 'link[rel~="canonical"][href]', "href")), ("the page's URL", url)],
            lambda text: _canonical_url(absolute(text), url),
        ),
        published=_first(
            [
                ("JSON-LD", text_of(article.get("datePublished"), "@value")),
                *_named(metas, "article:published_time", "og:article:published_time", "date", "dc.date"),
                ("time", _attribute(tree, "time[datetime]", "datetime")),
            ],
            _date,
        ),
        picture=_first(
            [("JSON-LD", text_of(article.get("image"), "url")), *_named(metas, "og:image", "twitter:image")], absolute
        ),
        provider=provider,
        language=_first(
            [
                ("JSON-LD", text_of(article.get("inLanguage"), "alternateName")),
                ("html", _attribute(tree, "html[lang]", "lang")),
                *_named(metas, "og:locale"),
            ],
            stated_language,
        ),
        feeds=feed_links(tree, base_url),
    )


def feeds_named_by(data: bytes, url: str) -> tuple[FeedLink, ...]:
    return feed_links(_parsed(data, ""), url)


def feed_links(tree: LexborHTMLParser, base_url: str) -> tuple[FeedLink, ...]:
    """Return the feeds that a page names in its order, those of comments last."""
    feeds: dict[str, FeedLink] = {}
    for link in tree.css('link[rel~="alternate"][href]'):
        attributes = link.attributes
        url = absolute_url(attributes.get("href") or "", base_url)
        if url and (attributes.get("type") or "").partition(";")[0].strip().lower() in FEED_TYPES:
            feeds.setdefault(url, FeedLink(url=url, title=title_from(plain_text(attributes.get("title") or "")[0], "")))
    return tuple(sorted(feeds.values(), key=_is_of_comments)[:FEED_LINKS_MAX])


def _is_of_comments(feed: FeedLink) -> bool:
    return "comment" in feed.url.lower() or "comment" in feed.title.lower()


def _parsed(data: bytes, charset: str) -> LexborHTMLParser:
    data = data[:PAGE_BYTES_MAX]
    named = _CHARSET_PATTERN.search(data[:CHARSET_BYTES])
    for encoding in (charset, "utf-8-sig" if data.startswith(codecs.BOM_UTF8) else "", named and named[1].decode()):
        try:
            return LexborHTMLParser(data.decode(encoding or "", "replace"))
        except (LookupError, UnicodeError):
            continue
    try:
        return LexborHTMLParser(decodable(data).decode())
    except UnicodeDecodeError:
        return LexborHTMLParser(data.decode("cp1252", "replace"))


def _metas(tree: LexborHTMLParser) -> dict[str, str]:
    """Return the values of `meta` elements by their name or property; the first of each name counts."""
    metas: dict[str, str] = {}
    for meta in tree.css("meta[content]"):
        attributes = meta.attributes
        name = (attributes.get("property") or attributes.get("name") or "").strip().lower()
        if content := (attributes.get("content") or "").strip():
            metas.setdefault(name, content)
    return metas


def _named(metas: dict[str, str], *names: str) -> Iterator[tuple[str, str]]:
    for name in names:
        yield name, metas.get(name, "")


def _first(stated: Stated, convert: Callable[[str], str]) -> PageValue:
    """Return the first value that is one, and where it stands."""
    for origin, text in stated:
        if text and (value := convert(text)):
            return PageValue(text=value, origin=origin)
    return PageValue()


def _canonical_url(canonical: str, url: str) -> str:
    """Return the canonical URL if it is one of the same site, and no front page; the page's own counts always."""
    canonical = page_url(canonical, "")
    if canonical == page_url(url, ""):
        return canonical
    host, other = (_HOST_PREFIX_PATTERN.sub("", host_of(address)) for address in (canonical, url))
    is_same_site = host == other or host.endswith(f".{other}") or other.endswith(f".{host}")
    return canonical if host and is_same_site and normalize_url(canonical) else ""


def _date(text: str) -> str:
    moment = parse_date(text)
    return moment.strftime(ISO_FORMAT) if moment and is_plausible(moment) else ""


def _text(tree: LexborHTMLParser, selector: str) -> str:
    node = tree.css_first(selector)
    return node.html or "" if node else ""


def _attribute(tree: LexborHTMLParser, selector: str, name: str) -> str:
    node = tree.css_first(selector)
    return (node.attributes.get(name) or "" if node else "").strip()
