"""Topics in the admin."""

from __future__ import annotations

import pytest

from articles.models import (
    Topic,
)
from tests import builders
from tests.admin.forms import TOPICS, save

pytestmark = pytest.mark.django_db


class TestTopics:
    def test_they_are_listed_as_a_tree(self, admin_client):
        technology = builders.topic("Technology", registry_name="0001-technology")
        sport = builders.topic("Sport", registry_name="0000-sport")
        robots = builders.topic("Robots", parent=technology)
        builders.topic("Arms", parent=robots)

        rows = admin_client.get(TOPICS).context["cl"].result_list

        assert [(topic.name, topic.depth) for topic in rows] == [
            (sport.name, 0),
            ("Technology", 0),
            ("Robots", 1),
            ("Arms", 2),
        ]

    def test_a_cycle_is_rejected_and_a_stored_one_is_still_listed(self, admin_client):
        upper = builders.topic("Upper")
        lower = builders.topic("Lower", parent=upper)

        page = save(admin_client, f"{TOPICS}{upper.pk}/change/", parent=lower.pk)
        assert "“Lower” already stands below “Upper”. Pick another parent." in page.content.decode()

        Topic.objects.filter(pk=upper.pk).update(parent=lower)
        assert len(admin_client.get(TOPICS).context["cl"].result_list) == 2

    def test_keywords_are_one_a_line(self, admin_client):
        topic = builders.topic("AI", keywords=["neural net", "AI"], images=["https://x.example/ai.jpg"])
        url = f"{TOPICS}{topic.pk}/change/"
        assert "neural net\nAI</textarea>" in admin_client.get(url).content.decode()

        save(admin_client, url, keywords="neural net\r\n\r\n robot \r\n")

        topic.refresh_from_db()
        assert (topic.keywords, topic.images) == (["neural net", "robot"], ["https://x.example/ai.jpg"])

    def test_a_picture_without_a_web_url_is_rejected(self, admin_client):
        topic = builders.topic("AI")

        page = save(admin_client, f"{TOPICS}{topic.pk}/change/", images="javascript:alert(1)")

        assert "This must start with http:// or https://: javascript:alert(1)." in page.content.decode()

    def test_the_list_takes_the_same_queries_for_one_and_many(self, admin_client, count_queries):
        parent = builders.topic("T0")
        with count_queries() as for_one:
            admin_client.get(TOPICS)
        for number in range(1, 6):
            parent = builders.topic(f"T{number}", parent=parent)
            builders.article(topics=[parent.name])
        with count_queries() as for_many:
            admin_client.get(TOPICS)
        assert len(for_many) == len(for_one)

    @pytest.mark.slow
    def test_services_that_python_cannot_read_are_an_error_of_the_form(self, admin_client):
        unreadable = "9" * 5_000
        for field in ("services", "initial-services"):
            page = save(admin_client, f"{TOPICS}add/", name="Ships", **{field: unreadable})
            assert page.status_code == 200, field
        page = save(admin_client, f"{TOPICS}add/", name="Boats", services="[" * 100_000)
        assert "Enter a valid JSON." in page.content.decode()
        assert not Topic.objects.filter(name="Boats").exists()
