"""Restoring one field of an article."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from articles import operations
from articles.models import Event, Operation
from tests import builders
from tests.desk.helpers import messages_of, restore


@pytest.mark.django_db
class TestRestore:
    @pytest.mark.slow
    def test_texts_scores_topics_state_outlet_and_time(self, admin_client):
        article = builders.article("Storm", quality=80, topics=["AI"])
        outlet, when = article.provider, article.published_at
        builders.topic("Health")
        operations.edit(
            article,
            title="Gale",
            quality=10,
            provider=builders.provider("Herald", "herald.example"),
            published_at=datetime(2020, 1, 1, tzinfo=UTC),
        )
        operations.set_topics(article, ["Health"])
        operations.spike(article, "paywall")
        operations.reopen(article)

        for field in ("title", "quality", "provider_id", "published_at", "topics", "state"):
            page = restore(admin_client, article, field)
            assert messages_of(page)[0].startswith("Restored: "), (field, messages_of(page))

        article.refresh_from_db()
        topics = [item.tag.name for item in article.article_topics.all()]
        assert (article.title, article.quality, article.provider, article.published_at) == ("Storm", 80, outlet, when)
        assert (article.decision, topics) == ("spiked: paywall", ["AI"])
        assert Operation.objects.first().who == "admin"

    @pytest.mark.slow
    def test_stories_schedules_and_coverage(self, admin_client):
        lead = builders.article(quality=90)
        article = builders.article(quality=50)
        operations.fold_into(article, lead)
        operations.take_out(article)
        later = datetime(2999, 1, 1, tzinfo=UTC)
        operations.schedule(lead, publish_at=later)
        operations.schedule(lead)

        for row, field in ((article, "lead_id"), (lead, "publish_at")):
            page = restore(admin_client, row, field)
            assert messages_of(page)[0].startswith("Restored: "), messages_of(page)

        article.refresh_from_db()
        lead.refresh_from_db()
        assert (article.lead, lead.publish_at) == (lead, later)
        operations.edit_related_rows(lead, "related", write=lambda: lead.related_links.all().delete())
        restore(admin_client, lead, "related")
        assert lead.related_links.get().target == article

    @pytest.mark.parametrize(
        ("act", "field", "reason"),
        [
            (lambda row: operations.mark_missing([row.pk], missing=True), "missing", "undo the whole operation"),
            (lambda row: operations.edit(row, excerpt="Ours."), "pin excerpt", "undo the whole operation"),
            (
                lambda row: operations.fold_into(row, builders.article(quality=99)),
                "heat",
                "has its heat from its story",
            ),
            (
                lambda row: (
                    operations.schedule(row, publish_at=datetime(2999, 1, 1, tzinfo=UTC)),
                    operations.hold(row),
                ),
                "publish_at",
                "publish it first",
            ),
        ],
    )
    def test_invalid_values_are_rejected(self, admin_client, act, field, reason):
        article = builders.article("Storm", quality=80)
        act(article)
        before = Operation.objects.count()

        page = restore(admin_client, article, field)

        assert messages_of(page)[0].startswith("Not restored. “Storm” ")
        assert reason in messages_of(page)[0]
        assert Operation.objects.count() == before

    def test_changes_made_since_the_page_was_loaded_are_not_overwritten(self, admin_client):
        article = builders.article("Storm")
        operations.edit(article, title="Gale")
        page = admin_client.get(f"/admin/desk/articles/{article.pk}/history/").content.decode()
        event = Event.objects.get(field="title")
        operations.edit(article, title="Hurricane")
        assert 'name="version" value="2"' in page

        url = f"/admin/desk/articles/{article.pk}/restore/{event.pk}/"
        page = admin_client.post(url, {"version": "2"}, follow=True)

        article.refresh_from_db()
        assert article.title == "Hurricane"
        assert "check it and try again" in messages_of(page)[0]

    def test_an_event_of_another_article_is_not_found(self, admin_client):
        operations.edit(builders.article(), title="Gale")
        other = builders.article()

        event = Event.objects.first()
        assert admin_client.post(f"/admin/desk/articles/{other.pk}/restore/{event.pk}/").status_code == 404
