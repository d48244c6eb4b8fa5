from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from articles import operations
from tests import builders

pytestmark = pytest.mark.django_db


def output_lines(*arguments: str, **options: object) -> list[str]:
    out = StringIO()
    call_command("rescore_articles", *arguments, stdout=out, **options)
    return out.getvalue().splitlines()


def story():
    """Return a lead of quality 80 and its folded article of quality 40, each listing the other."""
    lead = builders.article("Lead", quality=80, heat=90)
    folded = builders.folded(lead, "Member")
    builders.related(folded, lead)
    return lead, folded


def test_rescoring_what_the_rules_made_changes_nothing():
    story()

    assert output_lines(dry_run=True) == ["2 articles: 0 would change"]
    assert output_lines() == ["2 articles: 0 changed"]


def test_a_dry_run_tries_other_numbers_without_writing():
    lead, _ = story()

    lines = output_lines(dry_run=True, publish_threshold=95, related_bonus=5)

    assert lines == [f"{lead.name}: heat 90 → 85, published yes → no", "2 articles: 1 would change"]
    lead.refresh_from_db()
    assert lead.public


def test_pinned_heat_stays():
    article = builders.article(quality=60)
    operations.edit(article, heat=300)

    assert output_lines(publish_threshold=500)[0] == f"{article.name}: published yes → no"


def test_explain_prints_terms_threshold_and_lead():
    lead, folded = story()

    assert output_lines(explain=lead.name)[:4] == [
        f"{lead.name} leads its story",
        "heat 90: 80 (quality) + 10 (1 related × 10)",
        "published: heat 90 reaches the threshold of 70",
        "decided by the policy of the site: threshold 70",
    ]
    assert output_lines(explain=folded.name)[1] == f"no heat: {lead.name} leads the story"


def test_explain_of_an_unknown_name_says_what_names_are():
    with pytest.raises(CommandError, match="No article is named storm"):
        output_lines(explain="storm")


def test_rescoring_writes_what_it_prints():
    lead, _ = story()

    assert output_lines(publish_threshold=95)[-1] == "2 articles: 1 changed"

    lead.refresh_from_db()
    assert (lead.heat, lead.published, lead.public) == (90, False, False)
