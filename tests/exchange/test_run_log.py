"""What the runs of an import leave for the desk."""

from __future__ import annotations

from contextlib import suppress
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from articles import operations
from articles.exchange import importing, run_log
from articles.models import ImportProblem, ImportRun, Operation
from tests.documents import document

pytestmark = pytest.mark.django_db


def import_(folder, **options):
    """Import a folder; return the run in the log."""
    with suppress(SystemExit):  # it refused files
        call_command("import_articles", str(folder), stdout=StringIO(), stderr=StringIO(), verbosity=0, **options)
    return ImportRun.objects.first()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "2020-06-09-good.md").write_text(document())
    (tmp_path / "2020-06-09-bad.md").write_text(document(title='""'))
    return tmp_path


def test_a_run_has_its_counts_its_operation_and_why_files_were_refused(folder):
    run = import_(folder)

    assert (run.created, run.updated, run.unchanged, run.rejected) == (1, 0, 0, 1)
    assert run.paths == str(folder)
    assert run.operation == Operation.objects.get()
    assert run.ended_at >= run.started_at
    [problem] = run.problems.all()
    assert (problem.kind, problem.label) == ("refused", str(folder / "2020-06-09-bad.md"))
    assert "title" in problem.message
    assert problem in ImportProblem.objects.open()


@pytest.mark.slow
def test_a_file_that_was_refused_is_marked_once_it_is_accepted(folder):
    refused = import_(folder).problems.get()
    (folder / "2020-06-09-bad.md").write_text(document(title="Bridge closes", webUrl="https://courier.example/bridge"))

    accepting = import_(folder)

    refused.refresh_from_db()
    assert refused.accepted_in == accepting
    assert not ImportProblem.objects.open().exists()


def test_only_the_last_of_the_runs_that_change_nothing_is_kept(folder):
    first = import_(folder)
    for _ in range(3):
        last = import_(folder)

    assert list(ImportRun.objects.all()) == [last, first]
    assert (last.unchanged, last.rejected, last.operation) == (1, 1, None)
    assert [problem.run for problem in ImportProblem.objects.open()] == [last]


def test_a_run_that_is_stopped_has_no_end_but_its_problems(folder, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(importing._Import, "publish", stop)
    with pytest.raises(CommandError, match="Stopped"):
        call_command("import_articles", str(folder), stdout=StringIO(), stderr=StringIO(), verbosity=0)

    run = ImportRun.objects.get()
    assert (run.ended_at, run.problems.count()) == (None, 1)


def test_a_dry_run_is_not_kept(folder):
    assert import_(folder, dry_run=True) is None


def test_warnings_are_counted_beyond_those_that_are_kept(folder, monkeypatch):
    monkeypatch.setattr(run_log, "KEPT_MAX", 1)
    for number in range(3):
        text = document(webUrl=f"https://courier.example/{number}", publishedDateTime="2190-01-01T00:00:00Z")
        (folder / f"2190-01-01-ahead-{number}.md").write_text(text)

    run = import_(folder)

    assert run.warnings >= 3
    assert run.problems.filter(kind="warning").count() == 1


@pytest.mark.slow
def test_a_run_outlives_the_undo_of_its_operation(folder):
    run = import_(folder)
    operations.undo(run.operation)
    assert ImportRun.objects.get().operation == run.operation
