"""The page of a source in the admin: who may let it publish by the policy, and what a change of its URL means."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from sources import forms
from sources.models import Entry, Source

pytestmark = pytest.mark.django_db


@pytest.fixture
def source() -> Source:
    return Source.objects.create(
        name="Courier",
        url="https://courier.example/feed",
        etag='"1"',
        failures=3,
        next_at=timezone.now().replace(year=2099),
    )


def sign_in(client, *codenames: str) -> None:
    user = User.objects.create_user("sam", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(user)


def save(client, source: Source, **changes: str):
    values = {"url": source.url, "name": source.name, "publication": source.publication, "take": "20", "topics": []}
    return client.post(reverse("admin:sources_source_change", args=[source.pk]), values | changes)


@pytest.mark.slow
def test_publishing_by_the_policy_needs_the_permission_to_publish(client, source):
    sign_in(client, "view_source", "change_source")

    page = save(client, source, publication="policy")

    assert "needs the permission to publish" in page.content.decode()
    assert Source.objects.get().publication == "editors"


def test_a_publisher_sets_it_and_others_keep_it(client, source):
    sign_in(client, "view_source", "change_source", "publish")
    assert save(client, source, publication="policy").status_code == 302
    User.objects.get().user_permissions.remove(Permission.objects.get(codename="publish"))

    assert save(client, source, publication="policy", name="The Courier").status_code == 302

    assert Source.objects.filter(publication="policy", name="The Courier").exists()


def test_no_number_is_too_large_for_one_of_the_databases(client, source):
    sign_in(client, "view_source", "change_source")

    assert "it must be from 0 to 32,767" in save(client, source, take="32768").content.decode()


def test_a_time_zone_is_one_that_exists(client, source):
    sign_in(client, "view_source", "change_source")

    assert "Select a valid choice" in save(client, source, time_zone="Europe/Atlantis").content.decode()
    assert save(client, source, time_zone="Europe/Berlin").status_code == 302

    assert Source.objects.get().time_zone == "Europe/Berlin"


@pytest.mark.slow
def test_no_url_is_followed_twice_and_no_source_is_one_too_many(client, source, monkeypatch):
    sign_in(client, "view_source", "add_source", "change_source")
    other = Source.objects.create(name="Herald", url="https://herald.example/feed")

    def add(url: str) -> str:
        sent = {"url": url, "name": "New", "publication": "editors", "take": "20", "topics": []}
        return client.post(reverse("admin:sources_source_add"), sent, follow=True).content.decode()

    taken = "“Herald” follows this URL already."
    assert taken in add("http://www.herald.example/feed/")
    assert taken in save(client, source, url="http://www.herald.example/feed/").content.decode()
    assert save(client, other, url="http://herald.example/feed").status_code == 302
    monkeypatch.setattr(forms, "SOURCES_MAX", 2)
    assert "More than 2 sources" in add("https://third.example/feed")
    assert save(client, source, name="The Courier").status_code == 302
    assert Source.objects.count() == 2


def test_a_new_url_is_fetched_at_once_and_without_the_old_validators(client, source):
    sign_in(client, "view_source", "change_source")

    save(client, source, url="https://courier.example/new-feed")

    source.refresh_from_db()
    assert (source.etag, source.failures, source.host) == ("", 0, "courier.example")
    assert source.next_at <= timezone.now()


def test_a_source_that_has_brought_stories_is_not_deleted(client, source):
    sign_in(client, "view_source", "delete_source")
    now = timezone.now()
    Entry.objects.create(
        source=source, title_key="t", fingerprint="f", first_seen_at=now, last_seen_at=now, outcome="taken"
    )
    url = reverse("admin:sources_source_delete", args=[source.pk])

    assert client.post(url, {"post": "yes"}).status_code == 403
    Entry.objects.update(outcome="history")
    assert client.post(url, {"post": "yes"}).status_code == 302
    assert not Source.objects.exists()
