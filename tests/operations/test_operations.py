from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from articles import operations
from articles.audit_log import unit_of_work
from articles.models import Article, Policies
from articles.operations.results import NotPublishableError
from articles.rules.scoring import Policy
from tests import builders

pytestmark = pytest.mark.django_db


def told(*arguments: str, **options: object) -> list[str]:
    out = StringIO()
    call_command("rescore_articles", *arguments, stdout=out, **options)
    return out.getvalue().splitlines()


def story():
    """Return a lead of quality 80 and its folded article of quality 40, each listing the other."""
    lead = builders.article("Lead", quality=80, heat=90)
    folded = builders.folded(lead, "Member")
    builders.related(folded, lead)
    return lead, folded


def test_an_editors_quality_is_pinned_and_heat_follows():
    article = builders.article(quality=60)

    operations.edit(article, quality=75)

    assert (article.quality, article.heat, article.published, article.public) == (75, 75, True, True)
    assert article.pins == ["quality"]


def test_a_better_member_takes_the_lead():
    lead, folded = story()

    operations.edit(folded, quality=81)

    lead.refresh_from_db()
    assert (lead.heat, lead.public, lead.lead) == (-1, False, folded)
    assert (folded.heat, folded.public, folded.lead) == (91, True, None)


def test_publishing_and_withdrawing_is_an_editors_decision():
    article = builders.article(quality=10)

    operations.publish(article)
    assert article.public
    operations.hold(article)
    assert not article.public
    operations.rescore(Article.objects.all(), Policies(Policy(publish_threshold=0)))
    article.refresh_from_db()
    assert not article.public


def test_a_folded_article_is_not_published_and_the_refusal_names_its_lead():
    _, folded = story()

    with pytest.raises(NotPublishableError, match="is folded under “Lead”; publish that one"):
        operations.publish(folded)


def test_an_unscored_article_can_be_withdrawn_and_published():
    article = builders.article(quality=None, heat=None)
    assert article.public

    operations.hold(article)
    assert not article.public
    operations.publish(article)
    assert article.public


def test_publishing_unscored_articles_follows_the_policy():
    article = builders.article(quality=None, heat=None)

    assert operations.change_policy({"publish_unscored": False}) == 1

    article.refresh_from_db()
    assert not article.public


def test_rescoring_what_the_rules_made_changes_nothing():
    story()

    assert told(dry_run=True) == ["2 articles: 0 would change"]
    assert told() == ["2 articles: 0 changed"]


def test_other_numbers_can_be_tried_without_writing():
    lead, _ = story()

    lines = told(dry_run=True, publish_threshold=95, related_bonus=5)

    assert lines == [f"{lead.name}: heat 90 → 85, published yes → no", "2 articles: 1 would change"]
    lead.refresh_from_db()
    assert lead.public


def test_rescoring_writes_what_it_tells():
    lead, _ = story()

    assert told(publish_threshold=95)[-1] == "2 articles: 1 changed"

    lead.refresh_from_db()
    assert (lead.heat, lead.published, lead.public) == (90, False, False)


def test_pins_survive_rescoring():
    article = builders.article(quality=60)
    operations.edit(article, heat=300)

    assert told(publish_threshold=500)[0] == f"{article.name}: published yes → no"


def test_explaining_an_article_gives_terms_threshold_and_leader():
    lead, folded = story()

    assert told(explain=lead.name)[:4] == [
        f"{lead.name} is lead",
        "heat 90: 80 (quality) + 10 (1 related × 10)",
        "published yes: heat 90 ≥ threshold 70",
        "decided by the policy of the site: threshold 70",
    ]
    assert told(explain=folded.name)[1] == f"heat -1: {lead.name} leads the story"


def test_explaining_nobody_says_what_names_are():
    with pytest.raises(CommandError, match="No article is named storm"):
        told(explain="storm")


def test_rescoring_takes_the_same_queries_for_one_and_many(count_queries):
    builders.article()
    with count_queries() as for_one:
        operations.rescore(Article.objects.all(), dry_run=True)
    for _ in range(5):
        builders.related(builders.article())
    with count_queries() as for_many:
        operations.rescore(Article.objects.all(), dry_run=True)
    assert len(for_many) == len(for_one)


def test_stories_follow_also_where_an_act_has_let_go_of_its_rows(monkeypatch):
    """A new address looks for twins, which may write what the act holds."""
    monkeypatch.setattr(unit_of_work, "FLUSH_THRESHOLD", 1)
    article = builders.article(quality=5)
    operations.edit(article, quality=900, original_url="https://other.example/x")
    article.refresh_from_db()
    assert (article.quality, article.heat) == (900, 900)
