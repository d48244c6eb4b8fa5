"""The import command: its output, what it stores, and what it rejects."""

import json
import os
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from articles import operations
from articles.exchange.files import sources
from articles.models import Article, RelatedLink, Topic
from providers.models import Provider, ProviderLogo
from tests import builders
from tests.documents import CANONICAL, NAME, document, import_documents, write_document

pytestmark = pytest.mark.django_db
SHARED = Path(__file__).resolve().parents[3] / "shared"
WRITTEN = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM|REPLACE INTO) "(\w+)"')
NO_DOCUMENTS = "Nothing is withdrawn: none of these files is a document that could be read. Check the paths."
LOG_OF_RUNS = {"articles_importrun"}


def writes(queries) -> set[str]:
    """Return the tables that the queries write."""
    return {match[1] for query in queries if (match := WRITTEN.match(query["sql"]))}


def failed_import(*arguments: object, **options: object) -> str:
    """Run an import that ends with exit code 1; return its output."""
    out = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("import_articles", *map(str, arguments), stdout=out, stderr=out, **options)
    assert stopped.value.code == 1
    return out.getvalue()


def test_a_document_becomes_an_article_with_all_its_parts(tmp_path):
    output = import_documents(write_document(tmp_path))
    assert output.splitlines()[-1] == "1 files: 1 created, 0 updated, 0 unchanged, 0 rejected"

    article = Article.objects.get()
    assert (article.name, article.quality, article.heat, article.published, article.public) == (
        NAME,
        80,
        90,
        True,
        True,
    )
    assert article.provider == Provider.objects.get(name="The Courier & Sons", domain="courier.example")
    assert [item.tag.name for item in article.article_topics.all()] == ["Transport", "Harbour towns"]
    assert [image.url for image in article.images.filter(kind="picture")] == ["https://cdn.courier.example/bridge.jpg"]
    assert ProviderLogo.objects.get().provider == article.provider
    link = article.related_links.get()
    assert (link.title, link.quality, link.provider.name) == ("Port city loses its bridge until July", 60, "Herald")
    assert link.images.get().width == 640


def test_importing_again_writes_nothing(tmp_path):
    path = write_document(tmp_path)
    import_documents(path)
    write_document(tmp_path, CANONICAL.replace("AAAA;BBBB", "CCCC;DDDD").replace("\n", "\r\n"))

    with CaptureQueriesContext(connection) as queries:
        assert "0 created, 0 updated, 1 unchanged" in import_documents(path)

    assert writes(queries) == LOG_OF_RUNS


def test_a_changed_document_updates_its_article(tmp_path):
    path = write_document(tmp_path)
    import_documents(path)
    link = RelatedLink.objects.get().pk
    write_document(tmp_path, document(heat=101, title='"The bridge is shut"'))

    assert "0 created, 1 updated" in import_documents(path)

    article = Article.objects.get()
    assert (article.name, article.title, article.heat, article.quality) == (NAME, "The bridge is shut", 101, 80)
    assert article.related_links.get().pk == link


def test_a_document_that_becomes_unpublished_withdraws_its_article(tmp_path):
    path = write_document(tmp_path)
    import_documents(path)
    write_document(tmp_path, document(heat=-1, published="false"))
    import_documents(path)

    assert not Article.objects.public().exists()


def test_pinned_fields_keep_their_value_and_store_the_incoming_one(tmp_path):
    path = write_document(tmp_path)
    import_documents(path)
    operations.edit(Article.objects.get(), quality=20)
    write_document(tmp_path, document(quality=85, heat=95))
    import_documents(path)

    article = Article.objects.get()
    assert (article.quality, article.pins, article.wishes) == (20, ["quality"], {"quality": 85})


@pytest.mark.slow
def test_an_article_keeps_its_scores_if_its_document_has_none_any_more(tmp_path):
    path = write_document(tmp_path)
    import_documents(path)
    write_document(tmp_path, document(quality=None, heat=None, published=None))
    import_documents(path)

    article = Article.objects.get()
    assert (article.quality, article.heat, article.public, article.stale) == (80, 90, True, True)

    write_document(tmp_path)
    import_documents(path)
    assert not Article.objects.get().stale


def test_an_invalid_document_is_rejected_as_a_whole_and_the_others_are_imported(tmp_path):
    write_document(tmp_path, document(quality="many", name="Nobody"), "2020-06-09-bad.md")
    write_document(tmp_path)

    output = failed_import(tmp_path)

    assert "2020-06-09-bad.md:11: quality: must be a whole number without quotes" in output
    assert output.endswith("2 files: 1 created, 0 updated, 0 unchanged, 1 rejected\n")
    assert not Provider.objects.filter(name="Nobody").exists()


def test_a_dry_run_reports_the_same_and_writes_nothing(tmp_path):
    path = write_document(tmp_path)
    assert "1 created" in import_documents(path, dry_run=True)
    assert not Article.objects.exists()
    assert not Provider.objects.exists()

    import_documents(path)
    write_document(tmp_path, document(heat=101))
    assert "1 updated" in import_documents(path, dry_run=True)
    assert Article.objects.get().heat == 90


@pytest.mark.slow
def test_a_dry_run_leaves_out_what_an_editor_pinned(tmp_path):
    import_documents(write_document(tmp_path))
    operations.edit(Article.objects.get(), title="Ours")
    path = write_document(tmp_path, document(title='"Theirs"'))
    for dry_run in (True, False):
        assert "0 updated, 1 unchanged" in import_documents(path, dry_run=dry_run)


def test_a_dry_run_says_what_becomes_of_registry_files_and_stores_none(tmp_path):
    ports, ferries = (write_topic(tmp_path, f"0{name}.yaml", name, name.title()) for name in ("ports", "ferries"))
    import_documents(ports)
    assert "2 files: 1 created, 0 updated, 1 unchanged, 0 rejected" in import_documents(tmp_path, dry_run=True)
    assert list(Topic.objects.values_list("name", flat=True)) == ["Ports"]
    write_topic(tmp_path, ferries.name, "ports", "Ferries")
    assert "_id: “ports” is the slug of the topic “Ports”" in failed_import(ferries, dry_run=True)


def test_the_report_has_one_object_per_file(tmp_path):
    write_document(tmp_path / "in")
    write_document(tmp_path / "in", document(heat="hot"), "2020-06-09-bad.md")
    failed_import(tmp_path / "in", report=str(tmp_path / "report.jsonl"))

    bad, good = [json.loads(line) for line in (tmp_path / "report.jsonl").read_text().splitlines()]
    if bad["outcome"] == "created":
        bad, good = good, bad
    assert (good["slug"], good["outcome"], good["errors"]) == (NAME, "created", [])
    assert bad["errors"] == [{"line": 12, "message": "heat: must be a whole number without quotes"}]
    assert bad["path"].endswith("2020-06-09-bad.md")


def test_directories_are_read_recursively_and_only_documents_are_used(tmp_path):
    for name in ("a/2020-06-09-a.md", "a/b/2020-06-09-b.markdown", "2020-06-09-c.TXT", "notes.rst", "x/data.yaml"):
        write_document(tmp_path, name=name)
    (tmp_path / "topic.yaml").write_text("taxonomy: topic\n_id: ports\nname: Ports\n")

    names = [Path(source.path).name for source in sources([str(tmp_path), str(tmp_path / "a")])]

    assert names == ["2020-06-09-c.TXT", "topic.yaml", "2020-06-09-a.md", "2020-06-09-b.markdown"]


def test_an_import_stopped_while_counting_files_says_how_to_complete_it(tmp_path, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    write_document(tmp_path)
    monkeypatch.setattr("os.walk", interrupt)

    with pytest.raises(CommandError, match=r"Stopped\. 0 of 0 files were read.* run the same command again"):
        import_documents(tmp_path)

    assert not Article.objects.exists()


def test_links_to_directories_and_unreadable_ones_are_named_and_not_followed(tmp_path, monkeypatch):
    for name in ("in/a/2020-06-09-a.md", "in/b.md/2020-06-09-b.md", "out/2020-06-09-c.md"):
        write_document(tmp_path, name=name)
    (tmp_path / "in" / "c.md").symlink_to(tmp_path / "out")
    (tmp_path / "in" / "loop.md").symlink_to("loop.md")
    scandir = os.scandir

    def scandir_with_closed_folder(folder):
        if str(folder).endswith("/a"):
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", scandir_with_closed_folder)
    files = [(source.path.removeprefix(f"{tmp_path}/"), source.stem) for source in sources([str(tmp_path / "in")])]

    assert files == [("in/c.md", ""), ("in/loop.md", "loop"), ("in/b.md/2020-06-09-b.md", "2020-06-09-b"), ("in/a", "")]


def test_nothing_is_pruned_if_a_folder_became_a_link(tmp_path):
    write_document(tmp_path / "in" / "2020-06-08-older")
    write_document(tmp_path / "in", name="2020-06-09-other.md")
    import_documents(tmp_path / "in")
    (tmp_path / "in" / "2020-06-08-older").rename(tmp_path / "moved")
    (tmp_path / "in" / "2020-06-08-older").symlink_to(tmp_path / "moved")

    output = failed_import(tmp_path / "in", prune=True)

    assert "2020-06-08-older: is a symbolic link; name the file or folder itself" in output
    assert "Nothing is withdrawn" in output
    assert Article.objects.filter(missing=False).count() == 2


def test_links_devices_and_missing_files_are_rejected(tmp_path):
    write_document(tmp_path, name="real.md")
    (tmp_path / "link.md").symlink_to(tmp_path / "real.md")

    output = failed_import(tmp_path / "link.md", "/dev/zero", tmp_path / "gone.md")

    assert "link.md: is a symbolic link; name the file or folder itself" in output
    assert "/dev/zero: is not a regular file; links, pipes and devices are not accepted" in output
    assert "gone.md: doesn't exist" in output
    assert "0 created, 0 updated, 0 unchanged, 3 rejected" in output


def test_a_second_file_of_the_same_name_with_other_content_is_rejected(tmp_path):
    write_document(tmp_path / "a")
    write_document(tmp_path / "b", document(heat=99))
    write_document(tmp_path / "c")

    output = failed_import(tmp_path)

    assert f"has the same name {NAME} and other content; rename one of them" in output
    assert "1 created, 0 updated, 1 unchanged, 1 rejected" in output


@pytest.mark.slow
def test_related_links_find_their_articles_in_either_order_of_import(tmp_path):
    write_document(tmp_path)
    import_documents(tmp_path)
    assert RelatedLink.objects.get().target is None

    herald = document(
        title='"Port city loses its bridge until July"',
        publishedDateTime="2020-06-09T15:00:00Z",
        originalUrl='"https://www.herald.example/detour"',
        webUrl='"https://www.herald.example/detour"',
        quality=60,
        heat=-1,
        published="false",
        name="Herald",
        domain="herald.example",
    )
    import_documents(write_document(tmp_path, herald, "2020-06-09-port-city-loses-its-bridge-until-july.md"))

    lead, folded = Article.objects.get(name=NAME), Article.objects.get(heat=-1)
    assert lead.related_links.get().target == folded
    assert (folded.lead, folded.ambiguous) == (lead, False)


def test_a_killed_import_is_completed_by_the_next_one(tmp_path):
    import_documents(write_document(tmp_path))
    Article.objects.update(public=False, staged=True)

    assert "1 unchanged" in import_documents(tmp_path)

    assert Article.objects.public().count() == 1


def test_registry_files_create_topics_and_providers(tmp_path):
    (tmp_path / "03-towns.md").write_text(
        "---\ntaxonomy: topic\n_id: towns\nname: Harbour towns\nparent: Transport\nkeywords:\n  - port\n---\n"
    )
    (tmp_path / "org.md").write_text("---\ntaxonomy: organization\n_id: x\nname: Herald\ndomain: herald.example\n---\n")
    write_document(tmp_path)
    import_documents(tmp_path)

    topic = Topic.objects.get(slug="towns")
    assert (topic.name, topic.parent.name, topic.keywords) == ("Harbour towns", "Transport", ["port"])
    assert Provider.objects.get(name="Herald").registered
    assert "0 created, 0 updated, 3 unchanged" in import_documents(tmp_path)


def test_the_rescore_option_applies_the_policy(tmp_path):
    path = write_document(tmp_path, document(heat=12, published="false"))
    import_documents(path, rescore=True)

    article = Article.objects.get()
    assert (article.heat, article.published, article.public) == (90, True, True)


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.exists(), reason="the project's first document lies beside the project")
def test_the_first_document_of_the_project_is_imported_completely():
    lines = import_documents(SHARED / "seeds").splitlines()
    assert (lines[0], lines[-1]) == (
        "1 folded article has no lead here, so readers don't see it: see “Folded, no lead” at the desk.",
        "1 files: 1 created, 0 updated, 0 unchanged, 0 rejected",
    )

    article = Article.objects.get()
    assert (article.quality, article.heat, article.published, article.public) == (43, -1, False, False)
    assert article.related_links.count() == 14
    qualities = list(article.related_links.values_list("quality", flat=True))
    assert qualities == sorted(qualities, reverse=True)
    assert (article.provider.domain, article.provider.logos.get().width) == ("theguardian.com", 50)
    assert [item.tag.name for item in article.article_topics.all()] == ["Computer Vision", "AI"]
    with CaptureQueriesContext(connection) as queries:
        assert "\n1 files: 0 created, 0 updated, 1 unchanged, 0 rejected\n" in import_documents(SHARED / "seeds")
    assert writes(queries) == LOG_OF_RUNS


def test_file_labels_contain_no_control_characters():
    assert [source.label for source in sources(["a\nb\x1b.md"])] == ["a�b�.md"]


def herald(folder: Path, **changed: object) -> Path:
    """Write the document of the Herald's story, which CANONICAL lists as related."""
    values = {
        "title": '"Port city loses its bridge until July"',
        "publishedDateTime": "2020-06-09T15:00:00Z",
        "originalUrl": '"https://www.herald.example/detour"',
        "webUrl": '"https://www.herald.example/detour"',
        "quality": 60,
        "heat": -1,
        "published": "false",
        "name": "Herald",
        "domain": "herald.example",
    }
    return write_document(folder, document(**(values | changed)), "2020-06-09-port-city-loses-its-bridge-until-july.md")


@pytest.mark.slow
def test_a_missing_file_changes_nothing_without_prune(tmp_path):
    path = write_document(tmp_path)
    other_path = herald(tmp_path, heat=80, published="true")
    import_documents(tmp_path)
    path.unlink()

    import_documents(tmp_path)
    assert Article.objects.public().count() == 2

    output = import_documents(tmp_path, prune=True, dry_run=True, verbosity=2)
    assert "1 article would be withdrawn" in output
    assert f"{path.stem}: would be withdrawn: its document is missing\n" in output
    assert Article.objects.public().count() == 2

    output = import_documents(tmp_path, prune=True)
    assert output.splitlines() == [
        "1 article withdrawn: its document is missing",
        "1 files: 0 created, 0 updated, 1 unchanged, 0 rejected",
    ]
    assert list(Article.objects.public().values_list("name", flat=True)) == [other_path.stem]

    write_document(tmp_path)
    import_documents(tmp_path)
    assert Article.objects.public().count() == 2


def test_pruning_spares_articles_published_by_editors_and_unreadable_documents(tmp_path):
    path = write_document(tmp_path)
    herald(tmp_path, heat=80, published="true")
    import_documents(tmp_path)
    operations.publish(Article.objects.get(name=NAME))
    path.unlink()
    herald(tmp_path, heat="hot")

    assert NO_DOCUMENTS in failed_import(tmp_path, prune=True)
    assert Article.objects.public().count() == 2


def test_pruning_with_an_empty_directory_withdraws_nothing(tmp_path):
    import_documents(write_document(tmp_path))
    (tmp_path / "empty").mkdir()

    for dry_run in (True, False):
        assert NO_DOCUMENTS in import_documents(tmp_path / "empty", prune=True, dry_run=dry_run)


def test_the_report_contains_warnings_about_several_documents(tmp_path):
    write_document(tmp_path)
    herald(tmp_path, webUrl='"https://www.courier.example/bridge"')
    import_documents(tmp_path, report=str(tmp_path / "report.jsonl"))

    lines = {line["slug"]: line for line in map(json.loads, (tmp_path / "report.jsonl").read_text().splitlines())}
    assert "has the URL of 2020-06-09-port-city-loses-its-bridge-until-july" in lines[NAME]["warnings"]
    assert len(lines) == 2


@pytest.mark.slow
def test_an_import_after_unpinning_stores_the_documents_hash_again(tmp_path):
    path = write_document(tmp_path)
    import_documents(path)
    operations.edit(Article.objects.get(), quality=20)
    operations.unpin(Article.objects.get())

    assert "1 unchanged" in import_documents(path)
    assert Article.objects.get().content_hash
    assert Article.objects.get().quality == 80


def test_nothing_is_pruned_if_a_file_or_path_is_unreadable(tmp_path):
    odd = write_document(tmp_path, name="odd.md")
    herald(tmp_path, heat=80, published="true")
    import_documents(tmp_path)
    odd.write_text(CANONICAL[:100])

    assert "Nothing is withdrawn" in failed_import(tmp_path, prune=True)
    odd.unlink()
    assert "Nothing is withdrawn" in failed_import(tmp_path, tmp_path / "mistyped", prune=True)
    assert Article.objects.public().count() == 2


def test_registry_files_of_a_folder_that_cannot_be_read_are_rejected(tmp_path):
    entry = write_topic(tmp_path, "ports.txt", "ports", "Ports")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "linked.yaml").symlink_to(entry)
    os.mkfifo(tmp_path / "in" / "pipe.yml")

    output = failed_import(tmp_path / "in")

    assert "linked.yaml: is a symbolic link; name the file or folder itself" in output
    assert "pipe.yml: is not a regular file; links, pipes and devices are not accepted" in output
    assert "0 created, 0 updated, 0 unchanged, 2 rejected" in output


@pytest.mark.parametrize("start", ["\ufeff", "---\r\n", "---  \n", "\ufeff---\r\n"])
def test_registry_files_in_a_directory_are_found_however_they_begin(tmp_path, start):
    text = f"{start}taxonomy: topic\r\n_id: ports\r\nname: Ports\r\n" + ("---\r\n" if "-" in start else "")
    (tmp_path / "01.yaml").write_bytes(text.encode())

    assert "1 files: 1 created" in import_documents(tmp_path)
    assert Topic.objects.get().name == "Ports"


def test_a_second_registry_entry_with_other_content_is_rejected(tmp_path):
    for number, name in enumerate(("Ports", "Harbours", "Ports")):
        (tmp_path / f"0{number}.yaml").write_text(f"taxonomy: topic\n_id: ports\nname: {name}\n")

    output = failed_import(tmp_path)
    assert "01.yaml: _id: an earlier file registers ports differently; keep one of them" in output
    assert "1 created, 0 updated, 1 unchanged, 1 rejected" in output
    assert "0 created, 0 updated, 2 unchanged, 1 rejected" in failed_import(tmp_path)


def test_a_second_registry_entry_of_a_topic_with_another_slug_is_rejected(tmp_path):
    write_topic(tmp_path, "00.yaml", "ports", "Ports")
    write_topic(tmp_path, "01.yaml", "harbours", "Ports")

    output = failed_import(tmp_path)
    assert "01.yaml: name: an earlier file registers Ports differently; keep one of them" in output
    assert "0 created, 0 updated, 1 unchanged, 1 rejected" in failed_import(tmp_path)
    assert Topic.objects.get().slug == "ports"


def write_topic(folder: Path, file_name: str, slug: str, name: str) -> Path:
    path = folder / file_name
    path.write_text(f"taxonomy: topic\n_id: {slug}\nname: {name}\n")
    return path


def test_the_slug_of_another_topic_is_rejected_and_nothing_taken_over(tmp_path):
    named = builders.article(topics=["A.I."]).topics.get()
    Topic.objects.update(slug="ai")
    entry = write_topic(tmp_path, "02-ai.yaml", "ai", "Artificial Intelligence")

    assert (
        "02-ai.yaml: _id: “ai” is the slug of the topic “A.I.” (in no registry file); "
        "choose another slug for one of them" in failed_import(entry)
    )
    builders.topic("Artificial Intelligence", slug="intelligence", registry_name="02-ai.yaml")
    assert "02-ai.yaml: _id: “ai” is the slug of the topic “A.I.”" in failed_import(entry)

    named.refresh_from_db()
    assert (named.name, named.registry_name) == ("A.I.", "")


def test_the_slug_of_a_topic_that_another_file_registered_is_rejected(tmp_path):
    import_documents(write_topic(tmp_path, "01-health.yaml", "health", "Health"))

    output = failed_import(write_topic(tmp_path, "07-fitness.yaml", "health", "Fitness"))

    assert "07-fitness.yaml: _id: “health” is the slug of the topic “Health” (registered by 01-health.yaml)" in output
    assert Topic.objects.get().name == "Health"


def test_a_slug_that_a_later_file_frees_can_be_used(tmp_path):
    news = write_topic(tmp_path, "01-news.yaml", "health", "Health news")
    news.write_text(f"{news.read_text()}parent: Health\n")
    assert "01-news.yaml: _id: “health” is the slug of the topic “Health”" in failed_import(tmp_path)

    write_topic(tmp_path, "02-health.yaml", "all-of-health", "Health")
    import_documents(tmp_path)

    assert dict(Topic.objects.values_list("name", "slug")) == {"Health": "all-of-health", "Health news": "health"}


def test_a_topic_keeps_its_articles_when_its_file_renames_it(tmp_path):
    path = write_topic(tmp_path, "01-health.yaml", "health", "Health")
    import_documents(path)
    article = builders.article(topics=["Health"])

    import_documents(write_topic(tmp_path, "01-health.yaml", "health", "Health and Fitness"))

    assert article.topics.get().name == "Health and Fitness"


def test_it_warns_where_the_page_of_a_topic_moves(tmp_path):
    builders.article(topics=["Health"])
    path = write_topic(tmp_path, "01-health.yaml", "fitness", "Health")
    warning = "01-health.yaml: its page is at /topics/fitness/ now, and /topics/health/ is not found any more"

    assert warning in import_documents(path, verbosity=2)
    assert warning not in import_documents(path, verbosity=2)


def test_a_cycle_of_topics_is_rejected_with_file_and_field(tmp_path):
    for name, parent in (("One", "Two"), ("Two", "One")):
        (tmp_path / f"{name}.yaml").write_text(f"taxonomy: topic\n_id: {name}\nname: {name}\nparent: {parent}\n")

    assert "Two.yaml: parent: “One” already stands below “Two”" in failed_import(tmp_path)


@pytest.mark.slow
def test_a_line_in_the_body_that_looks_like_secured_is_a_change(tmp_path):
    path = write_document(tmp_path, document(secured=None) + "secured: one\n")
    import_documents(path)
    path.write_text(document(secured=None) + "secured: two\n")

    assert "1 updated" in import_documents(path)


def test_messages_are_printed_without_empty_lines(tmp_path):
    write_document(tmp_path, document(heat="hot"), "2020-06-09-bad.md")

    assert "\n\n" not in failed_import(tmp_path)
