"""Who may see the history, undo an operation or restore a field."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User

from articles import operations
from articles.audit_log.unit_of_work import unit_of_work
from articles.desk.event_text import restore_permission
from articles.models import Event, Operation
from articles.rules import permissions
from tests import builders
from tests.desk.helpers import HISTORY, member, restore, run_action, undo


def event(field: str, before=None, after=None, **values) -> Event:
    return Event(pk=1, subject_id=1, label="Storm", field=field, before=before, after=after, **values)


EDIT = "articles.change_article"


@pytest.mark.django_db
class TestRights:
    def test_only_staff_who_may_see_operations(self, client):
        article = builders.article()
        operation = operations.hold(article).operation
        event = operation.events.first()
        pages = [HISTORY, f"/admin/desk/operations/{operation.pk}/", f"/admin/desk/articles/{article.pk}/history/"]
        pages.append(f"/admin/desk/providers/{article.provider_id}/history/")
        posts = [
            f"/admin/desk/operations/{operation.pk}/undo/",
            f"/admin/desk/articles/{article.pk}/restore/{event.pk}/",
        ]
        for url in pages:
            assert "/login/" in client.get(url).url
        for url in posts:
            assert "/login/" in client.post(url).url
            assert client.get(url).status_code == 405
        client.force_login(User.objects.create_user("guest", is_staff=True))
        assert [client.get(url).status_code for url in pages] == [403] * 4
        assert [client.post(url).status_code for url in posts] == [403] * 2
        assert Operation.objects.count() == 1

    @pytest.mark.parametrize(
        ("group", "act", "status"),
        [
            ("contributor", lambda row: operations.edit(row, title="New"), 200),
            ("contributor", lambda row: operations.publish(row), 403),
            ("contributor", lambda row: operations.score(row, quality=50), 403),
            ("contributor", lambda row: operations.edit(row, title="New", quality=61), 403),
            ("contributor", lambda row: operations.edit_reference(row.provider, {"name": "New"}), 403),
            ("editor", lambda row: operations.score(row, quality=90), 200),
            ("editor", lambda row: operations.spike(row), 200),
            ("editor", lambda row: operations.publish(row), 403),
            ("publisher", lambda row: operations.publish(row), 200),
            ("publisher", lambda row: operations.edit_reference(row.provider, {"name": "New"}), 200),
            ("publisher", lambda row: operations.undo(operations.publish(row).operation), 200),
            ("editor", lambda row: operations.undo(operations.publish(row).operation), 403),
        ],
    )
    def test_undoing_asks_for_the_right_to_all_that_was_done(self, client, group, act, status):
        operation = act(builders.article(quality=60)).operation
        client.force_login(member(group))
        url = f"/admin/desk/operations/{operation.pk}/"

        page = client.get(url)
        assert (f"{url}undo/" in page.content.decode()) == (status == 200)
        assert ("Undoing this needs the permission to" in page.content.decode()) == (status == 403)
        assert undo(client, operation).status_code == status
        assert operation.undone_by.exists() == (status == 200)

    def test_a_refused_undo_says_why_and_changes_nothing(self, client):
        operation = operations.spike(builders.article(quality=None)).operation
        client.force_login(member("editor"))

        page = undo(client, operation)

        assert page.status_code == 403
        text = " ".join(page.content.decode().split())
        assert "needs the permission to publish. Readers would see stories that they don&#x27;t see now." in text
        assert not operation.undone_by.exists()

    def test_the_message_of_an_act_offers_undo_only_to_those_who_may(self, client):
        client.force_login(member("editor"))

        spiked = run_action(client, "spike", builders.article(quality=None), htmx=True).content.decode()
        scored = run_action(client, "quality", builders.article(quality=10), quality="20", htmx=True).content.decode()

        assert ("1 story spiked." in spiked, "/undo/" in spiked) == (True, False)
        assert "/undo/" in scored

    def test_withdrawing_a_published_story_in_a_form_requires_the_permission(self, client):
        article = builders.article(quality=60)
        with unit_of_work("edit"):
            operations.edit(article, title="New")
            operations.publish(article)
        client.force_login(member("contributor"))

        assert undo(client, Operation.objects.get()).status_code == 403

    @pytest.mark.parametrize(
        ("group", "field", "status"),
        [
            ("contributor", "title", 200),
            ("contributor", "quality", 403),
            ("editor", "quality", 200),
            ("editor", "state", 403),
        ],
    )
    def test_restoring_a_field_asks_for_its_right(self, client, group, field, status):
        article = builders.article("Storm", quality=80)
        operations.edit(article, title="Gale", quality=10)
        client.force_login(member(group))
        event = Event.objects.filter(field=field).get()
        url = f"/admin/desk/articles/{article.pk}/restore/{event.pk}/"
        assert (url in client.get(f"/admin/desk/articles/{article.pk}/history/").content.decode()) == (status == 200)
        assert client.post(url, follow=True).status_code == status

    @pytest.mark.parametrize(("rights", "status"), [(["change"], 403), (["change", "add"], 200)])
    def test_restoring_pictures_asks_for_the_rights_to_what_it_does_to_their_rows(self, client, rights, status):
        article = builders.article()
        builders.picture(article)
        operations.edit_related_rows(article, "images", write=lambda: article.images.all().delete() and None)
        user = User.objects.create_user("ben", is_staff=True)
        names = ["view_article", "view_operation", *(f"{right}_articleimage" for right in rights)]
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
        client.force_login(user)
        history = client.get(f"/admin/desk/articles/{article.pk}/history/").content.decode()

        assert restore(client, article, "images").status_code == status

        assert ("/restore/" in history) == (status == 200)
        assert article.images.count() == (1 if status == 200 else 0)

    @pytest.mark.parametrize(
        ("right", "fields"),
        [
            (EDIT, "title excerpt web_url published_at provider_id type category language tags topics"),
            (permissions.SCORE, "quality heat state spike_reason"),
            (permissions.PUBLISH, "publish_at unpublish_at pick_until pick_place off_front removed"),
            (permissions.FOLD, "lead_id"),
            ("articles.change_articleimage", "images"),
            ("articles.change_relatedlink", "related"),
        ],
    )
    def test_each_field_is_restored_by_its_right(self, right, fields):
        assert {restore_permission(event(field)) for field in fields.split()} == {right}
