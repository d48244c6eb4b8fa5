"""Outlets and topics: changes and deletions are logged and can be undone."""

import pytest
from django.contrib.admin import ModelAdmin
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse

from articles import operations
from articles.models import Article, Event, Operation, Topic, TopicPolicy
from articles.operations import references
from articles.operations.results import ActionError
from providers.models import Provider
from sources.models import Source
from tests import builders
from tests.admin.forms import fields_of
from tests.desk.helpers import member, messages_of, undo
from website.models import SiteLook

pytestmark = pytest.mark.django_db


def topics_of(article: Article) -> list[str]:
    return [place.tag.name for place in article.article_topics.select_related("tag").order_by("position")]


@pytest.fixture
def logo(settings, tmp_path):
    """The name of an existing logo file."""
    settings.MEDIA_ROOT = tmp_path
    return default_storage.save("logos/a.png", ContentFile(b"logo"))


@pytest.mark.slow
def test_a_change_of_logos_is_one_operation_that_the_history_describes_and_undo_reverses(admin_client, logo):
    provider = builders.provider("Courier", "courier.example")
    logo_values = {"url": "/a.png", "width": 50, "height": 50, "position": 0, "extra": [["alt", "A"]], "file": logo}
    provider.logos.create(**logo_values)
    before = references.logos_of(provider)
    url = f"/admin/providers/provider/{provider.pk}/change/"
    sent = fields_of(admin_client.get(url)) | {"name": "The Courier", "logos-TOTAL_FORMS": "2"}
    sent |= {"logos-0-DELETE": "on", "logos-1-url": "/b.png", "logos-1-width": "20", "logos-1-height": "10"}

    admin_client.post(url, sent)

    operation = Operation.objects.get()
    page = admin_client.get(f"/admin/desk/providers/{provider.pk}/history/")
    assert [line.words for line in page.context["entries"][0].changes] == [
        "name Courier → The Courier",
        "logos: 1 added (/b.png 20×10), 1 removed (/a.png 50×50)",
    ]
    after = references.logos_of(provider)
    undo(admin_client, operation)
    assert references.logos_of(provider) == before
    undo(admin_client, Operation.objects.first())
    assert references.logos_of(provider) == after


def test_undo_keeps_logos_changed_since():
    provider = builders.provider("Courier")
    first = operations.edit_logos(provider, write=lambda: provider.logos.create(url="/a.png")).operation
    operations.edit_logos(provider, write=lambda: provider.logos.create(url="/b.png"))

    outcome = operations.undo(first)

    assert [row.reason for row in outcome.not_restored] == ["edited by the system since then"]
    assert provider.logos.count() == 2


def test_a_logo_whose_file_was_deleted_is_restored_without_it(logo):
    provider = builders.provider("Courier")
    provider.logos.create(url="/a.png", file=logo)
    edit = operations.edit_logos(provider, write=lambda: provider.logos.all().delete()).operation
    default_storage.delete(logo)

    undone = operations.undo(edit).operation

    assert provider.logos.get().file.name == ""
    assert not operations.undo(undone).not_restored
    assert not provider.logos.exists()


@pytest.mark.slow
def test_a_deleted_outlet_is_restored_with_its_logos_and_deleted_again_by_undo(admin_client):
    provider = builders.provider("Courier", "courier.example", registered=True, weight=5, extra=[["since", "1880"]])
    provider.logos.create(url="/a.png", width=50, height=50)
    before = Provider.objects.values().get(), references.logos_of(provider)

    admin_client.post(f"/admin/providers/provider/{provider.pk}/delete/", {"post": "yes"})

    operation = Operation.objects.get()
    assert (operation.verb, operation.who, Provider.objects.count()) == ("delete", "admin", 0)
    pages = [admin_client.get(f"/admin/desk/{place}") for place in ("history/", f"operations/{operation.pk}/")]
    assert all("eleted an outlet" in page.content.decode() for page in pages)
    page = undo(admin_client, operation)
    assert messages_of(page) == ["Undone: “Courier” is back."]
    assert (Provider.objects.values().get(), references.logos_of(provider)) == before
    undo(admin_client, Operation.objects.first())
    assert not Provider.objects.exists()
    assert admin_client.get(f"/admin/desk/providers/{provider.pk}/history/").status_code == 200


def test_outlets_deleted_together_are_one_operation(admin_client):
    ids = [builders.provider(name, f"{name}.example").pk for name in ("A", "B")]
    sent = {"action": "delete_selected", "_selected_action": ids, "post": "yes"}

    admin_client.post("/admin/providers/provider/", sent)
    undo(admin_client, Operation.objects.get())

    assert sorted(Provider.objects.values_list("pk", flat=True)) == ids


def test_an_outlet_in_use_is_not_deleted(admin_client):
    provider = builders.article().provider

    page = admin_client.post(f"/admin/providers/provider/{provider.pk}/delete/", {"post": "yes"})
    with pytest.raises(ActionError, match="“The Courier” is still in use by articles"):
        operations.delete_references([builders.provider("Alone"), provider])

    assert "require deleting the following protected" in page.content.decode()
    assert (Provider.objects.count(), Operation.objects.count()) == (2, 0)


def test_deleting_an_outlet_that_came_into_use_meanwhile_says_why_not(admin_client, monkeypatch):
    provider = builders.article().provider
    monkeypatch.setattr(ModelAdmin, "get_deleted_objects", lambda *_: ([], {}, set(), []))

    url = f"/admin/providers/provider/{provider.pk}/delete/"
    page = admin_client.post(url, {"post": "yes"}, follow=True)

    assert messages_of(page) == [
        "Nothing was deleted. “The Courier” is still in use by articles; change or delete those first."
    ]


@pytest.mark.slow
def test_a_deleted_topic_is_restored_with_its_articles_and_policy_and_deleted_again_by_undo(admin_client):
    topic = builders.topic("AI", keywords=["robot"], parent=None, weight=3)
    article = builders.article(topics=["Health", "AI", "Law"], quality=60)
    operations.change_policy(overrides={topic.pk: {"publish_threshold": 50}})
    operations.rescore(Article.objects.all())
    before = Topic.objects.values().get(pk=topic.pk), TopicPolicy.objects.values("publish_threshold").get()

    admin_client.post(f"/admin/articles/topic/{topic.pk}/delete/", {"post": "yes"})

    operation = Operation.objects.first()
    article.refresh_from_db()
    assert (topics_of(article), article.pins, article.state) == (["Health", "Law"], ["topics"], "undecided")
    assert not TopicPolicy.objects.exists()
    page = admin_client.get("/admin/desk/history/")
    assert page.context["entries"][0].summary == "deleted a topic; 1 article changed"
    undone = undo(admin_client, operation)
    assert messages_of(undone) == ["Undone: “AI” is back.", f"Readers see “{article}” now."]
    after = Topic.objects.values().get(pk=topic.pk), TopicPolicy.objects.values("publish_threshold").get()
    article.refresh_from_db()
    assert (after, topics_of(article), article.pins) == (before, ["Health", "AI", "Law"], [])
    assert (article.state, article.heat) == ("published", 60)
    undo(admin_client, Operation.objects.first())
    assert (topics_of(article), Topic.objects.filter(pk=topic.pk).exists()) == (["Health", "Law"], False)


def test_a_topic_that_a_source_gives_to_its_stories_is_not_deleted(admin_client):
    topic, url = builders.topic("AI"), "https://courier.example/feed"
    Source.objects.create(name="The Courier", url=url).topics.add(topic)

    page = admin_client.post(f"/admin/articles/topic/{topic.pk}/delete/", {"post": "yes"})
    with pytest.raises(ActionError, match="“AI” is still in use by sources"):
        operations.delete_references([topic])

    assert "Source: The Courier" in page.content.decode()
    assert list(Source.objects.get().topics.all()) == [topic]


def test_a_subtopic_is_restored_only_after_its_parent():
    science = builders.topic("Science")
    ai = builders.topic("AI", parent=science)
    child, parent = (operations.delete_references([topic]).operation for topic in (ai, science))

    outcome = operations.undo(child)
    assert [row.reason for row in outcome.not_restored] == ["its parent topic was deleted"]
    operations.undo(parent)
    operations.undo(child)
    assert Topic.objects.get(name="AI").parent.name == "Science"


def test_undo_says_what_a_topic_or_a_menu_can_not_name_any_more():
    science = builders.topic("Science")
    ai = builders.topic("AI", parent=science)
    entry = {"target": f"topic:{science.pk}", "label": "", "url": ""}
    operations.edit_look({"menu": [entry]})
    moved = operations.edit_reference(ai, {"parent": None}).operation
    emptied = operations.edit_look({"menu": []}).operation
    operations.delete_references([science])

    reasons = [row.reason for operation in (moved, emptied) for row in operations.undo(operation).not_restored]

    assert reasons == ["its parent topic was deleted", "a page or topic in it was deleted since"]
    assert SiteLook.objects.get().menu == []


def test_a_new_row_with_the_name_of_a_deleted_one_prevents_undo():
    provider, topic = builders.provider("Courier"), builders.topic("AI")
    outlet_deletion = operations.delete_references([provider]).operation
    topic_deletion = operations.delete_references([topic]).operation
    builders.provider("Courier")
    builders.topic("AI")

    reasons = [
        row.reason for deletion in (outlet_deletion, topic_deletion) for row in operations.undo(deletion).not_restored
    ]

    assert reasons[0].startswith("There is already an outlet")
    assert "Name already exists" in reasons[1]
    assert (Provider.objects.count(), Topic.objects.count()) == (1, 1)


def test_undoing_a_deletion_needs_the_permission_to_add_and_redoing_it_the_one_to_delete(client):
    operation = operations.delete_references([builders.provider("Courier")]).operation
    client.force_login(member("publisher"))

    assert undo(client, operation).status_code == 200
    assert undo(client, operation.undone_by.get()).status_code == 403
    assert Provider.objects.exists()


def test_deleting_a_topic_is_logged_on_its_articles(admin_client):
    article = builders.article(topics=["AI", "Health"])
    topic = Topic.objects.get(name="AI")

    admin_client.post(reverse("admin:articles_topic_delete", args=[topic.pk]), {"post": "yes"})

    assert not Topic.objects.filter(name="AI").exists()
    article.refresh_from_db()
    assert [item.tag.name for item in article.article_topics.all()] == ["Health"]
    assert Event.objects.of("article", article.pk).filter(field="topics").exists()
