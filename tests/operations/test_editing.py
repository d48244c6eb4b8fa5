import pytest

from articles import operations
from articles.audit_log import unit_of_work
from tests import builders

pytestmark = pytest.mark.django_db


def test_an_edited_quality_is_pinned_and_sets_the_heat():
    article = builders.article(quality=60)

    operations.edit(article, quality=75)

    assert (article.quality, article.heat, article.published, article.public) == (75, 75, True, True)
    assert article.pins == ["quality"]


def test_a_member_with_a_better_quality_becomes_the_lead():
    lead = builders.article("Lead", quality=80, heat=90)
    folded = builders.folded(lead, "Member")
    builders.related(folded, lead)

    operations.edit(folded, quality=81)

    lead.refresh_from_db()
    assert (lead.heat, lead.public, lead.lead) == (-1, False, folded)
    assert (folded.heat, folded.public, folded.lead) == (91, True, None)


def test_stories_are_updated_even_if_the_unit_of_work_was_flushed(monkeypatch):
    """A new URL may have duplicates, and marking them may flush the unit of work."""
    monkeypatch.setattr(unit_of_work, "FLUSH_THRESHOLD", 1)
    article = builders.article(quality=5)
    operations.edit(article, quality=900, original_url="https://other.example/x")
    article.refresh_from_db()
    assert (article.quality, article.heat) == (900, 900)
