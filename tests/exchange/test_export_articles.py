"""The export command: imported documents are exported unchanged."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from articles import operations
from articles.models import Article
from providers.models import Provider
from tests import builders
from tests.documents import CANONICAL, D2, NAME, UNSCORED_VIDEO, document, import_documents, write_document

pytestmark = pytest.mark.django_db
SEEDS = Path(__file__).resolve().parents[2] / "seeds"


def export(directory: Path, **options: object) -> str:
    out = StringIO()
    call_command("export_articles", str(directory), stdout=out, **options)
    return out.getvalue()


@pytest.mark.slow
def test_the_demo_edition_is_exported_byte_for_byte(tmp_path):
    import_documents(SEEDS)
    export(tmp_path)

    for folder in ("news", "topics", "organizations"):
        out = tmp_path if folder == "news" else tmp_path / folder
        for path in (SEEDS / folder).iterdir():
            assert (out / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.parametrize("text", [CANONICAL, D2, UNSCORED_VIDEO, CANONICAL + "A body.\n"])
def test_each_dialect_is_exported_byte_for_byte(tmp_path, text):
    import_documents(write_document(tmp_path / "in", text))
    export(tmp_path / "out")

    assert (tmp_path / "out" / f"{NAME}.md").read_bytes().decode() == text


def test_windows_line_ends_are_exported_as_plain_ones(tmp_path):
    import_documents(write_document(tmp_path / "in", CANONICAL.replace("\n", "\r\n")))
    export(tmp_path / "out")

    assert (tmp_path / "out" / f"{NAME}.md").read_bytes().decode() == CANONICAL


def test_editing_one_field_changes_exactly_its_line(tmp_path):
    import_documents(write_document(tmp_path / "in", CANONICAL))
    operations.edit(Article.objects.get(), excerpt='Shut for "ever".')
    export(tmp_path / "out")

    before = CANONICAL.splitlines()
    after = (tmp_path / "out" / f"{NAME}.md").read_text().splitlines()
    assert [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]] == [
        (before[3], 'excerpt: "Shut for \\"ever\\"."')
    ]


def test_a_language_is_known_and_what_is_none_stays_an_unknown_key(tmp_path):
    lines = {"one": 'language: "no"', "two": "language: de-AT", "three": "language: English", "four": "language: en us"}
    texts = {
        f"2020-06-09-{name}": CANONICAL.replace("published: true\n", f"published: true\n{line}\n")
        for name, line in lines.items()
    }
    for name, text in texts.items():
        write_document(tmp_path / "in", text, f"{name}.md")
    import_documents(tmp_path / "in")
    export(tmp_path / "out")
    assert list(Article.objects.order_by("pk").values_list("name", "language")) == sorted(
        zip(texts, ["no", "de-AT", None, None], strict=True)
    )
    assert {path.stem: path.read_text() for path in (tmp_path / "out").iterdir()} == texts

    operations.edit(Article.objects.get(name="2020-06-09-three"), language="fr")
    export(tmp_path / "out")
    changed = texts["2020-06-09-three"].replace("language: English", 'language: "fr"')
    assert (tmp_path / "out" / "2020-06-09-three.md").read_text() == changed


def test_a_registry_entry_fills_in_the_language_and_country_that_no_editor_stated(tmp_path):
    keys = "_id: x\nname: X\ndomain: x.example\nfounded: 1821\nlanguage: pt-BR\ncountry: BR\n"
    text = f"---\ntaxonomy: organization\n{keys}---\n"
    builders.provider("X", "x.example", country="PT")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.md").write_text(text)
    import_documents(tmp_path / "in")
    outlet = Provider.objects.get()
    assert (outlet.language, outlet.country) == ("pt-BR", "PT")
    export(tmp_path / "out")
    assert (tmp_path / "out" / "organizations" / "x.md").read_text() == text.replace("country: BR", "country: PT")


def test_a_document_without_its_former_scores_is_exported_without_them(tmp_path):
    import_documents(write_document(tmp_path / "in", CANONICAL))
    unscored = document(quality=None, heat=None, published=None)
    import_documents(write_document(tmp_path / "in", unscored))
    export(tmp_path / "out")

    assert (tmp_path / "out" / f"{NAME}.md").read_bytes().decode() == unscored


def test_all_documents_can_be_exported_in_the_newest_dialect(tmp_path):
    import_documents(write_document(tmp_path / "in", D2))
    export(tmp_path / "out", dialect="D5")

    text = (tmp_path / "out" / f"{NAME}.md").read_text()
    assert 'originalUrl: "https://www.courier.example/older"\nwebUrl: "https://www.courier.example/older"\n' in text
    assert "sourceUrl" not in text
    assert text.count("title:") == 1


def test_registry_files_with_the_same_name_or_other_text_are_exported_unchanged(tmp_path):
    entry = "---\ntaxonomy: organization\n_id: {0}\nname: {0}\ndomain: {0}.example\n---"
    for name, end in (("one", ""), ("two", "\n"), ("three", "\nnotes\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "outlet.md").write_text(entry.format(name) + end)
    import_documents(tmp_path)
    export(tmp_path / "out")

    written = sorted(path.read_text() for path in (tmp_path / "out" / "organizations").iterdir())
    assert written == sorted((tmp_path / name / "outlet.md").read_text() for name in ("one", "two", "three"))


def test_exporting_again_writes_no_unchanged_file(tmp_path):
    import_documents(write_document(tmp_path / "in", CANONICAL))

    assert export(tmp_path / "out") == "1 files: 1 written, 0 unchanged\n"
    assert export(tmp_path / "out") == "1 files: 0 written, 1 unchanged\n"
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"{NAME}.md"]


def test_an_export_that_is_stopped_leaves_no_part_of_a_file(tmp_path, monkeypatch):
    import_documents(write_document(tmp_path / "in", CANONICAL))

    def stop(part: str, path: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("articles.exchange.exporting.os.replace", stop)
    with pytest.raises((KeyboardInterrupt, CommandError, SystemExit)):
        export(tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_link_at_the_target_is_replaced_and_not_followed(tmp_path):
    import_documents(write_document(tmp_path / "in", CANONICAL))
    (tmp_path / "out").mkdir()
    (tmp_path / "precious").write_text("keep")
    (tmp_path / "out" / f"{NAME}.md").symlink_to(tmp_path / "precious")
    export(tmp_path / "out")

    assert (tmp_path / "precious").read_text() == "keep"
    assert (tmp_path / "out" / f"{NAME}.md").read_bytes().decode() == CANONICAL


def test_a_directory_that_cannot_be_created_is_named(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(CommandError, match="can't be created"):
        export(tmp_path / "file" / "out")


@pytest.mark.systematic
def test_exporting_takes_the_same_queries_for_one_and_many(tmp_path, count_queries):
    import_documents(write_document(tmp_path / "in", CANONICAL))
    with count_queries() as for_one:
        export(tmp_path / "out")
    import_documents(SEEDS / "news")
    with count_queries() as for_many:
        export(tmp_path / "out")
    assert len(for_many) == len(for_one)


def test_an_edited_credit_of_a_picture_is_exported_and_nothing_else_changes(tmp_path):
    """`isCached`, sizes, titles and imported credits are exported unchanged."""
    pictured = CANONICAL.replace("isCached: true\n", 'isCached: true\n    attribution: "Ana / Agency"\n', 1)
    assert pictured != CANONICAL
    import_documents(write_document(tmp_path / "in", pictured))
    export(tmp_path / "out")
    assert (tmp_path / "out" / f"{NAME}.md").read_text() == pictured

    image = Article.objects.get().images.get(kind="picture")
    image.attribution = "Bob"
    operations.edit_related_rows(image.article, "images", write=image.save)
    export(tmp_path / "again")
    assert (tmp_path / "again" / f"{NAME}.md").read_text() == pictured.replace("Ana / Agency", "Bob")
