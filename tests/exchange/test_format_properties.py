"""Properties that hold for every document, checked with generated ones."""

import re
from pathlib import Path

import pytest
import yaml
from django.db import transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st

from articles.exchange import store
from articles.exchange.files import SourceFile
from articles.exchange.format.document import Document, DocumentError
from articles.exchange.format.fast_parse import parse_canonical
from articles.exchange.format.parse import parse_file, parse_yaml
from articles.exchange.format.write import document_text
from articles.exchange.importing import run_import
from articles.exchange.loading import changed_fields, load_documents
from articles.exchange.registry import ReferenceCache
from articles.models import Article, Policies
from tests.documents import CANONICAL
from tests.strategies import ALPHABET, documents, odd_documents

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
STEM = "2020-06-09-x"
FRAGILE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")

pytestmark = pytest.mark.slow


def parse_fully(text: str) -> Document:
    document = parse_yaml(text, "x.md")
    assert isinstance(document, Document)
    return document


@pytest.mark.systematic
@given(odd_documents())
def test_parsing_and_writing_a_written_document_changes_nothing(document):
    text = document_text(document)

    assert document_text(parse_fully(text)) == text


@pytest.mark.systematic
@given(odd_documents())
def test_a_written_document_is_parsed_with_the_same_content(document):
    parsed = parse_fully(document_text(document))

    for name in (
        "title",
        "excerpt",
        "published_at",
        "quality",
        "heat",
        "published",
        "language",
        "topics",
        "tags",
        "secured",
        "body",
    ):
        assert getattr(parsed, name) == getattr(document, name), name
    assert [link.title for link in parsed.related] == [link.title for link in document.related]
    assert parsed.provider.name == document.provider.name


@pytest.mark.systematic
@given(odd_documents())
def test_other_yaml_parsers_read_the_same_texts(document):
    def without_fragile_characters(text: str) -> str:
        return FRAGILE.sub("x", text)  # no other YAML parser preserves these

    text = without_fragile_characters(document_text(document))

    front = yaml.load(text[4 : text.index("\n---\n", 3) + 1], Loader=yaml.CBaseLoader)  # noqa: S506  loads text only

    assert front["title"] == without_fragile_characters(document.title)
    assert front["excerpt"] == without_fragile_characters(document.excerpt)
    assert front["topics"] == list(map(without_fragile_characters, document.topics))
    assert front["provider"]["name"] == without_fragile_characters(document.provider.name)


@given(documents)
def test_both_parsers_agree_on_whole_documents(document):
    text = document_text(document)
    parsed = parse_canonical(text)

    assert parsed is None or parsed == parse_fully(text)


@settings(max_examples=10 * settings.default.max_examples)
@example(position=60, removed=0, inserted="\u0085")
@example(position=60, removed=0, inserted="\U0010f003\x97")
@given(
    position=st.integers(0, len(CANONICAL)), removed=st.integers(0, 12), inserted=st.text(ALPHABET + "\n\t", max_size=3)
)
def test_both_parsers_agree_on_damaged_documents(position, removed, inserted):
    text = CANONICAL[:position] + inserted + CANONICAL[position + removed :]
    document = parse_canonical(text)

    assert document is None or document == parse_fully(text)


@settings(max_examples=10 * settings.default.max_examples)
@given(st.binary(max_size=60), st.integers(0, len(CANONICAL)))
def test_no_bytes_make_the_parser_crash(noise, position):
    raw = CANONICAL.encode()
    problems = []
    try:
        parse_file(raw[:position] + noise + raw[position:], "x.md", STEM)
    except DocumentError as rejected:
        problems = rejected.problems

    assert all(str(problem).startswith("x.md") for problem in problems)


@pytest.mark.systematic
@pytest.mark.django_db
@given(odd_documents())
def test_export_of_import_is_a_fixed_point(document):
    text = document_text(document)
    read = parse_fully(text)
    read.name = STEM
    with transaction.atomic():
        store.insert([read], ReferenceCache(), Policies())
        stored = load_documents(Article.objects.all())[0]
        transaction.set_rollback(True)

    assert document_text(stored) == text
    assert changed_fields(stored, read) == []


@pytest.mark.systematic
@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not part of the project")
@pytest.mark.parametrize("name", ["coronavirus", "powerapps"])
def test_real_documents_are_written_byte_for_byte_and_both_parsers_agree(name):
    canonical = 0
    files = sorted((CORPUS / name / "news").iterdir())[:: 1 if name == "powerapps" else 5]
    for path in files:
        text = path.read_bytes().decode().replace("\r\n", "\n")
        parsed, expected = parse_canonical(text), parse_yaml(text, path.name)
        if parsed is not None:
            canonical += 1
            assert parsed == expected, path.name
        assert document_text(expected) == text, path.name
    assert canonical > 0.98 * len(files)


@pytest.mark.systematic
@pytest.mark.django_db
@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not part of the project")
@pytest.mark.parametrize("name", ["coronavirus", "powerapps"])
def test_stored_articles_equal_an_independent_parse_of_their_documents(name):
    files = sorted((CORPUS / name / "news").iterdir())[::15]
    run_import(
        [SourceFile(str(path), path.name, path.stem) for path in files],
        on_result=lambda outcome: None,
        on_wait=lambda: None,
    )

    for path in files:
        text = path.read_text(encoding="utf-8")
        front = yaml.safe_load(text[4 : text.index("\n---\n", 3) + 1])
        article = Article.objects.get(name=path.stem)
        assert article.title == front["title"]
        assert article.excerpt == front["excerpt"]
        assert article.published_at == front["publishedDateTime"]
        assert (article.quality, article.heat) == (front.get("quality"), front.get("heat"))
        assert article.published == front.get("published")
        assert article.source_url == front.get("webUrl", front.get("originalUrl"))
        assert (article.provider.name, article.provider.domain) == (
            front["provider"]["name"],
            front["provider"]["domain"],
        )
        assert [item.tag.name for item in article.article_topics.all()] == front["topics"]
        assert article.tags == front.get("tags", [])
        pictures = article.images.filter(kind="picture").values_list("width", "height")
        assert list(pictures) == [(image["width"], image["height"]) for image in front.get("images", [])]
        related = article.related_links.values_list("title", "web_url", "quality", "provider__name", "published_at")
        assert list(related) == [
            (
                item["title"],
                item["webUrl"].strip(),
                item["quality"],
                item["provider"]["name"],
                item["publishedDateTime"],
            )
            for item in front.get("related", [])
        ]
