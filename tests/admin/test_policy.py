"""The policy in the admin: its form, its preview, and rescoring."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from articles import operations
from articles.models import (
    Operation,
    Policies,
    SitePolicy,
    Topic,
    TopicPolicy,
)
from articles.rules.scoring import Policy
from tests import builders
from tests.admin.forms import POLICY, change_url, fields_of, messages_of, save

pytestmark = pytest.mark.django_db


class TestThePolicy:
    def test_the_list_leads_to_the_one_form_and_looking_writes_nothing(self, admin_client):
        page = admin_client.get("/admin/articles/sitepolicy/", follow=True)

        assert page.redirect_chain == [(POLICY, 302)]
        assert page.context["adminform"].form["publish_threshold"].value() == 70
        assert SitePolicy.objects.count() == 1

    @pytest.mark.slow
    def test_hiding_unscored_articles_shows_at_once(self, admin_client):
        article = builders.article(quality=None, heat=None)
        sent = fields_of(admin_client.get(POLICY))
        del sent["publish_unscored"]

        page = admin_client.post(POLICY, sent | {"_save": "Save"}, follow=True)

        article.refresh_from_db()
        assert not article.public
        assert "1 unscored article is now hidden from readers." in messages_of(page)

    @pytest.mark.slow
    def test_rescoring_all_shows_first_what_it_would_change(self, admin_client):
        article = builders.article(quality=60)
        page = save(admin_client, POLICY, publish_threshold="50")
        assert any("Apply to all articles" in message for message in messages_of(page))
        url = reverse("admin:articles_sitepolicy_rescore")

        page = admin_client.get(url).content.decode()
        assert "Effect: 1 published, 0 withdrawn, 0 with another heat." in page
        assert f'<a href="{change_url(article)}">{article.title}</a>' in page
        assert article.name not in page
        article.refresh_from_db()
        assert not article.public
        page = admin_client.post(url, follow=True)

        article.refresh_from_db()
        assert article.public
        assert messages_of(page) == ["1 article changed by rescoring; pins stayed."]
        assert "No scored article would change." in admin_client.get(url).content.decode()

    def test_an_article_that_rescoring_would_fold_gets_a_word_in_place_of_its_heat(self, admin_client):
        lead = builders.article("Lead", quality=80, heat=80)
        builders.related(builders.article("Weaker", quality=40, heat=40), lead)

        page = " ".join(admin_client.get(reverse("admin:articles_sitepolicy_rescore")).content.decode().split())

        assert "<td> 40 → folded </td>" in page
        assert "-1" not in page.partition("policy-preview")[2].partition("</section>")[0]

    @pytest.mark.slow
    def test_saving_is_one_operation_that_can_be_undone(self, admin_client):
        ai = builders.topic("AI")

        save(admin_client, POLICY, publish_threshold="60", amp_weight="5", **new_row(topic=ai.pk, bonus_floor="20"))

        operation = Operation.objects.get()
        assert (operation.verb, operation.via, operation.actor_name) == ("policy", "admin", "admin")
        fields = {"publish_threshold", "amp_weight", f"bonus_floor@{ai.pk}"}
        assert set(operation.events.values_list("field", flat=True)) == fields
        assert Policies.load().for_topics([ai.pk]) == replace(SitePolicy.current(), bonus_floor=20)
        operations.undo(operation)
        assert Policies.load() == Policies(Policy())

    @pytest.mark.slow
    def test_saving_without_a_change_logs_nothing(self, admin_client):
        operations.change_policy(overrides={builders.topic().pk: {"bonus_floor": 5}})
        Operation.objects.all().delete()

        page = save(admin_client, POLICY)

        assert not Operation.objects.exists()
        assert not any("Apply" in message for message in messages_of(page))

    @pytest.mark.slow
    def test_the_values_of_a_topic_are_changed_moved_and_removed(self, admin_client):
        ai, health = builders.topic("AI"), builders.topic("Health")
        operations.change_policy(overrides={ai.pk: {"bonus_floor": 5, "related_bonus": 3}})

        save(admin_client, POLICY, **{"overrides-0-bonus_floor": "", "overrides-0-related_bonus": "4"})
        assert list(TopicPolicy.objects.values_list("topic", "bonus_floor", "related_bonus")) == [(ai.pk, None, 4)]
        save(admin_client, POLICY, **{"overrides-0-topic": health.pk})
        assert list(TopicPolicy.objects.values_list("topic", "related_bonus")) == [(health.pk, 4)]
        save(admin_client, POLICY, **{"overrides-0-DELETE": "on"})
        assert not TopicPolicy.objects.exists()

    @pytest.mark.slow
    def test_only_topics_at_the_top_have_policies(self, admin_client):
        root = builders.topic("AI")
        below = builders.topic("Robots", parent=root)

        page = admin_client.get(POLICY).content.decode()
        assert ">AI</option>" in page
        assert ">Robots</option>" not in page
        page = save(admin_client, POLICY, **new_row(topic=below.pk, bonus_floor="5"))
        assert "Select a valid choice." in str(page.context["errors"])
        operations.change_policy(overrides={root.pk: {"bonus_floor": 5}})
        Topic.objects.filter(pk=root.pk).update(parent=builders.topic("Science"))
        page = save(admin_client, POLICY, **{"overrides-0-bonus_floor": "6"})
        assert page.context["errors"] == [["“AI” stands below “Science”. Pick a topic at the top of the tree."]]
        save(admin_client, POLICY, publish_threshold="60")
        assert SitePolicy.current().publish_threshold == 60

    def test_a_topic_without_a_value_is_rejected(self, admin_client):
        page = save(admin_client, POLICY, **new_row(topic=builders.topic().pk))

        assert "Type at least one number" in page.content.decode()

    @pytest.mark.parametrize(("name", "value"), [("related_bonus", "1001"), ("publish_threshold", "-1")])
    def test_numbers_that_are_too_large_are_rejected(self, admin_client, name, value):
        page = save(admin_client, POLICY, **{name: value})

        assert "Ensure this value is" in str(page.context["errors"])
        assert not Operation.objects.exists()

    @pytest.mark.slow
    def test_a_second_edit_of_the_same_number_is_a_conflict(self, admin_client):
        sent = fields_of(admin_client.get(POLICY)) | {"publish_threshold": "60", "_save": "Save"}
        operations.change_policy({"publish_threshold": 50, "window_days": 5})

        page = admin_client.post(POLICY, sent)
        assert "it is now “50”" in str(page.context["errors"])
        admin_client.post(POLICY, fields_of(page) | {"_save": "Save"})

        assert SitePolicy.current() == Policy(publish_threshold=60, window_days=5)

    @pytest.mark.slow
    def test_a_preview_keeps_what_was_typed_says_what_it_would_do_and_writes_nothing(self, admin_client):
        article, ai = builders.article("Rises", quality=60), builders.topic("AI")
        builders.article("Falls", topics=["AI"])
        waiting = builders.article("Waits", quality=None, heat=None)
        sent = fields_of(admin_client.get(POLICY)) | {"publish_threshold": "60", "_preview": "Preview"}
        sent |= new_row(topic=ai.pk, publish_threshold="90")
        del sent["publish_unscored"]

        with CaptureQueriesContext(connection) as queries:
            page = admin_client.post(POLICY, sent)

        assert not [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
        html = page.content.decode()
        assert "Effect: 1 published, 1 withdrawn, 0 with another heat." in html
        assert "The policy of AI: 0 published, 1 withdrawn" in html
        assert "Saving hides 1 unscored article from readers at once." in html
        assert f'<a href="{change_url(waiting)}">Waits</a>' in html
        assert "Saving doesn’t change scored articles:" in html
        assert f'<a href="{change_url(article)}">Rises</a>' in html
        assert "undecided → published" in html
        unlike = {"_preview", "csrfmiddlewaretoken"}
        unchanged = {name: value for name, value in fields_of(page).items() if name not in unlike}
        assert unchanged == {name: value for name, value in sent.items() if name not in unlike}
        assert page.context["errors"] == []
        admin_client.post(POLICY, fields_of(page) | {"_save": "Save"})
        assert Policies.load().for_topics([ai.pk]).publish_threshold == 90
        assert not SitePolicy.current().publish_unscored

    @pytest.mark.slow
    def test_a_preview_of_what_is_wrong_shows_what_is_wrong(self, admin_client):
        sent = fields_of(admin_client.get(POLICY)) | {"publish_threshold": "many", "_preview": "Preview"}

        page = admin_client.post(POLICY, sent)

        assert "Enter a whole number." in str(page.context["errors"])
        assert "This would" not in page.content.decode()

    @pytest.mark.systematic
    def test_the_page_takes_the_same_queries_for_one_and_many(self, admin_client, count_queries):
        def add(number):
            operations.change_policy(overrides={builders.topic(f"T{number}").pk: {"bonus_floor": 5}})

        add(0)
        admin_client.get(POLICY)  # content types are asked for once
        with count_queries() as for_one:
            admin_client.get(POLICY)
        for number in range(1, 6):
            add(number)
        with count_queries() as for_many:
            admin_client.get(POLICY)
        assert len(for_many) == len(for_one)


def new_row(**values: object) -> dict[str, str]:
    """Return what a browser sends for a row that was added to the topics of the policy's page."""
    row = {"id": "", "site": "1", "publish_threshold": "", "related_bonus": "", "bonus_floor": ""} | values
    return {"overrides-TOTAL_FORMS": "1"} | {f"overrides-0-{name}": str(value) for name, value in row.items()}


@pytest.mark.slow
def test_one_right_decides_about_the_policy(client):
    user = User.objects.create_user("chief", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_sitepolicy", "change_sitepolicy"]))
    client.force_login(user)
    assert 'name="_save"' not in client.get(POLICY).content.decode()
    assert client.post(POLICY, {"publish_threshold": "5"}).status_code == 403

    user.user_permissions.set(Permission.objects.filter(codename__in=["view_sitepolicy", "change_policy"]))
    save(client, POLICY, publish_threshold="60", **new_row(topic=builders.topic().pk, bonus_floor="5"))
    assert Policies.load().for_topics([Topic.objects.get().pk]) == Policy(publish_threshold=60, bonus_floor=5)
    assert client.get("/admin/articles/sitepolicy/rescore/").status_code == 200
