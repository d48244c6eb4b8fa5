"""The migration that begins the publication record with what readers see, and back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from articles.models import Appearance, Article
from tests import builders
from tests.migrating import latest_state_afterwards, migrate
from tests.record import wrong_records

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = "0029_help_texts"
HOUR = timedelta(hours=1)


@pytest.fixture
def site_before() -> Iterator[None]:
    with latest_state_afterwards():
        yield


@pytest.mark.thorough
@pytest.mark.usefixtures("site_before")
def test_the_record_begins_with_what_readers_see_and_what_is_planned():
    now = timezone.now()
    lead = builders.article("Lead")
    builders.folded(lead, provider=builders.provider("Herald", "herald.example"))
    times = {
        "Pick": {"pick_until": now + HOUR},
        "Pick to the end": {"pick_until": now + 2 * HOUR, "unpublish_at": now + HOUR},
        "Ahead": {"publish_at": now + HOUR, "unpublish_at": now + 9 * HOUR},
        "Ahead and picked": {"publish_at": now + HOUR, "pick_until": now + 2 * HOUR},
        "Begun": {"publish_at": now - HOUR},
        "Over": {"unpublish_at": now - HOUR},
    }
    for title, values in times.items():
        builders.article(title, **values)
    builders.article("Hidden", quality=10)
    Article.objects.filter(title="Lead").update(first_shown_at=now - 30 * HOUR)

    migrate(BEFORE)
    migrate()

    assert wrong_records() == []
    assert Appearance.objects.get(article_id=lead.pk).starts_at == now - 30 * HOUR
    counts = {title: Appearance.objects.filter(name=Article.objects.get(title=title).name).count() for title in times}
    assert counts == {
        "Pick": 2,
        "Pick to the end": 1,
        "Ahead": 1,
        "Ahead and picked": 2,
        "Begun": 1,
        "Over": 0,
    }
