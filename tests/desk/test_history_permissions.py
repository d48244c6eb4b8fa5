"""Who may see the history, undo an operation or restore a field."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User

from articles import operations
from articles.audit_log.unit_of_work import unit_of_work
from articles.desk.event_text import restore_permission
from articles.models import Article, Event, Operation, Topic
from articles.rules import permissions
from tests import builders
from tests.desk.helpers import HISTORY, member, undo


def event(field: str, before=None, after=None, **values) -> Event:
    return Event(pk=1, subject_id=1, label="Storm", field=field, before=before, after=after, **values)


EDIT, DELETE = "articles.change_article", "articles.delete_article"
ALL_RIGHTS = {
    *permissions.PERMISSION_BY_ACTION.values(),
    *permissions.PERMISSION_BY_SUBJECT.values(),
    *permissions.DELETE_PERMISSION_BY_SUBJECT.values(),
}
ALL_RIGHTS |= {"providers.view_provider", "articles.view_topic", "articles.view_sitepolicy"}


def list_nothing(lead: Article) -> None:
    operations.edit_related_rows(lead, "related", write=lambda: lead.related_links.all().delete())


def schedule_in_a_form(lead: Article) -> None:
    with unit_of_work("edit"):
        operations.schedule(lead, unpublish_at=datetime(2099, 1, 1, tzinfo=UTC))


UNDONE_BY = [
    (lambda lead: operations.edit(lead, title="New"), {EDIT}),
    (lambda lead: operations.edit(lead, removed=False), {EDIT, permissions.PUBLISH}),
    (lambda lead: operations.edit(lead, quality=61), {EDIT, permissions.SCORE}),
    # The member is a story of its own.
    (list_nothing, {EDIT, permissions.FOLD, permissions.SCORE, permissions.PUBLISH}),
    (schedule_in_a_form, {EDIT, permissions.PUBLISH}),
    (lambda lead: operations.edit(operations.pin(lead, "quality") and lead, quality=None), {EDIT, permissions.SCORE}),
    (lambda lead: operations.score(lead, quality=61), {permissions.SCORE}),
    (lambda lead: operations.pin(lead, "quality"), {permissions.SCORE}),
    (lambda lead: operations.hold(lead), {permissions.SCORE, permissions.PUBLISH}),
    (lambda lead: operations.publish(lead), {permissions.PUBLISH}),
    (lambda lead: operations.unpin(operations.hold(lead) and lead), {permissions.SCORE, permissions.PUBLISH}),
    (lambda lead: operations.take_out(lead.folded_articles.get()), {permissions.FOLD}),
    (lambda lead: operations.delete(Article.objects.filter(pk=lead.pk)), {DELETE}),
    (lambda lead: operations.edit_reference(lead.provider, {"name": "New"}), {EDIT, "providers.change_provider"}),
    (lambda lead: operations.edit_reference(Topic.objects.get(), {"weight": 3}), {EDIT, "articles.change_topic"}),
    (lambda lead: operations.delete_references([Topic.objects.get()]), {DELETE, "articles.delete_topic"}),
    (lambda lead: operations.delete_references([builders.provider("New")]), {DELETE, "providers.delete_provider"}),
    (lambda lead: operations.change_policy({"publish_threshold": 33}), {permissions.CHANGE_POLICY}),
]


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
        assert undo(client, operation).status_code == status
        assert operation.undone_by.exists() == (status == 200)

    @pytest.mark.parametrize(("act", "needed"), UNDONE_BY)
    def test_undoing_takes_exactly_the_rights_to_what_was_done(self, act, needed):
        lead = builders.article(quality=60, topics=["AI"])
        builders.related(builders.folded(lead), lead)
        operations.rescore(Article.objects.all())
        act(Article.objects.get(pk=lead.pk))
        operation = Operation.objects.first()

        def may(granted: set[str]) -> bool:
            holder = type("Holder", (), {"has_perm": lambda self, permission: permission in granted})()
            return operations.can_undo(holder, operation)

        assert {right for right in ALL_RIGHTS if not may(ALL_RIGHTS - {right})} == set(needed)
        assert may(set(needed))

    def test_taking_down_a_picture_cannot_be_undone(self):
        article = builders.article()
        builders.picture(article)
        operation = operations.take_down(article, article.images.get().url).operation
        assert not operations.can_undo(User.objects.create_superuser("root"), operation)

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

    @pytest.mark.parametrize(
        ("right", "fields"),
        [
            (EDIT, "title excerpt web_url published_at provider_id type category tags topics"),
            (permissions.SCORE, "quality heat state spike_reason"),
            (permissions.PUBLISH, "publish_at unpublish_at pick_until removed"),
            (permissions.FOLD, "lead_id"),
            ("articles.change_articleimage", "images"),
            ("articles.change_relatedlink", "related"),
        ],
    )
    def test_each_field_is_restored_by_its_right(self, right, fields):
        assert {restore_permission(event(field)) for field in fields.split()} == {right}
