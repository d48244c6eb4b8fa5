"""Hostile documents are rejected with a short message, little time and memory, and nothing stored."""

import resource
import time
from io import StringIO

import pytest
from django.core.management import call_command

from articles.exchange.format.document import DocumentError
from articles.exchange.format.parse import parse_file
from articles.models import Article, ArticleImage, RelatedLink, Topic
from articles.rules.limits import FILE_SIZE_MAX
from providers.models import Provider
from tests.documents import CANONICAL, document

SIZE = FILE_SIZE_MAX - 5_000


def unknown(value: str) -> str:
    """Return a document with `value` under an unknown key."""
    return CANONICAL.replace("\nsecured:", f"\nx: {value}\n\nsecured:")


BOMBS = {
    "flow lists": unknown("[" * SIZE),
    "flow mappings": unknown("{" * SIZE),
    "closed flow lists": unknown("[" * 400_000 + "]" * 400_000),
    "block lists": unknown("\n  " + "- " * (SIZE // 2)),
    "complex keys": unknown("\n  " + "? " * (SIZE // 2)),
    "nested mappings": unknown("".join(f"\n{' ' * depth}k:" for depth in range(2, 1200))),
    "laughs": CANONICAL.replace(
        "\nsecured:",
        "\na: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n"
            for before, name in zip("abcdefgh", "bcdefghi", strict=True)
        ),
    ),
    "merges": unknown("{<<: [" + "{a: 1}, " * 100_000 + "{}]}"),
    "keys": unknown("\n" + "".join(f"  k{number}: 1\n" for number in range(60_000))),
    "list items": unknown("\n" + "  - a\n" * 150_000),
    "topics": CANONICAL.replace("  - Transport\n", "".join(f"  - t{number}\n" for number in range(90_000))),
    "one long line": document(title=f'"{"x" * SIZE}"'),
    "escapes": document(title='"' + "\\\\" * (SIZE // 2) + '"'),
    "unclosed quote": document(title='"' + "x" * SIZE),
    "backslashes": document(title='"' + "\\" * SIZE),
    "spaces": document(title=" " * SIZE),
    "colons": document(name=":" * SIZE),
    "digits": document(quality="9" * SIZE),
    "a year": document(publishedDateTime="9" * SIZE),
    "a URL": document(webUrl=f'"https://{"a." * (SIZE // 2)}example/"'),
    "fences": "---\n" * (SIZE // 4),
    "too large": CANONICAL + "x" * FILE_SIZE_MAX,
}


@pytest.mark.integration
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_rejected_in_two_seconds(name):
    start = time.process_time()
    with pytest.raises(DocumentError) as rejected:
        parse_file(BOMBS[name].encode(), "bomb.md", "2020-06-09-bomb")

    assert time.process_time() - start < 2
    assert all(len(str(problem)) < 400 for problem in rejected.value.problems)


@pytest.mark.integration
@pytest.mark.django_db
def test_a_folder_of_bombs_stores_nothing_and_needs_little_memory(tmp_path):
    for number, text in enumerate(BOMBS.values()):
        (tmp_path / f"2020-06-09-bomb-{number}.md").write_text(text)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    out = StringIO()

    with pytest.raises(SystemExit):
        call_command("import_articles", str(tmp_path), stdout=out, stderr=out)

    assert f"0 created, 0 updated, 0 unchanged, {len(BOMBS)} rejected" in out.getvalue()
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 200
    assert not any(model.objects.exists() for model in (Article, ArticleImage, RelatedLink, Topic, Provider))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [
        '<script>alert("x")</script>',
        "{{ settings.SECRET_KEY }} {% debug %}",
        "'; DROP TABLE articles_article; --",
        "%s %(x)s {0} \\0",
        "=cmd|' /C calc'!A0",
        "../../etc/passwd",
        "\u202eevil\u202c",
        "a" * 300,
    ],
)
def test_hostile_text_is_stored_unchanged(tmp_path, text):
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    path = tmp_path / "2020-06-09-hostile.md"
    path.write_text(document(title=quoted, excerpt=quoted))
    call_command("import_articles", str(path), stdout=StringIO(), stderr=StringIO())

    article = Article.objects.get()
    assert (article.title, article.excerpt) == (text, text)
