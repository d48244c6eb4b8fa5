"""The pages of imports at the desk."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from articles import operations
from articles.audit_log.unit_of_work import unit_of_work
from articles.desk.import_views import common_folder
from articles.models import ImportProblem, ImportRun, Verb
from tests import builders

pytestmark = pytest.mark.django_db
RUNS, PROBLEMS = "/admin/desk/imports/", "/admin/desk/imports/problems/"


def run(**values):
    values = {"paths": "/inbox", "via": "command", "ended_at": timezone.now()} | values
    return ImportRun.objects.create(**values)


def refused(of, label="/inbox/<b>.md", **values):
    return ImportProblem.objects.create(
        run=of, kind="refused", label=label, line=3, message="title: is missing", **values
    )


def text(client, url):
    response = client.get(url)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_runs_are_listed_with_their_counts_and_say_when_they_did_not_end(admin_client):
    run(created=3, rejected=1, warnings=2)
    run(paths="/stopped", ended_at=None)
    page = text(admin_client, RUNS)
    assert "3 created, 0 updated, 0 unchanged, <strong>1 refused</strong> – 2 warnings" in page
    assert page.index("/stopped") < page.index("/inbox")
    assert "it was stopped" in page


def test_large_counts_of_a_run_have_separators(admin_client):
    run(created=6915, rejected=1000, withdrawn=1, warnings=12_345)
    page = text(admin_client, RUNS)
    assert (
        "6,915 created, 0 updated, 0 unchanged, <strong>1,000 refused</strong> – 1 withdrawn – 12,345 warnings" in page
    )


def test_a_run_shows_its_problems_and_its_operation_can_be_undone(admin_client):
    with unit_of_work(Verb.IMPORT) as uow:
        uow.record_created([builders.article().pk])
    imported = run(created=1, rejected=3, operation=uow.operation)
    refused(imported)
    url = reverse("desk_import", args=[imported.pk])

    page = text(admin_client, url)

    assert '<h2 class="history-day" id="problems"> Refused files </h2>' in page
    assert "All in <code>/inbox/</code>" in page
    assert '<strong title="/inbox/&lt;b&gt;.md">&lt;b&gt;.md:3</strong>' in page
    assert "2 more were not kept" in page
    assert reverse("desk_undo", args=[uow.operation.pk]) in page
    operations.undo(uow.operation)
    assert reverse("desk_undo", args=[uow.operation.pk]) not in text(admin_client, url)


def test_a_run_without_problems_has_no_heading_for_them(admin_client):
    assert 'id="problems"' not in text(admin_client, reverse("desk_import", args=[run(created=1).pk]))


def test_warnings_alone_are_called_that(admin_client):
    warned = run(created=1, warnings=1)
    ImportProblem.objects.create(run=warned, kind="warning", label="/inbox/a.md", message="has no picture")
    page = text(admin_client, reverse("desk_import", args=[warned.pk]))
    assert '<h2 class="history-day" id="problems"> Warnings </h2>' in page


def test_the_folder_of_all_imports_is_named_once(admin_client):
    for paths in ("/srv/newsroom/inbox/monday", "/srv/newsroom/inbox/tuesday, /srv/newsroom/inbox/extra"):
        run(paths=paths)
    page = text(admin_client, RUNS)
    assert "All in <code>/srv/newsroom/inbox/</code>" in page
    assert ">monday</a>" in page
    assert ">tuesday, extra</a>" in page


@pytest.mark.parametrize(
    ("paths", "folder"),
    [
        ([], ""),
        (["/a/b/one.md", "/a/b/two.md"], "/a/b/"),
        (["/a/b/one.md", "/a/bc/two.md"], "/a/"),
        (["/a/b/", "/a/b"], "/a/"),
        (["one.md", "two.md"], ""),
        (["/one", "/two"], ""),
        (["", "/a/b"], "/a/"),
    ],
)
def test_a_common_folder_is_one_that_all_are_in(paths, folder):
    assert common_folder(paths) == folder


def test_problems_are_those_of_files_that_are_refused_still(admin_client):
    first, second, third = run(), run(), run()
    refused(first, "/inbox/a.md", accepted_in=second)
    refused(first, "/inbox/b.md")
    refused(third, "/inbox/b.md")

    page = text(admin_client, PROBLEMS)
    assert page.count("/inbox/b.md") == 1
    assert "/inbox/a.md" not in page
    everything = text(admin_client, f"{PROBLEMS}?all")
    assert f'Accepted later: <a href="{reverse("desk_import", args=[second.pk])}"' in everything
    assert "1 problem in files still refused" in text(admin_client, RUNS)


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 30, "\0"])
def test_odd_pages_are_the_first_or_last(admin_client, page):
    run()
    for url in (RUNS, PROBLEMS):
        assert admin_client.get(url, {"page": page}).status_code == 200


@pytest.mark.slow
def test_pages_take_the_same_queries_for_one_and_many(admin_client, count_queries):
    urls = [RUNS, f"{PROBLEMS}?all", reverse("desk_import", args=[run().pk])]

    def cost(url):
        with count_queries() as queries:
            admin_client.get(url)
        return len(queries)

    one = run()
    refused(one, accepted_in=run())
    few = [cost(url) for url in urls]
    for number in range(5):
        refused(run(), f"/inbox/{number}.md", accepted_in=one)
    assert [cost(url) for url in urls] == few
