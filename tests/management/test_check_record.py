"""`check_record` names the articles whose record is wrong, and can repair it."""

from io import StringIO

import pytest
from django.core.management import call_command

from articles import operations
from articles.models import Appearance, Operation
from tests import builders

pytestmark = pytest.mark.django_db


def check(**options) -> tuple[int, str]:
    output = StringIO()
    try:
        call_command("check_record", stdout=output, **options)
    except SystemExit as stopped:
        return int(stopped.code or 0), output.getvalue()
    return 0, output.getvalue()


def test_a_right_record_is_said_to_agree():
    operations.publish(builders.article(published=None))

    assert check() == (0, "The publication record agrees with what readers see.\n")


def test_differences_are_named_with_exit_code_1():
    unrecorded, hidden, changed = builders.article(), builders.article(), builders.article(published=None)
    operations.publish(changed)
    Appearance.objects.update(heat=7)
    operations.publish(hidden)
    operations.hold(hidden)
    Appearance.objects.filter(article_id=hidden.pk).update(ends_at=None)

    code, output = check()

    lines = output.splitlines()
    assert code == 1
    assert len(lines) == 4
    assert lines[0].startswith(f"{unrecorded.name}: the record lacks a period from ")
    assert lines[1].startswith(f"{hidden.name}: the record wrongly has a period from ")
    assert "(heat 7," in lines[2]
    assert "(heat 80," in lines[2]
    assert lines[3] == "3 articles differ from the publication record."


def test_repair_writes_the_record_as_an_operation():
    article = builders.article()

    assert check(repair=True)[0] == 0
    assert check()[0] == 0
    assert Appearance.objects.get(article_id=article.pk).began_by == Operation.objects.get()
