"""Hypothesis strategies for documents: canonical ones, and ones that deviate from the format."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from articles.exchange.format.document import Document, Image, ProviderData, Related
from articles.rules.values import is_blank

# Letters of several scripts, the format's five escapes, what YAML treats specially, and what it refuses or folds.
ALPHABET = "aZ09 éßЖ日👀\"\\'#:,[]{}&*!|>%@`~?-=<.…\u00a0\u200b\u0097\u0085\u2028\u2029\ufeff\x7f"
CONTROL = "\n\r\t"


def text(max_size: int = 40, *, min_size: int = 0) -> st.SearchStrategy[str]:
    return st.text(ALPHABET + CONTROL, min_size=min_size, max_size=max_size)


def line(max_size: int = 40) -> st.SearchStrategy[str]:
    return st.text(ALPHABET, min_size=1, max_size=max_size).filter(lambda value: not is_blank(value))


def word() -> st.SearchStrategy[str]:
    return st.from_regex(r"[a-z]{1,12}", fullmatch=True).filter(lambda value: value != "null")


names = st.one_of(
    st.sampled_from(
        ["The Guardian", "NO", "1843", "yes", "O'Neil & Söhne", "A: B", "- dash", "#tag", "null", "~", "x #y"]
    ),
    line(20).map(str.strip),
)
paths = st.text("abcXYZ0129-._~/?#[]@!$&'()*+,;=%é ", max_size=30)
urls = st.builds(
    "{}://{}{}".format,
    st.sampled_from(["https", "http"]),
    st.sampled_from(["a.example", "www.b-c.example", "d.example:8080"]),
    paths.map(lambda path: f"/{path}".rstrip()),
)
optional_urls = st.just("") | urls
times = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001
    lambda value: value.replace(tzinfo=UTC, microsecond=0)
)
scores = st.none() | st.integers(0, 300)
sizes = st.none() | st.integers(0, 9999)
booleans = st.none() | st.booleans()

images = st.builds(
    Image, url=urls, width=sizes, height=sizes, is_cached=booleans, title=st.just("") | text(20, min_size=1)
)
logos = st.builds(Image, url=urls | paths.map(lambda path: f"/x{path}".rstrip()), width=sizes, height=sizes)
outlets = st.builds(ProviderData, name=names, domain=names, images=st.lists(logos, max_size=2))
bare_outlets = st.builds(ProviderData, name=names, domain=names)
related = st.builds(
    Related,
    title=line(),
    excerpt=text(),
    published_at=times,
    provider=bare_outlets,
    web_url=optional_urls,
    amp_url=optional_urls,
    cdn_amp_url=optional_urls,
    type=st.just("") | word(),
    quality=scores,
    images=st.lists(images, max_size=2),
)
documents = st.builds(
    Document,
    title=line(60),
    published_at=times,
    provider=outlets,
    topics=st.lists(names, min_size=1, max_size=4, unique=True),
    dialect=st.just("D5"),
    category=st.just("") | word(),
    excerpt=text(80),
    original_url=optional_urls,
    web_url=optional_urls,
    amp_url=optional_urls,
    cdn_amp_url=optional_urls,
    type=st.just("") | word(),
    quality=scores,
    heat=st.none() | st.integers(-1, 900),
    published=booleans,
    removed=booleans,
    language=st.none() | st.sampled_from(["de", "no", "zh-Hant"]),
    featured_content=st.just("") | text(30, min_size=1),
    tags=st.lists(names, max_size=3, unique=True),
    images=st.lists(images, max_size=2),
    related=st.lists(related, max_size=3),
    secured=st.just("") | text(20, min_size=1),
    body=st.just("") | st.text("ab \n-", max_size=20),
)

# Free values of unknown keys, in the encoded form of values.encode().
plain = st.sampled_from(["some words", "1.5", "2020-06-09", "~", "", "yes", "a-b", "http://x.example/y"]).map(
    lambda value: {"plain": value}
)
free_values = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 10**9) | text(15) | plain | line(10).map(lambda v: {"single": v}),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(st.tuples(word(), inner).map(list), max_size=3, unique_by=lambda pair: pair[0]).map(
            lambda pairs: {"keys": pairs}
        )
    ),
    max_leaves=6,
)
unknown_keys = st.lists(
    st.tuples(word().map(lambda name: f"x{name}"), free_values).map(list), max_size=3, unique_by=lambda pair: pair[0]
)


@st.composite
def odd_documents(draw: st.DrawFn) -> Document:
    """Return a document with unknown keys at any level."""
    document = draw(documents)
    parts = [document, document.provider, *document.images, *document.provider.images, *document.related]
    parts += [link.provider for link in document.related]
    parts += [image for link in document.related for image in link.images]
    for part in parts:
        part.extra = draw(unknown_keys)
    return document
