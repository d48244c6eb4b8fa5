"""URLs in normal form, by which articles and entries of one page are found, and URLs without tracking parameters.

The normal form is for comparison only: documents keep their URLs as written, and readers follow those.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import SplitResult, quote, unquote, urlsplit

from .limits import URL_MAX
from .youtube import page_video_id

# Clicks, mailings and campaigns; compared in lower case. Miniflux, Brave and Firefox drop most of them too.
_TRACKING_GROUPS = (
    "fbclid gclid gclsrc dclid gbraid wbraid srsltid msclkid twclid ttclid yclid ysclid igshid igsh li_fat_id epik",
    "rdt_cid irclickid wickedid rb_clickid s_kwcid ef_id dicbo oborigurl tblci _openstat _ga _gl",
    "fb_ref fb_source fb_action_ids fb_action_types fb_comment_id ref_src ref_url twsrc __twitter_impression",
    "mc_cid mc_eid mc_tc mkt_tok _hsenc _hsmi __hssc __hstc __hsfp hsctatracking vero_id vero_conv __s",
    "oly_anon_id oly_enc_id _bhlid ml_subscriber ml_subscriber_hash elqtrackid elqtrack __readwiselocation",
    "_branch_match_id _branch_referrer pk_campaign pk_kwd pk_keyword pk_source pk_medium pk_content pk_cid",
    "at_medium at_campaign at_custom1 at_custom2 at_custom3 at_custom4 at_link_id at_link_type at_format",
    "ns_mchannel ns_campaign ns_source ns_linkname ns_fee cmp cmpid intcmp icid ncid ocid smid smtyp s_cid ftag ito",
    "wt_mc xtor echobox spm soc_src soc_trk tsrc guccounter guce_referrer guce_referrer_sig feedtype feedname",
)
_TRACKING_NAMES = frozenset(name for group in _TRACKING_GROUPS for name in group.split())
_TRACKING_PREFIXES = ("utm_", "mtm_", "itm_", "hmb_", "hsa_", "piwik_", "matomo_")
# These may also choose what a page shows, so their values must say that a feed or another site led here.
_REFERRER_NAMES = frozenset({"ref", "source", "src", "from", "mod", "partner", "emc", "via"})
_FEED_VALUE = re.compile(r"(?:[\w-]+[-_.])?(?:rss|feed)(?:[-_.\d][\w.-]*)?", re.IGNORECASE)
_HOST_VALUE = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}", re.IGNORECASE)

_AMP_NAMES = frozenset({"amp", "_amp"})
_AMP_VALUES = frozenset({"amp", "ampart"})

_HOST_PREFIXES = ("www.", "m.", "mobile.", "amp.")
_PATH_END = re.compile(
    r"(?:/index\.(?:html?|php|aspx?|jsp|shtml)|/default\.(?:html?|aspx?)|;jsessionid=[^;/]*)\Z", re.IGNORECASE
)
# Nearly all URLs in documents: nothing to escape, sort or drop but at both ends.
_PLAIN_URL = re.compile(r"https?://(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)+)(?P<path>(?:/[A-Za-z0-9._~-]*)*)")
_ESCAPED_AMPERSAND = re.compile(r"\A(?:amp;)+")
_ESCAPE = re.compile("%([0-9a-fA-F]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SAFE = "!$&'()*+,;=:@/?%#[]|^`{}\\~"  # other characters, and those beyond ASCII, are escaped

# Pages that lead on to a URL in their query: host (with those below it) and path, and the parameter.
_REDIRECTS = (
    (re.compile(r"(?:.+\.)?google\.[a-z.]{2,6}/(?:news/)?url"), ("url", "q")),
    (re.compile(r"(?:.+\.)?facebook\.com/l\.php"), ("u",)),
    (re.compile(r"(?:.+\.)?youtube\.com/redirect"), ("q",)),
    (re.compile(r"(?:.+\.)?bing\.com/news/apiclick\.aspx"), ("url",)),
    (re.compile(r"(?:.+\.)?duckduckgo\.com/l/?"), ("uddg",)),
    (re.compile(r"(?:.+\.)?linkedin\.com/(?:redir/redirect|safety/go)"), ("url",)),
    (re.compile(r"(?:.+\.)?vk\.com/away\.php"), ("to",)),
    (re.compile(r"out\.reddit\.com/.+"), ("url",)),
    (re.compile(r"(?:.+\.)?safelinks\.protection\.outlook\.com/"), ("url",)),
    (re.compile(r"t\.umblr\.com/redirect"), ("z",)),
    (re.compile(r"slack-redir\.net/link"), ("url",)),
)
_REDIRECTS_MAX = 3  # one inside another


@lru_cache(64)  # storing a document asks for the same page twice or three times
def normalize_url(url: str) -> str:
    """Return the normal form of a page's URL, such as `courier.example/bridge?id=7`.

    URLs with the same normal form lead to the same page: they differ at most in scheme, `www.` and mobile hosts,
    default port, fragment, trailing slash or index file, escapes, tracking parameters and the order of the others.
    All pages of YouTube that show one video are one.
    Empty for a front page, which is no article, and for what is not a web URL.
    """
    if "youtu" in url.lower() and (video := page_video_id(unwrap_redirect(url))):
        return f"youtube.com/watch?v={video}"
    if (plain := _PLAIN_URL.fullmatch(url)) and len(url) <= URL_MAX:
        path = _without_end(plain["path"])
        return f"{_without_prefixes(plain['host'])}{path}" if path else ""
    parts = _split(unwrap_redirect(url))
    if parts is None:
        return ""
    path = _without_end(_normalize_escapes(parts.path))
    query = "&".join(sorted(_identifying_parameters(parts.query)))
    fragment = parts.fragment if parts.fragment.startswith("!") else ""  # a page of its own
    if not (path or query or fragment):
        return ""
    return f"{_normalize_host(parts)}{path}{query and '?' + query}{fragment and '#' + _normalize_escapes(fragment)}"


def page_of(url: str) -> str:
    """Return what tells the page of `url` from others: its normal form, else the URL as written."""
    return normalize_url(url) or url


def page_or_site_of(url: str) -> str:
    """Return the normal form of a page's URL, that of its host for a front page; else the URL as written."""
    if page := normalize_url(url):
        return page
    parts = _split(url)
    return _normalize_host(parts) if parts else url


def url_key(url: str) -> str:
    """Return the digest by which articles and entries of one page are found; empty without a URL, or a front page."""
    page = normalize_url(url)
    return hashlib.blake2b(page.encode(), digest_size=16).hexdigest() if page else ""


def strip_tracking(url: str) -> str:
    """Return the URL as written, only without tracking parameters in query and fragment."""
    rest, hash_sign, fragment = url.partition("#")
    base, question_mark, query = rest.partition("?")
    kept_query, kept_fragment = _without_tracking(query), _without_tracking(fragment)
    if (kept_query, kept_fragment) == (query, fragment):
        return url
    if kept_query or not query:
        base += question_mark + kept_query
    return base + (hash_sign + kept_fragment if kept_fragment or not fragment else "")


def unwrap_redirect(url: str) -> str:
    """Return the URL to which a page that only redirects leads, if it is written in its query; else the URL."""
    for _ in range(_REDIRECTS_MAX):
        target = _redirect_target(url)
        if not target:
            break
        url = target
    return url


def _redirect_target(url: str) -> str:
    if "http" not in url[8:].lower():  # nearly all URLs
        return ""
    parts = _split(url)
    if parts is None:
        return ""
    page = f"{parts.hostname}{parts.path}".lower()
    for pattern, names in _REDIRECTS:
        if pattern.fullmatch(page):
            values = {name: unquote(value) for name, value in _parameters(parts.query)}
            targets = [values[name] for name in names if name in values]
            return next((target for target in targets if _split(target) is not None), "")
    return ""


def _split(url: str) -> SplitResult | None:
    """Return the parts of a web URL with a host; None for anything else."""
    if len(url) > URL_MAX:
        return None
    try:
        parts = urlsplit(url.strip())
        has_host = bool(parts.hostname) and parts.port != 0  # `port` fails for "host:x"
    except ValueError:
        return None
    return parts if has_host and parts.scheme in ("http", "https") and "@" not in parts.netloc else None


def _normalize_host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            host = quote(host, safe=_SAFE, errors="surrogatepass").lower()
    if ":" in host:
        host = f"[{host}]"
    host = _without_prefixes(host)
    return host if parts.port in (None, 80, 443) else f"{host}:{parts.port}"


def _without_prefixes(host: str) -> str:
    while host.startswith(_HOST_PREFIXES) and "." in (shorter := host.partition(".")[2]):
        host = shorter
    return host


def _without_end(path: str) -> str:
    """Return the path without what its end may lack: slashes, the name of an index file, a session."""
    longer = ""
    while path != longer:
        longer, path = path, path.rstrip("/")
        if end := _PATH_END.search(path, path.rfind("/")):
            path = path[: end.start()]
    return path


def _identifying_parameters(query: str) -> Iterator[str]:
    """Yield the parameters that choose a page, in normal form."""
    for name, value in _parameters(query):
        is_amp = unquote(name).lower() in _AMP_NAMES or unquote(value).lower() in _AMP_VALUES
        if not is_amp and not _is_tracking(name, value):
            yield _normalize_escapes(f"{name}={value}".removesuffix("=").replace("+", "%20"))


def _without_tracking(query: str) -> str:
    """Return the query or fragment without its tracking parameters; unchanged if it has none."""
    pieces = query.split("&")
    kept = [piece for piece in pieces if not any(_is_tracking(*pair) for pair in _parameters(piece))]
    return query if len(kept) == len(pieces) else "&".join(kept)


def _parameters(query: str) -> Iterator[tuple[str, str]]:
    """Yield the (name, value) pairs as written. Some outlets escape & twice, as `&amp;`."""
    for piece in query.split("&"):
        name, _, value = _ESCAPED_AMPERSAND.sub("", piece).partition("=")
        if name or value:
            yield name, value


def _is_tracking(name: str, value: str) -> bool:
    name, value = unquote(name).lower(), unquote(value)
    if name in _TRACKING_NAMES or name.startswith(_TRACKING_PREFIXES):
        return True
    if name not in _REFERRER_NAMES:
        return False
    return _FEED_VALUE.fullmatch(value) is not None or name == "ref" and _HOST_VALUE.fullmatch(value) is not None


def _normalize_escapes(text: str) -> str:
    """Return the text with the same characters escaped, however it was written."""
    if "%" in text:
        text = _ESCAPE.sub(_normalize_escape, text)
    return quote(text, safe=_SAFE, errors="surrogatepass")


def _normalize_escape(match: re.Match[str]) -> str:
    char = chr(int(match[1], 16))
    return char if char in _UNRESERVED else match[0].upper()
