"""The documentation agrees with the code: settings, commands, tests, modules and links."""

import re
import tomllib
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

from articles.exchange.format.parse import parse_file
from articles.exchange.format.write import document_text

ROOT = settings.BASE_DIR
PAGES = sorted(path.relative_to(ROOT) for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")))
INTERNAL = {"NEWSFOLD_SERVES"}  # set by config/wsgi.py, not by operators


def variables() -> set[str]:
    source = (ROOT / "config" / "settings.py").read_text()
    return set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source)) - INTERNAL


def without_code(text: str) -> str:
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(path: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", without_code(path.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_setting_is_documented_and_has_an_example():
    listed = set(re.findall(r"^\|.*", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE))
    names = {name for row in listed for name in re.findall(r"`([A-Z_]+)`", row.split("|")[1])}
    examples = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert names == variables()
    assert variables() - examples == set()
    assert {name for name in examples - variables() if not name.startswith("AWS_")} == set()  # read by S3's client
    assert examples - variables() <= {word for row in listed for word in re.findall(r"`([A-Z_]+)`", row)}


def test_commands_of_the_readme_exist():
    readme = (ROOT / "README.md").read_text()
    table = readme.partition("## Commands")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    named = {word for cell in cells for word in re.findall(r"`([a-z_]+)", cell)}
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert named
    assert named <= set(get_commands())
    assert set(re.findall(r"(?:`|\$ )make ([a-z]+)", readme)) <= targets


def test_tests_named_by_the_security_page_exist():
    named = set(re.findall(r"`((?:\w+/)?test_\w+(?:\.py)?)`", (ROOT / "docs" / "security.md").read_text()))
    files = [*(ROOT / "tests").rglob("*.py")]
    existing = {str(file.relative_to(ROOT / "tests")) for file in files}
    for file in files:
        existing.update(re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE))

    assert named
    assert named <= existing


def test_modules_named_by_the_architecture_exist():
    page = (ROOT / "docs" / "architecture.md").read_text()
    named = {path for path in re.findall(r"`([\w./]+\.py)`", page) if "/" in path}

    assert named
    assert {path for path in named if not any((ROOT / base / path).exists() for base in ("", "articles"))} == set()


def test_the_layers_of_the_architecture_are_those_that_are_checked():
    page = (ROOT / "docs" / "architecture.md").read_text().partition("## What may import what")[2].partition("\n## ")[0]
    listed = [re.findall(r"`([\w.]+)`", line) for line in re.findall(r"^\d+\. .*", page, re.MULTILINE)]
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    [contract] = [contract for contract in config["tool"]["importlinter"]["contracts"] if contract["type"] == "layers"]

    assert [set(names) for names in listed] == [set(layer.split(" | ")) for layer in reversed(contract["layers"])]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_of_the_documentation_have_a_target(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code((ROOT / page).read_text())):
        target, _, anchor = link.partition("#")
        if ":" in link:
            continue
        path = (ROOT / page).parent / target if target else ROOT / page
        assert path.exists(), link
        assert not anchor or anchor in anchors(path), link


def test_the_example_of_the_format_is_written_byte_for_byte():
    page = (ROOT / "docs" / "format.md").read_text()
    [example] = re.findall(r"^```yaml\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)
    document = parse_file(example.encode(), "example.md", "2020-06-09-harbour-bridge-closes-for-repairs")

    assert document.layout == {}
    assert document_text(document) == example
