"""Real documents, turned into feeds of every format, are the same documents again once they are read from there.

The documents are beside the project, where they exist.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from email.utils import format_datetime
from html import escape, unescape

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from articles.db.bulk import chunked
from articles.exchange.format.document import Document
from articles.exchange.format.parse import parse_file
from articles.intake.documents import EntryText, Outlet, as_source, free_name, make_document
from articles.intake.run import take_in_new_entries
from articles.models import Topic
from articles.rules.scoring import Policy
from articles.rules.urls import url_key
from sources.fetcher import Fetched, FetchJob
from sources.models import Entry, Source
from sources.reading.documents import read_document
from sources.reading.values import ENTRIES_MAX, ParsedEntry
from sources.storing import store

CORPUS = settings.BASE_DIR.parent / "shared" / "corpus"

pytestmark = [
    pytest.mark.systematic,
    pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not beside the project"),
]


def rss(documents: Sequence[Document]) -> bytes:
    items = "".join(
        f"<item><title>{escape(document.title)}</title><link>{escape(url_of(document))}</link>"
        f"<description>{escape(escape(document.excerpt))}</description>"
        f"<pubDate>{format_datetime(document.published_at)}</pubDate></item>"
        for document in documents
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{items}</channel></rss>'.encode()


def atom(documents: Sequence[Document]) -> bytes:
    entries = "".join(
        f"<entry><title>{escape(document.title)}</title><link href='{escape(url_of(document))}'/>"
        f"<summary type='html'>{escape(escape(document.excerpt))}</summary>"
        f"<published>{document.published_at.isoformat()}</published></entry>"
        for document in documents
    )
    return f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'.encode()


def json_feed(documents: Sequence[Document]) -> bytes:
    items = [
        {
            "url": url_of(document),
            "title": document.title,
            "content_html": escape(document.excerpt),
            "date_published": document.published_at.isoformat(),
        }
        for document in documents
    ]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()


def news_sitemap(documents: Sequence[Document]) -> bytes:
    """Return a sitemap, which has no excerpts."""
    urls = "".join(
        f"<url><loc>{escape(url_of(document))}</loc><n:news><n:title>{escape(document.title)}</n:title>"
        f"<n:publication_date>{document.published_at.isoformat()}</n:publication_date></n:news></url>"
        for document in documents
    )
    return (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:n="http://www.google.com/schemas/sitemap-news/0.9">{urls}</urlset>'
    ).encode()


FORMATS: tuple[Callable[[Sequence[Document]], bytes], ...] = (rss, atom, json_feed, news_sitemap)


def url_of(document: Document) -> str:
    return document.web_url or document.original_url


def documents_of(name: str, step: int = 1) -> Iterator[Document]:
    for path in sorted((CORPUS / name / "news").iterdir())[::step]:
        parsed = parse_file(path.read_bytes(), path.name, path.stem)
        assert isinstance(parsed, Document)
        yield parsed


def as_text(text: str) -> str:
    """Return what a document's text says: some have entities that nobody decoded, line breaks or invisible marks."""
    return " ".join(unescape(text).replace("\N{ZERO WIDTH NO-BREAK SPACE}", "").split())


def made_of(entry: ParsedEntry, outlet: Outlet, taken: set[str]) -> Document:
    """Return the document that an entry becomes, as it is read back."""
    assert entry.published
    name = free_name(entry.published, entry.title, outlet.name, taken.__contains__)
    taken.add(name)
    made = make_document(
        EntryText(
            title=entry.title, excerpt=entry.excerpt, url=entry.url, published_at=entry.published, picture=entry.picture
        ),
        name=name,
        published_at=entry.published,
        outlet=outlet,
        topics=[],
        policy=Policy(),
        by_policy=False,
    )
    source = as_source(made, name)
    parsed = parse_file(source.read(), name, source.stem)
    assert isinstance(parsed, Document)
    return parsed


@pytest.mark.parametrize("name", ["coronavirus", "powerapps"])
def test_every_document_is_the_same_after_a_feed(name):
    wrong: Counter[str] = Counter()
    total, taken = 0, set[str]()
    for number, batch in enumerate(chunked(documents_of(name), ENTRIES_MAX)):
        write = FORMATS[number % len(FORMATS)]
        entries = read_document(write(batch)).entries
        assert len(entries) == len(batch)
        for document, entry in zip(batch, entries, strict=True):
            outlet = Outlet(name=document.provider.name, domain=document.provider.domain)
            made = made_of(entry, outlet, taken)
            total += 1
            wrong["title"] += made.title != as_text(document.title)
            wrong["excerpt"] += made.excerpt != as_text(document.excerpt) and write is not news_sitemap
            wrong["time"] += made.published_at != document.published_at
            wrong["url"] += url_key(url_of(made)) != url_key(url_of(document))
            wrong["name"] += made.name != document.name and name != "powerapps"  # named by days of another zone

    # A title that ends with its outlet's name loses it; a few excerpts end with "Read more".
    allowed = {"title": 0.001, "excerpt": 0.001, "name": 0.001, "time": 0, "url": 0}
    assert {field: number for field, number in wrong.items() if number > allowed[field] * total} == {}


@pytest.mark.django_db
def test_what_is_followed_is_exported_as_it_was_and_has_the_topics_of_its_headline(tmp_path, capsys):
    call_command("import_articles", str(CORPUS / "powerapps" / "topics"), verbosity=0)
    root = Topic.objects.get(parent=None)
    documents = list(documents_of("powerapps", step=4))
    for number, write in enumerate((rss, atom, json_feed)):
        source = Source.objects.create(name=write.__name__, url=f"https://{write.__name__}.example/feed")
        source.topics.add(root)
        job = FetchJob(pk=source.pk, url=source.url, host=source.host)
        store(job, Fetched(status=200, feed=read_document(write(documents[number::3]))), timezone.now())
    Entry.objects.filter(outcome="history").update(outcome="new")  # as *Take older stories too* does
    take_in_new_entries()

    call_command("export_articles", str(tmp_path / "out"), verbosity=0)
    exported: dict[str, Document] = {}
    for path in (tmp_path / "out").glob("*.md"):
        parsed = parse_file(path.read_bytes(), path.name, path.stem)
        if isinstance(parsed, Document):
            exported[url_key(url_of(parsed))] = parsed
    differing: Counter[str] = Counter()
    for document in documents:
        made = exported[url_key(url_of(document))]
        values = {
            "title": (made.title, as_text(document.title)),
            "excerpt": (made.excerpt, as_text(document.excerpt)),
            "time": (made.published_at, document.published_at),
            "type": (made.type, document.type),
            "topics": (made.topics, document.topics),
        }
        differing.update(field for field, (found, expected) in values.items() if found != expected)
    assert len(exported) == len(documents)
    assert set(differing) <= {"topics"}
    assert differing["topics"] <= 0.01 * len(documents)  # a person gave another one

    call_command("import_articles", str(tmp_path / "out"))
    assert " 0 created, 0 updated, " in capsys.readouterr().out
