"""The migration that fills the times by which lists for readers go, and back."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from articles.models import Article, ArticleTopic
from tests import builders
from tests.migrating import latest_state_afterwards, migrate

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = "0020_urls_in_normal_form"


@pytest.fixture
def site_before() -> Iterator[None]:
    with latest_state_afterwards():
        yield


@pytest.mark.thorough
@pytest.mark.usefixtures("site_before")
def test_articles_and_their_places_in_topics_get_the_time_at_which_they_came():
    now = timezone.now()
    times = {
        "Long ago": now - timedelta(days=400),
        "Yesterday": now - timedelta(days=1),
        "Ahead": now + timedelta(days=9),
    }
    ids = {title: builders.article(title, published_at=at, topics=["AI"]).pk for title, at in times.items()}
    hidden = builders.article("Hidden", quality=10, topics=["AI"])

    migrate(BEFORE)
    migrate()

    listed = dict(Article.objects.values_list("pk", "listed_at"))
    created = dict(Article.objects.values_list("pk", "created_at"))
    assert listed == dict(ArticleTopic.objects.values_list("content_object", "listed_at"))
    assert listed[ids["Long ago"]] == times["Long ago"]
    assert listed[ids["Yesterday"]] == created[ids["Yesterday"]]
    assert listed[ids["Ahead"]] == created[ids["Ahead"]]
    assert listed[hidden.pk] == hidden.published_at
    assert Article.objects.get(pk=hidden.pk).first_shown_at is None
