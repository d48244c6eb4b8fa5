from datetime import timedelta

import pytest
from django.utils import timezone

from articles import operations
from articles.models import Article, Policies
from articles.operations.results import ActionError, NotPublishableError
from articles.rules.scoring import Policy
from tests import builders
from tests.state_transitions import TRANSITIONS

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("before", "after", "allowed"), TRANSITIONS)
def test_actions_allow_only_the_allowed_transitions(before, after, allowed):
    article = builders.article(quality=80 if before == "published" else 20)
    if before in ("held", "spiked"):
        operations.apply_decision(article, "spiked: other" if before == "spiked" else before)
    assert article.state == before
    decision = "spiked: duplicate" if after == "spiked" else after
    if allowed:
        operations.apply_decision(article, decision)
    else:
        with pytest.raises(ActionError, match="was spiked; reopen it first"):
            operations.apply_decision(article, decision)

    article.refresh_from_db()
    assert article.state == (after if allowed else before)


def test_rescoring_does_not_publish_what_an_editor_held():
    article = builders.article(quality=10)

    operations.publish(article)
    assert article.public
    operations.hold(article)
    assert not article.public
    operations.rescore(Article.objects.all(), Policies(Policy(publish_threshold=0)))
    article.refresh_from_db()
    assert not article.public


def test_a_folded_article_is_not_published_and_the_error_names_its_lead():
    folded = builders.folded(builders.article("Lead"))

    with pytest.raises(NotPublishableError, match="is folded under “Lead”; publish that one"):
        operations.publish(folded)


def test_a_schedule_that_is_over_is_refused():
    article, hour = builders.article(quality=20), timedelta(hours=1)
    now = timezone.now()

    for times in ({"publish_at": now - 2 * hour, "unpublish_at": now - hour}, {"unpublish_at": now}):
        with pytest.raises(ActionError, match="until a time in the past; choose a later end, or hold it"):
            operations.schedule(article, **times)

    article.refresh_from_db()
    assert article.state == "undecided"


def test_publishing_drops_an_end_that_has_passed():
    article = builders.article(unpublish_at=timezone.now() - timedelta(hours=1), pins=["published"])

    operations.publish(article)

    assert (article.unpublish_at, article.is_shown()) == (None, True)


def test_an_unscored_article_can_be_held_and_published():
    article = builders.article(quality=None, heat=None)
    assert article.public

    operations.hold(article)
    assert not article.public
    operations.publish(article)
    assert article.public
