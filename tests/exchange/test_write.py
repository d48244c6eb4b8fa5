"""Writing reverses parsing: every valid document is written byte for byte."""

import pytest

from articles.exchange.format.parse import parse_file, parse_yaml
from articles.exchange.format.write import document_text
from tests.documents import CANONICAL, D2, UNSCORED_VIDEO, document


def rewritten(text: str) -> str:
    return document_text(parse_file(text.encode(), "x.md", "2020-06-09-x"))


@pytest.mark.parametrize(
    "text",
    [
        CANONICAL,
        D2,
        UNSCORED_VIDEO,
        document(secured=None).replace("\n\n---", "\n---"),
        document(title="A bare title"),
        document(title="'It''s quoted'"),
        document(name='"The Courier"'),
        document(name='"No: 5"'),
        document(ampWebUrl="null"),
        document(ampWebUrl="~"),
        document(ampWebUrl=""),
        document(ampWebUrl='""'),
        document(isCached="null"),
        CANONICAL.replace("\nsecured:", "\ntags: []\n\nsecured:"),
        document(type='article\nrating: 5\nnote: "x"\nbare: some words\nempty:\nnothing: null\nratio: 0.50'),
        CANONICAL.replace("quality: 80\nheat: 90\n", "heat: 90\nquality: 80\n"),
        CANONICAL.replace(
            "secured:", 'deep:\n  - a: 1\n    b:\n      - "x"\n      - - 1\n        - 2\n  - {}\n  - []\n\nsecured:'
        ),
        CANONICAL.replace("    quality: 60\n", "    quality: 60\n    mood:\n      calm: true\n"),
        CANONICAL.replace("  domain: courier.example\n", '  domain: courier.example\n  owner: "Ann"\n'),
        CANONICAL.replace("  - Transport\n", "  - Transport\n  - Transport\n  - \n"),
        CANONICAL.replace("  - Transport\n", '  - Transport\n  - \'null\'\n  - "~"\n  - "Quay \\u0085"\n'),
        CANONICAL.replace("type: article\n", 'type: article\n"' + '\\"' * 500 + '": 1\n', 1),
        CANONICAL.replace("bridge.jpg", "bridge.jpg\\t"),
        CANONICAL + "Body text,\nas it came.",
        CANONICAL.rstrip("\n") + "\n",
        CANONICAL.rstrip("\n") + "\nBody right below the fence\n",
        document(title='"C1 \x97, next line \x85, line separator \u2028, BOM \ufeff, \\\\ and \\t"').replace(
            "\\t", " "
        ),
        document(title='"escaped \\u0085 and \\u2028"', excerpt='"raw \x85"'),
        document(type='article\nscore: 5\nabstract: "kept, as any unknown key"'),
        document(type='article\nodd: "\\u0097"'),
        document(published="false\nremoved: true"),
        CANONICAL.replace("published: true\n", "removed: false\npublished: false\n"),
    ],
)
def test_every_valid_document_is_written_byte_for_byte(text):
    assert rewritten(text) == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (CANONICAL.replace("type: article\n", "type: article # a comment\n", 1), CANONICAL),
        (
            CANONICAL.replace("topics:\n  - Transport\n  - Harbour towns\n", "topics: [Transport, Harbour towns]\n"),
            CANONICAL,
        ),
        (CANONICAL.replace("\n", "\r\n"), CANONICAL),
        (CANONICAL.replace("2020-06-09T12:37:00Z", "2020-06-09T14:37:00+02:00", 1), CANONICAL),
        (CANONICAL.replace('title: "Harbour', "title: >-\n  Harbour", 1).replace('repairs"', "repairs", 1), CANONICAL),
        (CANONICAL.replace("  - Transport\n  - Harbour", "- Transport\n- Harbour"), CANONICAL),
    ],
)
def test_a_document_in_another_style_is_written_canonically(text, canonical):
    assert rewritten(text) == canonical


@pytest.mark.parametrize("value", ["one\n\n  two", "'one\n\n  two'", "[one\n\n  two, three]", "{a: one\n\n  two}"])
def test_an_unknown_value_of_several_lines_is_read_back_as_it_was(value):
    story = parse_yaml(CANONICAL.replace("type: article\n", f"type: article\nodd: {value}\n", 1), "x.md")

    assert parse_yaml(document_text(story), "x.md").extra == story.extra


def test_a_body_that_begins_with_an_empty_line_stays_one_after_a_tight_fence():
    story = parse_yaml(CANONICAL.removesuffix("\n") + "Text\n", "x.md")
    story.body = "\nText\n"

    assert parse_yaml(document_text(story), "x.md").body == "\nText\n"
